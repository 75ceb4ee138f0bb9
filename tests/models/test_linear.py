"""Weights of a linear classifier: the probabilities are those of scikit-learn."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ser.models import linear
from ser.models.discriminant import LinearDiscriminant


@pytest.mark.parametrize("labels", [("calm", "sad"), ("calm", "happy", "sad")], ids=["two", "three"])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("classifier", [LogisticRegression(), LinearDiscriminant(0.2)])
def test_the_probabilities_are_those_of_the_classifier(
    labels: tuple[str, ...], turned: bool, classifier: object
) -> None:
    random = np.random.default_rng(0)
    values = random.normal(size=(200, 5))
    codes = (values[:, 0] + random.normal(size=200) > 0).astype(int) + (len(labels) - 2) * (values[:, 1] > 0.5)
    pipeline = make_pipeline(StandardScaler(), classifier)
    model = CalibratedClassifierCV(pipeline, method="temperature", cv=3, ensemble=False).fit(
        values, np.array(labels)[codes]
    )
    order = list(model.classes_)[:: -1 if turned else 1]
    kernel, bias = linear.weights(model, order)
    shares = np.exp(values @ kernel + bias)
    shares /= shares.sum(axis=1, keepdims=True)
    expected = model.predict_proba(values)[:, :: -1 if turned else 1]
    np.testing.assert_allclose(shares, expected, rtol=0, atol=1e-12)
    assert 0.1 < np.median(expected.max(axis=1)) < 0.95  # so that the temperature matters
