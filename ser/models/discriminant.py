"""Linear discriminant analysis with a shrunken covariance and weights of rows, solved by Cholesky's decomposition.

scikit-learn's has no weights of rows, and decomposes a covariance of 3,072 features into eigenvectors, which takes 14
times as long.
"""

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model._base import LinearClassifierMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_X_y

Array = npt.NDArray[np.float64]


class LinearDiscriminant(LinearClassifierMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # untyped
    """Gaussian classes that share one covariance (Fisher, 1936; shrinkage after Friedman, 1989).

    Parameters
    ----------
    shrinkage
        From 0 to 1: share of `mu * I` in the covariance, where `mu` is the mean variance of a feature. 1: all features
        have the same variance, and no two of them are correlated.
    class_weight
        `balanced`: the rows of each class weigh alike together, in the covariance and as prior probability. None: each
        row weighs alike.

    Attributes
    ----------
    coef_, intercept_
        Logits, as of `LogisticRegression`: `(n_classes, n_features)` and `(n_classes,)`, one row for two classes.

    Examples
    --------
    >>> model = LinearDiscriminant(shrinkage=0.1).fit([[0.0], [1.0], [3.0], [4.0]], ["calm", "calm", "sad", "sad"])
    >>> model.predict([[0.5], [3.5]]).tolist()
    ['calm', 'sad']
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {  # as in scikit-learn
        "shrinkage": [Interval(Real, 0, 1, closed="both")],
        "class_weight": [StrOptions({"balanced"}), None],
    }

    def __init__(self, shrinkage: float = 0.5, *, class_weight: str | None = None) -> None:
        self.shrinkage = shrinkage
        self.class_weight = class_weight

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Self:  # noqa: N803
        """Fit to rows `(n_rows, n_features)` and their classes; a row of weight 2 counts as two equal rows.

        Raises
        ------
        ValueError
            If a parameter is out of its range, there is one class only, the rows of each class are equal, or the
            covariance is singular, which a larger shrinkage prevents.
        """
        self._validate_params()
        rows, classes = check_X_y(X, y, dtype=np.float64)
        weight = compute_sample_weight(self.class_weight, classes)
        if sample_weight is not None:
            weight = weight * np.asarray(sample_weight, np.float64)
        self.classes_, index = np.unique(classes, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"linear_discriminant needs two classes; found {self.classes_.tolist()}")
        self.n_features_in_ = rows.shape[1]
        of_class = np.bincount(index, weight)
        means = np.stack([weight[index == k] @ rows[index == k] for k in range(len(of_class))]) / of_class[:, None]
        deviations = rows - means[index]
        if not deviations.any():
            raise ValueError(
                "linear_discriminant needs rows of a class that differ, and each class has one row or equal ones; add"
                " recordings of each emotion, or choose -S model=logistic_regression"
            )
        coefficients = _solved(_shrunken(deviations, weight, self.shrinkage), means)
        intercept = np.log(of_class / of_class.sum()) - (means * coefficients).sum(axis=1) / 2
        if len(self.classes_) == 2:
            coefficients, intercept = np.diff(coefficients, axis=0), np.diff(intercept)
        self.coef_, self.intercept_ = coefficients, intercept
        return self


def _shrunken(deviations: Array, weight: Array, shrinkage: float) -> Array:
    """Covariance within the classes, with `shrinkage` of a multiple of the unit matrix."""
    scaled = deviations * np.sqrt(weight / weight.sum())[:, None]
    covariance = (1 - shrinkage) * (scaled.T @ scaled)
    covariance.flat[:: len(covariance) + 1] += shrinkage * np.square(scaled).sum() / len(covariance)
    return np.asarray(covariance)


def _solved(covariance: Array, means: Array) -> Array:
    try:
        return np.asarray(cho_solve(cho_factor(covariance, lower=True, overwrite_a=True), means.T).T)
    except np.linalg.LinAlgError:
        raise ValueError(
            "the covariance of the features is singular; choose a larger -S model.shrinkage, as 0.1"
        ) from None
