"""A study that runs in seconds: synthetic tables and array, two folds, the stages in one process."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from ser.core import tables
from ser.representation import arrays, reading
from stages import balance, evaluate, train, train_member
from tests.support import empty_pictures
from tests.support.learning_tables import feature_table, utterance_table
from tests.support.shared import made_once
from tests.support.training_settings import OPTIONS, RULES

FOUR = ("neutral", "happy", "sad", "abwägend")  # one beyond the ten
UTTERANCES = utterance_table(4, emotions=FOUR, n_repetitions=1)  # 14 per speaker, 2 of them neutral
SHAPE = (8, 12)  # bands, frames
PATHS = {"log_mel": "data/log_mel", "librosa": "data/librosa_extracted_features.csv"}

EPOCHS: dict[str, Any] = RULES | OPTIONS | {"max_epochs": 3, "batch_size": 16}
REFIT = {"refit": True, "n_calibration_folds": 2, "calibration": "speakers"}
MODELS: Mapping[str, dict[str, Any]] = {
    "svm": {
        "model": {"name": "svm", "representation": "librosa", "C": 1.0, "gamma": "scale"},
        "training": REFIT,
        "balance": {"name": "smote", "k_neighbors": 2},
    },
    "dnn": {
        "model": {"name": "dnn", "representation": "librosa", "dense_units": [8], "dropouts": [0.2]},
        "training": EPOCHS,
        "balance": {"name": "smote", "k_neighbors": 2},
    },
    "cnn": {
        "model": {"name": "cnn", "representation": "log_mel", "filters": [4], "dense_units": 8, "dropout": 0.2},
        "training": EPOCHS | {"learning_rate": 0.3},  # so high that the last epoch is not the best
        "balance": {"name": "random_oversampler"},
    },
}


def sections(name: str) -> dict[str, Any]:
    """Sections that a file of `conf/model` sets: model, training, balancing and representation."""
    found = {key: dict(value) for key, value in MODELS[name].items()}
    source = found["model"]["representation"]
    settings = {"name": f"small_{source}"}
    return {**found, "representation": {"name": source, "path": PATHS[source], "settings": settings}}


def configuration(name: str, *members: str) -> dict[str, Any]:
    """All parameters of a study of the model `name`, or of an ensemble of `members`."""
    own = sections(name) if not members else sections("svm") | {"model": {"name": name, "representation": "librosa"}}
    return {
        **own,
        "members": {member: sections(member) for member in members},
        "model_input": "data/members" if members else own["representation"]["path"],
        "partition": {"name": "speaker_folds", "n_folds": 2},
        "evaluation": {"test": True, "n_resamples": 50, "n_bins": 5},
        "seed": 0,
        "tables": {"format": "csv"},
    }


def by_speaker(*folds: Mapping[str, str], utterances: pd.DataFrame = UTTERANCES) -> pd.DataFrame:
    """Partitions by speaker, as `{"01": "test"}`; the other speakers are in training."""
    number = utterances["speaker"].str.rpartition("/")[2]
    parts = [
        pd.DataFrame(
            {"fold": fold, "utterance": utterances["utterance"], "partition": number.map(sides).fillna("train")}
        )
        for fold, sides in enumerate(folds)
    ]
    return pd.concat(parts, ignore_index=True)


TWO_FOLDS = by_speaker({"01": "test", "02": "dev"}, {"03": "test", "04": "dev"})


def spectrograms(utterances: pd.DataFrame = UTTERANCES, *, seed: int = 0) -> np.ndarray:
    """A pattern for each emotion plus noise, `(n_utterances, *SHAPE)`."""
    random = np.random.default_rng(seed)
    pattern = {emotion: random.normal(size=SHAPE) for emotion in FOUR}
    values = np.stack([pattern[emotion] for emotion in utterances["emotion"]])
    return (values + random.normal(0, 1, values.shape)).astype(np.float32)


def features_of(utterances: pd.DataFrame) -> pd.DataFrame:
    """Table of features, two of which have the names of descriptors."""
    return feature_table(utterances).rename(columns={"feature_4": "RMS", "feature_5": "Pitch"})


def write_tables(
    config: Mapping[str, Any],
    *,
    partitions: pd.DataFrame = TWO_FOLDS,
    utterances: pd.DataFrame = UTTERANCES,
    array: np.ndarray | None = None,
) -> None:
    """Write the parameters and the outputs of the stages before `balance` to the working folder."""
    write_params(config)
    tables.write(utterances, train.UTTERANCES)
    tables.write(partitions, train.PARTITIONS)
    tables.write(features_of(utterances), Path(PATHS["librosa"]))
    keys = utterances[["utterance", "emotion"]].assign(variant=tables.ORIGINAL)
    arrays.write(Path(PATHS["log_mel"]), keys, spectrograms(utterances) if array is None else array)


def write_params(config: Mapping[str, Any]) -> None:
    Path("params.yaml").write_text(yaml.safe_dump(dict(config), sort_keys=False))


def trained(shared: Path, name: str, *members: str) -> Path:
    """Folder of the study `configuration(name, *members)`, as its stages leave it; it is made once."""

    def make(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            write_tables(configuration(name, *members))
            run_stages(*members)

    return made_once(shared / "-".join(("small_study", name, *members)), make)


def run_stages(*members: str) -> None:
    """Train the members of an ensemble, if it is one; balance, train and evaluate, all in the working folder."""
    with pytest.MonkeyPatch.context() as patch:
        train_in_this_process(patch)
        for member in members:
            train_member.main(member)
        balance.main()
        train.main()
    with empty_pictures.saved():
        evaluate.main()


def train_in_this_process(patch: pytest.MonkeyPatch) -> None:
    """Train folds of networks one after the other, as on an accelerator: another process takes seconds to begin."""
    patch.setattr("ser.models.backend.on_cpu", lambda: False)


def input_of(config: Mapping[str, Any], folder: Path) -> reading.Representation:
    """The representation that the model of `config` in `folder` takes."""
    return reading.read(folder / config["representation"]["path"])


def originals(utterance: Sequence[str] | pd.Series) -> pd.DataFrame:
    """Keys of original recordings."""
    return pd.DataFrame({"utterance": list(utterance), "variant": tables.ORIGINAL})
