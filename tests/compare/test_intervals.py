"""Comparisons of two runs: worked by hand, by properties of the tests, and by simulation of equal runs."""

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.stats import binomtest, t

from ser.compare import differences, intervals
from ser.evaluation import metrics
from tests.support.learning_tables import prediction_table, utterance_table, without_speakers

FAST: dict[str, Any] = {"n_resamples": 256, "seed": 0}  # of 8 speakers: all swaps
UTTERANCES = utterance_table(8, emotions=("neutral", "happy", "sad"))
LABELS = ("neutral", "happy", "sad")


def predicted(accuracy: float, *, seed: int, utterances: pd.DataFrame = UTTERANCES) -> pd.DataFrame:
    """Predictions of three emotions."""
    return prediction_table(utterances, accuracy=accuracy, labels=LABELS, seed=seed)


def hand_made(pairs: dict[str, str], *, labels: tuple[str, ...] = ("neutral", "happy")) -> pd.DataFrame:
    """Predictions, one for each `speaker-truth-number`."""
    parts = [name.split("-") for name in pairs]
    table = pd.DataFrame(
        {
            "fold": 0,
            "partition": "test",
            "utterance": list(pairs),
            "speaker": [part[0] for part in parts],
            "truth": [part[1] for part in parts],
            "prediction": list(pairs.values()),
        }
    )
    return table.assign(**{f"p_{label}": 1 / len(labels) for label in labels})


A = hand_made({"s1-neutral-1": "happy", "s1-neutral-2": "neutral", "s1-happy-1": "happy", "s2-happy-1": "neutral"})
B = hand_made({"s1-neutral-1": "neutral", "s1-neutral-2": "neutral", "s1-happy-1": "neutral", "s2-happy-1": "happy"})


def test_differences_of_tables_worked_by_hand() -> None:
    found = differences.comparison(A, B, **FAST)
    rows = found.differences.set_index("metric")
    assert rows[["a", "b", "difference"]].to_dict("index") == {
        "uar": {"a": 0.5, "b": 0.75, "difference": 0.25},  # (1/2 + 1/2) / 2, (1 + 1/2) / 2
        "accuracy": {"a": 0.5, "b": 0.75, "difference": 0.25},
        "recall.neutral": {"a": 0.5, "b": 1.0, "difference": 0.5},
        "recall.happy": {"a": 0.5, "b": 0.5, "difference": 0.0},
    }
    assert found.speakers.to_dict("records") == [
        {"speaker": "s1", "n_utterances": 3, "a": 0.75, "b": 0.5, "difference": -0.25},
        {"speaker": "s2", "n_utterances": 1, "a": 0.0, "b": 1.0, "difference": 1.0},
    ]
    assert (found.n_utterances, found.only_a, found.only_b) == (4, 0, 0)


def test_utterances_that_only_one_run_predicted_are_counted_but_not_compared() -> None:
    extra = hand_made({"s9-happy-7": "happy"})
    found = differences.comparison(pd.concat([A, extra]), B.iloc[1:], **FAST)
    assert (found.n_utterances, found.only_a, found.only_b) == (3, 2, 0)
    pd.testing.assert_frame_equal(found.differences, differences.comparison(A.iloc[1:], B.iloc[1:], **FAST).differences)


def test_an_utterance_of_several_folds_counts_once() -> None:
    """One utterance is tested in three folds and recognised in one."""
    more = pd.concat([A, A[:1].assign(fold=1, prediction="neutral"), A[:1].assign(fold=2)], ignore_index=True)
    found = differences.comparison(more, B, **FAST).differences.set_index("metric")
    assert found.loc["recall.neutral", "a"] == pytest.approx((1 / 3 + 1) / 2, abs=1e-6)
    assert found.loc["accuracy", "a"] == pytest.approx((1 / 3 + 2 - 1 + 1) / 4, abs=1e-6)
    assert differences.comparison(more, B, **FAST).n_utterances == 4


@pytest.mark.parametrize("seed", range(3))
def test_the_two_sides_have_the_scores_of_the_metrics(seed: int) -> None:
    a, b = predicted(0.5, seed=seed), predicted(0.7, seed=seed + 10)
    found = differences.comparison(a, b, **FAST).differences.set_index("metric")
    for side, table in (("a", a), ("b", b)):
        own = metrics.scores(table)
        expected = {name: value for name, value in own.items() if not name.startswith("f1")}
        assert found[side].to_dict() == pytest.approx(expected, abs=1e-6)
    for row in differences.comparison(a, b, **FAST).speakers.to_dict("records"):
        assert row["b"] == pytest.approx(metrics.scores(b[b["speaker"] == row["speaker"]])["uar"], abs=1e-6)


def test_a_run_does_not_differ_from_itself() -> None:
    a = predicted(0.5, seed=0)
    found = differences.comparison(a, a, **FAST).differences
    assert (found[["difference", "low", "high"]] == 0).all(axis=None)
    assert found["p"].dropna().tolist() == [1.0, 1.0]


