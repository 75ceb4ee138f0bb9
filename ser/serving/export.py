"""Export of a trained model to formats that other programs read and that need no TensorFlow or scikit-learn."""

import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from ser.core import extras, files
from ser.core.quiet import silent_stderr
from ser.models import bundle, bundle_file, centre
from ser.models.bundle import Bundle
from ser.models.calibration import MIN_PROBABILITY

VERSION = "1"  # folder in a model's folder, as TensorFlow Serving expects it
FEATURES, PROBABILITIES = "features", "probabilities"
ONNX_OPSET = 18
N_TIMED = 200  # predictions; the latency is their median

Values = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float64]
Predict = Callable[[Values], Probabilities]


@dataclass(frozen=True)
class Comparison:
    """Comparison of an exported model with its bundle, on the same utterances.

    Examples
    --------
    >>> one = Comparison("onnx", size=20_000, difference=1e-7, agreement=1.0, uar=0.5, latency=0.02)
    >>> one.size, one.latency  # bytes, milliseconds
    (20000, 0.02)
    """

    format: str
    size: int
    """Bytes of all files."""
    difference: float
    """Largest difference of a probability."""
    agreement: float
    """Share of utterances with the same predicted emotion."""
    uar: float
    latency: float
    """Milliseconds, median of one utterance at a time, from features to probabilities."""


def exported(model: Bundle, description: Mapping[str, Any], folder: Path) -> dict[str, Path]:
    """Write each format that fits the model to a folder of its own in `folder`; return name and folder of each.

    Parameters
    ----------
    description
        Whole description of the bundle.

    Raises
    ------
    ValueError
        If the model cannot be converted, or the converter is not installed.
    """
    is_network = hasattr(model.model, "network")
    written: dict[str, Path] = {}
    for name, write in (NETWORKS if is_network else _of_classifier(model)).items():
        with files.replacing(folder / name) as temporary:
            temporary.mkdir()
            write(model, temporary)
            content = {**description, "export": {"format": name}}
            if (middle := centre.of_bundle(model)) is not None:
                content["centre"] = centre.written(middle)
            if (temporary / bundle.LITERT).exists() and not is_network:
                content["temperature"] = 1.0  # that of a classifier is part of the weights
            bundle_file.write(content, temporary)
        written[name] = folder / name
    return written


def _of_classifier(model: Bundle) -> Mapping[str, Callable[[Bundle, Path], None]]:
    from ser.models import linear

    return CLASSIFIERS | LINEAR if linear.is_linear(model.model) else CLASSIFIERS


def _write_linear(model: Bundle, folder: Path) -> None:
    """Write LiteRT of a logistic regression."""
    from ser.models import linear
    from ser.models.backend import keras

    kernel, bias = linear.weights(model.model, model.labels)
    inputs = keras.Input((len(kernel),))
    layer = keras.layers.Dense(len(bias), activation="softmax")
    network = keras.Model(inputs, layer(inputs))
    layer.set_weights([kernel.astype(np.float32), bias.astype(np.float32)])
    _convert(network, folder, weights="float32")


def _write_litert(model: Bundle, folder: Path, *, weights: str) -> None:
    """Write LiteRT for one utterance at a time: recurrent layers then need only built-in operators.

    Parameters
    ----------
    weights
        Type of the stored weights: float32, float16 or int8; the computation is in float32.
    """
    _convert(model.model.network, folder, weights=weights)


def _convert(network: Any, folder: Path, *, weights: str) -> None:
    tensorflow = _tensorflow()
    with tempfile.TemporaryDirectory() as temporary, silent_stderr():
        serve = partial(network, training=False)
        _write_archive(network, Path(temporary), "serve", serve, n_utterances=1)
        converter = tensorflow.lite.TFLiteConverter.from_saved_model(temporary)
        if weights != "float32":
            converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
        if weights == "float16":
            converter.target_spec.supported_types = [tensorflow.float16]
        (folder / bundle.LITERT).write_bytes(converter.convert())


