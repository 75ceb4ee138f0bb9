"""Probabilities that mean what they say: temperature scaling, with or without a bias of each label."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.float64]

LEAST = 1e-12  # probability that counts as 0
LOG_TEMPERATURE = (-3.0, 3.0)  # natural logarithms that are searched
BIAS_DEVIATION = 0.5  # standard, of a label's bias before any example is seen: natural logarithm of odds


@dataclass(frozen=True)
class Calibration:
    """What turns a network's logits z into those of its probabilities: (z + shift) / temperature."""

    temperature: float
    shift: npt.NDArray[np.float64]
    """Of each label, `(n_labels,)`."""


def best(probability: npt.NDArray[np.floating], codes: npt.NDArray[np.intp], *, bias_correction: bool) -> Calibration:
    """The calibration under which `codes` are least surprising.

    Parameters
    ----------
    probability
        Softmax of logits, `(n_rows, n_labels)`.
    codes
        Index of the label that is annotated, `(n_rows,)`.
    bias_correction
        Whether to fit a bias of each label, too; then all labels that occur count alike, however often they do.

    References
    ----------
    .. [1] Alexandari, Kundaje and Shrikumar (2020), Maximum likelihood with bias-corrected calibration is hard-to-beat
       at label shift adaptation, ICML. That few examples should not move a bias far is ours.
    """
    n_labels = probability.shape[1]
    if not bias_correction:
        return Calibration(best_temperature(probability, codes), np.zeros(n_labels))
    from scipy.optimize import minimize  # which prediction need not import
    from sklearn.utils.class_weight import compute_sample_weight

    logits = np.log(np.maximum(probability.astype(np.float64), LEAST))
    occurs = np.unique(codes)
    weight = compute_sample_weight("balanced", codes)
    rows = np.arange(len(codes))

    def surprise(parameters: Probabilities) -> float:
        changed = logits * np.exp(-parameters[0])
        changed[:, occurs] += parameters[1:]
        of_truth = changed[rows, codes] - np.logaddexp.reduce(changed, axis=1)
        return float(-(weight * of_truth).sum() + (parameters[1:] ** 2).sum() / (2 * BIAS_DEVIATION**2))

    bounds = [LOG_TEMPERATURE, *[(None, None)] * len(occurs)]
    found = minimize(surprise, np.zeros(1 + len(occurs)), method="L-BFGS-B", bounds=bounds).x
    temperature, shift = float(np.exp(found[0])), np.zeros(n_labels)
    shift[occurs] = temperature * found[1:]
    return Calibration(temperature, shift)


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
