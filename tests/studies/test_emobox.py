"""The study on EmoBox's folds: its table, and a corpus that is not there."""

from pathlib import Path

import pandas as pd
import pytest

from ser.core import files, tables
from ser.protocol import emobox, emobox_scores
from studies.emobox import PREDICTIONS, PROTOCOL, SCORED, SKIPPED, compare
from tests.support.learning_tables import prediction_table, utterance_table


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files.write_text(Path("params.yaml"), "evaluation: {n_resamples: 9}\nmodel: {name: svm}\nseed: 0\n")


def test_every_corpus_of_the_folds_has_published_scores() -> None:
    assert set(emobox_scores.UAR) == set(emobox.NAMES)
    assert all(len(scores) == len(emobox_scores.MODELS) for scores in emobox_scores.UAR.values())


def test_the_table_has_own_and_published_scores_and_marks_shared_speakers() -> None:
    for corpus, independent in {"emodb": False, "savee": True}.items():
        utterances = utterance_table(8, emotions=("angry", "sad"), corpus=corpus)
        predictions = prediction_table(utterances, accuracy=0.75, labels=("angry", "sad"))
        tables.write(predictions, PREDICTIONS / corpus / SCORED)
        files.write_json(PREDICTIONS / corpus / PROTOCOL, {"speaker_independent": independent})
    files.write_json(PREDICTIONS / "tess" / SKIPPED, {"reason": "it is not installed"})
    compare.main()
    table = pd.read_csv(compare.SCORES).set_index("corpus")
    assert table["shares_speakers"].to_dict() == {"emodb": True, "savee": False}
    assert table.loc["savee", "Whisper large v3"] == 74.07
    assert (table["n_emotions"] == 2).all()
    assert ((table["uar_low"] <= table["uar"]) & (table["uar"] <= table["uar_high"])).all()


def test_without_any_corpus_the_message_says_how_to_get_one() -> None:
    with pytest.raises(ValueError, match="no corpus of EmoBox is installed; `ser corpora` lists those that are"):
        compare.main()
