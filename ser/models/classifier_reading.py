"""Files of scikit-learn classifiers (`.skops`) of any author: checked types first, then checked values.

Some parts of scikit-learn compute in compiled code, which trusts the indices and sizes of a fitted model: a forged tree
could crash the process, or never end.
"""

import io
import itertools
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from ser.core import bounds
from ser.models import skops_files
from ser.models.bundle_file import TRAIN_ANEW
from ser.models.discriminant import LinearDiscriminant

SCHEMA = "schema.json"
# Types in a file, with the word of skops for the way in which they are made. Any other is refused.
OBJECTS = (
    *("sklearn.calibration.CalibratedClassifierCV", "sklearn.calibration._CalibratedClassifier"),
    *("sklearn.calibration._TemperatureScaling", "sklearn.pipeline.Pipeline"),
    *("sklearn.preprocessing._data.StandardScaler", "sklearn.preprocessing._label.LabelBinarizer"),
    *("sklearn.ensemble._forest.RandomForestClassifier", "sklearn.tree._classes.DecisionTreeClassifier"),
    *("sklearn.linear_model._logistic.LogisticRegression", "sklearn.svm._classes.SVC"),
    "ser.models.discriminant.LinearDiscriminant",
    "sklearn.neural_network._multilayer_perceptron.MLPClassifier",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
)
NUMBERS = ("ndarray", "bool", "int32", "int64", "float32", "float64")
TYPES: Mapping[str, tuple[str, ...]] = {
    "builtins.dict": ("DictNode",),
    "builtins.list": ("ListNode",),
    "builtins.tuple": ("TupleNode",),
    "builtins.str": ("JsonNode", "TypeNode"),
    "numpy.random.mtrand.RandomState": ("RandomStateNode",),
    "sklearn.tree._tree.Tree": ("TreeNode",),
    **{f"numpy.{name}": ("NdArrayNode",) for name in NUMBERS},
    **dict.fromkeys(OBJECTS, ("ObjectNode",)),
}
MAX_REASON = 200  # characters of a message of another library
SIMILAR = 1e-6  # largest difference from 1 of a sum of probabilities


class Forged(ValueError):
    """A fitted model has values that no training gives.

    Examples
    --------
    >>> issubclass(Forged, ValueError)
    True
    """


def loaded(path: Path) -> CalibratedClassifierCV:
    """Read a classifier; no code of the file runs.

    Raises
    ------
    ValueError
        If the file is damaged, too large, has types that are not known, or values that no training gives.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> pipeline = Pipeline([("scaler", StandardScaler()), ("classifier", LogisticRegression())])
    >>> model = CalibratedClassifierCV(pipeline, method="temperature", cv=2, ensemble=False)
    >>> model = model.fit([[0.1], [0.2], [0.8], [0.9]], ["calm", "calm", "sad", "sad"])
    >>> with TemporaryDirectory() as folder:
    ...     skops_files.library().dump(model, Path(folder, "model.skops"))
    ...     loaded(Path(folder, "model.skops")).predict([[0.0], [1.0]]).tolist()
    ['calm', 'sad']
    """
    try:
        with zipfile.ZipFile(path) as archive:
            bounds.check_archive(archive, path.name)
            foreign = _foreign_types(archive)
        if not foreign:
            model = skops_files.library().load(path, trusted=list(TYPES))
            _check(model)
            return model
    except Exception as error:  # skops and scikit-learn raise errors of many types for forged values
        reason = str(error).partition("\n")[0][:MAX_REASON] or type(error).__name__
        raise ValueError(f"{path} is damaged ({reason}); {TRAIN_ANEW}") from None
    raise ValueError(f"{path} holds {', '.join(foreign)}, which could run code; not loaded")


