"""Classifiers in ONNX's format, which predict without scikit-learn."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ser.core import bounds, extras
from ser.models import calibration

Values = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float64]

FATAL = 4  # level of messages on standard error; errors are raised
MAX_REASON = 400  # characters of a message of onnxruntime


@dataclass(frozen=True)
class OnnxClassifier:
    """Classifier with the interface of scikit-learn's.

    Examples
    --------
    >>> import onnx
    >>> import onnxruntime
    >>> graph = "softmax (float[N, 2] features) => (float[N, 2] probabilities) {probabilities = Softmax (features)}"
    >>> content = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": 18]> {graph}').SerializeToString()
    >>> model = OnnxClassifier(onnxruntime.InferenceSession(content), ["calm", "sad"])
    >>> model.predict_proba(np.log(np.array([[1.0, 3.0]], np.float32))).round(2).tolist()
    [[0.25, 0.75]]
    """

    session: Any
    classes_: list[str]
    """Emotions, in the order of the probabilities."""

    def predict_proba(self, values: Values) -> Probabilities:
        """Probability of each of `classes_`, `(n_rows, n_labels)`.

        Raises
        ------
        ValueError
            If the rows have another length than the training rows, the prediction needs too much memory, or the
            outputs are not probabilities.
        """
        wanted = tuple(self.session.get_inputs()[0].shape[1:])
        if values.shape[1:] != wanted:
            raise ValueError(
                f"the features have rows of shape {values.shape[1:]}, and the model was trained on {wanted}; extract"
                " them with the model's settings"
            )
        features = np.ascontiguousarray(values, np.float32)
        try:
            (probabilities,) = self.session.run(["probabilities"], {"features": features})
        except Exception as error:  # the exceptions of onnxruntime have no common base class
            raise ValueError(f"the model cannot predict ({_reason(error)}); export it anew") from None
        calibration.check_probabilities(probabilities)
        return np.asarray(probabilities, np.float64)


def loaded(path: Path, labels: list[str]) -> OnnxClassifier:
    """Read a classifier with the input `features` and the output `probabilities`.

    Raises
    ------
    ValueError
        If onnxruntime is not installed, the file is damaged, too large, or holds another model.

    Examples
    --------
    >>> import onnx
    >>> from tempfile import TemporaryDirectory
    >>> graph = "softmax (float[N, 2] features) => (float[N, 2] probabilities) {probabilities = Softmax (features)}"
    >>> model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": 18]> {graph}')
    >>> with TemporaryDirectory() as folder:
    ...     onnx.save(model, Path(folder, "model.onnx"))
    ...     loaded(Path(folder, "model.onnx"), ["calm", "sad"]).predict_proba(np.zeros((1, 2), np.float32)).tolist()
    [[0.5, 0.5]]
    """
    try:
        import onnxruntime
    except ImportError:
        raise ValueError(f"{path} needs onnxruntime, which is not installed; {extras.remedy('onnx')}") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # more threads are slower
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.log_severity_level = FATAL
    _limit_memory()
    try:
        bounds.check_size(path.stat().st_size, "it")
        session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the exceptions of onnxruntime have no common base class
        raise ValueError(f"{path} cannot be loaded ({_reason(error)}); export it anew") from None
    shapes = {one.name: one.shape[1:] for one in (*session.get_inputs(), *session.get_outputs())}
    if "features" not in shapes or shapes.get("probabilities") != [len(labels)]:
        raise ValueError(f"{path} has {shapes}; wanted features and {len(labels)} probabilities; export it anew")
    return OnnxClassifier(session, labels)


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0][:MAX_REASON]


@cache
def _limit_memory() -> None:
    """Limit the memory that all models of the process take: a small file can ask for any amount."""
    import onnxruntime as ort

    grown_as_needed = {"arena_extend_strategy": 1, "initial_chunk_size_bytes": -1, "max_dead_bytes_per_chunk": -1}
    arena = ort.OrtArenaCfg({"max_mem": bounds.MAX_SIZE, **grown_as_needed})
    memory = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    ort.create_and_register_allocator(memory, arena)
