"""Files of classifiers: forged trees, vectors and layers are refused before they can crash or hang the process."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io

from ser.core import bounds
from ser.models import classifier_reading, classifier_training
from tests.support.bundles import SETTINGS
from tests.support.learning_tables import training_rows, utterance_table

UTTERANCES = utterance_table(4, emotions=("neutral", "happy", "sad"), n_repetitions=1)
ROWS = training_rows(UTTERANCES)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one file of each classifier."""
    folder = tmp_path_factory.mktemp("stored")
    for name, settings in SETTINGS.items():
        model = classifier_training.fitted(
            ROWS, UTTERANCES["speaker"], name=name, n_calibration_folds=2, seed=0, **settings
        )
        skops.io.dump(model, folder / f"{name}.skops")
    return folder


def parts(model: Any) -> dict[str, Any]:
    """The objects in a calibrated classifier, by short names."""
    (calibrated,) = model.calibrated_classifiers_
    (_, scaler), (_, classifier) = calibrated.estimator.steps
    return {"model": model, "temperature": calibrated.calibrators[0], "scaler": scaler, "classifier": classifier}


def forged(name: str, stored: Path, target: Path, change: Callable[..., object]) -> Path:
    """A file of the classifier `name` after `change` of its parts."""
    model = classifier_reading.loaded(stored / f"{name}.skops")
    change(**parts(model))
    skops.io.dump(model, target)
    return target


@pytest.mark.parametrize("name", SETTINGS)
def test_a_trained_classifier_is_read(name: str, stored: Path) -> None:
    model = classifier_reading.loaded(stored / f"{name}.skops")
    assert model.classes_.tolist() == ["happy", "neutral", "sad"]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_classifier_of_two_emotions_is_read(name: str, tmp_path: Path) -> None:
    two = ROWS[ROWS["emotion"] != "sad"]
    speaker = UTTERANCES.set_index("utterance")["speaker"].reindex(two["utterance"]).reset_index(drop=True)
    model = classifier_training.fitted(
        two.reset_index(drop=True), speaker, name=name, n_calibration_folds=2, seed=0, **SETTINGS[name]
    )
    skops.io.dump(model, tmp_path / "two.skops")
    assert len(classifier_reading.loaded(tmp_path / "two.skops").classes_) == 2


# trees


def nodes(change: Callable[[Any], object]) -> Callable[..., None]:
    """Change of the nodes of the first tree; `inner` is the number of one of its inner nodes."""

    def changed(classifier: Any, **_: Any) -> None:
        tree = classifier.estimators_[0].tree_
        state = tree.__getstate__()
        change(state["nodes"])
        tree.__setstate__(state)

    return changed


def set_node(field: str, value: float) -> Callable[..., None]:
    return nodes(lambda rows: rows[field].__setitem__(0, value))


def set_values(value: float) -> Callable[..., None]:
    def changed(classifier: Any, **_: Any) -> None:
        classifier.estimators_[0].tree_.value[-1] = value

    return changed


BELOW = "a tree in which a node is not below its parent"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (set_node("left_child", 2**40), BELOW),
        (set_node("right_child", -(2**40)), BELOW),
        (set_node("left_child", 0), BELOW),  # its own parent: prediction would not end
        (nodes(lambda rows: rows["right_child"].__setitem__(rows["left_child"][0], 0)), "node"),
        (set_node("left_child", -1), "a tree in which a node has one child"),
        (set_node("feature", 2**31), "features that do not exist"),
        (set_node("feature", -2), "features that do not exist"),
        (set_node("threshold", np.nan), "a threshold that is not finite"),
        (set_node("threshold", np.inf), "a threshold that is not finite"),
        (set_values(np.nan), "values that are not shares of labels"),
        (set_values(-1.0), "values that are not shares of labels"),
        (set_values(0.0), "values that are not shares of labels"),
    ],
)
def test_a_forged_tree_is_refused(change: Callable[..., None], named: str, stored: Path, tmp_path: Path) -> None:
    path = forged("random_forest", stored, tmp_path / "forged.skops", change)
    with pytest.raises(ValueError, match=rf"forged\.skops is damaged \(.*{named}.*\); train anew with: dvc repro -f"):
        classifier_reading.loaded(path)