def _foreign_types(archive: zipfile.ZipFile) -> list[str]:
    """Types in the file that are not known.

    Raises
    ------
    ValueError
        If the description of the types is ambiguous, or a tree has sizes that would be read from outside its arrays.
    """
    other = [name for name in archive.namelist() if name != SCHEMA and not name.endswith(".npy")]
    if other:
        raise ValueError(f"it holds the file {other[0]!r}; wanted {SCHEMA} and arrays")
    named: dict[Any, Any] = {}
    foreign = set()
    for node in _nodes(bounds.parsed(archive.read(SCHEMA), SCHEMA)):
        name = f"{node.get('__module__')}.{node.get('__class__')}"
        loader = node["__loader__"]
        if loader not in TYPES.get(name, ()):
            foreign.add(name)
        # skops makes an object once for each number, wherever the number occurs.
        same = node if loader in ("JsonNode", "NdArrayNode", "TupleNode") else (name, loader)
        if named.setdefault(node.get("__id__"), same) != same:
            raise ValueError("two different objects have one number")
        if loader == "NdArrayNode" and node.get("type") != "numpy":
            raise ValueError("an array is not stored as numbers")
        if loader == "JsonNode" and str(node.get("content")).lstrip()[:1] in ("[", "{"):
            raise ValueError("a plain value holds others")
        if loader == "TreeNode":
            _check_sizes(node, archive)
    return sorted(foreign)


def _nodes(part: Any) -> Iterator[dict[str, Any]]:
    """All parts of a description that skops makes an object from."""
    if isinstance(part, dict):
        if "__loader__" in part:
            yield part
        for value in part.values():
            yield from _nodes(value)
    elif isinstance(part, list):
        for value in part:
            yield from _nodes(value)


def _check_sizes(node: Any, archive: zipfile.ZipFile) -> None:
    """Check the sizes of a tree before it is made: its constructor reads memory by them."""
    try:
        _, classes, outputs = node["__reduce__"]["args"]["content"]
        n_outputs, file = outputs["content"], classes["file"]
    except (KeyError, TypeError, ValueError):
        raise ValueError("a tree has no sizes") from None
    n_classes = np.load(io.BytesIO(archive.read(file)), allow_pickle=False)
    if n_outputs != "1" or n_classes.shape != (1,) or n_classes.dtype != np.intp:
        raise ValueError(f"a tree has {str(n_outputs)[:20]} outputs; wanted 1")


def _check(model: Any) -> None:
    """Check a loaded classifier, then predict once.

    Raises
    ------
    Exception
        If a value is missing, or is none that a training gives.
    """
    _wants(type(model) is CalibratedClassifierCV, "no calibrated classifier")
    n_labels, n_features = len(model.classes_), model.n_features_in_
    _wants(model.classes_.dtype.kind == "U" and n_labels > 1, "no names of emotions")
    (calibrated,) = model.calibrated_classifiers_
    pipeline, (temperature,) = calibrated.estimator, calibrated.calibrators
    _wants(np.isfinite(temperature.beta_) and temperature.beta_ > 0, f"a temperature of 1 / {temperature.beta_}")
    _wants(type(pipeline) is Pipeline, "no pipeline")
    (_, scaler), (_, classifier) = pipeline.steps
    _wants(type(scaler) is StandardScaler and type(classifier) in CHECKS, "other steps than a scaler and a classifier")
    for part in (model, calibrated, temperature, pipeline, scaler, classifier):
        _check_attributes(part)
    _wants(scaler.mean_.shape == scaler.scale_.shape == (n_features,), "a scaler of another number of features")
    _wants(classifier.n_features_in_ == n_features, "a classifier of another number of features")
    CHECKS[type(classifier)](classifier, n_features, n_labels)
    probabilities = model.predict_proba(np.zeros((1, n_features)))
    is_valid = probabilities.shape == (1, n_labels) and abs(probabilities.sum() - 1) < SIMILAR
    _wants(is_valid, "outputs that are not probabilities")


def _wants(condition: Any, found: str) -> None:
    if not condition:
        raise Forged(f"it has {found}")


def _check_attributes(part: Any) -> None:
    """Check that the attributes of an object replace none of its class, and that its arrays are finite."""
    for name, value in vars(part).items():
        _wants(not hasattr(type(part), name), f"an attribute {name} in place of one of {type(part).__name__}")
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            _wants(np.isfinite(value).all(), f"values in {type(part).__name__}.{name} that are not finite")


