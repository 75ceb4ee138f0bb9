"""Classifiers in ONNX's format, which predict without scikit-learn."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float64]

REMEDY = "install it with: pip install 'ser[export]'"


@dataclass(frozen=True)
class OnnxClassifier:
    """Classifier with the interface of scikit-learn's."""

    session: Any
    classes_: list[str]
    """Emotions, in the order of the probabilities."""

    def predict_proba(self, values: Values) -> Probabilities:
        """Probability of each of `classes_`, `(n_rows, n_labels)`.

        Raises
        ------
        ValueError
            If the rows have another length than the training rows.
        """
        wanted = tuple(self.session.get_inputs()[0].shape[1:])
        if values.shape[1:] != wanted:
            raise ValueError(
                f"the features have rows of shape {values.shape[1:]}, and the model was trained on {wanted}; extract"
                " them with the model's settings"
            )
        (probabilities,) = self.session.run(["probabilities"], {"features": np.ascontiguousarray(values, np.float32)})
        return np.asarray(probabilities, np.float64)


def loaded(path: Path, labels: list[str]) -> OnnxClassifier:
    """Read a classifier with the input `features` and the output `probabilities`.

    Raises
    ------
    ValueError
        If onnxruntime is not installed, the file is damaged, or holds another model.
    """
    try:
        import onnxruntime
    except ImportError:
        raise ValueError(f"{path} needs onnxruntime, which is not installed; {REMEDY}") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # more threads are slower
    try:
        session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the exceptions of onnxruntime have no common base class
        raise ValueError(f"{path} cannot be loaded ({str(error).partition(chr(10))[0]}); export it anew") from None
    shapes = {one.name: one.shape[1:] for one in (*session.get_inputs(), *session.get_outputs())}
    if "features" not in shapes or shapes.get("probabilities") != [len(labels)]:
        raise ValueError(f"{path} has {shapes}; wanted features and {len(labels)} probabilities; export it anew")
    return OnnxClassifier(session, labels)
