"""Scores, compared with tables worked by hand, scikit-learn, audmetric, and a bootstrap in a loop."""

import json
from typing import Any

import audmetric
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, recall_score

from ser.evaluation import metrics, score, written_scores
from tests.support.learning_tables import (
    RAVDESS_EMOTIONS,
    combined,
    prediction_table,
    utterance_table,
    without_speakers,
)

OPTIONS: dict[str, Any] = {
    "protocol": "speaker_holdout (speaker-independent)",
    "speaker_independent": True,
    "test": True,
    "n_resamples": 200,
    "n_bins": 15,
    "seed": 0,
}
UTTERANCES = utterance_table(10)


def hand_made(pairs: list[tuple[str, str]]) -> pd.DataFrame:
    """Test predictions of one speaker from pairs of truth and prediction, all with confidence 0.7."""
    truth, prediction = zip(*pairs, strict=True)
    labels = ["neutral", "happy", "sad"]
    table = pd.DataFrame({"truth": truth, "prediction": prediction})
    return table.assign(
        fold=0,
        partition="test",
        utterance=[f"u{k}" for k in range(len(pairs))],
        speaker="01",
        **{f"p_{label}": np.where(table["prediction"] == label, 0.7, 0.15) for label in labels},
    )


# neutral: 3 of 4 right, once taken for happy; happy: 1 of 2 right, once taken for sad; sad is never annotated
WORKED = hand_made(
    [("neutral", "neutral")] * 3 + [("neutral", "happy"), ("happy", "happy"), ("happy", "sad")],
)


def test_scores_of_a_table_worked_by_hand() -> None:
    assert metrics.scores(WORKED) == {
        "uar": 0.625,  # (3/4 + 1/2) / 2
        "accuracy": 0.666667,
        "f1_macro": 0.678571,  # (6/7 + 1/2) / 2
        "f1_weighted": 0.738095,  # (4 * 6/7 + 2 * 1/2) / 6
        "recall.neutral": 0.75,
        "recall.happy": 0.5,
    }


def test_classes_that_are_not_annotated_do_not_count() -> None:
    without = WORKED.drop(columns="p_sad")
    without["prediction"] = without["prediction"].replace("sad", "neutral")
    assert "recall.sad" not in metrics.scores(WORKED)
    assert metrics.scores(WORKED)["uar"] == metrics.scores(without)["uar"]


@pytest.mark.parametrize("seed", range(5))
def test_scores_are_those_of_scikit_learn(seed: int) -> None:
    table = prediction_table(UTTERANCES, seed=seed)
    truth, prediction = table["truth"], table["prediction"]
    found = metrics.scores(table)
    recall = recall_score(truth, prediction, labels=RAVDESS_EMOTIONS, average=None)
    expected = {
        "uar": balanced_accuracy_score(truth, prediction),
        "accuracy": accuracy_score(truth, prediction),
        "f1_macro": f1_score(truth, prediction, average="macro"),
        "f1_weighted": f1_score(truth, prediction, average="weighted"),
        **{f"recall.{label}": value for label, value in zip(RAVDESS_EMOTIONS, recall, strict=True)},
    }
    assert found == pytest.approx(expected, abs=1e-6)
    assert list(found) == list(expected)  # recalls in the canonical order


def test_recalls_of_new_emotions_follow_those_of_the_known_ones() -> None:
    rows = pd.DataFrame({"truth": ["zesty", "sad", "verträumt"], "prediction": ["zesty", "zesty", "verträumt"]})
    found = metrics.scores(rows.assign(p_zesty=1.0, p_verträumt=0.0, p_sad=0.0))
    recalls = {name: value for name, value in found.items() if name.startswith("recall.")}
    assert list(recalls.items()) == [("recall.sad", 0.0), ("recall.verträumt", 1.0), ("recall.zesty", 1.0)]


