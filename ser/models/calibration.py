"""Probabilities that mean what they say: temperature scaling."""

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.float64]

LEAST = 1e-12  # probability that counts as 0
LOG_TEMPERATURE = (-3.0, 3.0)  # natural logarithms that are searched


def softened(probability: npt.NDArray[np.floating], temperature: float) -> Probabilities:
    """Softmax of the logits divided by `temperature`, `(n_rows, n_labels)`.

    References
    ----------
    .. [1] Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks, ICML, section 4.2.
    """
    logits = np.log(np.maximum(probability.astype(np.float64), LEAST)) / temperature
    exponential = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponential / exponential.sum(axis=1, keepdims=True), np.float64)


def cross_entropy(probability: npt.NDArray[np.floating], codes: npt.NDArray[np.intp]) -> float:
    """Mean negative logarithm of the probability of what is annotated."""
    return float(-np.log(np.maximum(probability[np.arange(len(codes)), codes], LEAST)).mean())


def best_temperature(probability: npt.NDArray[np.floating], codes: npt.NDArray[np.intp]) -> float:
    """Temperature with the lowest cross-entropy of `codes`, between 0.05 and 20."""
    from scipy.optimize import minimize_scalar  # which prediction need not import

    def entropy_at(log_temperature: float) -> float:
        return cross_entropy(softened(probability, float(np.exp(log_temperature))), codes)

    return float(np.exp(minimize_scalar(entropy_at, bounds=LOG_TEMPERATURE, method="bounded").x))
