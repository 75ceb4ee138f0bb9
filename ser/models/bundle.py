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

from ser.core import files

if TYPE_CHECKING:
    import pandas as pd

    from ser.representation.reading import Representation

FORMAT = 1
CLASSIFIER = "model.skops"
NETWORK = "model.keras"
LITERT = "model.tflite"
ONNX = "model.onnx"
SAVED_MODEL = "saved_model"  # export for TensorFlow Serving; it is not loaded here
MODELS = (CLASSIFIER, NETWORK, LITERT, ONNX)
HISTORY = "history.csv"  # figures of the epochs of a network
DESCRIPTION = "bundle.json"
BEFORE_REFIT = "before_refit"  # bundle trained on train alone, inside the one that was trained on train and dev
LIBRARIES = ("scikit-learn", "librosa", "numpy", "ai-edge-litert")
TRAIN, TRAIN_ANEW = "train one with: dvc repro train", "train anew with: dvc repro -f train"
CHUNK = 256  # rows of an array that are in memory at once

Probabilities = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Bundle:
    """A trained model with the meaning of its input and output."""

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
    """True if a bundle in the folder of all folds takes features that are computed from all utterances of a speaker."""
    folders = (path.parent for path in sorted(models.glob(f"*/{DESCRIPTION}")))
    return any(is_transductive(read_description(folder).get("representation", {})) for folder in folders)


def save(bundle: Bundle, folder: Path) -> None:
    """Write a bundle to `folder`, which appears whole or not at all."""
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
            import skops.io

            from ser.models.canonical_archive import canonical

            (temporary / CLASSIFIER).write_bytes(canonical(skops.io.dumps(bundle.model)))
        files.write_json(temporary / DESCRIPTION, description)


def load(folder: Path) -> Bundle:
    """Read a bundle or an exported model; no code of its files runs.

    Raises
    ------
    ValueError
        If there is no bundle, it has another format, is damaged, or has types that are not trusted.
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
        history = _history(folder / HISTORY) if found[0] == NETWORK else ()
    except (OSError, KeyError) as error:
        raise ValueError(f"{folder} is damaged ({type(error).__name__}: {error}); {TRAIN_ANEW}") from error
    return Bundle(model, labels, columns, representation, description, history)


def _model(path: Path, labels: list[str], description: dict[str, Any]) -> Any:
    """Load the model in the file `path`; remove from `description` the entries that only the model needs."""
    if path.name == CLASSIFIER:
        from ser.models import classifier_reading

        return classifier_reading.loaded(path)
    if path.name == ONNX:
        from ser.models import onnx

        return onnx.loaded(path, labels)
    temperature = description.pop("temperature")
    if path.name == LITERT:
        from ser.models import litert

        return litert.loaded(path, labels, temperature)
    from ser.models import neural

    return neural.NeuralClassifier(neural.loaded(path), labels, temperature)


def _history(path: Path) -> Sequence[Mapping[str, float]]:
    import pandas as pd

    history: list[Any] = pd.read_csv(path).to_dict("records")
    return history


def read_description(folder: Path) -> dict[str, Any]:
    """Read the description of a bundle.

    Raises
    ------
    ValueError
        If there is no bundle, its description is damaged, or has another format.
    """
    path = folder / DESCRIPTION
    if not path.is_file():
        raise ValueError(f"no model in {folder} ({DESCRIPTION}); {TRAIN}")
    try:
        description: dict[str, Any] = files.read_json(path)
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}); {TRAIN_ANEW}") from error
    if not isinstance(description, dict):
        raise ValueError(f"{path} is damaged (no object); {TRAIN_ANEW}")
    if description.get("format") != FORMAT:
        raise ValueError(f"{folder} has format {description.get('format')}, this version reads {FORMAT}; train anew")
    return description