def test_swapping_the_runs_changes_the_signs_and_not_p() -> None:
    a, b = predicted(0.5, seed=0), predicted(0.6, seed=1)
    forth, back = (differences.comparison(*pair, **FAST).differences for pair in ((a, b), (b, a)))
    assert forth["difference"].tolist() == pytest.approx((-back["difference"]).tolist())
    assert forth["low"].tolist() == pytest.approx((-back["high"]).tolist(), abs=1e-5)
    assert forth["p"].dropna().tolist() == back["p"].dropna().tolist()


def by_all_swaps(more: npt.NDArray[np.float64], total: npt.NDArray[np.float64]) -> float:
    """Share of all sign changes of the speakers' differences with a UAR at least as far from 0 as the real one."""
    found = np.mean(more.sum(axis=0) / total)
    every = [
        np.mean((np.array(signs)[:, None] * more).sum(axis=0) / total)
        for signs in itertools.product((1, -1), repeat=len(more))
    ]
    return float(np.mean(np.abs(every) >= abs(found) - 1e-12))


@pytest.mark.parametrize("seed", range(4))
def test_p_of_few_speakers_equals_a_loop_over_all_swaps(seed: int) -> None:
    a, b = predicted(0.5, seed=seed), predicted(0.65, seed=seed + 10)
    names = sorted(UTTERANCES["speaker"].unique())
    support, hits_a = differences.support_and_hits(a, names, LABELS)
    _, hits_b = differences.support_and_hits(b, names, LABELS)
    found = differences.comparison(a, b, n_resamples=256, seed=0)
    assert found.uar["p"] == pytest.approx(by_all_swaps(hits_b - hits_a, support.sum(axis=0)), abs=1e-6)


def test_the_interval_equals_a_bootstrap_in_a_loop() -> None:
    a, b = predicted(0.4, seed=0), predicted(0.7, seed=1)
    random = np.random.default_rng(5)
    names = sorted(UTTERANCES["speaker"].unique())
    hits = {
        name: [
            [(rows["prediction"] == rows["truth"])[rows["truth"] == label].to_numpy(float) for label in LABELS]
            for rows in (a[a["speaker"] == name], b[b["speaker"] == name])
        ]
        for name in names
    }
    values = []
    for _ in range(2000):
        drawn = random.choice(names, len(names))
        first, second = (
            np.mean([np.concatenate([hits[name][side][k] for name in drawn]).mean() for k in range(len(LABELS))])
            for side in (0, 1)
        )
        values.append(second - first)
    found = differences.comparison(a, b, n_resamples=2000, seed=0).uar
    beyond = (1 - intervals.expanded_level(8)) / 2
    assert (found["low"], found["high"]) == pytest.approx(tuple(np.quantile(values, [beyond, 1 - beyond])), abs=0.02)


def test_pairing_makes_the_interval_of_the_difference_narrower() -> None:
    """Speakers who are difficult for both runs do not widen the interval of the difference."""
    accuracy = {name: 0.3 + 0.08 * k for k, name in enumerate(sorted(UTTERANCES["speaker"].unique()))}
    a = prediction_table(UTTERANCES, accuracy=accuracy, labels=LABELS, seed=0)
    b = a.assign(prediction=np.where(np.arange(len(a)) % 3 == 0, a["truth"], a["prediction"]))
    found = differences.comparison(a, b, **FAST).uar
    low, high = metrics.uar_interval(a, n_resamples=199, seed=0)
    assert low is not None
    assert high is not None
    assert found["high"] - found["low"] < 0.5 * (high - low)
    assert found["low"] > 0
    assert found["p"] < 0.05


def rates_of_alike_runs(n_speakers: int, n_draws: int, seed: int) -> tuple[int, int]:
    """Number of draws of two equal recognisers with p < 0.05, and of those whose interval does not contain 0.

    The hits on a speaker are binomial, with a rate that is beta-distributed over speakers (mean 0.5, deviation 0.17).
    """
    random = np.random.default_rng(seed)
    support = np.full((n_speakers, 4), 8.0)
    small, outside = 0, 0
    options: dict[str, Any] = {"macro": True, "n_resamples": 199}
    for draw in range(n_draws):
        rate = random.beta(4, 4, (n_speakers, 1))
        a, b = (random.binomial(8, np.broadcast_to(rate, support.shape)).astype(float) for _ in range(2))
        small += intervals.p_value(support, a, b, seed=draw, **options) < 0.05
        low, high = intervals.bootstrap_interval(support, a, b, seed=draw, **options)
        outside += low > 0 or high < 0
    return small, outside


