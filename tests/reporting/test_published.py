"""Published figures beside those of a study: the same as in the documentation, and only where they are comparable."""

import re
from typing import Any

import pandas as pd
import pytest

from ser.corpora import CORPORA
from ser.protocol import emobox, emobox_scores
from ser.reporting import published
from ser.reporting.blocks import Table
from tests.support.paths import ROOT

LABELS: dict[str, Any] = {"actions": {"calm": "keep"}, "others": "keep"}


EMOBOX = {"name": "emobox", "corpus": None}
LUNA_JIMENEZ = {"name": "published", "source": "luna_jimenez", "corpus": "ravdess"}
SPEECH = [f"ravdess/{name}" for name in emobox.roles("ravdess")]
SONG = [name.replace("/03-01", "/03-02") for name in SPEECH]


def shown(partition: dict[str, Any], **options: Any) -> list[list[Any]]:
    """Rows of the table of a study with right predictions, of all recordings of RAVDESS speech by default."""
    names = options.get("names", SPEECH)
    utterances = pd.DataFrame({"utterance": names, "corpus": options.get("corpus", "ravdess")})
    rows = pd.DataFrame({"utterance": options.get("tested", names), "truth": "sad", "prediction": "sad", "p_sad": 1.0})
    config = {"partition": partition, "labels": options.get("labels", LABELS)}
    section = published.section(rows, config, utterances=utterances, figures=options.get("figures", {"uar": 1.0}))
    if section is None:
        return []
    (table,) = section.blocks
    assert isinstance(table, Table)
    return [list(row[:3]) for row in table.rows]


def test_the_figures_are_those_of_the_documentation() -> None:
    text = (ROOT / "docs/emobox.md").read_text()
    rows = re.findall(r"^\| ([^|]+?) \|(?:[^|]*\|){2} ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", text, re.MULTILINE)
    figures = {title: tuple(map(float, values)) for title, *values in rows}
    scores = emobox_scores.UAR
    assert set(figures) == {_title(name) for name in scores}
    for name, values in scores.items():
        assert figures[_title(name)] == pytest.approx(values, abs=0.0501)  # one digit of two
    assert set(scores) == set(emobox.NAMES)
    systems = (ROOT / "docs/systems.md").read_text()
    for of_protocol in published.OF_RAVDESS.values():
        for one in of_protocol:
            figure = one.accuracy if one.uar is None else one.uar
            assert f"{100 * (figure or 0):.4g}" in systems


def _title(name: str) -> str:
    return {"jl": "JL corpus", "polish": "Polish"}.get(name, CORPORA[name].title)


@pytest.mark.parametrize("partition", [EMOBOX, {"name": "published", "source": "emobox"}], ids=str)
def test_a_study_of_the_same_folds_stands_beside_them(partition: dict[str, Any]) -> None:
    systems, uars, accuracies = zip(*shown(partition), strict=True)
    assert systems == ("this study", "wav2vec 2.0 base", "WavLM large", "Whisper large v3")
    assert uars == pytest.approx((1.0, 0.5433, 0.72, 0.7532))
    assert accuracies == (1.0, None, None, None)


def test_other_protocols_of_ravdess_have_their_own() -> None:
    assert shown(LUNA_JIMENEZ)[1][1:] == [0.623, None]
    assert shown({"name": "random"}, tested=SPEECH[:216])[1][1:] == [None, 0.7283]


def test_a_copy_that_lacks_a_few_recordings_is_comparable() -> None:
    assert shown(EMOBOX, names=SPEECH[:1430]) != []


@pytest.mark.parametrize("partition", [EMOBOX, LUNA_JIMENEZ, {"name": "random"}], ids=str)
@pytest.mark.parametrize(
    "study",
    [
        {"corpus": "emodb"},
        {"names": SPEECH[:1200]},
        {"names": [*SPEECH, *SONG]},
        {"names": SONG},
        {"corpus": ["emodb", *["ravdess"] * 1439]},
        {"figures": {"dev.uar": 1.0}},
        {"figures": {"uar": 1.0, "transductive": True}},
        {"labels": {"actions": {"calm": "neutral"}, "others": "keep"}},
        {"labels": {"actions": {"calm": "keep"}, "others": "drop"}},
    ],
    ids=["corpus", "part", "song too", "song", "two corpora", "dev", "transductive", "merged", "dropped"],
)
def test_what_is_not_comparable_has_no_table(study: dict[str, Any], partition: dict[str, Any]) -> None:
    assert shown(partition) != []
    assert shown(partition, **study) == []


def test_another_protocol_has_no_table() -> None:
    assert shown({"name": "speaker_holdout"}) == []
