"""The table of predictions: its facts, its classes, its order."""

import numpy as np
import pandas as pd
import pytest

from ser.core import tables
from ser.models.bundle import Bundle
from ser.models.prediction import predictions_of, rounded, with_predictions
from ser.representation.reading import Representation
from tests.support.learning_tables import feature_table, utterance_table

UTTERANCES = utterance_table(3, emotions=("neutral", "happy", "sad"), n_repetitions=1)
FEATURES = feature_table(UTTERANCES, n_features=3)
VALUES = FEATURES[["feature_0", "feature_1", "feature_2"]].to_numpy()
INDEX = FEATURES[["utterance", "variant", "emotion"]]
ROWS = pd.DataFrame({"fold": 2, "partition": "test", "utterance": UTTERANCES["utterance"]})


class Softmax:
    """Model whose three features are the log probabilities of its classes, in alphabetical order."""

    classes_ = np.array(["happy", "neutral", "sad"])

    def predict_proba(self, values: np.ndarray) -> np.ndarray:
        odds = np.exp(values.astype(float))
        return odds / odds.sum(axis=1, keepdims=True)


MODEL = Bundle(
    model=Softmax(),
    labels=["neutral", "happy", "sad"],
    columns=tables.feature_columns(FEATURES),
    representation={"name": "librosa"},
    description={},
)


def predicted(rows: pd.DataFrame = ROWS, features: pd.DataFrame = FEATURES) -> pd.DataFrame:
    """Predictions of `MODEL`."""
    return predictions_of(rows, UTTERANCES, Representation(features), MODEL)


def test_predictions_have_the_documented_columns() -> None:
    predictions = tables.PREDICTIONS.validate(predicted())
    facts = ["fold", "partition", "utterance", "corpus", "speaker", "sex", "intensity", "truth", "prediction"]
    assert predictions.columns.tolist() == [*facts, "p_neutral", "p_happy", "p_sad"]
    assert predictions["truth"].tolist() == UTTERANCES["emotion"].tolist()
    for fact in ("utterance", "corpus", "speaker", "sex", "intensity"):
        assert predictions[fact].tolist() == UTTERANCES[fact].tolist()


def test_the_prediction_is_the_most_probable_class() -> None:
    predictions = predicted()
    assert predictions["prediction"].tolist() == Softmax.classes_[VALUES.argmax(axis=1)].tolist()
    odds = np.exp(VALUES.astype(float))
    expected = odds / odds.sum(axis=1, keepdims=True)
    np.testing.assert_array_equal(predictions[["p_happy", "p_neutral", "p_sad"]].to_numpy(), expected)


def test_the_rows_of_an_array_are_predicted_like_those_of_a_table() -> None:
    features = Representation(INDEX, VALUES)
    pd.testing.assert_frame_equal(predictions_of(ROWS, UTTERANCES, features, MODEL), predicted())


def test_probabilities_are_rounded_to_six_digits_and_predictions_are_unchanged() -> None:
    predictions = predicted()
    columns = ["p_neutral", "p_happy", "p_sad"]
    found = rounded(predictions)
    np.testing.assert_array_equal(found[columns].to_numpy(), predictions[columns].to_numpy().round(6))
    assert (found[columns] != predictions[columns]).any(axis=None)
    pd.testing.assert_frame_equal(found.drop(columns=columns), predictions.drop(columns=columns))


def test_a_tie_of_rounded_probabilities_is_decided_before_rounding() -> None:
    features = FEATURES.assign(feature_0=np.float32(0), feature_1=np.float32(0), feature_2=np.float32(1e-7))
    predictions = rounded(predicted(features=features))
    assert (predictions["p_sad"] == predictions["p_neutral"]).all()
    assert (predictions["prediction"] == "sad").all()


def test_the_first_of_equally_probable_classes_is_predicted() -> None:
    facts = pd.DataFrame({"utterance": ["a", "b"]})
    found = with_predictions(facts, np.array([[0.25, 0.375, 0.375], [0.5, 0.0, 0.5]]), ["neutral", "happy", "sad"])
    assert found["prediction"].tolist() == ["happy", "neutral"]
    assert found["p_happy"].tolist() == [0.375, 0.0]


def test_features_are_found_by_utterance_and_not_by_position() -> None:
    order = np.random.default_rng(0).permutation(len(FEATURES))
    pd.testing.assert_frame_equal(predicted(features=FEATURES.iloc[order]), predicted())
    shuffled = Representation(INDEX.iloc[order].reset_index(drop=True), VALUES[order])
    pd.testing.assert_frame_equal(predictions_of(ROWS, UTTERANCES, shuffled, MODEL), predicted())
    few = ROWS.sample(5, random_state=0)
    assert predicted(few).set_index("utterance")["p_sad"].to_dict() == (
        predicted().set_index("utterance").loc[few["utterance"], "p_sad"].to_dict()
    )


def test_augmented_variants_are_not_predicted() -> None:
    augmented = FEATURES.assign(variant="pitch_shift", feature_0=np.float32(50))
    both = pd.concat([augmented, FEATURES], ignore_index=True)
    pd.testing.assert_frame_equal(predicted(features=both), predicted())


def test_an_utterance_without_features_is_named_with_the_remedy() -> None:
    lost = rf"the features lack 1 of 30 rows, the first is {ROWS['utterance'][4]}; make all tables anew with: dvc repro"
    with pytest.raises(ValueError, match=lost):
        predicted(features=FEATURES.drop(index=4))
    with pytest.raises(ValueError, match=lost):  # its variant is not the original
        predicted(features=FEATURES.assign(variant=FEATURES["variant"].mask(FEATURES.index == 4, "noise")))


def test_an_utterance_that_the_table_lacks_is_an_error() -> None:
    rows = pd.concat([ROWS, pd.DataFrame([{"fold": 2, "partition": "test", "utterance": "ravdess/other"}])])
    with pytest.raises(ValueError, match=r"table of utterances lacks 1 of 31 .* ravdess/other; make all tables anew"):
        predicted(rows)
