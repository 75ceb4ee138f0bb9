"""Scores against hand-worked tables, scikit-learn, and a bootstrap written out in full."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from learning_tables import RAVDESS_EMOTIONS, prediction_table, utterance_table
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, recall_score

from ser import metrics

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


def test_unknown_speakers_do_not_make_six() -> None:
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
    """Mean over the annotated emotions of the share that is right."""
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
    """Predictions of 10 speakers, of whom some are understood well and some badly."""
    accuracy = {name: 0.2 + 0.075 * k for k, name in enumerate(sorted(UTTERANCES["speaker"].unique()))}
    return prediction_table(UTTERANCES, accuracy=accuracy, seed=seed)


def test_the_interval_is_that_of_a_bootstrap_over_speakers_written_out() -> None:
    table = of_unlike_speakers()
    found = metrics.uar_interval(table, n_resamples=2000, seed=0)
    assert found == pytest.approx(resampled(table, "speaker"), abs=0.02)


def test_speakers_that_differ_make_the_interval_wider_than_their_utterances_would() -> None:
    table = of_unlike_speakers()
    low, high = metrics.uar_interval(table, n_resamples=1000, seed=0)
    narrow_low, narrow_high = resampled(table, "utterance", n_resamples=500)
    assert low is not None
    assert high is not None
    assert high - low > 1.5 * (narrow_high - narrow_low)


def test_a_speaker_who_lacks_an_emotion_does_not_spoil_the_interval() -> None:
    table = of_unlike_speakers()
    table = table[(table["truth"] != "sad") | (table["speaker"] == "ravdess/01")]
    found = metrics.uar_interval(table, n_resamples=2000, seed=0)
    assert found == pytest.approx(resampled(table, "speaker"), abs=0.03)


def test_speakers_all_alike_leave_no_doubt() -> None:
    assert metrics.uar_interval(prediction_table(UTTERANCES, accuracy=1.0), n_resamples=100, seed=0) == (1.0, 1.0)


def test_the_seed_alone_decides_the_interval_and_not_the_order_of_rows() -> None:
    table = of_unlike_speakers()
    first, again, other = (metrics.uar_interval(table, n_resamples=100, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert metrics.uar_interval(table.sample(frac=1, random_state=0), n_resamples=100, seed=1) == first


def calibration_table(*confidence_and_hit: tuple[float, bool]) -> pd.DataFrame:
    """Predictions of neutral with these confidences, right or wrong."""
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
    """Test predictions of 10 speakers and, better, dev predictions of 3 others."""
    developing = utterance_table(3, corpus="other")
    dev = prediction_table(developing, accuracy=0.9, partition="dev", seed=1)
    return pd.concat([of_unlike_speakers(), dev], ignore_index=True)


def test_the_keys_are_those_of_the_contract(predictions: pd.DataFrame) -> None:
    assert set(metrics.metrics(predictions, **OPTIONS)) == {
        *("uar", "accuracy", "f1_macro", "f1_weighted", "uar_low", "uar_high", "ece", "n_utterances", "n_speakers"),
        *(f"recall.{label}" for label in RAVDESS_EMOTIONS),
        *("speaker_independent", "protocol", "dev.uar", "dev.accuracy"),
    }


def test_without_test_no_figure_of_test_is_told(predictions: pd.DataFrame) -> None:
    found = metrics.metrics(predictions, **OPTIONS | {"test": False})
    assert set(found) == {"speaker_independent", "protocol", "dev.uar", "dev.accuracy"}
    only_dev = predictions[predictions["partition"] == "dev"]
    assert metrics.metrics(only_dev, **OPTIONS | {"test": False}) == found


def test_dev_and_test_are_scored_apart(predictions: pd.DataFrame) -> None:
    found = metrics.metrics(predictions, **OPTIONS)
    test, dev = (predictions[predictions["partition"] == name] for name in ("test", "dev"))
    assert found.items() >= metrics.scores(test).items()
    assert (found["dev.uar"], found["dev.accuracy"]) == tuple(metrics.scores(dev)[name] for name in ("uar", "accuracy"))
    assert (found["uar_low"], found["uar_high"]) == metrics.uar_interval(test, n_resamples=200, seed=0)
    assert found["ece"] == metrics.expected_calibration_error(test, n_bins=15)
    assert (found["n_utterances"], found["n_speakers"]) == (600, 10)
    assert found["dev.uar"] > found["uar"]


@pytest.mark.parametrize("independent", [True, False])
def test_the_metrics_carry_their_protocol_and_are_json(predictions: pd.DataFrame, independent: bool) -> None:
    options = OPTIONS | {"speaker_independent": independent, "protocol": "p"}
    found = metrics.metrics(predictions[predictions["speaker"] != "ravdess/01"], **options)
    assert (found["speaker_independent"], found["protocol"]) == (independent, "p")
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_missing_interval_is_null(predictions: pd.DataFrame) -> None:
    five = [f"ravdess/{k:02}" for k in range(1, 6)]
    few = predictions[(predictions["partition"] == "dev") | predictions["speaker"].isin(five)]
    written = json.dumps(metrics.metrics(few, **OPTIONS), allow_nan=False)
    assert '"uar_low": null, "uar_high": null' in written


def test_folds_are_pooled_and_not_averaged(predictions: pd.DataFrame) -> None:
    in_folds = predictions.assign(fold=np.where(predictions["speaker"] == "ravdess/01", 0, 1))
    assert metrics.metrics(in_folds, **OPTIONS) == metrics.metrics(predictions, **OPTIONS)


def test_labels_are_the_columns_of_probabilities_in_canonical_order() -> None:
    table = pd.DataFrame(columns=["truth", "p_sad", "p_calm", "p_boredom", "p_neutral"])
    assert metrics.labels_of(table) == ["neutral", "calm", "sad", "boredom"]
