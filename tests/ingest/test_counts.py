"""Counts of a table that is added in parts, against pandas on the whole table."""

import pandas as pd
import pytest

from ser.ingest.counts import Tally, summary
from ser.ingest.survey import Reject
from tests.support.learning_tables import combined, utterance_table, with_copies, without_speakers

RAVDESS = utterance_table(3).assign(duration=[round(1 + k * 0.0371, 6) for k in range(180)], channels=[1, 2, 1] * 60)
TABLE = combined(RAVDESS, without_speakers(utterance_table(1, corpus="folders", sexes=(None,))))


def tallied(table: pd.DataFrame, size: int) -> Tally:
    tally = Tally()
    for start in range(0, len(table), size):
        tally.add(table[start : start + size])
    return tally


@pytest.mark.parametrize("size", [1, 7, 60, 1000])
def test_the_report_does_not_depend_on_the_size_of_the_parts(size: int) -> None:
    report = tallied(TABLE, size).report()
    assert (report["n_utterances"], report["n_speakers"]) == (len(TABLE), TABLE["speaker"].nunique()) == (240, 3)
    for column in ("corpus", "emotion", "speaker", "sex", "sample_rate", "channels"):
        counts = TABLE[column].value_counts().sort_index()
        assert list(report[f"per_{column}"].items()) == [(str(key), count) for key, count in counts.items()]
    durations = TABLE["duration"]
    expected = {"min": durations.min(), "median": durations.median(), "mean": durations.mean(), "max": durations.max()}
    assert report["duration"] == {key: round(float(value), 3) for key, value in expected.items()} | {
        "total": round(float(durations.sum()), 3)
    }
    assert sum(report["per_speaker"].values()) == 180  # the other speakers are unknown


def test_labels_of_the_corpora_are_counted_under_their_emotion() -> None:
    table = TABLE[TABLE["corpus"] == "folders"].assign(corpus_label=lambda rows: rows["emotion"].str[:1])
    counts = tallied(table.iloc[::-1], 7).report()["per_corpus_label"]
    assert counts["folders"]["surprised"] == {"s": 8}
    assert list(counts["folders"]) == sorted(table["emotion"].unique())


def test_duplicates_are_named_in_the_order_of_utterances() -> None:
    names = RAVDESS["utterance"].tolist()
    copies = {names[9]: names[2], names[5]: names[2]}
    table = with_copies(RAVDESS, copies)
    table["duplicate_of"] = table["utterance"].map(copies)
    assert list(tallied(table, 4).report()["duplicates"].items()) == [(names[5], names[2]), (names[9], names[2])]


def test_excluded_and_dropped_files_are_reported_in_order() -> None:
    tally = tallied(RAVDESS, 50)
    tally.rejects += [Reject("b", "late", "mend it"), Reject("a", "early", "mend it")]
    tally.copies.update(["y", "x", "y"])
    tally.not_selected["ravdess, song"] += 1
    report = tally.report()
    assert report["rejects"] == [
        {"path": "a", "reason": "early", "remedy": "mend it"},
        {"path": "b", "reason": "late", "remedy": "mend it"},
    ]
    assert list(report["copies"].items()) == [("x", 1), ("y", 2)]
    assert report["not_selected"] == {"ravdess, song": 1}


def test_the_summary_names_everything_that_is_left_out() -> None:
    table = RAVDESS[:3].assign(duplicate_of=[None, RAVDESS["utterance"][0], None])
    tally = tallied(table, 3)
    tally.rejects += [Reject(name, "not readable as audio", "convert it") for name in ("a.AAC", "b.aac", "c", "d.wav")]
    tally.known_defects = {f"{name}.wav": "silent" for name in "wxyz"}
    tally.not_audio.update({".csv": 1, ".txt": 12})
    tally.not_selected["ravdess, song"] = 7
    tally.secondary["films"] = 5
    tally.copies["again"] = 2
    assert summary(tally.report(), labels="keep") == [
        "ravdess: 3 utterances, 1 speaker, 4 files excluded (2 .aac, 1 .wav, 1 no suffix)",
        "not selected by corpus.vocal_channels: 7 of ravdess, song",
        "counted once: 2 files with recordings of other folders",
        "left out: 5 other forms (films, lossy copies) of recordings that are read",
        "left out, defective in every copy of the corpus: w.wav (silent), x.wav (silent), y.wav (silent) and 1 more",
        "duplicates: 1 utterance with the samples of another one",
        "other files, not recordings: 12 .txt, 1 .csv",
    ]