def test_two_equal_recognisers_differ_significantly_in_5_of_100_draws() -> None:
    n_draws = 300
    small, outside = rates_of_alike_runs(12, n_draws, seed=0)
    assert binomtest(small, n_draws, 0.05).pvalue > 0.01
    assert binomtest(outside, n_draws, 0.05).pvalue > 0.01


def test_the_bootstrap_is_expanded_by_student_s_quantile() -> None:
    """The percentile interval of a mean is too narrow by sqrt((n - 1) / n) and normal; expanded, it is Student's."""
    values = np.random.default_rng(0).normal(size=(8, 1))
    low, high = intervals.bootstrap_interval(
        np.ones((8, 1)), np.zeros((8, 1)), values, macro=False, n_resamples=20_000, seed=0
    )
    student = t.interval(0.95, 7, loc=values.mean(), scale=values.std(ddof=1) / np.sqrt(8))
    assert (low, high) == pytest.approx(student, abs=0.15 * (student[1] - student[0]))
    assert high - low == pytest.approx(student[1] - student[0], rel=0.1)
    assert intervals.expanded_level(10_000) == pytest.approx(0.95, abs=1e-4)


def test_a_real_difference_is_found() -> None:
    found = differences.comparison(predicted(0.4, seed=0), predicted(0.9, seed=1), **FAST)
    assert found.uar["low"] > 0
    assert found.uar["p"] < 0.02
    assert not found.is_drop
    assert differences.comparison(predicted(0.9, seed=1), predicted(0.4, seed=0), **FAST).is_drop


@pytest.mark.parametrize("unknown", [False, True])
def test_few_or_unknown_speakers_have_scores_without_intervals(unknown: bool) -> None:
    utterances = utterance_table(5 + unknown, emotions=LABELS)
    if unknown:
        last = utterances["speaker"] == "ravdess/06"
        utterances = pd.concat([utterances[~last], without_speakers(utterances[last])], ignore_index=True)
    a, b = (predicted(accuracy, seed=seed, utterances=utterances) for seed, accuracy in enumerate((0.9, 0.3)))
    found = differences.comparison(a, b, **FAST)
    assert found.differences[["low", "high", "p"]].isna().all(axis=None)
    assert found.speakers["speaker"].tolist() == [f"ravdess/{k:02}" for k in range(1, 6)]
    assert not found.has_interval
    assert not found.is_drop  # no telling
    assert found.uar["difference"] < -0.3
    assert found.uar["b"] == metrics.scores(b)["uar"]  # of all utterances, whoever speaks


def test_runs_without_known_speakers_are_compared_too() -> None:
    utterances = without_speakers(UTTERANCES)
    a, b = (predicted(accuracy, seed=seed, utterances=utterances) for seed, accuracy in enumerate((0.9, 0.3)))
    found = differences.comparison(a, b, **FAST)
    assert found.speakers.empty
    assert found.uar["difference"] == pytest.approx(metrics.scores(b)["uar"] - metrics.scores(a)["uar"], abs=1e-6)


def test_the_recall_of_an_emotion_of_few_speakers_has_no_interval() -> None:
    spoken = (UTTERANCES["emotion"] != "sad") | (UTTERANCES["speaker"] < "ravdess/06")
    a, b = (predicted(0.5, seed=seed, utterances=UTTERANCES[spoken].reset_index(drop=True)) for seed in (0, 1))
    found = differences.comparison(a, b, **FAST).differences.set_index("metric")
    assert found.index[found["low"].isna()].tolist() == ["recall.sad"]
    assert found.index[found["p"].notna()].tolist() == ["uar", "accuracy"]


def test_the_result_depends_on_the_seed_and_not_on_the_order_of_rows() -> None:
    a, b = predicted(0.5, seed=0), predicted(0.6, seed=1)
    first = differences.comparison(a, b, **FAST)
    again = differences.comparison(a.sample(frac=1, random_state=1), b.sample(frac=1, random_state=2), **FAST)
    pd.testing.assert_frame_equal(first.differences, again.differences)
    pd.testing.assert_frame_equal(first.speakers, again.speakers)


def test_other_emotions_are_refused() -> None:
    with pytest.raises(
        ValueError, match=r"A has the emotions neutral, happy, and B has neutral, happy, sad; .* labels"
    ):
        differences.comparison(A, B.assign(p_sad=0.0), **FAST)


def test_other_utterances_are_refused() -> None:
    with pytest.raises(ValueError, match="no utterance in common; compare runs on the same corpus"):
        differences.comparison(A[:2], B[2:], **FAST)


@pytest.mark.parametrize(("column", "value"), [("truth", "happy"), ("speaker", "s3")])
def test_another_emotion_or_speaker_of_an_utterance_is_refused(column: str, value: str) -> None:
    other = B.copy()
    other.loc[0, column] = value
    message = "1 of 4 utterances have another emotion or speaker in B than in A, as s1-neutral-1: neutral, s1 in A"
    with pytest.raises(ValueError, match=message):
        differences.comparison(A, other, **FAST)