def with_schema(path: Path, target: Path, change: Callable[[Any], object], **members: bytes) -> Path:
    """A copy of a file with its description changed, and with other parts."""
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(target, "w") as changed:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "schema.json":
                schema = json.loads(content)
                content = json.dumps(change(schema) or schema).encode()
            changed.writestr(name, content)
        for name, content in members.items():
            changed.writestr(name, content)
    return target


def tree_of(schema: Any) -> dict[str, Any]:
    """Description of the first tree."""
    return next(node for node in classifier_reading._nodes(schema) if node["__class__"] == "Tree")


def set_count(schema: Any) -> None:
    tree_of(schema)["content"]["content"]["node_count"] |= {"content": "1", "__id__": 1}


def set_outputs(schema: Any) -> None:
    args = tree_of(schema)["__reduce__"]["args"]
    args["__id__"] = 2
    args["content"][2] |= {"content": "100000000", "__id__": 1}


def set_outputs_by_number(schema: Any) -> None:
    """The sizes look right, and have the number of others that were made before."""
    args = tree_of(schema)["__reduce__"]["args"]
    other = json.loads(json.dumps(args)) | {"__id__": 2}
    other["content"][2] |= {"content": "100000000", "__id__": 1}
    schema["content"]["content"] = {"other": other} | schema["content"]["content"]
    args["__id__"] = 2


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (set_count, "a tree of 1 nodes"),
        (set_outputs, "a tree has 100000000 outputs; wanted 1"),
        (set_outputs_by_number, "two different objects have one number"),
        (lambda schema: tree_of(schema)["__reduce__"].clear(), "a tree has no sizes"),
    ],
)
def test_forged_sizes_of_a_tree_are_refused(
    change: Callable[[Any], None], named: str, stored: Path, tmp_path: Path
) -> None:
    path = with_schema(stored / "random_forest.skops", tmp_path / "forged.skops", change)
    with pytest.raises(ValueError, match=rf"forged\.skops is damaged \(.*{named}"):
        classifier_reading.loaded(path)


# other values


def assign(part: str, name: str, change: Callable[[Any], Any]) -> Callable[..., None]:
    def changed(**objects: Any) -> None:
        setattr(objects[part], name, change(getattr(objects[part], name)))

    return changed


def cut(values: Any) -> Any:
    return values[:-1].copy()


def to_nan(values: Any) -> Any:
    return np.full_like(values, np.nan)


@pytest.mark.parametrize(
    ("name", "change", "named"),
    [
        ("svm", assign("classifier", "_n_support", lambda counts: counts * 1000), "_n_support that is not the number"),
        (
            "svm",
            assign("classifier", "_n_support", lambda counts: counts + np.int32([-900, 0, 900])),
            "_n_support that",
        ),
        ("svm", assign("classifier", "_n_support", cut), r"SVC\._n_support of shape \(2,\); wanted \(3,\)"),
        ("svm", assign("classifier", "_dual_coef_", cut), r"SVC\._dual_coef_ of shape"),
        ("svm", assign("classifier", "support_vectors_", cut), r"SVC\.support_vectors_ of shape"),
        ("svm", assign("classifier", "_intercept_", cut), r"SVC\._intercept_ of shape"),
        ("svm", assign("classifier", "_probA", lambda _: np.zeros(9)), r"SVC\._probA of shape"),
        ("svm", assign("classifier", "kernel", lambda _: "precomputed"), "another kind of SVC"),
        ("svm", assign("classifier", "_sparse", lambda _: True), "another kind of SVC"),
        ("svm", assign("classifier", "_impl", lambda _: "nu_svr"), "an attribute _impl in place of one of SVC"),
        ("svm", assign("classifier", "_gamma", lambda _: np.float64("nan")), r"SVC\._gamma that is not finite"),
        ("svm", assign("classifier", "support_vectors_", to_nan), r"SVC\.support_vectors_ that are not finite"),
        ("svm", assign("scaler", "scale_", to_nan), r"StandardScaler\.scale_ that are not finite"),
        ("svm", assign("scaler", "mean_", cut), "a scaler of another number of features"),
        ("svm", assign("temperature", "beta_", lambda _: np.float64("inf")), "a temperature of 1 / inf"),
        ("svm", assign("model", "classes_", lambda _: np.arange(3)), "no names of emotions"),
        ("svm", assign("model", "calibrated_classifiers_", lambda _: []), "not enough values"),
        ("svm", assign("model", "n_features_in_", lambda _: 7), "of another number of features"),
        ("logistic_regression", assign("classifier", "coef_", cut), "coefficients of shape"),
        ("linear_discriminant", assign("classifier", "coef_", cut), "coefficients of shape"),
        ("linear_discriminant", assign("classifier", "intercept_", to_nan), "not finite"),
        ("mlp", assign("classifier", "coefs_", lambda found: found[:1]), "another number of layers"),
        ("mlp", assign("classifier", "coefs_", lambda found: [found[0], found[1].T]), "layers that do not fit"),
        (
            "mlp",
            assign("classifier", "intercepts_", lambda found: [*map(to_nan, found)]),
            "weights that are not finite",
        ),
        ("mlp", assign("classifier", "activation", lambda _: "other"), "other"),
        ("random_forest", assign("classifier", "n_jobs", lambda _: 10**6), "n_jobs 1000000; wanted 1"),
        ("random_forest", assign("classifier", "estimators_", lambda _: []), "a forest of other labels"),
        ("random_forest", assign("classifier", "n_classes_", lambda _: 10**9), "a forest of other labels"),
    ],
)
def test_forged_values_are_refused(
    name: str, change: Callable[..., None], named: str, stored: Path, tmp_path: Path
) -> None:
    path = forged(name, stored, tmp_path / "forged.skops", change)
    with pytest.raises(ValueError, match=rf"forged\.skops is damaged.*({named}).*; train anew with"):
        classifier_reading.loaded(path)


