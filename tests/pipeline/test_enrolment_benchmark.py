"""The picture of UAR against the number of enrolled recordings."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import enrolment
from ser.models import bundle
from ser.serving.recognition import Recognizer
from tests.support.paths import ROOT

LABELS = ["happy", "sad", "neutral", "angry"]


class Sign:
    """A model of one feature whose sign decides."""

    classes_ = LABELS

    def predict_proba(self, values: np.ndarray) -> np.ndarray:
        share = 0.9 / (1 + np.exp(-values[:, :1].astype(np.float64)))
        return np.hstack([0.9 - share, share, *[np.full_like(share, 0.05)] * 2])


def sign() -> Recognizer:
    """Recognizer of features around 0."""
    one = bundle.Bundle(Sign(), LABELS, ["x"], {"name": "librosa", "settings": {}}, {"centre": [0.0]})
    return Recognizer("sign", [(lambda *_: np.zeros(1, np.float32), one)], 3.0, True, {})


def test_enrolled_recordings_are_of_the_speaker_and_never_the_tested_one() -> None:
    speakers = pd.Series(["a", "b"] * 6)
    for number, wanted in (("0", 0), ("2", 2), ("20", 5), (enrolment.ALL, 5)):
        found = enrolment.choices(speakers, number, seed=0)
        assert [len(set(one)) for one in found] == [wanted] * 12
        assert all(k not in one and set(speakers.iloc[one]) <= {speakers.iloc[k]} for k, one in enumerate(found))
    first, again, other = (enrolment.choices(speakers, "2", seed=seed)[0].tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_speakers_with_an_offset_are_recognised_with_an_enrolment_alone() -> None:
    """Features are -1 and 1, and those of each speaker have an offset of 3 or -3: without enrolment half is right."""
    truth = np.array(["happy", "sad"] * 30)
    values = np.where(truth == "sad", 1, -1) + np.repeat([3.0, -3.0], 30)
    table = pd.DataFrame({"corpus": "x", "speaker": np.repeat(["a", "b"], 30), "truth": truth})
    features = enrolment.Features(table, [values[:, np.newaxis].astype(np.float32)])
    found = enrolment.scores(features, sign(), n_draws=3).set_index("enrolled")
    assert tuple(found.index) == enrolment.NUMBERS
    assert found.loc["0", ["uar", "uar_four"]].tolist() == [0.5, 0.5]
    assert found.loc[["20", "all"], "uar"].tolist() == [1, 1]
    assert found["n_draws"].tolist() == [1, 3, 3, 3, 3, 3, 1]


def test_the_mean_weighs_corpora_alike() -> None:
    rows = [
        {"corpus": corpus, "enrolled": number, "uar": uar}
        for corpus, uar in (("x", 0.5), ("y", 0.7))
        for number in enrolment.NUMBERS
    ]
    found = enrolment.by_number(pd.DataFrame(rows), "uar")
    assert list(found.index) == ["x", "y", "mean"]
    np.testing.assert_allclose(found.loc["mean"], 0.6)


@pytest.mark.slow
def test_it_writes_table_picture_and_section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "corpus/Actor_01"
    source.mkdir(parents=True)
    for path in sorted((ROOT / "data/demo/Actor_01").glob("*-01-01-01-01.flac")):
        (source / path.name).symlink_to(path)
    card = tmp_path / "README.md"
    card.write_text("<!-- enrolment -->\n<!-- end of enrolment -->\n")
    options = ["--model=general", "--draws=1", "--processes=1", f"--to={tmp_path}", f"--card={card}"]
    monkeypatch.setattr(sys, "argv", ["enrolment", f"ravdess={source.parent}", *options])
    enrolment.main()
    table = pd.read_csv(tmp_path / "enrolment.csv")
    assert tuple(table["enrolled"]) == enrolment.NUMBERS
    assert (table["n_speakers"] == 1).all()
    assert (tmp_path / "enrolment.png").read_bytes()[1:4] == b"PNG"
    assert "| corpus | 0 | 1 | 2 | 5 | 10 | 20 | all |" in card.read_text()
    assert "](enrolment.png)" in card.read_text()