def _write_saved_model(model: Bundle, folder: Path) -> None:
    """Write a SavedModel for TensorFlow Serving: any number of utterances in, calibrated probabilities out."""
    tensorflow = _tensorflow()
    network, temperature = model.model.network, model.model.temperature

    def serve(features: Any) -> dict[str, Any]:
        logits = tensorflow.math.log(tensorflow.maximum(network(features, training=False), MIN_PROBABILITY))
        return {PROBABILITIES: tensorflow.nn.softmax(logits / temperature)}

    with silent_stderr():
        _write_archive(network, folder / VERSION, "serving_default", serve, n_utterances=None)


def _write_archive(
    network: Any, folder: Path, endpoint: str, serve: Callable[[Any], Any], *, n_utterances: int | None
) -> None:
    """Write a SavedModel whose `endpoint` returns the result of `serve`, which calls the network, for features."""
    tensorflow = _tensorflow()
    from ser.models.backend import keras

    archive = keras.export.ExportArchive()
    archive.track(network)
    signature = tensorflow.TensorSpec((n_utterances, *network.input_shape[1:]), tensorflow.float32, name=FEATURES)
    archive.add_endpoint(endpoint, serve, input_signature=[signature])
    archive.write_out(str(folder), verbose=False)


def _tensorflow() -> Any:
    from ser.models.backend import keras

    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            f"KERAS_BACKEND is {keras.backend.backend()}, but LiteRT and SavedModel need tensorflow; unset it"
        )
    import tensorflow

    return tensorflow


