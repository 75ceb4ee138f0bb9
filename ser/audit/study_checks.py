"""All checks of one study: of its tables, its recordings and its models."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ser.audio import segments
from ser.audit import feature_checks, near_duplicates, served_checks, table_checks
from ser.audit import findings as audit
from ser.audit.findings import Finding
from ser.audit.fingerprints import fingerprint
from ser.core import tables
from ser.core.row_keys import is_real
from ser.core.table_suffixes import in_format
from ser.core.tables import ORIGINAL, feature_columns
from ser.models import ENSEMBLE, NEURAL, bundle, row_sampling
from ser.models.bundle import Bundle
from ser.models.prediction import with_predictions
from ser.protocol import consistency, references
from ser.protocol.partitions import is_speaker_independent, protocol
from ser.representation import reading as representation
from ser.representation import registry
from ser.representation.extraction import extracted, one_by_one
from ser.representation.reading import Representation
from ser.representation.tabular import NO_AUGMENTATION

N_SERVED = 3  # test utterances of each fold whose features are extracted again


@dataclass(frozen=True)
class AuditedStudy:
    """A study as it lies on disk: tables and trained models, and predictions if there are any.

    `ser.study.Study` has the tables before training.

    Examples
    --------
    >>> rows = pd.DataFrame({"fold": 0, "utterance": ["u1", "u2"], "partition": ["train", "test"]})
    >>> features = Representation(pd.DataFrame({"utterance": ["u2", "u1"]}))
    >>> study = AuditedStudy(rows, rows, rows, features, {"name": "librosa"}, models=Path("models"), root=Path())
    >>> study.folds, study.is_transductive, study.partition_of(0).tolist()
    ([0], False, ['test', 'train'])
    """

    utterances: pd.DataFrame
    partitions: pd.DataFrame
    balanced: pd.DataFrame
    features: Representation
    settings: Mapping[str, Any]
    """Name and settings of the representation, and the adaptation if there is one."""
    models: Path
    """Folder of the bundles, one folder per fold."""
    root: Path
    """Folder that the paths of the utterances are relative to."""
    predictions: pd.DataFrame | None = None
    is_ensemble: bool = False

    @cached_property
    def folds(self) -> list[int]:
        """Numbers of the folds in ascending order."""
        return sorted(int(fold) for fold in self.partitions["fold"].unique())

    @property
    def is_transductive(self) -> bool:
        """True if the study declares an adaptation to speakers."""
        return bundle.is_transductive(self.settings)

    def partition_of(self, fold: int) -> pd.Series:
        """Partition of each row of the features in a fold; missing if it has none."""
        rows = self.partitions[self.partitions["fold"] == fold]
        found: pd.Series = self.features.rows["utterance"].map(rows.set_index("utterance")["partition"])
        return found


def read(
    config: Mapping[str, Any],
    *,
    utterances: Path,
    partitions: Path,
    balanced: Path,
    models: Path,
    predictions: Path | None = None,
) -> AuditedStudy:
    """Read a study from the paths of its tables and models.

    Parameters
    ----------
    config
        Parameters corpus.root, model.name, representation and tables.format.

    Raises
    ------
    ValueError, OSError
        If a file is missing or not valid, or the tables are not of one run.
    """
    study = AuditedStudy(
        utterances=tables.read_utterances(utterances),
        partitions=tables.read_partitions(partitions),
        balanced=tables.read_balanced(in_format(balanced, config["tables.format"])),
        features=representation.read(Path(config["representation"]["path"])),
        settings=bundle.representation_of(config["representation"]),
        models=models,
        root=Path(config["corpus.root"]),
        predictions=None if predictions is None else tables.read_predictions(predictions),
        is_ensemble=config["model.name"] == ENSEMBLE,
    )
    consistency.check(study.utterances, study.partitions)
    if study.predictions is not None:
        scored = sorted(set(study.predictions["partition"]))
        consistency.check_predictions(study.predictions, study.partitions, wanted=scored)
    return study


def report(study: AuditedStudy, partition: Mapping[str, Any]) -> dict[str, Any]:
    """Content of `audit.json` for a study.

    Parameters
    ----------
    partition
        Settings of the partition.

    Raises
    ------
    ValueError, OSError
        For the same reasons as `findings`.
    """
    independent = is_speaker_independent(study.partitions, study.utterances)
    shown = protocol(**partition, speaker_independent=independent, transductive=study.is_transductive)
    declared = audit.declared(partition["name"], speaker_independent=independent)
    return audit.report(findings(study), protocol=shown, declared=declared)


def findings(study: AuditedStudy) -> list[Finding]:
    """Findings of all checks.

    Raises
    ------
    ValueError, OSError
        If a file is missing or damaged, or the files are from different runs.
    """
    partitions, utterances = study.partitions, study.utterances
    found = [
        *table_checks.speaker_overlap(partitions, utterances),
        *table_checks.duplicate_audio(partitions, utterances),
        *table_checks.near_duplicate_audio(partitions, utterances, near_copies(study)),
        *table_checks.contradictory_labels(partitions, utterances),
        *table_checks.made_rows(study.balanced, partitions),
        *table_checks.label_imbalance(partitions, utterances),
        *table_checks.lone_speaker(partitions, utterances),
    ]
    for fold in study.folds:
        rows = study.balanced[study.balanced["fold"] == fold]
        if feature_columns(rows):
            synthetic = rows[rows["synthetic"]]
            found += feature_checks.synthetic_rows(synthetic, study.features.rows, study.partition_of(fold), fold=fold)
    if study.features.array is None:
        found += feature_checks.speaker_adaptation(
            study.features.rows, partitions, utterances, declared=study.is_transductive
        )
    if study.predictions is not None:
        found += table_checks.tested_rows(study.predictions, partitions)
    if study.is_ensemble:
        what = "the normalisation and the served features of an ensemble's members are not checked here"
        remedy = "audit each member alone: dvc exp run -S model=<member>, then ser audit"
        return [*found, Finding("note", "normalisation", None, what, remedy)]
    for fold in study.folds:
        found += _of_models(study, fold)
    return found


def near_copies(study: AuditedStudy) -> pd.DataFrame:
    """Pairs of recordings with similar fingerprints: first and second (audio hashes), similarity."""
    here = study.utterances["utterance"].isin(study.partitions["utterance"])
    recordings = study.utterances[here].drop_duplicates("audio_hash")
    prints = extracted(
        recordings, study.root, one_by_one(fingerprint), augmentation=NO_AUGMENTATION, description="fingerprints"
    )
    pairs = near_duplicates.pairs(prints)
    hashes = recordings["audio_hash"].to_numpy()
    return pairs.assign(first=hashes[pairs["first"]], second=hashes[pairs["second"]])


def _of_models(study: AuditedStudy, fold: int) -> Iterator[Finding]:
    folder = study.models / f"fold_{fold}"
    model = bundle.load(folder)
    yield from served_checks.served_settings(model.representation, study.settings, fold=fold)
    before = folder / bundle.BEFORE_REFIT
    refit = before.is_dir()
    yield from _normalisation(study, model, fold, with_dev=refit, name="the model")
    if refit:
        yield from _normalisation(
            study, bundle.load(before), fold, with_dev=False, name="the model before its refit on dev"
        )
    if not study.is_transductive:
        yield from _served(study, model, fold)


def _normalisation(study: AuditedStudy, model: Bundle, fold: int, *, with_dev: bool, name: str) -> list[Finding]:
    stored = feature_checks.stored_moments(model.model)
    if stored is None or registry.definition(study.settings["name"]).is_scaled:
        return []
    rows = study.balanced[study.balanced["fold"] == fold]
    recorded = study.features.rows["variant"] == ORIGINAL
    dev = study.features.rows[recorded & (study.partition_of(fold) == "dev")].assign(synthetic=False)
    if model.description["model"]["name"] in NEURAL:
        rows = pd.concat([rows[is_real(rows)], *([dev] if with_dev else [])], ignore_index=True)
        trained, everything = _moments_of_examples(study.features, rows, study.features.rows[recorded])
    else:
        rows = references.dereferenced(rows, study.features.rows)
        rows = pd.concat([rows, *([dev] if with_dev else [])], ignore_index=True)
        trained = _moments_of_classifier(rows, model)
        everything = feature_checks.moments(study.features.rows.loc[recorded, model.columns].to_numpy(np.float32))
    return feature_checks.normalisation(stored, trained, everything, fold=fold, model=name)


def _moments_of_classifier(rows: pd.DataFrame, model: Bundle) -> tuple[feature_checks.Values, feature_checks.Values]:
    """Mean and variance of the training rows of a classifier, of those rows and with those weights that it took."""
    from ser.models import classifier_training  # scikit-learn takes a second to import

    architecture = model.description["model"]
    kept = row_sampling.taken(rows, name=architecture["name"], seed=model.description["seed"])
    rows = rows if kept is None else rows.iloc[kept]
    weights = classifier_training.row_weights(rows, architecture)
    return feature_checks.moments(rows[model.columns].to_numpy(np.float32), weights)


def _moments_of_examples(
    features: Representation, rows: pd.DataFrame, recorded: pd.DataFrame
) -> tuple[tuple[feature_checks.Values, feature_checks.Values], ...]:
    """Mean and variance of the training rows of a network, and of all recordings, computed as in training."""
    from ser.models import network_training  # Keras takes seconds to import
    from ser.models.examples import standardisation

    parts = (rows, recorded.assign(synthetic=False))
    labels = sorted(set(recorded["emotion"]))
    return tuple(standardisation(network_training.examples(part, features, labels)) for part in parts)


def _served(study: AuditedStudy, model: Bundle, fold: int) -> Iterator[Finding]:
    """Compare features and predictions of some evenly spaced test utterances with those of the served model."""
    tested = study.partitions[(study.partitions["fold"] == fold) & (study.partitions["partition"] == "test")]
    chosen = np.unique(np.linspace(0, len(tested) - 1, N_SERVED).round().astype(int))
    names = sorted(tested["utterance"])
    rows = study.utterances.set_index("utterance").loc[[names[k] for k in chosen]].reset_index()
    extract = registry.extractor(model.representation["name"], model.representation["settings"], model.columns)
    recordings = [segments.read(*part) for part in segments.of_utterances(rows, study.root).values()]
    served = np.stack([extract(one.waveform, one.sample_rate) for one in recordings])
    positions = study.features.positions(rows[["utterance"]].assign(variant=ORIGINAL))
    stored, scale = _stored_features(study.features, model.columns, positions)
    yield from served_checks.served_features(stored, served, scale, list(rows["utterance"]), fold=fold)
    if study.predictions is not None and stored.shape == served.shape:
        predicted = with_predictions(rows[["utterance"]], model.of_values(served), model.labels)
        reported = study.predictions[study.predictions["fold"] == fold]
        yield from served_checks.served_predictions(predicted, reported, fold=fold)


def _stored_features(
    features: Representation, columns: list[str], positions: bundle.Indices
) -> tuple[feature_checks.Values, feature_checks.Values]:
    """Rows of the model's input at some positions, and the deviation of each feature (for arrays: of all values)."""
    if features.array is not None:
        stored = features.array[positions]
        return stored, np.asarray(max(float(stored.std()), np.finfo(np.float32).tiny))
    values = features.rows[columns].to_numpy(np.float32)
    deviation = values.std(axis=0, dtype=np.float64)
    return values[positions], np.where(deviation > 0, deviation, 1)