def _check_svm(svm: SVC, n_features: int, n_labels: int) -> None:
    n_vectors, n_pairs = len(svm.support_), n_labels * (n_labels - 1) // 2
    shapes = {
        "support_": (n_vectors,),
        "support_vectors_": (n_vectors, n_features),
        "_n_support": (n_labels,),
        "class_weight_": (n_labels,),
        **dict.fromkeys(("dual_coef_", "_dual_coef_"), (n_labels - 1, n_vectors)),
        **dict.fromkeys(("intercept_", "_intercept_"), (n_pairs,)),
        **dict.fromkeys(("_probA", "_probB"), (0,)),
    }
    for name, shape in shapes.items():
        found = getattr(svm, name)
        _wants(found.shape == shape, f"SVC.{name} of shape {found.shape}; wanted {shape}")
    counts = svm._n_support
    _wants((counts >= 0).all() and counts.sum() == n_vectors, "SVC._n_support that is not the number of vectors")
    _wants(svm.kernel == "rbf" and not svm._sparse and not svm._effective_probability, "another kind of SVC")
    _wants(np.isfinite(svm._gamma), "SVC._gamma that is not finite")


def _check_forest(forest: RandomForestClassifier, n_features: int, n_labels: int) -> None:
    _wants(forest.n_jobs in (None, 1), f"RandomForestClassifier.n_jobs {forest.n_jobs}; wanted 1")
    _wants(forest.estimators_ and forest.n_classes_ == n_labels and forest.n_outputs_ == 1, "a forest of other labels")
    for estimator in forest.estimators_:
        _wants(type(estimator) is DecisionTreeClassifier, "a forest of other things than trees")
        _check_attributes(estimator)
        _check_tree(estimator.tree_, n_features, n_labels)


def _check_tree(tree: Any, n_features: int, n_labels: int) -> None:
    """Check that every branch of a tree leads down to a leaf."""
    n_nodes = tree.node_count
    # Before anything else: the arrays are as long as the count, and the memory as long as the capacity.
    _wants(0 < n_nodes == tree.capacity, f"a tree of {n_nodes} nodes; wanted {tree.capacity}")
    sizes = tree.n_features, tree.n_outputs, tree.max_n_classes
    _wants(sizes == (n_features, 1, n_labels), "a tree of other features or labels")
    left, right, feature = tree.children_left, tree.children_right, tree.feature
    is_leaf = left == -1
    _wants((is_leaf == (right == -1)).all(), "a tree in which a node has one child")
    inner = np.flatnonzero(~is_leaf)
    for children in (left[inner], right[inner]):
        # Numbers that grow from parent to child end at a leaf.
        _wants(
            (children > inner).all() and (children < n_nodes).all(), "a tree in which a node is not below its parent"
        )
    _wants((feature[inner] >= 0).all() and (feature[inner] < n_features).all(), "a tree of features that do not exist")
    _wants(np.isfinite(tree.threshold).all(), "a tree with a threshold that is not finite")
    values = tree.value
    is_share = np.isfinite(values).all() and (values >= 0).all() and (values.sum(axis=(1, 2)) > 0).all()
    _wants(is_share, "a tree with values that are not shares of labels")


def _check_mlp(network: MLPClassifier, n_features: int, n_labels: int) -> None:
    n_outputs = 1 if n_labels == 2 else n_labels
    weights, biases = network.coefs_, network.intercepts_
    sizes = [n_features, *(len(bias) for bias in biases)]
    _wants(network.n_layers_ == len(weights) + 1 == len(biases) + 1, "another number of layers")
    _wants([one.shape for one in weights] == list(itertools.pairwise(sizes)), "layers that do not fit")
    _wants(sizes[-1] == n_outputs, f"{sizes[-1]} outputs; wanted {n_outputs}")
    _wants(all(np.isfinite(one).all() for one in (*weights, *biases)), "weights that are not finite")


def _check_linear(model: LogisticRegression | LinearDiscriminant, n_features: int, n_labels: int) -> None:
    n_rows = 1 if n_labels == 2 else n_labels
    found = model.coef_.shape, model.intercept_.shape
    _wants(found == ((n_rows, n_features), (n_rows,)), f"coefficients of shape {found}")


CHECKS: Mapping[type, Callable[[Any, int, int], None]] = {
    SVC: _check_svm,
    LogisticRegression: _check_linear,
    LinearDiscriminant: _check_linear,
    RandomForestClassifier: _check_forest,
    MLPClassifier: _check_mlp,
}