def _write_onnx(model: Bundle, folder: Path) -> None:
    """Write ONNX of the scaler, the classifier and the temperature of its probabilities."""
    try:
        import onnx
        from skl2onnx import convert_sklearn
        from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

        from ser.models import linear
    except ImportError:
        raise ValueError(f"ONNX needs skl2onnx, which is not installed; {extras.remedy('export')}") from None
    (calibrated,) = model.model.calibrated_classifiers_
    (temperature,) = calibrated.calibrators
    pipeline = linear.of_scikit_learn(calibrated.estimator)
    classifier = pipeline.steps[-1][1]
    decides = hasattr(classifier, "decision_function")
    # Classifiers without a decision function return probabilities; logarithms of small ones need double precision.
    kind = FloatTensorType if decides else DoubleTensorType
    options = {id(classifier): {"zipmap": False, **({"raw_scores": True} if decides else {})}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # skl2onnx reads attributes of SVC that scikit-learn will drop
        inputs = [("values", kind([None, len(model.columns)]))]
        converted = convert_sklearn(pipeline, initial_types=inputs, options=options, target_opset=ONNX_OPSET)
    order = [list(model.model.classes_).index(label) for label in model.labels]
    graph = converted.graph
    _rename(graph, graph.output[1].name, "scores")  # it may already have the name of our output
    _surround(onnx, graph, float(temperature.beta_), order, logits=decides)
    onnx.checker.check_model(converted)
    (folder / bundle.ONNX).write_bytes(converted.SerializeToString())


def _rename(graph: Any, old: str, new: str) -> None:
    for node in graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
        node.output[:] = [new if name == old else name for name in node.output]


def _surround(onnx: Any, graph: Any, beta: float, order: list[int], *, logits: bool) -> None:
    """Change the graph to take single precision and to return the softmax of `beta` times its logits, in label order.

    Parameters
    ----------
    logits
        True if its scores are logits; else they are probabilities, whose logarithm is taken as in scikit-learn.
    """
    make, single = onnx.helper.make_node, onnx.TensorProto.FLOAT
    number = np.float32 if logits else np.float64
    constants = {"beta": np.array(beta, number), "order": np.array(order, np.int64)}
    graph.node.insert(0, make("Cast", [FEATURES], ["values"], to=graph.input[0].type.tensor_type.elem_type))
    scores = "scores"
    if not logits:
        constants["least"] = np.array(MIN_PROBABILITY, number)
        graph.node.append(
            make("Cast", ["scores"], ["doubles"], to=onnx.TensorProto.DOUBLE)
        )  # trees return single precision
        constants["none"] = np.array(0, number)
        graph.node.append(make("Max", ["doubles", "none"], ["shares_of_trees"]))  # one less the other may be -1e-8
        graph.node.append(make("Add", ["shares_of_trees", "least"], ["positive"]))
        graph.node.append(make("Log", ["positive"], ["logits"]))
        scores = "logits"
    graph.initializer.extend(onnx.numpy_helper.from_array(value, name) for name, value in constants.items())
    graph.node.append(make("Mul", [scores, "beta"], ["scaled"]))
    graph.node.append(make("Gather", ["scaled", "order"], ["ordered"], axis=1))
    graph.node.append(make("Softmax", ["ordered"], ["shares"], axis=1))
    graph.node.append(make("Cast", ["shares"], [PROBABILITIES], to=single))
    n_features = graph.input[0].type.tensor_type.shape.dim[1].dim_value
    del graph.input[:], graph.output[:]
    graph.input.append(onnx.helper.make_tensor_value_info(FEATURES, single, [None, n_features]))
    graph.output.append(onnx.helper.make_tensor_value_info(PROBABILITIES, single, [None, len(order)]))


NETWORKS: Mapping[str, Callable[[Bundle, Path], None]] = {
    "litert": partial(_write_litert, weights="float32"),
    "litert_float16": partial(_write_litert, weights="float16"),
    "litert_int8": partial(_write_litert, weights="int8"),
    bundle.SAVED_MODEL: _write_saved_model,
}
CLASSIFIERS: dict[str, Callable[[Bundle, Path], None]] = {"onnx": _write_onnx}
LINEAR: dict[str, Callable[[Bundle, Path], None]] = {"litert": _write_linear}


def predictor(folder: Path) -> Predict:
    """Function from rows of features to the probabilities of the exported model in `folder`.

    Raises
    ------
    ValueError
        If there is no exported model, or it is damaged.

    Examples
    --------
    >>> from ser.models import packaged
    >>> predict = predictor(packaged.resolved("general"))
    >>> predict(np.zeros((5, 512), np.float32)).shape  # probabilities of six emotions
    (5, 6)
    """
    if not (folder / VERSION).is_dir():
        return bundle.load(folder).of_values
    served = _tensorflow().saved_model.load(str(folder / VERSION)).signatures["serving_default"]
    return lambda values: np.asarray(served(features=values)[PROBABILITIES], np.float64)


def compared(name: str, folder: Path, predict: Predict, values: Values, truth: list[str], model: Bundle) -> Comparison:
    """Comparison of a format with the bundle `model`, on features `values` of utterances with emotions `truth`.

    Examples
    --------
    >>> from ser.models import packaged
    >>> folder = packaged.resolved("general")
    >>> model, values = bundle.load(folder), np.zeros((2, 512), np.float32)
    >>> found = compared("litert", folder, predictor(folder), values, ["sad", "happy"], model)
    >>> found.difference, found.agreement
    (0.0, 1.0)
    """
    from sklearn.metrics import recall_score

    reference, found = model.of_values(values), predict(values)
    labels = np.array(model.labels)
    return Comparison(
        format=name,
        size=sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        difference=float(np.abs(found - reference).max()),
        agreement=float((found.argmax(axis=1) == reference.argmax(axis=1)).mean()),
        uar=float(recall_score(truth, labels[found.argmax(axis=1)], labels=np.unique(truth), average="macro")),
        latency=_latency(predict, values),
    )


def _latency(predict: Predict, values: Values) -> float:
    """Median of `N_TIMED` predictions of one utterance, in milliseconds."""
    times = []
    for k in range(N_TIMED):
        one = values[k % len(values)][np.newaxis]
        start = perf_counter()
        predict(one)
        times.append(perf_counter() - start)
    return 1e3 * float(np.median(times))
