"""Protocols without a leak, and protocols that leak as some publications do.

An arrangement contains the tables that the stages partition and balance make, and the synthetic or augmented rows that
a leaky protocol tests as if they were recordings.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from ser.core.tables import ORIGINAL, feature_columns
from ser.models import bundle
from ser.models.prediction import in_order, with_predictions
from ser.protocol import balancing, partitions, references
from ser.study import Study, predictions_of_rows, saved_model

N_FOLDS = 5  # folds of speakers
N_SPLITS = 5  # random splits, one per fold, equal for all protocols; a single one has few test utterances
FRACTIONS = {"test_fraction": 0.15, "dev_fraction": 0.15}
K_NEIGHBORS = 5
FACTS = ["corpus", "speaker", "sex", "intensity"]


@dataclass(frozen=True)
class Arrangement:
    """Training and test rows under a protocol."""

    utterances: pd.DataFrame
    features: pd.DataFrame
    """Features of every utterance and variant."""
    partitions: pd.DataFrame
    balanced: pd.DataFrame
    """Training rows of every fold."""
    made: pd.DataFrame
    """Synthetic and augmented rows that are tested: fold, utterance (its origin), variant, emotion, features."""


def arranged(
    name: str, utterances: pd.DataFrame, features: pd.DataFrame, *, balance: Mapping[str, Any], seed: int
) -> Arrangement:
    """Partition and balance by the protocol `name`.

    Parameters
    ----------
    features
        A feature table with augmented variants, which only `leaky_augmentation` uses.
    balance
        Name and settings of how training rows are balanced.

    Raises
    ------
    ValueError
        If the protocol is unknown, or these utterances do not allow it.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": list("abcdef"), "speaker": list("ppqqrr")})
    >>> utterances = utterances.assign(corpus="x", sex="male", emotion=["sad", "calm"] * 3)
    >>> utterances = utterances.assign(audio_hash=list("uvwxyz"), duplicate_of=None)
    >>> features = utterances[["utterance", "emotion"]].assign(variant="original", RMS=0.5)
    >>> arrangement = arranged("leave_one_speaker_out", utterances, features, balance={"name": "none"}, seed=0)
    >>> arrangement.partitions["fold"].nunique()
    3
    """
    if name not in PROTOCOLS:
        raise ValueError(f"unknown protocol {name!r}; it is one of {', '.join(PROTOCOLS)}")
    if name != "leaky_augmentation":
        features = features[features["variant"] == ORIGINAL].reset_index(drop=True)
    return PROTOCOLS[name](utterances, features, balance, seed)


def leave_one_speaker_out(
    utterances: pd.DataFrame, features: pd.DataFrame, balance: Mapping[str, Any], seed: int
) -> Arrangement:
    """Test every speaker once, by a model that was trained on all others."""
    table = partitions.partition_table(utterances, name="leave_one_speaker_out", seed=seed)
    return _balanced_by_fold(utterances, features, table, balance, seed)


def speaker_folds(
    utterances: pd.DataFrame, features: pd.DataFrame, balance: Mapping[str, Any], seed: int
) -> Arrangement:
    """Test every speaker once, in `N_FOLDS` folds, or fewer if there are fewer speakers."""
    n_folds = min(N_FOLDS, utterances["speaker"].nunique())
    table = partitions.partition_table(utterances, name="speaker_folds", n_folds=n_folds, seed=seed)
    return _balanced_by_fold(utterances, features, table, balance, seed)


def random(utterances: pd.DataFrame, features: pd.DataFrame, balance: Mapping[str, Any], seed: int) -> Arrangement:
    """Split the utterances at random: test speakers are also in training, and nothing else leaks."""
    parts = [
        partitions.partition_table(utterances, name="random", seed=seed + fold, **FRACTIONS).assign(fold=fold)
        for fold in range(N_SPLITS)
    ]
    return _balanced_by_fold(utterances, features, pd.concat(parts, ignore_index=True), balance, seed)


def leaky_smote(utterances: pd.DataFrame, features: pd.DataFrame, balance: Mapping[str, Any], seed: int) -> Arrangement:
    """Apply SMOTE to the whole corpus, then split its rows at random: synthetic rows interpolate training and test."""
    k_neighbors = balance.get("k_neighbors", K_NEIGHBORS)
    rows = balancing.balanced(features, name="smote", k_neighbors=k_neighbors, seed=seed)
    return _split_by_rows(utterances, features, rows, seed)


def leaky_augmentation(
    utterances: pd.DataFrame, features: pd.DataFrame, balance: Mapping[str, Any], seed: int
) -> Arrangement:
    """Augment the whole corpus, then split its rows at random: variants of test recordings are in training.

    Raises
    ------
    ValueError
        If the features have no augmented variants.
    """
    if (features["variant"] == ORIGINAL).all():
        raise ValueError(
            "leaky_augmentation needs augmented variants, and the features have none; compose the study's params.yaml"
            " with augmentation=waveform"
        )
    return _split_by_rows(
        utterances,
        features,
        features.assign(synthetic=False),
        seed,
        lambda training: balancing.balanced(training.drop(columns="synthetic"), **balance, seed=seed),
    )


def leaky_duplicates(
    utterances: pd.DataFrame, features: pd.DataFrame, balance: Mapping[str, Any], seed: int
) -> Arrangement:
    """Copy every recording, then split at random: copies of test recordings are in training.

    An archive that was unpacked twice has the same effect.
    """
    copies = utterances.assign(utterance=utterances["utterance"] + "+copy", duplicate_of=utterances["utterance"])
    twice = pd.concat([utterances, copies]).sort_values("utterance", ignore_index=True)
    doubled = pd.concat([features, features.assign(utterance=features["utterance"] + "+copy")], ignore_index=True)
    table = _random_splits(twice.assign(duplicate_of=None), seed)
    return _balanced_by_fold(twice, doubled, table, balance, seed)


PROTOCOLS: Mapping[str, Callable[[pd.DataFrame, pd.DataFrame, Mapping[str, Any], int], Arrangement]] = {
    "leave_one_speaker_out": leave_one_speaker_out,
    "speaker_folds": speaker_folds,
    "random": random,
    "leaky_smote": leaky_smote,
    "leaky_augmentation": leaky_augmentation,
    "leaky_duplicates": leaky_duplicates,
}


def _balanced_by_fold(
    utterances: pd.DataFrame, features: pd.DataFrame, table: pd.DataFrame, balance: Mapping[str, Any], seed: int
) -> Arrangement:
    """Balance the training rows of each fold without its other rows."""
    balanced = references.referenced(balancing.balanced_folds(features, table, balance=balance, seed=seed))
    return Arrangement(utterances, features, table, balanced, features.iloc[:0].assign(fold=0))


def _split_by_rows(
    utterances: pd.DataFrame,
    features: pd.DataFrame,
    rows: pd.DataFrame,
    seed: int,
    balance: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
) -> Arrangement:
    """Split all rows (recordings, their variants and synthetic rows) at random, as if each were a recording.

    `balance` takes the training rows of a fold, and returns them balanced; None: they stay as they are.
    """
    rows = rows.reset_index(drop=True).assign(row=[f"{k:08}" for k in range(len(rows))])
    as_recordings = rows[["row", "emotion"]].rename(columns={"row": "utterance"}).assign(duplicate_of=None)
    is_made = rows["synthetic"] | (rows["variant"] != ORIGINAL)
    tables, balanced, made = [], [], []
    for fold, split in _random_splits(as_recordings, seed).groupby("fold"):
        partition = rows["row"].map(split.set_index("utterance")["partition"])
        recordings = rows.loc[~is_made, ["utterance"]].assign(fold=fold, partition=partition[~is_made])
        tables.append(recordings[["fold", "utterance", "partition"]].sort_values("utterance"))
        training = rows[partition == "train"].drop(columns="row").reset_index(drop=True)
        balanced.append((balance(training) if balance else training).assign(fold=fold))
        made.append(rows[is_made & (partition == "test")].drop(columns=["row", "synthetic"]).assign(fold=fold))
    together = (pd.concat(parts, ignore_index=True) for parts in (tables, balanced, made))
    table, training_rows, tested = together
    return Arrangement(utterances, features, table, references.referenced(training_rows), tested)


def _random_splits(recordings: pd.DataFrame, seed: int) -> pd.DataFrame:
    """`N_SPLITS` random splits, which may divide the rows of a speaker or a recording."""
    parts = [partitions.random(recordings, seed=seed + fold, **FRACTIONS).assign(fold=fold) for fold in range(N_SPLITS)]
    return pd.concat(parts, ignore_index=True)


def leaky_predictions(made: pd.DataFrame, utterances: pd.DataFrame, models: Path) -> pd.DataFrame:
    """Predictions of synthetic and augmented rows as if they were recordings; each row has its own id.

    Parameters
    ----------
    made
        Synthetic and augmented rows, as in an `Arrangement`.
    models
        Folder of the bundles of all folds.
    """
    facts = utterances.set_index("utterance")[FACTS]
    parts = []
    for fold, rows in made.groupby("fold"):
        model = bundle.load(models / f"fold_{fold}")
        number = rows.groupby(["utterance", "variant"]).cumcount().astype(str)
        origins = facts.loc[rows["utterance"]].reset_index(drop=True)
        ids = (rows["utterance"] + "+" + rows["variant"] + "." + number).to_numpy()
        head = pd.DataFrame({"fold": fold, "partition": "test", "utterance": ids})
        table = pd.concat([head, origins, rows[["emotion"]].reset_index(drop=True)], axis=1)
        probabilities = model.of_values(rows[feature_columns(rows)][model.columns].to_numpy("float32"))
        parts.append(with_predictions(table.rename(columns={"emotion": "truth"}), probabilities, model.labels))
    return pd.concat(parts, ignore_index=True)


def predicted(arrangement: Arrangement, study: Study, models: Path) -> pd.DataFrame:
    """Predictions of the test partition, and of the synthetic and augmented rows that a leaky protocol tests."""
    tested = arrangement.partitions[arrangement.partitions["partition"] == "test"]
    predictions = predictions_of_rows(tested, study.utterances, study.features, partial(saved_model, models))
    if arrangement.made.empty:
        return predictions
    made = leaky_predictions(arrangement.made, arrangement.utterances, models)
    return in_order(pd.concat([predictions, made]))
