"""Linear classifiers as the weights of one layer, which LiteRT predicts without scikit-learn."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from ser.models.discriminant import LinearDiscriminant

Array = npt.NDArray[np.float64]
LINEAR = (LogisticRegression, LinearDiscriminant)


def is_linear(model: object) -> bool:
    """True for a calibrated linear classifier, as `ser.models.classifier_training` fits it.

    Examples
    --------
    >>> is_linear(LogisticRegression())  # it is not calibrated
    False
    """
    return isinstance(model, CalibratedClassifierCV) and isinstance(_estimator(model).steps[-1][1], LINEAR)


def weights(model: CalibratedClassifierCV, labels: list[str]) -> tuple[Array, Array]:
    """Weights `(n_features, n_labels)` and bias `(n_labels,)` of the logit of each label.

    The scaler and the temperature are part of them. They are centred over the labels, which changes no probability and
    keeps sums of single precision small.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> values, emotion = np.array([[0.0], [3.0], [2.0], [5.0]] * 4), ["calm", "calm", "sad", "sad"] * 4
    >>> pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    >>> model = CalibratedClassifierCV(pipeline, method="temperature", cv=2, ensemble=False).fit(values, emotion)
    >>> kernel, bias = weights(model, ["sad", "calm"])
    >>> logits = values @ kernel + bias
    >>> share = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    >>> bool(np.allclose(share[:, ::-1], model.predict_proba(values)))
    True
    """
    pipeline = _estimator(model)
    scaler, classifier = pipeline.steps[0][1], pipeline.steps[-1][1]
    (temperature,) = model.calibrated_classifiers_[0].calibrators
    kernel, bias = classifier.coef_, classifier.intercept_
    if len(kernel) == 1:  # two labels: scikit-learn calibrates the decision and its opposite
        kernel, bias = np.concatenate([-kernel, kernel]), np.concatenate([-bias, bias])
    kernel = kernel / scaler.scale_
    bias = bias - kernel @ scaler.mean_
    order = [list(model.classes_).index(label) for label in labels]
    kernel, bias = (float(temperature.beta_) * array[order] for array in (kernel, bias))
    return (kernel - kernel.mean(axis=0)).T, bias - bias.mean()


def of_scikit_learn(pipeline: Pipeline) -> Pipeline:
    """The same predictions by classes of scikit-learn alone, which other programs can convert.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> fitted = make_pipeline(LinearDiscriminant()).fit([[0.0], [1.0], [3.0], [4.0]], ["calm", "calm", "sad", "sad"])
    >>> of_scikit_learn(fitted)[-1], of_scikit_learn(fitted).predict([[0.5], [3.5]]).tolist()
    (LogisticRegression(), ['calm', 'sad'])
    """
    name, classifier = pipeline.steps[-1]
    if not isinstance(classifier, LinearDiscriminant):
        return pipeline
    equal = LogisticRegression()
    for attribute in ("classes_", "coef_", "intercept_", "n_features_in_"):
        setattr(equal, attribute, getattr(classifier, attribute))
    return Pipeline([*pipeline.steps[:-1], (name, equal)])


def _estimator(model: CalibratedClassifierCV) -> Any:
    return model.calibrated_classifiers_[0].estimator
