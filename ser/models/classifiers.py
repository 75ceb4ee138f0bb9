"""Unfitted scikit-learn classifiers of utterance-level features, each with its scaler inside."""

from collections.abc import Callable, Mapping, Sequence

from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from ser.models.discriminant import LinearDiscriminant
from ser.protocol.training_checks import BY_CORPORA

BY_CORPUS = "by_corpus"  # value of `class_weight`
# Groups for whose new members a classifier is calibrated
SPEAKERS, CORPORA, UTTERANCES = CALIBRATIONS = ("speakers", BY_CORPORA, "utterances")


def svm(*, C: float, gamma: float | str, seed: int) -> Pipeline:  # noqa: N803 (the usual name)
    """Support vector machine with a radial kernel; exact, so the seed is unused.

    Examples
    --------
    >>> svm(C=10, gamma="scale", seed=0)[-1].C
    10
    """
    return make_pipeline(StandardScaler(), SVC(C=C, gamma=gamma, decision_function_shape="ovr"))


def logistic_regression(*, C: float, seed: int, class_weight: str | None = None) -> Pipeline:  # noqa: N803
    """Multinomial logistic regression; convex, so the seed is unused.

    Parameters
    ----------
    class_weight
        `balanced`: all emotions have the same weight together. `by_corpus`: the rows get weights when they are fitted
        (`classifier_training.fitted`). None: all rows have the same weight.

    Examples
    --------
    >>> logistic_regression(C=1, seed=0)[-1].max_iter
    5000
    """
    linear = LogisticRegression(C=C, class_weight=_of_emotions(class_weight), max_iter=5000)
    return make_pipeline(StandardScaler(), linear)


def linear_discriminant(*, shrinkage: float, seed: int, class_weight: str | None = None) -> Pipeline:
    """Linear discriminant analysis with a shrunken covariance; exact, so the seed is unused.

    Parameters
    ----------
    shrinkage
        From 0 to 1 (`LinearDiscriminant`).
    class_weight
        As of `logistic_regression`.

    Examples
    --------
    >>> linear_discriminant(shrinkage=0.7, seed=0)[-1].shrinkage
    0.7
    """
    return make_pipeline(StandardScaler(), LinearDiscriminant(shrinkage, class_weight=_of_emotions(class_weight)))


def _of_emotions(class_weight: str | None) -> str | None:
    """Weighting that the classifier itself does; weights by corpus are given to `fit`."""
    return None if class_weight == BY_CORPUS else class_weight


def random_forest(*, n_estimators: int, min_samples_leaf: int, seed: int) -> Pipeline:
    """Random forest, on one core: several cores sum the votes of the trees in an order that changes the last digits.

    Examples
    --------
    >>> random_forest(n_estimators=300, min_samples_leaf=1, seed=0)[-1].n_estimators
    300
    """
    forest = RandomForestClassifier(
        n_estimators=n_estimators, min_samples_leaf=min_samples_leaf, random_state=seed, n_jobs=1
    )
    return make_pipeline(StandardScaler(), forest)


def mlp(*, hidden_layer_sizes: Sequence[int], alpha: float, max_iter: int, seed: int) -> Pipeline:
    """Multi-layer perceptron.

    Examples
    --------
    >>> mlp(hidden_layer_sizes=[300], alpha=0.01, max_iter=500, seed=0)[-1].hidden_layer_sizes
    (300,)
    """
    network = MLPClassifier(tuple(hidden_layer_sizes), alpha=alpha, max_iter=max_iter, random_state=seed)
    return make_pipeline(StandardScaler(), network)


MODELS: Mapping[str, Callable[..., Pipeline]] = {
    "svm": svm,
    "logistic_regression": logistic_regression,
    "linear_discriminant": linear_discriminant,
    "random_forest": random_forest,
    "mlp": mlp,
}


def model(name: str, *, seed: int, **settings: object) -> Pipeline:
    """Unfitted model.

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> [type(step).__name__ for _, step in model("svm", C=10, gamma="scale", seed=0).steps]
    ['StandardScaler', 'SVC']
    """
    if name not in MODELS:
        raise ValueError(f"unknown model {name!r}; model.name is one of {', '.join(MODELS)}")
    return MODELS[name](seed=seed, **settings)


def check_settings(name: str, settings: Mapping[str, object]) -> None:
    """Check the settings of a model by the rules of scikit-learn, which applies them only when it fits the model.

    Raises
    ------
    ValueError
        If a value is out of its range.

    Examples
    --------
    >>> check_settings("svm", {"C": -1, "gamma": "scale"})
    Traceback (most recent call last):
    ValueError: The 'C' parameter of SVC must be a float in the range (0.0, inf]. Got -1 instead.
    """
    for step in model(name, seed=0, **settings):
        try:
            step._validate_params()
        except ValueError as error:
            raise ValueError(str(error)) from None
