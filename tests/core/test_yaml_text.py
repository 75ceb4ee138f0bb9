"""YAML of strangers."""

import pytest
import yaml

from ser.core import yaml_text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000, "more than 100 lists and mappings"),
        ("- " * 100_000, "more than 100 lists and mappings"),
        ("{a: " * 100_000, "more than 100 lists and mappings"),
        ("a: 2020-99-99", "month must be in 1..12"),
        ("a: " + "1" * 5000, "4300 digits"),
        ("a: [", "expected node content|expected the node content"),
    ],
)
def test_yaml_that_cannot_be_read_is_one_kind_of_error(text: str, words: str) -> None:
    with pytest.raises(yaml.YAMLError, match=words):
        yaml_text.loaded(text)


def test_a_hundred_lists_inside_each_other_are_read() -> None:
    assert str(yaml_text.loaded("[" * 100 + "]" * 100)).count("[") == 100
