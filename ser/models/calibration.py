"""Calibration of probabilities: temperature scaling, with or without a bias of each label."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.float64]

SIMILAR = 1e-3  # largest difference from 1 of the sum of a softmax in single precision
MIN_PROBABILITY = 1e-12  # floor of a probability, whose logarithm is finite
LOG_TEMPERATURE = (-3.0, 3.0)  # range of the search, natural logarithm
BIAS_DEVIATION = 0.5  # standard deviation of the normal prior of a bias, natural logarithm of odds


@dataclass(frozen=True)
class Calibration:
    """Parameters that map the logits z of a network to calibrated logits: (z + shift) / temperature.

    Examples
    --------
    >>> Calibration(temperature=2.0, shift=np.zeros(8)).temperature
    2.0
    """

    temperature: float
    shift: npt.NDArray[np.float64]
    """Bias of each label, `(n_labels,)`."""


def best(probability: npt.NDArray[np.floating], codes: npt.NDArray[np.intp], *, bias_correction: bool) -> Calibration:
    """Calibration with the lowest cross-entropy of `codes`.

    Parameters
    ----------
    probability
        Softmax of logits, `(n_rows, n_labels)`.
    codes
        Index of the label that is annotated, `(n_rows,)`.
    bias_correction
        True: fit a bias of each label, too. Then every label that occurs has the same weight.

    References
    ----------
    .. [1] Alexandari, Kundaje and Shrikumar (2020), Maximum likelihood with bias-corrected calibration is hard-to-beat
       at label shift adaptation, ICML. The normal prior of the biases is ours: few examples must not move them far.

    Examples
    --------
    >>> probability = np.tile([0.1, 0.9], (4, 1))
    >>> found = best(probability, np.array([1, 1, 1, 0]), bias_correction=False)
    >>> round(found.temperature, 2), found.shift.tolist()  # confidence 0.9, accuracy 0.75
    (2.0, [0.0, 0.0])
    """
    n_labels = probability.shape[1]
    if not bias_correction:
        return Calibration(best_temperature(probability, codes), np.zeros(n_labels))
    from scipy.optimize import minimize  # imported late, because prediction does not need it
    from sklearn.utils.class_weight import compute_sample_weight

    logits = np.log(np.maximum(probability.astype(np.float64), MIN_PROBABILITY))
    occurs = np.unique(codes)
    weight = compute_sample_weight("balanced", codes)
    rows = np.arange(len(codes))

    def loss(parameters: Probabilities) -> float:
        changed = logits * np.exp(-parameters[0])
        changed[:, occurs] += parameters[1:]
        of_truth = changed[rows, codes] - np.logaddexp.reduce(changed, axis=1)
        return float(-(weight * of_truth).sum() + (parameters[1:] ** 2).sum() / (2 * BIAS_DEVIATION**2))

    bounds = [LOG_TEMPERATURE, *[(None, None)] * len(occurs)]
    found = minimize(loss, np.zeros(1 + len(occurs)), method="L-BFGS-B", bounds=bounds).x
    temperature, shift = float(np.exp(found[0])), np.zeros(n_labels)
    shift[occurs] = temperature * found[1:]
    return Calibration(temperature, shift)


def softened(probability: npt.NDArray[np.floating], temperature: float) -> Probabilities:
    """Softmax of the logits divided by `temperature`, `(n_rows, n_labels)`.

    References
    ----------
    .. [1] Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks, ICML, section 4.2.

    Examples
    --------
    >>> softened(np.array([[0.2, 0.8]]), 2.0).round(2).tolist()
    [[0.33, 0.67]]
    """
    logits = np.log(np.maximum(probability.astype(np.float64), MIN_PROBABILITY)) / temperature
    exponential = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponential / exponential.sum(axis=1, keepdims=True), np.float64)


def cross_entropy(probability: npt.NDArray[np.floating], codes: npt.NDArray[np.intp]) -> float:
    """Mean negative logarithm of the probability of the annotated label.

    Examples
    --------
    >>> round(cross_entropy(np.array([[0.5, 0.5]]), np.array([0])), 4)
    0.6931
    """
    return float(-np.log(np.maximum(probability[np.arange(len(codes)), codes], MIN_PROBABILITY)).mean())


def best_temperature(probability: npt.NDArray[np.floating], codes: npt.NDArray[np.intp]) -> float:
    """Temperature with the lowest cross-entropy of `codes`, between 0.05 and 20.

    Examples
    --------
    >>> probability = np.tile([0.1, 0.9], (4, 1))
    >>> round(best_temperature(probability, np.array([1, 1, 1, 0])), 2)  # confidence 0.9, accuracy 0.75
    2.0
    """
    from scipy.optimize import minimize_scalar  # imported late, because prediction does not need it

    def entropy_at(log_temperature: float) -> float:
        return cross_entropy(softened(probability, float(np.exp(log_temperature))), codes)

    return float(np.exp(minimize_scalar(entropy_at, bounds=LOG_TEMPERATURE, method="bounded").x))


def check_probabilities(outputs: npt.NDArray[np.floating]) -> None:
    """Check the outputs of a network or classifier, `(n_rows, n_labels)`.

    Raises
    ------
    ValueError
        If a row does not hold probabilities that add up to 1.

    Examples
    --------
    >>> check_probabilities(np.array([[0.5, np.nan]]))
    Traceback (most recent call last):
    ValueError: the model's outputs are not probabilities (from nan to nan, sum nan); the last layer must be a softmax
    """
    if not np.isfinite(outputs).all() or (outputs < 0).any() or (abs(outputs.sum(axis=1) - 1) > SIMILAR).any():
        raise ValueError(
            f"the model's outputs are not probabilities (from {outputs.min():.3g} to {outputs.max():.3g}, sum"
            f" {outputs.sum(axis=1)[0]:.3g}); the last layer must be a softmax"
        )
