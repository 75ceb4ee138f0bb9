"""A trained model with everything that prediction needs: save, load, predict.

Libraries that take a second to import (pandas, scikit-learn, Keras) are imported where they are needed: an exported
network predicts without them.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ser.core import extras, files
from ser.models import bundle_file
from ser.models.bundle_file import BEFORE_REFIT as BEFORE_REFIT
from ser.models.bundle_file import FORMAT as FORMAT
from ser.models.bundle_file import TRAIN as TRAIN
from ser.models.bundle_file import TRAIN_ANEW as TRAIN_ANEW

if TYPE_CHECKING:
    import pandas as pd

    from ser.representation.reading import Representation

DESCRIPTION, read_description = bundle_file.NAME, bundle_file.read
CLASSIFIER = "model.skops"
NETWORK = "model.keras"
LITERT = "model.tflite"
ONNX = "model.onnx"
SAVED_MODEL = "saved_model"  # export for TensorFlow Serving; it is not loaded here
MODELS = (CLASSIFIER, NETWORK, LITERT, ONNX)
HISTORY = "history.csv"  # figures of the epochs of a network
LIBRARIES = ("scikit-learn", "librosa", "numpy", "ai-edge-litert")
CHUNK = 256  # rows of an array that are in memory at once

Probabilities = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Bundle:
    """A trained model with the meaning of its input and output.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> half = SimpleNamespace(classes_=["calm", "sad"], predict_proba=lambda values: np.full((len(values), 2), 0.5))
    >>> bundle = Bundle(half, ["calm", "sad"], ["RMS"], {"name": "librosa", "settings": {}}, {"seed": 0})
    >>> bundle.of_values(np.zeros((1, 1), np.float32)).tolist()
    [[0.5, 0.5]]
    >>> import pandas as pd
    >>> from ser.representation.reading import Representation
    >>> bundle.probabilities(Representation(pd.DataFrame({"RMS": [0.25]})), np.array([0])).tolist()
    [[0.5, 0.5]]
    """

    model: Any
    """Fitted, with `classes_` and `predict_proba`."""
    labels: list[str]
    """Emotions, in the order of the probabilities."""
    columns: list[str]
    """Features in the order of the input; empty if the input is a row of an array."""
    representation: dict[str, Any]
    """Name and settings of the extraction of the features, and `adaptation` if there is any."""
    description: dict[str, Any]
    """Facts for the reader: model settings, corpora, seed."""
    history: Sequence[Mapping[str, float]] = ()
    """Figures of every epoch of the training of a network."""

    def probabilities(self, features: Representation, positions: Indices) -> Probabilities:
        """Probability of each of `labels`, `(n_positions, n_labels)`, for the rows of `features` at `positions`.

        Raises
        ------
        ValueError
            If the features are not those that the model takes.
        """
        array = features.array
        if array is None:
            return self.of_values(self._columns_of(features.rows.iloc[positions]))
        if self.columns and array.shape[1:] != (len(self.columns),):
            raise ValueError(
                f"the features are arrays of shape {array.shape[1:]}, and the model takes {len(self.columns)} columns;"
                f" extract {self.representation['name']} with the model's settings"
            )
        starts = range(0, len(positions), CHUNK)
        parts = [self.of_values(array[positions[start : start + CHUNK]]) for start in starts]
        return np.concatenate([np.empty((0, len(self.labels))), *parts])

    def of_values(self, values: npt.NDArray[np.float32]) -> Probabilities:
        """Probability of each of `labels`, `(n_rows, n_labels)`, for rows of the model's input."""
        order = [list(self.model.classes_).index(label) for label in self.labels]
        return np.asarray(self.model.predict_proba(values)[:, order], np.float64)

    def _columns_of(self, rows: pd.DataFrame) -> npt.NDArray[np.float32]:
        missing = [column for column in self.columns if column not in rows]
        if missing:
            raise ValueError(
                f"the features lack {len(missing)} of the model's {len(self.columns)}, the first is {missing[0]};"
                f" extract {self.representation['name']} with the model's settings"
            )
        return rows[self.columns].to_numpy(np.float32)


