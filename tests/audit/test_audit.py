"""Each kind of leak is found in synthetic tables; clean tables have no error."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ser.audit import feature_checks, served_checks, table_checks
from ser.audit import findings as audit
from ser.audit.findings import Finding
from ser.protocol import balancing, partitions
from tests.support.learning_tables import (
    feature_table,
    prediction_table,
    utterance_table,
    with_copies,
    without_speakers,
)

UTTERANCES = utterance_table(8, n_repetitions=1)  # 30 a speaker: 2 neutral, 4 of each other emotion
FEATURES = feature_table(UTTERANCES, n_features=12)
FOLDS = partitions.partition_table(UTTERANCES, name="speaker_folds", n_folds=4, seed=0)
RANDOM = partitions.partition_table(UTTERANCES, name="random", test_fraction=0.2, dev_fraction=0.2, seed=0)
NO_PAIRS = pd.DataFrame({"first": [], "second": [], "similarity": []})
SMOTE = {"name": "smote", "k_neighbors": 1}


def balanced_of(table: pd.DataFrame, features: pd.DataFrame = FEATURES, **settings: Any) -> pd.DataFrame:
    """Balanced training rows of every fold."""
    parts = [
        balancing.balanced(
            balancing.rows_of(features, table, fold=fold, partition="train"), **(settings or SMOTE), seed=0
        ).assign(fold=fold)
        for fold in sorted(table["fold"].unique())
    ]
    return pd.concat(parts, ignore_index=True)


def moved(table: pd.DataFrame, utterance: str, partition: str, *, fold: int = 0) -> pd.DataFrame:
    """The same partitions, except for one utterance."""
    there = (table["fold"] == fold) & (table["utterance"] == utterance)
    assert there.sum() == 1
    return table.assign(partition=table["partition"].mask(there, partition))


def one_in(table: pd.DataFrame, partition: str, *, fold: int = 0) -> str:
    return str(table.loc[(table["fold"] == fold) & (table["partition"] == partition), "utterance"].iloc[0])


def partition_of(table: pd.DataFrame, fold: int, features: pd.DataFrame = FEATURES) -> pd.Series:
    rows = table[table["fold"] == fold].set_index("utterance")
    return features["utterance"].map(rows["partition"])


def errors(findings: list[Finding]) -> list[tuple[str, int | None]]:
    return [(one.check, one.fold) for one in findings if one.level == "error"]


def all_of_tables(table: pd.DataFrame, utterances: pd.DataFrame = UTTERANCES) -> list[Finding]:
    return [
        *table_checks.speaker_overlap(table, utterances),
        *table_checks.duplicate_audio(table, utterances),
        *table_checks.near_duplicate_audio(table, utterances, NO_PAIRS),
        *table_checks.contradictory_labels(table, utterances),
        *table_checks.made_rows(balanced_of(table), table),
        *table_checks.label_imbalance(table, utterances),
        *table_checks.lone_speaker(table, utterances),
    ]


def test_clean_tables_have_no_error_and_a_note_of_the_rare_emotion() -> None:
    findings = all_of_tables(FOLDS)
    assert errors(findings) == []
    (note,) = findings
    assert (note.level, note.check, note.fold) == ("note", "label_imbalance", None)
    assert "has 2.0 times as many training recordings (16) as neutral (8)" in note.found  # 4 of 8 speakers train


def test_a_speaker_in_two_partitions_is_found() -> None:
    leaked = one_in(FOLDS, "train", fold=2)
    findings = table_checks.speaker_overlap(moved(FOLDS, leaked, "test", fold=2), UTTERANCES)
    assert errors(findings) == [("speaker_overlap", 2)]
    assert findings[0].found == "1 of 8 speakers is in more than one partition (train and test)"
    assert findings[0].examples == [leaked]


def test_a_random_split_has_every_speaker_in_all_partitions() -> None:
    (finding,) = table_checks.speaker_overlap(RANDOM, UTTERANCES)
    assert finding.found == "8 of 8 speakers are in more than one partition (train, dev and test)"
    assert len(finding.examples) == audit.MAX_EXAMPLES


def test_unknown_speakers_of_a_corpus_count_as_one() -> None:
    findings = table_checks.speaker_overlap(RANDOM, without_speakers(UTTERANCES))
    found, _, why = findings[0].found.partition("; ")
    assert found == "1 of 1 speaker is in more than one partition (train, dev and test)"
    assert why == "the unknown speakers of a corpus count as one"
    assert findings[0].level == "error"


def test_equal_audio_in_two_partitions_is_found() -> None:
    copy, first = one_in(FOLDS, "test", fold=1), one_in(FOLDS, "train", fold=1)
    utterances = with_copies(UTTERANCES, {copy: first})
    findings = table_checks.duplicate_audio(FOLDS, utterances)
    (of_fold_1,) = [one for one in findings if one.fold == 1]
    assert of_fold_1.level == "error"
    assert of_fold_1.found == (
        "1 recording is in more than one partition (train and test); test utterances with such a copy: 1 of 60"
    )
    assert of_fold_1.examples == [copy]


def test_equal_audio_under_two_emotions_is_an_error_that_no_protocol_declares() -> None:
    first, other = (
        UTTERANCES.loc[UTTERANCES["emotion"] == emotion, "utterance"].iloc[0] for emotion in ("sad", "calm")
    )
    findings = table_checks.contradictory_labels(RANDOM, with_copies(UTTERANCES, {other: first}))
    assert errors(findings) == [("contradictory_labels", None)]
    assert findings[0].examples == sorted([first, other])
    assert {f"{first} (sad)", f"{other} (calm)"} == set(findings[0].found.partition(": ")[2].split(" and "))
    assert table_checks.contradictory_labels(RANDOM, UTTERANCES) == []
    report = audit.report(findings, protocol="random (speaker-dependent)", declared="speaker-dependent")
    with pytest.raises(ValueError, match=r"1 error .*: equal audio under two emotions;.*follow the remedies above$"):
        audit.check(report)


def test_equal_audio_in_one_partition_is_no_leak() -> None:
    same = FOLDS[(FOLDS["fold"] == 0) & (FOLDS["partition"] == "test")]["utterance"]
    utterances = with_copies(UTTERANCES, {same.iloc[1]: same.iloc[0]})
    assert all(one.fold != 0 for one in table_checks.duplicate_audio(FOLDS[FOLDS["fold"] == 0], utterances))


def test_near_duplicates_in_two_partitions_are_found_and_those_in_one_partition_are_not() -> None:
    fold = FOLDS[FOLDS["fold"] == 0]
    test, train = (fold.loc[fold["partition"] == name, "utterance"].iloc[:2].tolist() for name in ("test", "train"))
    audio_hash = UTTERANCES.set_index("utterance")["audio_hash"]
    pairs = pd.DataFrame(
        {
            "first": [audio_hash[train[0]], audio_hash[train[0]], audio_hash[test[0]], "of another corpus"],
            "second": [audio_hash[test[0]], audio_hash[train[1]], audio_hash[test[1]], audio_hash[test[0]]],
            "similarity": [0.9, 0.95, 0.97, 0.99],
        }
    )
    (finding,) = table_checks.near_duplicate_audio(fold, UTTERANCES, pairs)
    assert (finding.level, finding.fold, finding.examples) == ("error", 0, [test[0]])
    assert finding.found.startswith("1 pair of near copies is in different partitions (similarity up to 0.90)")


@pytest.mark.parametrize(
    ("row", "kinds"),
    [
        ({"variant": "noise", "synthetic": False}, "0 synthetic, 1 augmented, 0 original"),
        ({"variant": "smote", "synthetic": True}, "1 synthetic, 0 augmented, 0 original"),
        ({"variant": "original", "synthetic": False}, "0 synthetic, 0 augmented, 1 original"),
        ({"variant": "original", "synthetic": True}, "1 synthetic, 0 augmented, 0 original"),  # repeated
    ],
)
@pytest.mark.parametrize("partition", ["test", "dev"])
def test_a_row_made_from_an_utterance_outside_training_is_found(
    row: dict[str, Any], kinds: str, partition: str
) -> None:
    balanced, leaked = balanced_of(FOLDS), one_in(FOLDS, partition, fold=3)
    planted = pd.concat([balanced, balanced.iloc[[0]].assign(fold=3, utterance=leaked, **row)], ignore_index=True)
    (finding,) = table_checks.made_rows(planted, FOLDS)
    assert (finding.level, finding.check, finding.fold, finding.examples) == ("error", "made_rows", 3, [leaked])
    n_rows = int((planted["fold"] == 3).sum())
    assert finding.found == f"1 of {n_rows} training rows is made from 1 utterance of {partition}: {kinds}"


def test_a_row_of_no_partition_is_found() -> None:
    balanced = balanced_of(FOLDS)
    (finding,) = table_checks.made_rows(balanced.iloc[[0]].assign(utterance="of another corpus"), FOLDS)
    assert "1 utterance of no partition" in finding.found


def test_predictions_that_are_not_in_the_table_of_partitions_are_found() -> None:
    tested = FOLDS.loc[(FOLDS["fold"] == 0) & (FOLDS["partition"] == "test"), "utterance"]
    rows = prediction_table(UTTERANCES[UTTERANCES["utterance"].isin(tested)]).reset_index(drop=True)
    assert table_checks.tested_rows(rows, FOLDS) == []
    made = rows.assign(utterance=rows["utterance"].where(rows.index > 2, rows["utterance"] + "+noise"))
    (finding,) = table_checks.tested_rows(made, FOLDS)
    assert finding.found == f"3 of {len(rows)} predicted rows are not in the table of partitions"
    (finding,) = table_checks.tested_rows(rows.assign(partition="dev"), FOLDS)
    assert f"{len(rows)} of {len(rows)} predicted rows" in finding.found


def test_even_emotions_are_not_noted() -> None:
    utterances = utterance_table(8, emotions=("happy", "sad"))
    table = partitions.partition_table(utterances, name="speaker_folds", n_folds=4, seed=0)
    assert table_checks.label_imbalance(table, utterances) == []


def of_one_speaker(emotion: str) -> pd.DataFrame:
    """Utterances in which only one speaker has `emotion`."""
    alone = UTTERANCES["speaker"] == "ravdess/01"
    return UTTERANCES[(UTTERANCES["emotion"] != emotion) | alone].reset_index(drop=True)


def test_an_emotion_whose_only_training_speaker_is_tested_is_a_leak() -> None:
    utterances = utterance_table(8, n_repetitions=4)
    utterances = utterances[(utterances["emotion"] != "sad") | (utterances["speaker"] == "ravdess/01")]
    table = partitions.partition_table(utterances, name="random", test_fraction=0.25, dev_fraction=0.25, seed=0)
    (finding,) = table_checks.lone_speaker(table, utterances)
    assert (finding.level, finding.fold) == ("error", 0)
    assert finding.found == "ravdess/01 is the only training speaker of sad, and is tested with 4 utterances"
    assert finding.remedy.endswith("or to leave sad out, add to the command: -S ++labels.actions.sad=drop")


def test_an_emotion_whose_only_training_speaker_is_not_tested_is_a_note() -> None:
    utterances = of_one_speaker("sad")
    table = FOLDS[FOLDS["utterance"].isin(utterances["utterance"])]
    (finding,) = table_checks.lone_speaker(table, utterances)
    assert (finding.level, finding.fold) == ("note", None)
    assert (
        "ravdess/01 is the only training speaker of sad in 2 of 4 folds; the model may learn the voice" in finding.found
    )


def test_unknown_speakers_are_not_taken_for_one_who_alone_has_an_emotion() -> None:
    assert table_checks.lone_speaker(RANDOM, without_speakers(UTTERANCES)) == []


def test_smote_after_the_split_lies_between_training_rows() -> None:
    balanced = balanced_of(FOLDS)
    for fold in range(4):
        rows = balanced[(balanced["fold"] == fold) & balanced["synthetic"]]
        assert len(rows) == 8
        assert feature_checks.synthetic_rows(rows, FEATURES, partition_of(FOLDS, fold), fold=fold) == []


def test_smote_before_the_split_is_found_for_any_utterance_in_its_rows() -> None:
    whole = balancing.balanced(FEATURES, **SMOTE, seed=0)
    partition = partition_of(FOLDS, 0)
    trains = one_in(FOLDS, "train")
    rows = whole[whole["synthetic"]].assign(utterance=trains)
    findings = feature_checks.synthetic_rows(rows, FEATURES, partition, fold=0)
    (finding,) = findings
    assert (finding.level, finding.check, finding.fold) == ("error", "made_rows", 0)
    outside = set(FEATURES.loc[partition != "train", "utterance"])
    assert finding.examples
    assert set(finding.examples) <= outside
    assert "(dev, test)" in finding.found


def test_rows_that_smote_cannot_have_made_are_found() -> None:
    rows = balanced_of(FOLDS)
    rows = rows[(rows["fold"] == 0) & rows["synthetic"]].copy()
    rows[[f"feature_{k}" for k in range(12)]] += np.random.default_rng(0).normal(size=(len(rows), 12))
    (finding,) = feature_checks.synthetic_rows(rows, FEATURES, partition_of(FOLDS, 0), fold=0)
    assert f"{len(rows)} of {len(rows)} synthetic rows examined do not lie between two recordings" in finding.found


def test_repeated_rows_are_not_traced() -> None:
    rows = balanced_of(FOLDS, name="random_oversampler")
    assert feature_checks.synthetic_rows(rows[rows["synthetic"]], FEATURES, partition_of(FOLDS, 0), fold=0) == []


def test_normalisation_of_the_training_rows_is_clean_and_that_of_all_is_found() -> None:
    values = FEATURES[[f"feature_{k}" for k in range(12)]].to_numpy(np.float32)
    training = feature_checks.moments(values[(partition_of(FOLDS, 0) == "train").to_numpy()])
    everything = feature_checks.moments(values)
    rounded = tuple(part.astype(np.float32).astype(float) for part in training)
    assert feature_checks.normalisation(rounded, training, everything, fold=0, model="the model") == []
    (finding,) = feature_checks.normalisation(everything, training, everything, fold=0, model="the model")
    assert (finding.level, finding.check) == ("error", "normalisation")
    assert finding.found.endswith("they are those of all partitions together")
    shifted = training[0] + 0.1 * np.sqrt(training[1]), training[1]
    (finding,) = feature_checks.normalisation(shifted, training, everything, fold=0, model="the model")
    assert finding.found == (
        "mean and deviation in the model differ from those of its training rows by up to 0.1 standard deviations"
    )


def test_constant_features_may_have_variance_0_or_1() -> None:
    mean = np.array([1.0, 2.0])
    by_scikit_learn, by_networks = (mean, np.array([4.0, 0.0])), (mean, np.array([4.0, 1.0]))
    assert feature_checks.normalisation(by_networks, by_scikit_learn, by_scikit_learn, fold=0, model="m") == []


def test_served_features_that_differ_are_found() -> None:
    kept, scale = np.zeros((3, 4)), np.array([1.0, 2.0, 3.0, 4.0])
    served = kept.copy()
    assert served_checks.served_features(kept, served + 1e-4, scale, ["a", "b", "c"], fold=0) == []
    served[1, 3] = 2.0
    (finding,) = served_checks.served_features(kept, served, scale, ["a", "b", "c"], fold=0)
    assert (finding.check, finding.examples) == ("served_features", ["b"])
    assert "1 of 3 test utterances, extracted again with the settings of the model, differ" in finding.found
    assert "by up to 0.5 standard deviations" in finding.found
    (finding,) = served_checks.served_features(kept, served[:, :2], scale, ["a", "b", "c"], fold=0)
    assert "shape (2,), but was trained on (4,)" in finding.found


def test_a_model_of_other_settings_is_found() -> None:
    settings = {"name": "librosa", "settings": {"name": "means_42", "n_fft": 2048}}
    assert served_checks.served_settings(settings, settings, fold=0) == []
    other = {"name": "librosa", "settings": {"name": "energy_set", "n_fft": 2048}}
    (finding,) = served_checks.served_settings(other, settings, fold=1)
    assert "in the model, librosa (energy_set), and in the study, librosa (means_42)" in finding.found


def test_served_predictions_that_differ_are_found() -> None:
    reported = prediction_table(UTTERANCES.iloc[:20])
    assert served_checks.served_predictions(reported.iloc[:3], reported, fold=0) == []
    name = reported["utterance"].iloc[1]
    changed = reported.assign(p_sad=reported["p_sad"].mask(reported["utterance"] == name, 0.987))
    (finding,) = served_checks.served_predictions(reported.iloc[:3], changed, fold=0)
    assert (finding.check, finding.examples) == ("served_predictions", [name])
    other = "sad" if reported["prediction"].iloc[1] != "sad" else "calm"
    changed = reported.assign(prediction=reported["prediction"].mask(reported["utterance"] == name, other))
    (finding,) = served_checks.served_predictions(reported.iloc[:3], changed, fold=0)
    assert finding.examples == [name]


ERROR = Finding("error", "speaker_overlap", 1, "8 of 8 speakers are in several", "choose another", ["a/1"])
NOTE = Finding("note", "label_imbalance", None, "sad has twice as many", "read the UAR")


@pytest.mark.parametrize(
    ("name", "label"),
    [("speaker_folds", None), ("random", "speaker-dependent"), ("leaky_smote", "leaky"), ("published", None)],
)
def test_the_name_of_a_protocol_declares_its_leak(name: str, label: str | None) -> None:
    assert audit.declared(name) == label
    report = audit.report([NOTE, replace(ERROR, fold=2), ERROR], protocol=name, declared=label)
    assert (report["n_errors"], report["n_notes"]) == (2, 1)
    assert [(one["level"], one["fold"]) for one in report["findings"]] == [("error", 1), ("error", 2), ("note", None)]
    if label:
        audit.check(report)
    else:
        with pytest.raises(ValueError, match=r"found 2 errors .*: a speaker in two partitions; .*: partition=random$"):
            audit.check(report)


LEAKS = {"speaker_overlap", "duplicate_audio", "near_duplicate_audio", "made_rows", "normalisation", "lone_speaker"}
DECLARES = {
    None: set(),
    # an emotion of one speaker is tested by that speaker, near copies of a speaker's recordings by each other
    "speaker-dependent": {"speaker_overlap", "lone_speaker", "near_duplicate_audio"},
    "leaky": LEAKS,
}


@pytest.mark.parametrize("check", audit.TITLES)
@pytest.mark.parametrize("declared", DECLARES)
def test_a_protocol_declares_its_own_weakness_and_no_other(check: audit.Check, declared: str | None) -> None:
    own = [replace(ERROR, check=one) for one in sorted(DECLARES[declared])]
    report = audit.report([*own, replace(ERROR, check=check)], protocol="p", declared=declared)
    if check in DECLARES[declared]:
        audit.check(report)
    else:
        with pytest.raises(ValueError, match=f"found 1 error that .* does not declare: {audit.TITLES[check]};"):
            audit.check(report)


def test_notes_fail_nothing() -> None:
    audit.check(audit.report([NOTE], protocol="speaker_folds", declared=None))


def test_a_report_as_text_has_each_remedy_once() -> None:
    report = audit.report(
        [NOTE, ERROR, replace(ERROR, fold=2)], protocol="random (speaker-dependent)", declared="leaky"
    )
    text = audit.as_text(report)
    assert text.startswith("random (speaker-dependent), declared leaky: 2 errors, 1 note\n")
    assert text.count("remedy: choose another") == 1
    assert "  fold 1: 8 of 8 speakers are in several\n    a/1\n    remedy: choose another\n  fold 2: 8 of 8" in text
    assert text.endswith("note: emotions of unequal frequency\n  sad has twice as many\n    remedy: read the UAR")


def test_moments_are_read_from_a_network() -> None:
    from ser.models import networks, neural

    figures = np.arange(4, dtype=np.float32), np.arange(1, 5, dtype=np.float32)
    settings = {"input_shape": (4,), "n_labels": 2, "dense_units": [3], "dropouts": [0.1]}
    for standardisation in (figures, None):
        network = networks.network("dnn", standardisation=standardisation, **settings)
        held = feature_checks.stored_moments(neural.NeuralClassifier(network, ["happy", "sad"], 1.0))
        assert (held is None) == (standardisation is None)
        if held is not None:
            assert [part.tolist() for part in held] == [part.tolist() for part in figures]


def test_moments_are_read_from_a_classifier() -> None:
    from ser.models import classifier_training

    rows = FEATURES.assign(synthetic=False)
    model = classifier_training.fitted(
        rows, UTTERANCES["speaker"], name="logistic_regression", n_calibration_folds=2, seed=0, C=1.0
    )
    values = rows[[f"feature_{k}" for k in range(12)]].to_numpy(np.float64)
    mean, variance = feature_checks.stored_moments(model) or ((), ())
    assert mean == pytest.approx(values.mean(axis=0))
    assert variance == pytest.approx(values.var(axis=0))
