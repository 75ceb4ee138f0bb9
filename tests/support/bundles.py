"""Bundles of small classifiers and of untrained networks."""

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ser.core import tables
from ser.models import backend, bundle, classifier_training, networks, neural
from ser.models.backend import keras
from ser.representation import registry
from ser.representation.reading import Representation
from tests.support.learning_tables import training_rows, utterance_table
from tests.support.paths import CONF

SETTINGS: dict[str, dict[str, Any]] = {
    "svm": {"C": 3.0, "gamma": "scale"},
    "logistic_regression": {"C": 0.1},
    "linear_discriminant": {"shrinkage": 0.5, "class_weight": "balanced"},
    "random_forest": {"n_estimators": 20, "min_samples_leaf": 2},
    "mlp": {"hidden_layer_sizes": [16], "alpha": 1.0, "max_iter": 5000},
}

LABELS = ["neutral", "happy", "sad", "verträumt"]  # one beyond the ten
UTTERANCES = utterance_table(4, emotions=LABELS, n_repetitions=1)
ROWS = training_rows(UTTERANCES)
TABLE = Representation(ROWS)
SHAPES: dict[str, tuple[int, ...]] = {  # of a row
    "log_mel": (24, 30),
    "frames": (30, 6),
    "librosa": (6,),
    "yamnet_bands": (64, 96),
    "whisper_states": (75, 512),
}
HISTORY = [{"loss": 1.25, "dev_loss": 1.0, "dev_uar": 0.5}, {"loss": 1.0, "dev_loss": 0.1 + 0.2, "dev_uar": 0.75}]


def trained(name: str = "logistic_regression") -> bundle.Bundle:
    """A bundle of a classifier that was trained on `ROWS`."""
    model = classifier_training.fitted(
        ROWS, UTTERANCES["speaker"], name=name, n_calibration_folds=2, seed=0, **SETTINGS[name]
    )
    return bundle.Bundle(
        model=model,
        labels=LABELS,
        columns=tables.feature_columns(ROWS),
        representation={"name": "librosa", "settings": {"sample_rate": 22050}},
        description={"seed": 0, "speakers": ["ravdess/01"]},
    )


def with_network(name: str, **changes: Any) -> bundle.Bundle:
    """A bundle of the untrained network `name`, as `conf/model` has it, with narrower masks."""
    settings = yaml.safe_load((CONF / "model" / f"{name}.yaml").read_text())["model"] | changes
    if name == "tuned_whisper":  # its settings refer to those of the states
        states = yaml.safe_load((CONF / "whisper_states/base.yaml").read_text())
        settings |= {"encoder": states["model"], "revision": states["revision"], "layer": states["layer"]}
    settings |= {"max_time_mask": 5, "max_band_mask": 5} if "max_time_mask" in settings else {}
    source = settings.pop("representation")
    shape = SHAPES[source]
    moments = np.full(shape[-1], 0.5, np.float32), np.full(shape[-1], 4, np.float32)
    scale = None if registry.definition(source).is_scaled else moments
    keras.utils.set_random_seed(1)
    with backend.initial_weights(1):  # threads that other tests have left draw from the generator that all share
        made = networks.network(**settings, input_shape=shape, n_labels=len(LABELS), standardisation=scale)
    return bundle.Bundle(
        model=neural.NeuralClassifier(made, LABELS, 0.7),
        labels=LABELS,
        columns=tables.feature_columns(ROWS) if source == "librosa" else [],
        representation={"name": source, "settings": {"sample_rate": 16000}},
        description={"seed": 0, "model": {"name": name}, "metrics": {"epoch": 1, "dev_uar": 0.75}},
        history=HISTORY,
    )


def features_for(made: bundle.Bundle) -> Representation:
    """Features for a bundle: the table, or an array of its shape."""
    shape = SHAPES[made.representation["name"]]
    if made.columns:
        return TABLE
    values = np.random.default_rng(0).normal(size=(20, *shape)).astype(np.float32)
    return Representation(ROWS[["utterance", "variant", "emotion"]].iloc[:20], values)


def copy_of(folder: Path, target: Path) -> Path:
    """A copy of a bundle's folder, which a test may change."""
    target.mkdir()
    for path in folder.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target


def described(made: bundle.Bundle) -> dict[str, Any]:
    """Description of the bundle of a network, with the entries that saving adds."""
    return {
        "format": bundle.FORMAT,
        "labels": made.labels,
        "representation": made.representation,
        "columns": made.columns,
        "temperature": getattr(made.model, "temperature", None),
        **made.description,
    }