@pytest.mark.parametrize("seed", range(5))
def test_scores_are_those_of_audmetric(seed: int) -> None:
    """Tables with rare classes, and one that is never annotated."""
    random = np.random.default_rng(seed)
    labels = RAVDESS_EMOTIONS[:6]
    truth = random.choice(labels[:5], 200, p=[0.5, 0.3, 0.1, 0.07, 0.03])
    table = pd.DataFrame({"truth": truth, "prediction": random.choice(labels[:5], 200)})
    table = table.assign(**{f"p_{label}": 1 / 6 for label in labels})
    both, present = (truth, table["prediction"]), sorted(set(truth))
    found = metrics.scores(table)
    assert found["uar"] == pytest.approx(audmetric.unweighted_average_recall(*both, present), abs=1e-6)
    assert found["accuracy"] == pytest.approx(audmetric.accuracy(*both), abs=1e-6)
    assert found["f1_macro"] == pytest.approx(audmetric.unweighted_average_fscore(*both, present), abs=1e-6)
    f1, recall = audmetric.fscore_per_class(*both, present), audmetric.recall_per_class(*both, present)
    share = {label: (truth == label).mean() for label in present}
    assert found["f1_weighted"] == pytest.approx(sum(f1[label] * share[label] for label in present), abs=1e-6)
    assert {key: value for key, value in found.items() if key.startswith("recall.")} == pytest.approx(
        {f"recall.{label}": recall[label] for label in present}, abs=1e-6
    )


def test_uar_does_not_depend_on_how_frequent_an_emotion_is() -> None:
    table = prediction_table(UTTERANCES, seed=0)
    repeated = pd.concat([table, *[table[table["truth"] == "sad"]] * 3], ignore_index=True)
    assert metrics.scores(repeated)["uar"] == metrics.scores(table)["uar"]
    assert metrics.scores(repeated)["accuracy"] != metrics.scores(table)["accuracy"]


def test_right_and_wrong_everywhere_score_1_and_0() -> None:
    right = prediction_table(UTTERANCES, accuracy=1.0)
    assert set(metrics.scores(right).values()) == {1.0}
    wrong = right.assign(prediction=np.where(right["truth"] == "sad", "happy", "sad"))
    assert set(metrics.scores(wrong).values()) == {0.0}


@pytest.mark.parametrize("n_speakers", [1, 5])
def test_fewer_than_6_speakers_have_no_interval(n_speakers: int) -> None:
    table = prediction_table(utterance_table(n_speakers))
    assert metrics.uar_interval(table, n_resamples=100, seed=0) == (None, None)


def test_unknown_speakers_do_not_count_towards_the_six() -> None:
    table = prediction_table(utterance_table(6))
    table["speaker"] = table["speaker"].where(table["speaker"] != "ravdess/03")
    assert metrics.uar_interval(table, n_resamples=100, seed=0) == (None, None)


@pytest.mark.parametrize("seed", range(5))
def test_six_speakers_have_an_interval_around_their_uar(seed: int) -> None:
    table = prediction_table(utterance_table(6), seed=seed)
    low, high = metrics.uar_interval(table, n_resamples=500, seed=0)
    assert low is not None
    assert high is not None
    assert 0 < low < metrics.scores(table)["uar"] < high < 1


