"""Published figures beside those of a study: the same as in the documentation, and only where they are comparable."""

import re
from typing import Any

import pandas as pd
import pytest

from ser.corpora import CORPORA
from ser.protocol import emobox
from ser.reporting import published
from ser.reporting.blocks import Table
from tests.support.paths import ROOT

LABELS: dict[str, Any] = {"actions": {"calm": "keep"}, "others": "keep"}


def predictions(n: int) -> pd.DataFrame:
    """Right predictions of `n` recordings."""
    rows = pd.DataFrame({"utterance": [str(k) for k in range(n)], "truth": "sad", "prediction": "sad"})
    return rows.assign(p_sad=1.0)


def shown(n: int, partition: dict[str, Any], *, name: str = "ravdess", **options: Any) -> list[list[Any]]:
    config = {"partition": partition, "labels": options.pop("labels", LABELS)}
    section = published.section(predictions(n), config, **{"names": [name], "is_tested": True} | options)
    if section is None:
        return []
    (table,) = section.blocks
    assert isinstance(table, Table)
    return [list(row[:3]) for row in table.rows]


def test_the_figures_are_those_of_the_documentation() -> None:
    text = (ROOT / "docs/emobox.md").read_text()
    rows = re.findall(r"^\| ([^|]+?) \|(?:[^|]*\|){2} ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", text, re.MULTILINE)
    figures = {title: tuple(map(float, values)) for title, *values in rows}
    assert figures == {_title(name): values for name, values in published.EMOBOX.items()}
    assert set(published.EMOBOX) == set(emobox.NAMES)
    systems = (ROOT / "docs/systems.md").read_text()
    for of_protocol in published.OF_RAVDESS.values():
        for one in of_protocol:
            figure = one.accuracy if one.uar is None else one.uar
            assert f"{100 * (figure or 0):.4g}" in systems


def _title(name: str) -> str:
    return {"jl": "JL corpus", "polish": "Polish"}.get(name, CORPORA[name].title)


@pytest.mark.parametrize("partition", [{"name": "emobox", "corpus": None}, {"name": "published", "source": "emobox"}])
def test_a_study_of_the_same_folds_stands_beside_them(partition: dict[str, Any]) -> None:
    systems, uars, accuracies = zip(*shown(1440, partition), strict=True)
    assert systems == ("this study", "wav2vec 2.0 base", "WavLM large", "Whisper large v3")
    assert uars == pytest.approx((1.0, 0.543, 0.72, 0.753))
    assert accuracies == (1.0, None, None, None)


def test_other_protocols_of_ravdess_have_their_own() -> None:
    assert shown(1440, {"name": "published", "source": "luna_jimenez"})[1][1:] == [0.623, None]
    assert shown(216, {"name": "random"})[1][1:] == [None, 0.7283]


@pytest.mark.parametrize(
    "study",
    [
        {"partition": {"name": "speaker_holdout"}},
        {"partition": {"name": "random"}, "name": "emodb"},
        {"n": 1200},  # a part of the corpus
        {"names": ["emodb", "ravdess"]},
        {"is_tested": False},
        {"labels": {"actions": {"calm": "neutral"}, "others": "keep"}},
        {"labels": {"actions": {"calm": "keep"}, "others": "drop"}},
    ],
    ids=str,
)
def test_what_is_not_comparable_has_no_table(study: dict[str, Any]) -> None:
    assert shown(**{"n": 1440, "partition": {"name": "emobox"}} | study) == []
