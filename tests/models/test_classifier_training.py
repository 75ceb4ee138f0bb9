"""Training of a classifier with probabilities that are calibrated on other speakers."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from ser.core import tables
from ser.models import classifier_training, classifiers, row_sampling
from ser.protocol import balancing
from tests.support.bundles import SETTINGS
from tests.support.learning_tables import combined, training_rows, utterance_table

UTTERANCES = utterance_table(6, emotions=("neutral", "happy", "sad", "angry"))
ROWS = training_rows(UTTERANCES)
COLUMNS = tables.feature_columns(ROWS)
SPEAKER = UTTERANCES["speaker"]


def fitted(rows: pd.DataFrame = ROWS, speaker: pd.Series = SPEAKER, **changes: Any) -> Any:
    """A fitted SVM, by default with 3 calibration folds."""
    name = changes.pop("name", "svm")
    options = {"n_calibration_folds": 3, "seed": 0, **SETTINGS[name], **changes}
    return classifier_training.fitted(rows, speaker, name=name, **options)


def speaker_of(rows: pd.DataFrame) -> pd.Series:
    """Speaker of each of `rows`."""
    return rows["utterance"].map(UTTERANCES.set_index("utterance")["speaker"])


def with_smote() -> pd.DataFrame:
    """`ROWS` and synthetic neutral ones."""
    rows = balancing.balanced(ROWS.drop(columns="synthetic"), name="smote", k_neighbors=5, seed=0)
    assert rows["synthetic"].sum() == 24
    return rows


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("n_emotions", [2, 4])
def test_probabilities_sum_to_1_and_separable_emotions_of_new_speakers_are_recognised(
    name: str, n_emotions: int
) -> None:
    emotions = ("neutral", "happy", "sad", "angry")[:n_emotions]
    known = (UTTERANCES["emotion"].isin(emotions)) & ~UTTERANCES["speaker"].isin(["ravdess/05", "ravdess/06"])
    tested = ROWS[UTTERANCES["emotion"].isin(emotions) & ~known]
    classifier = fitted(ROWS[known].reset_index(drop=True), SPEAKER[known].reset_index(drop=True), name=name)
    probabilities = classifier.predict_proba(tested[COLUMNS].to_numpy())
    assert probabilities.shape == (len(tested), n_emotions)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert classifier.classes_.tolist() == sorted(emotions)
    prediction = classifier.classes_[probabilities.argmax(axis=1)]
    assert (prediction == tested["emotion"]).mean() > 0.7


@pytest.mark.parametrize("name", SETTINGS)
def test_training_twice_gives_equal_probabilities_to_the_last_bit(name: str) -> None:
    values = ROWS[COLUMNS].to_numpy()
    first, again = (fitted(name=name).predict_proba(values) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_the_number_of_numeric_threads_changes_no_bit() -> None:
    random = np.random.default_rng(0)
    facts = {"utterance": [f"u{k:04}" for k in range(2000)], "variant": "original", "synthetic": False}
    rows = pd.DataFrame({**facts, "emotion": ["calm", "sad"] * 1000})
    values = random.standard_normal((2000, 300), np.float32) + (rows["emotion"] == "sad").to_numpy()[:, None] / 20
    rows = rows.join(pd.DataFrame(values, columns=[f"x{k}" for k in range(300)]))
    coefficients = []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads):
            model = fitted(rows, rows["utterance"], name="logistic_regression", C=0.01)
        coefficients.append(model.calibrated_classifiers_[0].estimator[-1].coef_)
    np.testing.assert_array_equal(*coefficients)


def test_the_unit_of_a_feature_does_not_matter() -> None:
    other_unit = ROWS.assign(feature_0=ROWS["feature_0"] * np.float32(1000))
    first, second = (fitted(rows).predict_proba(rows[COLUMNS].to_numpy()) for rows in (ROWS, other_unit))
    np.testing.assert_allclose(first, second, atol=1e-3)


class Spy:
    """Stand-in for `CalibratedClassifierCV` that records its arguments."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.splits: list[tuple[np.ndarray, np.ndarray]] = []
        self.values = np.empty(0)
        real = classifier_training.CalibratedClassifierCV
        spy = self

        class Spied(real):  # type: ignore[misc, valid-type]
            def fit(self, values: np.ndarray, emotion: np.ndarray) -> Any:
                spy.splits, spy.values = self.cv, values
                return super().fit(values, emotion)

        monkeypatch.setattr(classifier_training, "CalibratedClassifierCV", Spied)