def representation_of(section: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of the representation that a bundle keeps: all but the path of the features.

    Examples
    --------
    >>> representation_of({"name": "librosa", "path": "data/librosa_extracted_features.csv", "settings": {}})
    {'name': 'librosa', 'settings': {}}
    """
    return {key: value for key, value in section.items() if key != "path"}


def is_transductive(representation: Mapping[str, Any]) -> bool:
    """True if the features of a bundle are computed from all utterances of a speaker together.

    Examples
    --------
    >>> is_transductive({"name": "librosa", "settings": {}, "adaptation": {"name": "speaker"}})
    True
    """
    return "adaptation" in representation


def any_transductive(models: Path) -> bool:
    """True if a bundle in the folder of all folds takes features that are computed from all utterances of a speaker.

    Examples
    --------
    >>> any_transductive(Path("no_such_folder"))
    False
    """
    folders = (path.parent for path in sorted(models.glob(f"*/{DESCRIPTION}")))
    return any(is_transductive(read_description(folder).get("representation", {})) for folder in folders)


def save(bundle: Bundle, folder: Path) -> None:
    """Write a bundle to `folder`, which appears whole or not at all.

    Examples
    --------
    >>> import pandas as pd
    >>> from tempfile import TemporaryDirectory
    >>> from ser.models import classifier_training
    >>> rows = pd.DataFrame({"utterance": list("1234"), "variant": "original", "synthetic": False})
    >>> rows = rows.assign(emotion=["calm", "sad"] * 2, RMS=[0.1, 0.8, 0.2, 0.9])
    >>> options = {"name": "logistic_regression", "C": 1.0, "n_calibration_folds": 2, "seed": 0}
    >>> model = classifier_training.fitted(rows, pd.Series(["a", "a", "b", "b"]), **options)
    >>> with TemporaryDirectory() as folder:
    ...     save(Bundle(model, ["calm", "sad"], ["RMS"], {"name": "mine", "settings": {}}, {}), Path(folder, "fold_0"))
    ...     found = load(Path(folder, "fold_0"))
    >>> found.of_values(np.array([[0.0], [1.0]], np.float32)).argmax(axis=1).tolist()
    [0, 1]
    """
    description = {
        "format": FORMAT,
        "labels": bundle.labels,
        "representation": bundle.representation,
        **bundle.description,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "columns": bundle.columns,
    }
    with files.replacing(folder) as temporary:
        temporary.mkdir()
        if bundle.history:
            import pandas as pd

            from ser.core import tables
            from ser.models import backend

            bundle.model.network.save(temporary / NETWORK)
            tables.write(pd.DataFrame(bundle.history), temporary / HISTORY)
            description["temperature"] = bundle.model.temperature
            description["versions"] |= backend.versions()
        else:
            from ser.models import skops_files
            from ser.models.canonical_archive import canonical

            (temporary / CLASSIFIER).write_bytes(canonical(skops_files.library().dumps(bundle.model)))
        bundle_file.write(description, temporary)


def load(folder: Path) -> Bundle:
    """Read a bundle or an exported model; no code of its files runs.

    Raises
    ------
    ValueError
        If there is no bundle, it has another format, is damaged, or has types that are not trusted.

    Examples
    --------
    >>> load(Path("no_such_folder"))
    Traceback (most recent call last):
    ValueError: no model in no_such_folder (bundle.json); train one with: dvc repro train
    """
    description = read_description(folder)
    if "members" in description:
        raise ValueError(f"{folder} holds an ensemble; load it with ser.models.ensembles")
    found = [name for name in MODELS if (folder / name).is_file()]
    if description.get("export") == {"format": SAVED_MODEL}:
        raise ValueError(
            f"{folder} is an export for TensorFlow Serving; to predict here, name the folder litert beside it"
        )
    if not found:
        raise ValueError(f"no model in {folder} ({NETWORK} or {CLASSIFIER}); {TRAIN}")
    try:
        labels, columns, representation = (description.pop(name) for name in ("labels", "columns", "representation"))
        model = _model(folder / found[0], labels, description)
        _check_fit(folder, model, labels, columns)
        history = _history(folder / HISTORY) if found[0] == NETWORK else ()
    except (OSError, KeyError) as error:
        raise ValueError(f"{folder} is damaged ({type(error).__name__}: {error}); {TRAIN_ANEW}") from error
    return Bundle(model, labels, columns, representation, description, history)


def _check_fit(folder: Path, model: Any, labels: list[str], columns: list[str]) -> None:
    """Check that a model has the labels and, where it states their number, the columns of its description.

    Raises
    ------
    ValueError
        If it has others.
    """
    network = getattr(model, "network", None)
    n_outputs = len(labels) if network is None else network.output_shape[-1]
    if sorted(map(str, model.classes_)) != sorted(labels) or n_outputs != len(labels):
        known = f"{n_outputs} outputs" if network is not None else ", ".join(map(str, model.classes_))
        raise ValueError(
            f"{folder / DESCRIPTION} is damaged: labels is {labels}, and the model has {known}; {bundle_file.REMEDY}"
        )
    n_columns = getattr(model, "n_features_in_", len(columns))
    if n_columns != len(columns):
        raise ValueError(
            f"{folder / DESCRIPTION} is damaged: columns has {len(columns)} items, and the model takes {n_columns}"
            f" features; {bundle_file.REMEDY}"
        )


def _model(path: Path, labels: list[str], description: dict[str, Any]) -> Any:
    """Load the model in the file `path`; remove from `description` the entries that only the model needs."""
    if path.name == CLASSIFIER:
        from ser.models import classifier_reading

        return classifier_reading.loaded(path)
    if path.name == ONNX:
        from ser.models import onnx

        return onnx.loaded(path, labels)
    if description.get("temperature") is None:
        raise ValueError(f"{path.parent / DESCRIPTION} is damaged: temperature is missing; {bundle_file.REMEDY}")
    temperature = description.pop("temperature")
    if path.name == LITERT:
        from ser.models import litert

        return litert.loaded(path, labels, temperature)
    extras.check("keras", otherwise=f"; or export it where Keras is installed: ser export {path.parent}")
    from ser.models import neural

    return neural.NeuralClassifier(neural.loaded(path), labels, temperature)


def _history(path: Path) -> Sequence[Mapping[str, float]]:
    import pandas as pd

    history: list[Any] = pd.read_csv(path).to_dict("records")
    return history
