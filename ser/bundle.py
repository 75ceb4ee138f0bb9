"""A trained model with all that prediction needs: save, load, predict."""

import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import skops.io

from ser import files

FORMAT = 1
MODEL = "model.skops"
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


@dataclass(frozen=True)
class Bundle:
    """A trained model, and what its input and output mean."""

    model: Any
    """Fitted, with `classes_` and `predict_proba`."""
    labels: list[str]
    """Emotions, in the order of the probabilities."""
    columns: list[str]
    """Features, in the order of the model's input."""
    representation: dict[str, Any]
    """Name and settings of the extraction that makes the features."""
    description: dict[str, Any]
    """Model settings, corpora, seed: what a reader wants to know."""

    def probabilities(self, features: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Probability of each of `labels`, `(n_rows, n_labels)`, for rows of a feature table.

        Raises
        ------
        ValueError
            If the table lacks a feature.
        """
        missing = [column for column in self.columns if column not in features]
        if missing:
            raise ValueError(
                f"the features lack {len(missing)} of the model's {len(self.columns)}, the first is {missing[0]};"
                f" extract {self.representation['name']} with the model's settings"
            )
        probabilities = self.model.predict_proba(features[self.columns].to_numpy(np.float32))
        order = [list(self.model.classes_).index(label) for label in self.labels]
        return np.asarray(probabilities[:, order], np.float64)


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
        skops.io.dump(bundle.model, temporary / MODEL)
        files.write_json(temporary / DESCRIPTION, description)


def load(folder: Path) -> Bundle:
    """Read a bundle; no code of its files runs.

    Raises
    ------
    ValueError
        If there is no bundle, it is of another format, or it holds types that are not trusted.
    """
    if not (folder / DESCRIPTION).is_file() or not (folder / MODEL).is_file():
        raise ValueError(f"no model in {folder} ({DESCRIPTION} and {MODEL}); train one with: dvc repro train")
    try:
        description = files.read_json(folder / DESCRIPTION)
    except ValueError as error:
        raise ValueError(f"{folder / DESCRIPTION} is damaged ({error}); train anew with: dvc repro -f train") from error
    if description.get("format") != FORMAT:
        raise ValueError(f"{folder} has format {description.get('format')}, this version reads {FORMAT}; train anew")
    untrusted = set(skops.io.get_untrusted_types(file=folder / MODEL)) - set(TRUSTED)
    if untrusted:
        raise ValueError(f"{folder / MODEL} holds {', '.join(sorted(untrusted))}, which could run code; not loaded")
    return Bundle(
        model=skops.io.load(folder / MODEL, trusted=list(TRUSTED)),
        labels=description.pop("labels"),
        columns=description.pop("columns"),
        representation=description.pop("representation"),
        description=description,
    )
