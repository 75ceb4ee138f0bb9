"""A trained model with all that prediction needs: save, load, predict."""

import platform
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import skops.io

from ser import files, tables
from ser.features.representation import Representation

FORMAT = 1
CLASSIFIER = "model.skops"
NETWORK = "model.keras"
HISTORY = "history.csv"  # of a network
DESCRIPTION = "bundle.json"
BEFORE_REFIT = "before_refit"  # the bundle that learned from train alone, inside the one that learned from dev too
LIBRARIES = ("scikit-learn", "librosa", "numpy", "tensorflow-hub")
# Types of scikit-learn that skops does not trust by itself; anything else in a file is refused, since loading it could
# run code. A forged tree could crash the process, not more.
TRUSTED = (
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
)
TRAIN, TRAIN_ANEW = "train one with: dvc repro train", "train anew with: dvc repro -f train"
CHUNK = 256  # rows of an array that are in memory at once

Probabilities = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Bundle:
    """A trained model, and what its input and output mean."""

    model: Any
    """Fitted, with `classes_` and `predict_proba`."""
    labels: list[str]
    """Emotions, in the order of the probabilities."""
    columns: list[str]
    """Features, in the order of the model's input; none where that is a row of an array."""
    representation: dict[str, Any]
    """Name and settings of the extraction that makes the features."""
    description: dict[str, Any]
    """Model settings, corpora, seed: what a reader wants to know."""
    history: Sequence[Mapping[str, float]] = ()
    """Figures of every epoch of a network's training."""

    def probabilities(self, features: Representation, positions: Indices) -> Probabilities:
        """Probability of each of `labels`, `(n_positions, n_labels)`, for the rows of `features` at `positions`.

        Raises
        ------
        ValueError
            If the features are not those of the model.
        """
        array = features.array
        if array is None:
            return self._ordered(self._columns_of(features.rows.iloc[positions]))
        if self.columns and array.shape[1:] != (len(self.columns),):
            raise ValueError(
                f"the features are arrays of shape {array.shape[1:]}, and the model takes {len(self.columns)} columns;"
                f" extract {self.representation['name']} with the model's settings"
            )
        starts = range(0, len(positions), CHUNK)
        parts = [self._ordered(array[positions[start : start + CHUNK]]) for start in starts]
        return np.concatenate([np.empty((0, len(self.labels))), *parts])

    def _ordered(self, values: npt.NDArray[np.float32]) -> Probabilities:
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
            from ser.models import backend  # Keras takes seconds to import, which no classifier needs

            bundle.model.network.save(temporary / NETWORK)
            tables.write(pd.DataFrame(bundle.history), temporary / HISTORY)
            description["temperature"] = bundle.model.temperature
            description["versions"] |= backend.versions()
        else:
            skops.io.dump(bundle.model, temporary / CLASSIFIER)
        files.write_json(temporary / DESCRIPTION, description)


def load(folder: Path) -> Bundle:
    """Read a bundle; no code of its files runs.

    Raises
    ------
    ValueError
        If there is no bundle, it is of another format, damaged, or it holds types that are not trusted.
    """
    description = read_description(folder)
    if "members" in description:
        raise ValueError(f"{folder} holds an ensemble; load it with ser.ensembles")
    if not (folder / NETWORK).is_file() and not (folder / CLASSIFIER).is_file():
        raise ValueError(f"no model in {folder} ({NETWORK} or {CLASSIFIER}); {TRAIN}")
    try:
        labels, columns, representation = (description.pop(name) for name in ("labels", "columns", "representation"))
        if (folder / CLASSIFIER).is_file():
            return Bundle(_classifier(folder / CLASSIFIER), labels, columns, representation, description)
        model = _network(folder / NETWORK, labels, description.pop("temperature"))
        history: list[Any] = pd.read_csv(folder / HISTORY).to_dict("records")
    except (OSError, KeyError) as error:
        raise ValueError(f"{folder} is damaged ({type(error).__name__}: {error}); {TRAIN_ANEW}") from error
    return Bundle(model, labels, columns, representation, description, history)


def read_description(folder: Path) -> dict[str, Any]:
    """What a bundle says of itself.

    Raises
    ------
    ValueError
        If there is no bundle, its description is damaged, or it is of another format.
    """
    path = folder / DESCRIPTION
    if not path.is_file():
        raise ValueError(f"no model in {folder} ({DESCRIPTION}); {TRAIN}")
    try:
        description: dict[str, Any] = files.read_json(path)
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}); {TRAIN_ANEW}") from error
    if description.get("format") != FORMAT:
        raise ValueError(f"{folder} has format {description.get('format')}, this version reads {FORMAT}; train anew")
    return description


def _classifier(path: Path) -> Any:
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is damaged (no zip archive); {TRAIN_ANEW}")
    untrusted = set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED)
    if untrusted:
        raise ValueError(f"{path} holds {', '.join(sorted(untrusted))}, which could run code; not loaded")
    return skops.io.load(path, trusted=list(TRUSTED))


def _network(path: Path, labels: list[str], temperature: float) -> Any:
    from ser.models import neural

    return neural.NeuralClassifier(neural.loaded(path), labels, temperature)
