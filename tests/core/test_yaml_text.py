"""YAML of strangers."""

import pytest
import yaml

from ser.core import yaml_text

LAUGHS = "0: &a0 {x: 1}\n" + "".join(f"{k}: &a{k} {{<<: [{', '.join([f'*a{k - 1}'] * 9)}]}}\n" for k in range(1, 20))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000, "more than 100 lists and mappings"),
        ("- " * 100_000, "more than 100 lists and mappings"),
        ("{a: " * 100_000, "more than 100 lists and mappings"),
        ("a: 2020-99-99", "month must be in 1..12"),
        ("a: " + "1" * 5000, "4300 digits"),
        (LAUGHS, "more than 1000000 values, with those that aliases stand for"),
        ("a: [", "expected node content|expected the node content"),
    ],
)
def test_yaml_that_cannot_be_read_is_one_kind_of_error(text: str, words: str) -> None:
    with pytest.raises(yaml.YAMLError, match=words):
        yaml_text.loaded(text)


def test_aliases_of_usual_number_are_read() -> None:
    names = ", ".join(["*words"] * 1000)
    assert yaml_text.loaded(f"a: &words [one, two]\nb: [{names}]")["b"] == [["one", "two"]] * 1000


def test_a_hundred_lists_inside_each_other_are_read() -> None:
    assert str(yaml_text.loaded("[" * 100 + "]" * 100)).count("[") == 100