# files that are larger or other than they seem


def nested_text(schema: Any) -> None:
    node = next(node for node in classifier_reading._nodes(schema) if node["__loader__"] == "JsonNode")
    node |= {"content": "[" * 100_000, "__id__": 1}


def array_as_list(schema: Any) -> None:
    node = next(node for node in classifier_reading._nodes(schema) if node["__loader__"] == "NdArrayNode")
    node |= {"type": "json", "__id__": 1}


@pytest.mark.parametrize(
    ("change", "members", "named"),
    [
        (nested_text, {}, "a plain value holds others"),
        (array_as_list, {}, "an array is not stored as numbers"),
        (lambda _: None, {"matrix.npz": b"PK"}, r"it holds the file 'matrix\.npz'; wanted schema\.json and arrays"),
        (lambda schema: {"content": deep(schema)}, {}, r"schema\.json has more than 100 objects inside each other"),
    ],
)
def test_other_content_is_refused(
    change: Callable[[Any], object], members: dict[str, bytes], named: str, stored: Path, tmp_path: Path
) -> None:
    path = with_schema(stored / "svm.skops", tmp_path / "forged.skops", change, **members)
    with pytest.raises(ValueError, match=rf"forged\.skops is damaged \({named}"):
        classifier_reading.loaded(path)


def deep(content: Any) -> Any:
    for _ in range(200):
        content = [content]
    return content


def test_an_archive_that_unpacks_to_too_much_is_refused(
    stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = with_schema(stored / "svm.skops", tmp_path / "forged.skops", lambda _: None, **{"more.npy": bytes(2**22)})
    monkeypatch.setattr(bounds, "MAX_SIZE", 2**21)
    with pytest.raises(ValueError, match=r"forged\.skops holds 4 MiB when it is unpacked; the limit is 2 MiB"):
        classifier_reading.loaded(path)


def test_an_array_that_declares_more_than_it_holds_is_refused(stored: Path, tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (2**50,)})
    with zipfile.ZipFile(stored / "svm.skops") as archive:
        arrays = {name: header.getvalue() for name in archive.namelist() if name.endswith(".npy")}
        schema = archive.read("schema.json")
    with zipfile.ZipFile(tmp_path / "forged.skops", "w") as changed:
        for name, content in (arrays | {"schema.json": schema}).items():
            changed.writestr(name, content)
    with pytest.raises(ValueError, match=r"forged\.skops is damaged"):
        classifier_reading.loaded(tmp_path / "forged.skops")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
def test_a_file_that_is_no_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.skops").write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.skops is damaged \(.*\); train anew with"):
        classifier_reading.loaded(tmp_path / "model.skops")
