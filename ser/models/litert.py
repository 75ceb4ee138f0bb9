"""Networks in LiteRT's format, which predict without TensorFlow."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from ser.core import bounds
from ser.models import calibration
from ser.models.calibration import Probabilities

Values = npt.NDArray[np.float32]


@dataclass(frozen=True)
class LiteRTClassifier:
    """Network for one utterance at a time, with the interface of scikit-learn's classifiers; threads take turns.

    Examples
    --------
    >>> from ser.models import packaged, bundle_file
    >>> folder = packaged.resolved("general")
    >>> about = bundle_file.read(folder)
    >>> model = loaded(folder / "model.tflite", about["labels"], about["temperature"])
    >>> middle = np.array([about["centre"]], np.float32)  # mean of each feature in the training
    >>> model.predict_proba(middle).shape, float(model.predict_proba(middle).sum().round(6))
    ((1, 6), 1.0)
    """

    interpreter: Any
    classes_: list[str]
    """Emotions, in the order of the network's output."""
    temperature: float
    """Divisor of its logits."""
    _lock: Lock = field(default_factory=Lock, repr=False)

    def predict_proba(self, values: Values) -> Probabilities:
        """Probability of each of `classes_`, `(n_rows, n_labels)`.

        Raises
        ------
        ValueError
            If the rows have another shape than the training rows, an operation of the network fails, or the outputs are
            not probabilities.
        """
        (of_input,), (of_output,) = self.interpreter.get_input_details(), self.interpreter.get_output_details()
        wanted = _shape(of_input)[1:]
        if values.shape[1:] != wanted:
            raise ValueError(
                f"the features have rows of shape {values.shape[1:]}, and the model was trained on {wanted}; extract"
                " them with the model's settings"
            )
        outputs = np.empty((len(values), len(self.classes_)), np.float32)
        try:
            with self._lock:
                for row, value in enumerate(values):
                    self.interpreter.set_tensor(of_input["index"], value[np.newaxis])
                    self.interpreter.invoke()
                    outputs[row] = self.interpreter.get_tensor(of_output["index"])[0]
        except RuntimeError as error:  # of an operation of the network
            raise ValueError(
                f"the network cannot predict ({str(error).partition(chr(10))[0]}); export it anew"
            ) from None
        calibration.check_probabilities(outputs)
        return calibration.softened(outputs, self.temperature)


def loaded(path: Path, labels: list[str], temperature: float) -> LiteRTClassifier:
    """Read a network with one input and one output, the probability of each of `labels`.

    Raises
    ------
    ValueError
        If the file is damaged, holds another network, or needs too much memory.

    Examples
    --------
    >>> from ser.models import packaged
    >>> labels = ["neutral", "happy", "sad", "angry", "fearful", "disgust"]
    >>> loaded(packaged.resolved("general") / "model.tflite", labels, temperature=1.0).classes_[:2]
    ['neutral', 'happy']
    """
    from ai_edge_litert.interpreter import Interpreter

    from ser.core.quiet import silent_stderr

    try:
        bounds.check_size(path.stat().st_size, "it")
        with silent_stderr():  # discards its message about the device
            interpreter = Interpreter(model_path=str(path), num_threads=1)  # more threads are slower
            bounds.check_size(sum(map(_n_bytes, interpreter.get_tensor_details())), "it")
            interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"{path} cannot be loaded ({str(error).partition(chr(10))[0]}); export it anew") from None
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    if len(inputs) != 1 or len(outputs) != 1 or _shape(outputs[0]) != (1, len(labels)):
        raise ValueError(
            f"{path} has {len(inputs)} inputs and outputs of shape {[_shape(one) for one in outputs]}; wanted"
            f" one input, and one output of shape {(1, len(labels))}; export it anew"
        )
    return LiteRTClassifier(interpreter, labels, temperature)


def _shape(tensor: dict[str, Any]) -> tuple[int, ...]:
    return tuple(map(int, tensor["shape"]))


def _n_bytes(tensor: dict[str, Any]) -> int:
    return math.prod(_shape(tensor)) * int(np.dtype(tensor["dtype"]).itemsize)