def test_calibration_folds_divide_no_speaker_and_have_no_synthetic_row(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(monkeypatch)
    rows = with_smote()
    fitted(rows, speaker_of(rows))
    real = rows[~rows["synthetic"]]
    np.testing.assert_array_equal(spy.values, real[COLUMNS].to_numpy())
    speaker = speaker_of(real).to_numpy(str)
    assert len(spy.splits) == 3
    for trained, checked in spy.splits:
        assert not set(speaker[trained]) & set(speaker[checked])
    assert sorted(np.concatenate([checked for _, checked in spy.splits])) == list(range(len(real)))


def test_calibration_has_fewer_folds_if_an_emotion_has_fewer_speakers(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(monkeypatch)
    kept = (UTTERANCES["emotion"] != "sad") | UTTERANCES["speaker"].isin(["ravdess/02", "ravdess/05"])
    fitted(ROWS[kept].reset_index(drop=True), SPEAKER[kept].reset_index(drop=True), n_calibration_folds=5)
    assert len(spy.splits) == 2


@pytest.mark.parametrize("seed", range(30))
def test_every_calibration_fold_has_every_emotion_in_training(seed: int) -> None:
    random = np.random.default_rng(seed)
    facts = [
        (emotion, speaker)
        for emotion in "abcd"
        for speaker in random.choice(6, random.integers(2, 4), replace=False)
        for _ in range(random.integers(1, 12))
    ]
    emotion, speaker = (np.array(column, str) for column in zip(*facts, strict=True))
    splits = classifier_training._grouped_splits(emotion, speaker, n_folds=5, seed=seed)
    assert sorted(np.concatenate([checked for _, checked in splits])) == list(range(len(emotion)))
    for trained, checked in splits:
        assert set(emotion[trained]) == set("abcd")
        assert not set(speaker[trained]) & set(speaker[checked])


def test_folds_are_drawn_again_before_the_fallback_to_one_fold_per_speaker(monkeypatch: pytest.MonkeyPatch) -> None:
    def n_folds(seed: int) -> int:
        random = np.random.default_rng(seed)
        rare = [(emotion, speaker) for emotion in "bcd" for speaker in random.choice(12, 2, replace=False)]
        facts = [("a", speaker) for speaker in range(12) for _ in range(10)] + rare * 5
        emotion, speaker = (np.array(column, str) for column in zip(*facts, strict=True))
        return len(classifier_training._grouped_splits(emotion, speaker, n_folds=5, seed=seed))

    drawn_anew = [n_folds(seed) for seed in range(20)]
    monkeypatch.setattr(classifier_training, "N_DRAWS", 1)
    drawn_once = [n_folds(seed) for seed in range(20)]
    assert set(drawn_anew) <= {2, 12}
    assert drawn_anew.count(2) > drawn_once.count(2)


def test_emotions_with_pairwise_shared_speakers_are_calibrated_on_one_speaker_per_fold() -> None:
    """No division into two folds separates the speakers of all three pairs."""
    emotion, speaker = np.array(["a", "a", "b", "b", "c", "c"]), np.array(["1", "2", "2", "3", "3", "1"])
    splits = classifier_training._grouped_splits(emotion, speaker, n_folds=2, seed=0)
    assert [set(speaker[checked]) for _, checked in splits] == [{"1"}, {"2"}, {"3"}]


@pytest.mark.parametrize("offset", [0, 1000])
def test_utterances_of_unknown_speakers_are_groups_of_their_own(monkeypatch: pytest.MonkeyPatch, offset: int) -> None:
    spy = Spy(monkeypatch)
    unknown = SPEAKER.where(SPEAKER == "ravdess/01")
    fitted(ROWS.set_index(ROWS.index + offset), unknown)
    known = np.flatnonzero(unknown.notna())
    sides = [set(checked) for _, checked in spy.splits]
    assert sum(bool(side & set(known)) for side in sides) == 1
    assert min(map(len, sides)) > len(ROWS) / 6  # one group of all unknown speakers would have 5/6


def test_the_classifier_is_trained_on_synthetic_rows_too() -> None:
    rows = with_smote()
    values = rows[COLUMNS].to_numpy()
    with_all, with_real = fitted(rows, speaker_of(rows)), fitted()
    (all_calibrated,), (real_calibrated,) = with_all.calibrated_classifiers_, with_real.calibrated_classifiers_
    assert np.abs(with_all.predict_proba(values) - with_real.predict_proba(values)).max() > 1e-3
    assert (
        all_calibrated.calibrators[0].beta_ == real_calibrated.calibrators[0].beta_
    )  # the temperature is of real rows
    np.testing.assert_allclose(all_calibrated.estimator[0].mean_, values.mean(axis=0), rtol=1e-4, atol=1e-5)


def test_one_emotion_is_refused() -> None:
    sad = (UTTERANCES["emotion"] == "sad").to_numpy()
    with pytest.raises(ValueError, match=r"training has one emotion, sad; a classifier needs two"):
        fitted(ROWS[sad], SPEAKER[sad])


def test_an_emotion_of_one_utterance_is_refused_with_the_remedy() -> None:
    sad = np.flatnonzero(UTTERANCES["emotion"] == "sad")
    rows, speaker = ROWS.drop(index=sad[1:]), SPEAKER.drop(index=sad[1:])
    message = r"one utterance of sad, .* calibrated; choose another partition, or .*-S \+\+labels\.actions\.sad=drop"
    with pytest.raises(ValueError, match=message):
        fitted(rows, speaker)


def test_synthetic_rows_are_no_second_utterance() -> None:
    sad = np.flatnonzero(UTTERANCES["emotion"] == "sad")
    rows = ROWS.assign(synthetic=ROWS.index.isin(sad[1:]))
    with pytest.raises(ValueError, match="training has one utterance of sad"):
        fitted(rows, SPEAKER)


def of(*facts: tuple[str, str | None]) -> tuple[pd.DataFrame, pd.Series]:
    """Real rows of these emotions, and their speakers with another index."""
    emotion, speaker = zip(*facts, strict=True)
    rows = pd.DataFrame({"utterance": [f"u{k}" for k in range(len(facts))], "emotion": emotion, "synthetic": False})
    return rows, pd.Series(speaker, index=range(100, 100 + len(facts)), dtype="str")


@pytest.mark.parametrize(
    ("facts", "sole"),
    [
        ([("sad", "A"), ("sad", "B"), ("calm", "A"), ("calm", "B")], set()),
        ([("sad", "A"), ("sad", "B"), ("calm", "B"), ("calm", "B")], {"B"}),
        ([("sad", "A"), ("sad", "A"), ("calm", "B"), ("calm", "C")], {"A"}),
        ([("sad", "A"), ("calm", "B"), ("happy", "A"), ("happy", "B")], {"A", "B"}),
        ([("sad", "A"), ("calm", "A")], {"A"}),
        ([("sad", None), ("sad", None), ("calm", "A"), ("calm", "B")], set()),  # their number is not known
        ([("sad", "A"), ("sad", None), ("calm", "A"), ("calm", "B")], set()),  # perhaps a second speaker
        ([("sad", None), ("calm", None)], set()),
    ],
    ids=["both", "calm of B", "sad of A", "each one", "one in all", "unknown", "one unknown", "all unknown"],
)
def test_a_sole_speaker_is_the_only_one_with_some_emotion(facts: list[tuple[str, str | None]], sole: set[str]) -> None:
    assert classifier_training.sole_speakers(*of(*facts)) == sole


def test_a_synthetic_row_is_no_second_speaker() -> None:
    rows, speaker = of(("sad", "A"), ("sad", "B"), ("calm", "B"), ("calm", "C"))
    assert classifier_training.sole_speakers(rows, speaker) == set()
    assert classifier_training.sole_speakers(rows.assign(synthetic=[False, True, False, False]), speaker) == {"A"}


def test_calibration_folds_divide_only_the_sole_speaker_and_in_all_emotions() -> None:
    rows, speaker = of(("sad", "A"), ("sad", "A"), ("calm", "A"), ("calm", "B"), ("calm", "B"), ("calm", "C"))
    assert classifier_training.calibration_group(rows, speaker).tolist() == ["u0", "u1", "u2", "B", "B", "C"]


def test_calibration_folds_may_divide_unknown_speakers_and_not_known_ones() -> None:
    rows, speaker = of(("sad", "A"), ("sad", None), ("sad", None), ("calm", "A"), ("calm", "B"), ("calm", "B"))
    assert classifier_training.calibration_group(rows, speaker).tolist() == ["A", "u1", "u2", "A", "B", "B"]


def test_rows_of_one_utterance_are_never_divided() -> None:
    """Augmented variants of an utterance are similar."""
    rows, speaker = of(("sad", "A"), ("sad", "A"), ("calm", "B"), ("calm", None), ("calm", None))
    rows["utterance"] = ["u0", "u0", "u2", "u3", "u3"]
    assert classifier_training.calibration_group(rows, speaker).tolist() == ["u0", "u0", "B", "u3", "u3"]


def test_the_calibration_of_a_sole_speakers_emotion_divides_no_other_speaker(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(monkeypatch)
    kept = ((UTTERANCES["emotion"] != "sad") | (UTTERANCES["speaker"] == "ravdess/02")).to_numpy()
    rows, speaker = ROWS[kept], SPEAKER[kept].to_numpy(str)
    classifier = fitted(rows, SPEAKER[kept])
    assert set(classifier.classes_) == {"neutral", "happy", "sad", "angry"}
    emotion = rows["emotion"].to_numpy(str)
    assert len(spy.splits) == 3
    for trained, checked in spy.splits:
        assert set(speaker[trained]) & set(speaker[checked]) == {"ravdess/02"}
        assert set(emotion[trained]) == set(classifier.classes_)
        assert "sad" in emotion[checked]


TESS = utterance_table(2, sexes=("female",), emotions=("neutral", "happy", "sad", "pleasant_surprise"), corpus="tess")


@pytest.mark.parametrize("name", ["svm", "random_forest"])
def test_training_on_one_or_both_speakers_of_tess_works(name: str) -> None:
    rows = training_rows(TESS)
    first = (TESS["speaker"] == "tess/01").to_numpy()
    for trained in (first, np.full(len(TESS), True)):
        classifier = fitted(rows[trained], TESS["speaker"][trained], name=name)
        probabilities = classifier.predict_proba(rows.loc[~first, COLUMNS].to_numpy())
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
        prediction = classifier.classes_[probabilities.argmax(axis=1)]
        assert (prediction == rows.loc[~first, "emotion"]).mean() > 0.6


def test_calibration_is_on_the_other_speaker_of_tess_or_on_the_only_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spy = Spy(monkeypatch)
    rows, speaker = training_rows(TESS), TESS["speaker"]
    fitted(rows, speaker, n_calibration_folds=5)
    assert [set(speaker.iloc[checked]) for _, checked in spy.splits] in (
        [{"tess/01"}, {"tess/02"}],
        [{"tess/02"}, {"tess/01"}],
    )
    first = (speaker == "tess/01").to_numpy()
    fitted(rows[first], speaker[first], n_calibration_folds=5)
    assert len(spy.splits) == 4  # the number of her utterances of neutral


def test_an_emotion_of_only_one_of_two_corpora_is_trained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """6 speakers of RAVDESS and one of TESS; only she has pleasant surprise."""
    spy = Spy(monkeypatch)
    both = combined(UTTERANCES, TESS[TESS["speaker"] == "tess/01"])
    classifier = fitted(training_rows(both), both["speaker"])
    assert "pleasant_surprise" in classifier.classes_
    speaker = both["speaker"].to_numpy(str)
    for trained, checked in spy.splits:
        assert set(speaker[trained]) & set(speaker[checked]) <= {"tess/01"}


def of_two_corpora() -> tuple[pd.DataFrame, pd.Series]:
    """Training rows and speakers of 2 speakers of RAVDESS, and 4 of whom another corpus is made."""
    other = UTTERANCES["speaker"] > "ravdess/02"
    rows = ROWS.assign(utterance=ROWS["utterance"].mask(other, ROWS["utterance"].str.replace("ravdess/", "other/")))
    return rows, SPEAKER


def test_weights_by_corpus_train_as_rows_that_are_repeated() -> None:
    rows, speaker = of_two_corpora()
    corpus = rows["utterance"].str.partition("/")[0]
    weights = classifier_training.weights_by_corpus(rows)
    assert pd.Series(weights).groupby(corpus).sum().tolist() == pytest.approx([len(rows) / 2] * 2)
    of_cells = pd.Series(weights).groupby([corpus, rows["emotion"]]).sum()
    assert of_cells.tolist() == pytest.approx([len(rows) / 8] * 8)

    model = fitted(rows, speaker, name="logistic_regression", class_weight="by_corpus")
    scaler, found = model.calibrated_classifiers_[0].estimator
    n_copies = np.rint(weights / weights.min()).astype(int)
    assert set(n_copies) == {1, 2, 4}
    values, emotion = (
        np.repeat(part, n_copies, axis=0) for part in (rows[COLUMNS].to_numpy(), rows["emotion"].to_numpy())
    )
    np.testing.assert_allclose(scaler.mean_, values.mean(axis=0), rtol=1e-6, atol=1e-6)
    C = SETTINGS["logistic_regression"]["C"] * weights.min()  # noqa: N806
    wanted = LogisticRegression(C=C, max_iter=5000, tol=1e-8).fit(scaler.transform(values), emotion)
    np.testing.assert_allclose(found.coef_, wanted.coef_, atol=2e-3)


def test_synthetic_rows_take_no_weight_from_real_ones_where_the_calibration_is_fitted() -> None:
    """The real rows alone give the same temperature there, with the penalty that the sum of all rows has."""
    rows = pd.concat([ROWS, ROWS[:40].assign(synthetic=True)], ignore_index=True)
    speaker = pd.concat([SPEAKER, SPEAKER[:40]], ignore_index=True)
    C = SETTINGS["logistic_regression"]["C"]  # noqa: N806
    both, real = (
        fitted(*given, name="logistic_regression", class_weight="by_corpus", C=C * factor)
        for given, factor in (((rows, speaker), 1), ((ROWS, SPEAKER), len(rows) / len(ROWS)))
    )
    temperatures = [model.calibrated_classifiers_[0].calibrators[0].beta_ for model in (both, real)]
    assert temperatures[0] == pytest.approx(temperatures[1], rel=1e-4)


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_the_temperature_of_a_logistic_regression_fits_one_that_also_learns_variants(class_weight: str | None) -> None:
    """Variants that equal their originals halve the penalty, in the folds of the calibration, too."""
    rows = pd.concat([ROWS, ROWS.assign(variant="noise")], ignore_index=True)
    speaker = pd.concat([SPEAKER, SPEAKER], ignore_index=True)
    C = SETTINGS["logistic_regression"]["C"]  # noqa: N806
    both, real = (
        fitted(*given, name="logistic_regression", class_weight=class_weight, C=C * factor)
        for given, factor in (((rows, speaker), 1), ((ROWS, SPEAKER), 2))
    )
    (one,), (other,) = both.calibrated_classifiers_, real.calibrated_classifiers_
    assert one.calibrators[0].beta_ == pytest.approx(other.calibrators[0].beta_, rel=1e-3)
    np.testing.assert_allclose(one.estimator[-1].coef_, other.estimator[-1].coef_, rtol=1e-2, atol=1e-3)
    assert both.estimator[-1].C == one.estimator[-1].C == C


def test_a_weighted_model_is_written_and_read() -> None:
    rows, speaker = of_two_corpora()
    model = fitted(rows, speaker, name="logistic_regression", class_weight="by_corpus")
    written = skops.io.dumps(model)
    again = skops.io.loads(written, trusted=skops.io.get_untrusted_types(data=written))
    values = rows[COLUMNS].to_numpy()
    assert (again.predict_proba(values) == model.predict_proba(values)).all()


def test_calibration_is_on_other_corpora_if_it_is_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(monkeypatch)
    rows, speaker = of_two_corpora()
    fitted(rows, speaker, calibration="corpora")
    corpus = rows["utterance"].str.partition("/")[0].to_numpy(str)
    assert [(set(corpus[trained]), set(corpus[checked])) for trained, checked in spy.splits] in (
        [({"ravdess"}, {"other"}), ({"other"}, {"ravdess"})],
        [({"other"}, {"ravdess"}), ({"ravdess"}, {"other"})],
    )


def test_calibration_on_other_corpora_does_without_those_that_the_encoder_learned() -> None:
    """The temperature is that of the decisions for the other corpus, by a model that was not trained on it."""
    rows, speaker = of_two_corpora()
    rows = rows.assign(**{COLUMNS[0]: rows[COLUMNS[0]] + np.random.default_rng(0).normal(0, 3, len(rows))})
    options: dict[str, Any] = {"name": "logistic_regression", "class_weight": "by_corpus", "calibration": "corpora"}
    model = fitted(rows, speaker, learned=("ravdess",), **options).calibrated_classifiers_[0]
    is_other = rows["utterance"].str.startswith("other/").to_numpy()
    weights = 2 * classifier_training.weights_by_corpus(rows)  # of one of two corpora, with the sum of those of both
    estimator = classifiers.model("logistic_regression", seed=0, **SETTINGS["logistic_regression"])
    weighted = {f"{step}__sample_weight": weights[~is_other] for step, _ in estimator.steps}
    estimator.fit(rows.loc[~is_other, COLUMNS].to_numpy(), rows.loc[~is_other, "emotion"].to_numpy(str), **weighted)
    other, weights = rows[is_other], weights[is_other]
    decisions = estimator.decision_function(other[COLUMNS].to_numpy())
    codes = np.unique(other["emotion"], return_inverse=True)[1]

    def loss(beta: float) -> float:
        scaled = beta * decisions
        return float(weights @ (logsumexp(scaled, axis=1) - scaled[np.arange(len(codes)), codes]))

    wanted = minimize_scalar(loss, bounds=(1e-3, 100), method="bounded", options={"xatol": 1e-8}).x
    assert model.calibrators[0].beta_ == pytest.approx(wanted, rel=1e-2)
    both = fitted(rows, speaker, **options).calibrated_classifiers_[0]
    assert both.calibrators[0].beta_ != pytest.approx(wanted, rel=5e-2)
    np.testing.assert_array_equal(both.estimator[-1].coef_, model.estimator[-1].coef_)
    with pytest.raises(ValueError, match="was trained on the emotions of all corpora in training"):
        fitted(rows, speaker, learned=("ravdess", "other"), **options)


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_calibration_without_learned_corpora_does_not_depend_on_the_weights_of_rows(
    class_weight: str | None, recwarn: pytest.WarningsRecorder
) -> None:
    """Decisions for a learned corpus that are always right do not raise the temperature of the others."""
    rows, speaker = of_two_corpora()
    noise = np.random.default_rng(0).normal(0, 3, (len(rows), len(COLUMNS)))
    is_learned = rows["utterance"].str.startswith("ravdess/").to_numpy()
    rows[COLUMNS] += np.where(is_learned[:, np.newaxis], 0, noise).astype(np.float32)
    options: dict[str, Any] = {"name": "logistic_regression", "class_weight": class_weight, "calibration": "corpora"}
    without, both = (
        fitted(rows, speaker, learned=learned, **options).calibrated_classifiers_[0] for learned in (("ravdess",), ())
    )
    assert without.calibrators[0].beta_ < 0.8 * both.calibrators[0].beta_
    np.testing.assert_array_equal(without.estimator[-1].coef_, both.estimator[-1].coef_)
    with pytest.raises(ValueError, match="was trained on the emotions of all corpora in training"):
        fitted(rows, speaker, learned=("ravdess", "other"), **options)
    assert not recwarn.list


def test_an_emotion_of_one_corpus_cannot_be_calibrated_for_other_corpora() -> None:
    rows, speaker = of_two_corpora()
    rows["emotion"] = rows["emotion"].mask(rows["utterance"].str.startswith("other/"), "surprised")
    with pytest.raises(ValueError, match=r"calibration is corpora, and training has \w+ from one corpus; choose"):
        fitted(rows, speaker, calibration="corpora")


def test_unknown_models_and_settings_are_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown model 'svn'; model\.name is one of"):
        classifier_training.fitted(ROWS, SPEAKER, name="svn", n_calibration_folds=3, seed=0)
    with pytest.raises(TypeError, match="gama"):
        fitted(gama=1.0)


def test_a_support_vector_machine_takes_a_sample_of_too_many_rows_and_the_remarks_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A linear model takes all rows; a sample of as many rows as there are is no sample."""
    whole = fitted(name="svm", C=1.0, gamma="scale")
    monkeypatch.setattr(row_sampling, "MIN_ROWS_OF_EMOTION", 2)
    monkeypatch.setattr(row_sampling, "MAX_ROWS", {"svm": len(ROWS)})
    assert fitted(name="svm", C=1.0, gamma="scale").classes_.tolist() == whole.classes_.tolist()
    assert classifier_training.remarks([(ROWS, SPEAKER)], name="svm", seed=0) == []
    monkeypatch.setattr(row_sampling, "MAX_ROWS", {"svm": len(ROWS) // 2})
    half = fitted(name="svm", C=1.0, gamma="scale")
    (remark,) = classifier_training.remarks([(ROWS, SPEAKER), (ROWS[:-1], SPEAKER[:-1])], name="svm", seed=0)
    assert remark.startswith(f"svm is trained on {len(ROWS) // 2} of {len(ROWS)} rows")
    n_vectors = [one.calibrated_classifiers_[0].estimator[-1].n_support_.sum() for one in (half, whole)]
    assert n_vectors[0] < n_vectors[1]
    assert classifier_training.remarks([(ROWS, SPEAKER)], name="logistic_regression", seed=0) == []


def test_calibration_by_utterances_is_for_speakers_who_were_trained_on() -> None:
    """Each speaker has a voice of their own, so new utterances of known speakers are easier than new speakers."""
    random = np.random.default_rng(0)
    speaker = np.repeat(list("abcdef"), 20)
    emotion = np.tile(["calm", "sad"], 60)
    voices = random.normal(size=(6, 2, 12)) * 2  # of each speaker and emotion
    values = voices[np.repeat(np.arange(6), 20), np.tile([0, 1], 60)] + random.normal(size=(120, 12))
    rows = pd.DataFrame(values, columns=[f"F_{k}" for k in range(12)]).assign(
        utterance=[str(k) for k in range(120)], variant="original", synthetic=False, emotion=emotion
    )
    options = {"name": "logistic_regression", "C": 1.0, "n_calibration_folds": 5, "seed": 0}
    confidence = {
        calibration: fitted(rows, pd.Series(speaker), calibration=calibration, **options)
        .predict_proba(values)
        .max(axis=1)
        .mean()
        for calibration in ("speakers", "utterances")
    }
    assert confidence["utterances"] > confidence["speakers"] + 0.1, confidence
