"""Values in the form of a command line are read back by Hydra and by a shell."""

import shlex
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from ser.core import overrides

VALUES = [
    *(
        "/data/tess",
        "~/tess",
        "/data/a (b) [c]",
        "a, d=e & f's",
        "/Ärger/愤怒",
        "01",
        "null",
        "NULL",
        "True",
        "nan",
        "1e3",
    ),
    *(
        "",
        " ",
        'say "so"',
        "back\\slash",
        "at the end\\",
        'both\\"',
        "50 %",
        "a#b;c!d",
        "{a}",
        "$x",
        "a:b",
        "-",
        "../a",
    ),
    *(0.5, 1e-05, -3, True, None, [64, 32], ["a b", "N"], {"n_masks": 2}),
]


@pytest.mark.parametrize("value", VALUES)
def test_hydra_and_the_shell_read_the_value_that_was_written(value: Any) -> None:
    flag, word = shlex.split(overrides.exp_run_option("corpus.root", value))
    (read,) = OverridesParser.create().parse_overrides([word])
    assert (flag, read.key_or_group, read.value()) == ("-S", "corpus.root", value)
    assert type(read.value()) is type(value)
