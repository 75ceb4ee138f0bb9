"""Priors of emotions, and the answer `unsure`."""

from pathlib import Path

import numpy as np
import pytest

from ser import predict_emotion
from ser.serving import priors, recognition
from ser.serving.recognition import UNSURE
from tests.support.paths import ROOT

SPEECH = sorted((ROOT / "data/demo").rglob("*.flac"))[0]


def test_bayes_by_hand() -> None:
    """Training 1/3 each; likelihoods 0.2 : 0.3 : 0.5."""
    prior = priors.shares({"neutral": 0.6}, ["neutral", "happy", "sad"])
    found = priors.reweighted(np.array([0.2, 0.3, 0.5]), prior)
    np.testing.assert_allclose(found, np.array([0.12, 0.06, 0.10]) / 0.28)


def test_the_priors_of_training_change_nothing() -> None:
    shares = np.array([0.2, 0.3, 0.5])
    np.testing.assert_allclose(priors.reweighted(shares, priors.shares({}, ["a", "b", "c"])), shares)


def test_probabilities_of_zero_stay_probabilities() -> None:
    found = priors.reweighted(np.array([1.0, 0.0]), priors.shares({"a": 0.0}, ["a", "b"]))
    assert found.tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("texts", "message"),
    {
        "no number": (["neutral=much"], "the prior is 'neutral=much'; wanted an emotion and a number, as neutral=0.6"),
        "empty": ([""], "the prior is ''"),
        "twice": (["sad=0.1,sad=0.2"], "the prior of sad is given twice"),
        "unknown": (["bored=0.1"], "names 'bored', which the model does not know; wanted emotions of neutral, calm"),
        "negative": (["sad=-0.1"], "the prior of sad is -0.1; wanted a number from 0 to 1"),
        "nan": (["sad=nan"], "the prior of sad is nan"),
        "too much": (["sad=0.7", "calm=0.7"], "the priors sum to 1.4; wanted at most 1, since the others"),
    }.values(),
    ids=str,
)
def test_a_wrong_prior_is_refused(texts: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("the others", "the other emotions share the rest")):
        recognition.load("ravdess").adjusted(prior=priors.parsed(texts))


def test_priors_of_all_emotions_must_sum_to_one() -> None:
    assert priors.shares({"a": 0.25, "b": 0.75}, ["a", "b"]).tolist() == [0.25, 0.75]
    with pytest.raises(ValueError, match=r"the priors sum to 0\.5; wanted 1"):
        priors.shares({"a": 0.25, "b": 0.25}, ["a", "b"])


def test_a_prediction_follows_the_prior() -> None:
    before = predict_emotion(SPEECH, model="ravdess")["probabilities"]
    after = predict_emotion(SPEECH, model="ravdess", prior={"neutral": 0.6})["probabilities"]
    weights = {label: 0.6 if label == "neutral" else 0.4 / 7 for label in before}
    total = sum(before[label] * weights[label] for label in before)
    for label, share in after.items():
        assert share == pytest.approx(before[label] * weights[label] / total, abs=2e-5)


def test_below_the_threshold_the_emotion_is_unsure_and_the_rest_stays() -> None:
    sure = predict_emotion(SPEECH)
    assert predict_emotion(SPEECH, unsure=sure["confidence"]) == sure
    unsure = predict_emotion(SPEECH, unsure=min(1.0, sure["confidence"] + 1e-6))
    assert unsure == {**sure, "emotion": UNSURE}
    assert predict_emotion(np.zeros(16_000), 16_000, unsure=1.0)["emotion"] == "no speech"
    with pytest.raises(ValueError, match="unsure is 50; wanted a confidence from 0 to 1"):
        predict_emotion(Path(SPEECH), unsure=50)
