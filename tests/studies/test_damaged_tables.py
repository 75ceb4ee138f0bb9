"""A table of features that has lost rows is refused by each study, which would train on fewer recordings."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ser.core import files, tables
from studies.cross_corpus import transfer
from studies.emobox import folds
from studies.leakage import assess
from tests.support.learning_tables import feature_table, utterance_table
from tests.support.wiring import ROOT

UTTERANCES = utterance_table(3, emotions=("angry", "sad"))


@pytest.mark.parametrize(
    ("study", "stage", "item"),
    [
        ("cross_corpus", transfer.main, "ravdess"),
        ("emobox", folds.main, "ravdess"),
        ("leakage", assess.main, "speaker_folds"),
    ],
)
def test_features_that_have_lost_a_row_are_refused(
    study: str, stage: Callable[[str], None], item: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files.write_text(Path("params.yaml"), (ROOT / "studies" / study / "params.yaml").read_text(encoding="utf-8"))
    tables.write(UTTERANCES, Path("data/utterances.csv"))
    tables.write(feature_table(UTTERANCES)[1:], Path("data/librosa_extracted_features.csv"))
    with pytest.raises(ValueError, match="the features: found 1 utterance without a row, the first is ravdess/"):
        stage(item)
