"""The linear discriminant has scikit-learn's values, with weights of rows."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from ser.models.discriminant import LinearDiscriminant


def made(n_classes: int = 3, n_rows: int = 60, n_features: int = 8) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    classes = np.resize(np.array(["angry", "calm", "sad"])[:n_classes].repeat([3, 2, 1][:n_classes]), n_rows)
    rows = generator.normal(size=(n_rows, n_features)) @ generator.normal(size=(n_features, n_features))
    return rows + (classes == "calm")[:, None], classes


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("shrinkage", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("equal", [True, False])
def test_the_decisions_are_those_of_scikit_learn(n_classes: int, shrinkage: float, equal: bool) -> None:
    rows, classes = made(n_classes)
    priors = np.full(n_classes, 1 / n_classes) if equal else None
    other = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage, priors=priors).fit(rows, classes)
    ours = LinearDiscriminant(shrinkage, class_weight="balanced" if equal else None).fit(rows, classes)
    np.testing.assert_allclose(ours.decision_function(rows), other.decision_function(rows), atol=1e-8)


def test_a_weight_counts_as_that_many_equal_rows() -> None:
    rows, classes = made()
    weight = np.random.default_rng(1).integers(1, 4, len(rows))
    repeated = LinearDiscriminant(0.2).fit(np.repeat(rows, weight, axis=0), np.repeat(classes, weight))
    weighted = LinearDiscriminant(0.2).fit(rows, classes, weight)
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=1e-10)
    np.testing.assert_allclose(weighted.intercept_, repeated.intercept_, atol=1e-10)


def test_logits_are_log_probabilities_of_gaussians_by_hand() -> None:
    """Means 0 and 2, variance 1 in each class, equal priors: the log odds of x are 2 x - 2."""
    model = LinearDiscriminant(0.0).fit([[-1.0], [1.0], [1.0], [3.0]], ["a", "a", "b", "b"])
    np.testing.assert_allclose(model.decision_function([[0.0], [1.0], [4.0]]), [-2.0, 0.0, 6.0])


def test_a_singular_covariance_is_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"singular; choose a larger -S model\.shrinkage"):
        LinearDiscriminant(0.0).fit([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]], ["a", "b", "a", "b"])


@pytest.mark.parametrize("rows", [[[0.0, 1.0], [2.0, 5.0]], [[0.0, 1.0], [2.0, 5.0]] * 3], ids=["single", "equal"])
def test_classes_without_rows_that_differ_have_no_covariance_that_shrinkage_would_mend(rows: list[list[float]]) -> None:
    with pytest.raises(ValueError, match=r"each class has one row or equal ones; add recordings of each emotion"):
        LinearDiscriminant(shrinkage=1.0).fit(rows, ["a", "b"] * (len(rows) // 2))


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match=r"needs two classes; found \['a'\]"):
        LinearDiscriminant().fit([[0.0], [1.0]], ["a", "a"])