def uar_of(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Mean recall over the annotated emotions."""
    return float(np.mean([(prediction[truth == label] == label).mean() for label in np.unique(truth)]))


def resampled(table: pd.DataFrame, unit: str, *, n_resamples: int = 1000) -> tuple[float, float]:
    """Percentile bootstrap of the UAR over values of the column `unit`, drawn one by one."""
    random = np.random.default_rng(99)
    truth, prediction = table["truth"].to_numpy(str), table["prediction"].to_numpy(str)
    rows_of = list(table.reset_index(drop=True).groupby(unit).indices.values())
    values = []
    for _ in range(n_resamples):
        rows = np.concatenate([rows_of[k] for k in random.integers(len(rows_of), size=len(rows_of))])
        values.append(uar_of(truth[rows], prediction[rows]))
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def of_unlike_speakers(seed: int = 0) -> pd.DataFrame:
    """Predictions of 10 speakers, some of whom are recognised better than others."""
    accuracy = {name: 0.2 + 0.075 * k for k, name in enumerate(sorted(UTTERANCES["speaker"].unique()))}
    return prediction_table(UTTERANCES, accuracy=accuracy, seed=seed)


def test_the_interval_equals_a_bootstrap_over_speakers_in_a_loop() -> None:
    table = of_unlike_speakers()
    found = metrics.uar_interval(table, n_resamples=2000, seed=0)
    assert found == pytest.approx(resampled(table, "speaker"), abs=0.02)


def test_different_speakers_widen_the_interval() -> None:
    table = of_unlike_speakers()
    low, high = metrics.uar_interval(table, n_resamples=1000, seed=0)
    narrow_low, narrow_high = resampled(table, "utterance", n_resamples=500)
    assert low is not None
    assert high is not None
    assert high - low > 1.5 * (narrow_high - narrow_low)


def test_a_speaker_without_an_emotion_leaves_the_interval_valid() -> None:
    table = of_unlike_speakers()
    table = table[(table["truth"] != "sad") | (table["speaker"] == "ravdess/01")]
    found = metrics.uar_interval(table, n_resamples=2000, seed=0)
    assert found == pytest.approx(resampled(table, "speaker"), abs=0.03)


def test_equal_speakers_have_an_interval_of_width_zero() -> None:
    assert metrics.uar_interval(prediction_table(UTTERANCES, accuracy=1.0), n_resamples=100, seed=0) == (1.0, 1.0)


def test_the_interval_depends_on_the_seed_and_not_on_the_order_of_rows() -> None:
    table = of_unlike_speakers()
    first, again, other = (metrics.uar_interval(table, n_resamples=100, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert metrics.uar_interval(table.sample(frac=1, random_state=0), n_resamples=100, seed=1) == first


def calibration_table(*confidence_and_hit: tuple[float, bool]) -> pd.DataFrame:
    """Predictions of neutral with the given confidences, correct or wrong."""
    confidence, hit = zip(*confidence_and_hit, strict=True)
    table = pd.DataFrame({"truth": np.where(hit, "neutral", "sad"), "prediction": "neutral"})
    return table.assign(p_neutral=confidence, p_sad=1 - np.array(confidence))


def test_the_calibration_error_of_a_table_worked_by_hand() -> None:
    # the bin from 0.8: confidence 0.9, accuracy 1/2; the bin from 0.4: confidence 0.525, accuracy 1
    table = calibration_table((0.85, True), (0.95, False), (0.5, True), (0.55, True))
    assert metrics.expected_calibration_error(table, n_bins=5) == 0.4375  # (2 * 0.4 + 2 * 0.475) / 4


def test_full_confidence_is_in_the_last_bin() -> None:
    # one bin of confidence 0.975 and accuracy 1/2
    assert metrics.expected_calibration_error(calibration_table((1.0, False), (0.95, True)), n_bins=15) == 0.475


@pytest.mark.parametrize("n_bins", [1, 10, 15])
def test_the_calibration_error_is_guos_equation_3(n_bins: int) -> None:
    table = of_unlike_speakers().set_axis([0] * len(UTTERANCES))  # pooled folds repeat their index
    confidence = table.filter(like="p_").max(axis=1).to_numpy()
    hit = (table["truth"] == table["prediction"]).to_numpy()
    of_bin = np.digitize(confidence, np.linspace(0, 1, n_bins + 1)[1:-1])
    expected = sum(
        (of_bin == k).mean() * abs(hit[of_bin == k].mean() - confidence[of_bin == k].mean()) for k in np.unique(of_bin)
    )
    assert metrics.expected_calibration_error(table, n_bins=n_bins) == pytest.approx(expected, abs=2e-6)


@pytest.fixture(scope="module")
def predictions() -> pd.DataFrame:
    """Test predictions of 10 speakers, and more accurate dev predictions of 3 others."""
    developing = utterance_table(3, corpus="other")
    dev = prediction_table(developing, accuracy=0.9, partition="dev", seed=1)
    return pd.concat([of_unlike_speakers(), dev], ignore_index=True)


def test_the_keys_are_those_of_the_contract(predictions: pd.DataFrame) -> None:
    assert set(metrics.study_metrics(predictions, **OPTIONS)) == {
        *("uar", "accuracy", "f1_macro", "f1_weighted", "uar_low", "uar_high", "ece", "n_utterances", "n_speakers"),
        *(f"recall.{label}" for label in RAVDESS_EMOTIONS),
        *("speaker_independent", "protocol", "dev.uar", "dev.accuracy"),
    }


def test_without_test_there_are_no_test_scores(predictions: pd.DataFrame) -> None:
    found = metrics.study_metrics(predictions, **OPTIONS | {"test": False})
    assert set(found) == {"speaker_independent", "protocol", "dev.uar", "dev.accuracy"}
    only_dev = predictions[predictions["partition"] == "dev"]
    assert metrics.study_metrics(only_dev, **OPTIONS | {"test": False}) == found


def test_dev_and_test_are_scored_separately(predictions: pd.DataFrame) -> None:
    found = metrics.study_metrics(predictions, **OPTIONS)
    test, dev = (predictions[predictions["partition"] == name] for name in ("test", "dev"))
    assert found.items() >= metrics.scores(test).items()
    assert (found["dev.uar"], found["dev.accuracy"]) == tuple(metrics.scores(dev)[name] for name in ("uar", "accuracy"))
    assert (found["uar_low"], found["uar_high"]) == metrics.uar_interval(test, n_resamples=200, seed=0)
    assert found["ece"] == metrics.expected_calibration_error(test, n_bins=15)
    assert (found["n_utterances"], found["n_speakers"]) == (600, 10)
    assert found["dev.uar"] > found["uar"]


def test_only_transductive_metrics_have_the_key_transductive(predictions: pd.DataFrame) -> None:
    plain, marked = (
        metrics.study_metrics(predictions, **OPTIONS),
        metrics.study_metrics(predictions, **OPTIONS, transductive=True),
    )
    assert marked == plain | {"transductive": True}
    assert "transductive" not in plain
    of_dev = metrics.study_metrics(predictions, **OPTIONS | {"test": False}, transductive=True)
    assert of_dev["transductive"] is True


@pytest.mark.parametrize("independent", [True, False])
def test_the_metrics_carry_their_protocol_and_are_json(predictions: pd.DataFrame, independent: bool) -> None:
    options = OPTIONS | {"speaker_independent": independent, "protocol": "p"}
    found = metrics.study_metrics(predictions[predictions["speaker"] != "ravdess/01"], **options)
    assert (found["speaker_independent"], found["protocol"]) == (independent, "p")
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_speakers_of_a_small_corpus_do_not_stand_for_the_score_of_all_corpora() -> None:
    """One recording of the large corpus has no speaker, so there is no interval over all speakers."""
    large, small = prediction_table(utterance_table(6)), prediction_table(utterance_table(2, corpus="other"))
    large.loc[0, "speaker"] = None
    figures = metrics.study_metrics(pd.concat([large, small, small.assign(partition="dev")]), **OPTIONS)
    assert (figures["n_speakers"], figures["uar_low"]) == (8, None)
    assert {name for name in figures if name.startswith("speaker.")} == {"speaker.other/01.uar", "speaker.other/02.uar"}
    assert written_scores.headline(figures) == f"UAR {100 * figures['uar']:.1f} %"
    assert "(no interval: some speakers are unknown)" in score.text(figures, report=None)


@pytest.mark.parametrize("n_speakers", [1, 5, 6])
def test_fewer_than_6_speakers_are_scored_one_by_one(n_speakers: int) -> None:
    table = prediction_table(utterance_table(n_speakers))
    both = pd.concat([table, prediction_table(utterance_table(1, corpus="other"), partition="dev")])
    found = written_scores.uar_by_speaker(metrics.study_metrics(both, **OPTIONS))
    expected = {
        name: recall_score(rows["truth"], rows["prediction"], average="macro")
        for name, rows in table.groupby("speaker")
    }
    assert found == (pytest.approx(expected, abs=1e-6) if n_speakers < 6 else {})


def test_unknown_speakers_are_not_scored_one_by_one() -> None:
    table = prediction_table(combined(utterance_table(2), without_speakers(utterance_table(7, corpus="folders"))))
    assert list(metrics.uar_of_few_speakers(table)) == ["speaker.ravdess/01.uar", "speaker.ravdess/02.uar"]
    assert metrics.uar_of_few_speakers(prediction_table(without_speakers(UTTERANCES))) == {}


def test_a_missing_interval_is_null(predictions: pd.DataFrame) -> None:
    five = [f"ravdess/{k:02}" for k in range(1, 6)]
    few = predictions[(predictions["partition"] == "dev") | predictions["speaker"].isin(five)]
    written = json.dumps(metrics.study_metrics(few, **OPTIONS), allow_nan=False)
    assert '"uar_low": null, "uar_high": null' in written


def test_folds_are_pooled_and_not_averaged(predictions: pd.DataFrame) -> None:
    in_folds = predictions.assign(fold=np.where(predictions["speaker"] == "ravdess/01", 0, 1))
    assert metrics.study_metrics(in_folds, **OPTIONS) == metrics.study_metrics(predictions, **OPTIONS)


@pytest.fixture(scope="module")
def of_corpora() -> pd.DataFrame:
    """Test rows of RAVDESS, EmoDB with four emotions, and two women of TESS; dev rows of others of RAVDESS and TESS."""
    emodb = utterance_table(6, emotions=("neutral", "happy", "sad", "angry"), corpus="emodb")
    tess = utterance_table(3, sexes=("female",), emotions=("sad", "angry"), corpus="tess")
    is_third, ravdess = tess["speaker"] == "tess/03", utterance_table(14)
    parts = [
        (ravdess[ravdess["speaker"] <= "ravdess/10"], "test", 0.7),
        (emodb, "test", 0.5),
        (tess[~is_third], "test", 0.3),
        (ravdess[ravdess["speaker"] > "ravdess/10"], "dev", 0.8),
        (tess[is_third], "dev", 0.4),
    ]
    tables = [
        prediction_table(utterances, accuracy=accuracy, partition=partition, seed=k)
        for k, (utterances, partition, accuracy) in enumerate(parts)
    ]
    return pd.concat(tables).sample(frac=1, random_state=0).reset_index(drop=True)


def rows_of(predictions: pd.DataFrame, corpus: str, partition: str = "test") -> pd.DataFrame:
    """Rows of one corpus and partition."""
    return predictions[(predictions["corpus"] == corpus) & (predictions["partition"] == partition)]


def figures_of(found: dict[str, Any], corpus: str) -> dict[str, Any]:
    """Scores of one corpus, without the prefix `corpus.<name>.`."""
    start = f"corpus.{corpus}."
    return {key.removeprefix(start): value for key, value in found.items() if key.startswith(start)}


def test_scores_of_a_corpus_use_only_its_rows(of_corpora: pd.DataFrame) -> None:
    found = metrics.study_metrics(of_corpora, **OPTIONS)
    of_figure = {"uar", "uar_low", "uar_high", "accuracy", "n_utterances", "n_speakers"}
    for name in ("ravdess", "emodb"):
        others = (of_corpora["partition"] == "test") & (of_corpora["corpus"] != name)
        alone = metrics.study_metrics(of_corpora[~others], **OPTIONS)
        assert not figures_of(alone, name)
        assert figures_of(found, name) == {key: alone[key] for key in of_figure}


def test_scores_of_a_corpus_equal_scikit_learn(of_corpora: pd.DataFrame) -> None:
    found = metrics.study_metrics(of_corpora, **OPTIONS)
    counts = {"ravdess": (600, 10), "emodb": (168, 6), "tess": (32, 2)}
    for name, (n_utterances, n_speakers) in counts.items():
        own, rows = figures_of(found, name), rows_of(of_corpora, name)
        truth, prediction = rows["truth"], rows["prediction"]
        uar = recall_score(truth, prediction, labels=np.unique(truth), average="macro")
        assert own["uar"] == pytest.approx(uar, abs=1e-6)
        assert own["accuracy"] == pytest.approx(accuracy_score(truth, prediction), abs=1e-6)
        assert (own["n_utterances"], own["n_speakers"]) == (n_utterances, n_speakers)
        if name != "tess":
            assert own["uar_low"] < own["uar"] < own["uar_high"]


def test_an_emotion_that_a_corpus_lacks_does_not_count_against_it() -> None:
    """EmoDB has no surprised and only correct predictions; RAVDESS has both, and all surprised is wrong."""
    parts = [utterance_table(6, emotions=("sad", "surprised")), utterance_table(6, emotions=("sad",), corpus="emodb")]
    right = [prediction_table(part, accuracy=1.0, labels=("sad", "surprised")) for part in parts]
    predictions = pd.concat(right, ignore_index=True).assign(prediction="sad")
    both = pd.concat([predictions, predictions[:1].assign(partition="dev", utterance="dev")], ignore_index=True)
    found = metrics.study_metrics(both, **OPTIONS)
    assert (found["uar"], found["corpus.ravdess.uar"], found["corpus.emodb.uar"]) == (0.5, 0.5, 1.0)
    assert (found["corpus.ravdess.accuracy"], found["corpus.emodb.accuracy"]) == (0.5, 1.0)


def test_the_score_of_all_rows_is_not_the_mean_over_corpora() -> None:
    """One corpus has 12 correct rows, the other 4 wrong rows."""
    large, small = utterance_table(6, emotions=("neutral",)), utterance_table(2, emotions=("neutral",), corpus="tess")
    tables = [
        prediction_table(large, accuracy=1.0, labels=("neutral", "sad")),
        prediction_table(small, accuracy=1.0, labels=("neutral", "sad")).assign(prediction="sad"),
    ]
    predictions = pd.concat([*tables, tables[0][:1].assign(partition="dev", utterance="dev")], ignore_index=True)
    found = metrics.study_metrics(predictions, **OPTIONS)
    assert (found["uar"], found["corpus.ravdess.uar"], found["corpus.tess.uar"]) == (0.75, 1.0, 0.0)


@pytest.mark.parametrize(
    ("n_speakers", "known", "has_interval"), [(6, True, True), (5, True, False), (6, False, False)]
)
def test_a_corpus_has_an_interval_if_it_has_six_known_speakers(
    n_speakers: int, known: bool, has_interval: bool
) -> None:
    tested = utterance_table(n_speakers, corpus="folders")
    tested = tested if known else without_speakers(tested)
    both = combined(utterance_table(8), tested)
    found = metrics.scores_per_corpus(prediction_table(both), n_resamples=100, seed=0)
    interval = (found["corpus.folders.uar_low"], found["corpus.folders.uar_high"])
    assert (interval != (None, None)) == has_interval
    assert found["corpus.folders.n_speakers"] == (n_speakers if known else 0)
    assert None not in figures_of(found, "ravdess").values()  # another corpus is none the worse


def test_one_unknown_speaker_leaves_all_rows_without_an_interval() -> None:
    both = combined(utterance_table(10), without_speakers(utterance_table(1, corpus="folders")))
    assert metrics.uar_interval(prediction_table(both), n_resamples=100, seed=0) == (None, None)


def test_dev_has_the_uar_of_each_of_its_corpora(of_corpora: pd.DataFrame) -> None:
    found = metrics.study_metrics(of_corpora, **OPTIONS)
    dev = {key: value for key, value in found.items() if key.startswith("dev.corpus.")}
    assert dev == {
        f"dev.corpus.{name}.uar": metrics.scores(rows_of(of_corpora, name, "dev"))["uar"]
        for name in ("ravdess", "tess")
    }
    assert len(set(dev.values())) == 2


def test_without_test_corpora_have_only_dev_scores(of_corpora: pd.DataFrame) -> None:
    found = metrics.study_metrics(of_corpora, **OPTIONS | {"test": False})
    of_dev = {"dev.uar", "dev.accuracy", "dev.corpus.ravdess.uar", "dev.corpus.tess.uar"}
    assert set(found) == {"speaker_independent", "protocol", *of_dev}


def test_dev_and_test_of_one_corpus_each_have_no_scores_of_corpora(predictions: pd.DataFrame) -> None:
    """The scores of all rows are already those of the corpus."""
    assert predictions["corpus"].nunique() == 2
    assert not [key for key in metrics.study_metrics(predictions, **OPTIONS) if "corpus" in key]


def test_scores_of_corpora_are_added_to_the_contract_and_are_json(of_corpora: pd.DataFrame) -> None:
    found = metrics.study_metrics(of_corpora, **OPTIONS)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    one = metrics.study_metrics(of_corpora[of_corpora["corpus"] == "ravdess"], **OPTIONS)
    added = {key for key in found if "corpus." in key or "speaker." in key} | {"corpus_mean.uar"}
    assert set(found) - added == set(one)
    assert found["corpus_mean.uar"] == pytest.approx(
        np.mean([found[f"corpus.{corpus}.uar"] for corpus in ("emodb", "ravdess", "tess")]), abs=1e-6
    )
    names = ("uar", "uar_low", "uar_high", "accuracy", "n_utterances", "n_speakers")
    own = {f"corpus.{corpus}.{name}" for corpus in ("emodb", "ravdess", "tess") for name in names}
    own |= {"speaker.tess/01.uar", "speaker.tess/02.uar"}  # too few for an interval
    own |= {"corpus_mean.uar"}
    assert set(found) - set(one) == own | {"dev.corpus.ravdess.uar", "dev.corpus.tess.uar"}


def test_labels_are_the_columns_of_probabilities_in_canonical_order() -> None:
    table = pd.DataFrame(columns=["truth", "p_sad", "p_calm", "p_boredom", "p_neutral"])
    assert metrics.labels_of(table) == ["neutral", "calm", "sad", "boredom"]
