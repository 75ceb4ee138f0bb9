"""A study: its tables, its representation and its settings; the trained models of its folds; predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from joblib import cpu_count
from tqdm import tqdm

from ser.compute import forks, processes
from ser.core import emotions, files, tables
from ser.models import ENSEMBLE, bundle, ensembles, learning_curves, row_sampling
from ser.models.bundle import Bundle
from ser.models.prediction import in_order, predictions_of, rounded
from ser.models.settings import Settings
from ser.protocol import balancing, consistency, references
from ser.representation import pretraining, reading, registry
from ser.representation.reading import Representation

if TYPE_CHECKING:
    from ser.models.network_training import OnFoldEpoch
    from ser.models.progress import Epoch

FACTS = ["utterance", "variant", "synthetic", "emotion"]
AFTER_REFIT = ""  # folder, within that of the fold, of the model that predicts test
Models = Mapping[str, Bundle]
"""Models of one fold by their folder within that of the fold: `AFTER_REFIT`, and perhaps `bundle.BEFORE_REFIT`."""


@dataclass(frozen=True)
class Study:
    """Tables, representation and settings of a study.

    Examples
    --------
    >>> rows = pd.DataFrame({"utterance": list("abc"), "emotion": ["sad", "calm", "sad"], "variant": "original"})
    >>> partitions = pd.DataFrame({"fold": 0, "utterance": list("abc"), "partition": ["train", "train", "dev"]})
    >>> table, balanced = rows.assign(RMS=[0.25, 0.5, 0.75]), rows[:2].assign(fold=0, synthetic=False)
    >>> settings = Settings({"name": "svm"}, training={}, representation={"name": "librosa"}, seed=0)
    >>> study = Study(rows.assign(speaker=list("xyz")), partitions, Representation(table), balanced, settings)
    >>> study.folds, study.training_rows(0)["RMS"].tolist(), study.speaker(study.dev_rows(0)).tolist()
    ([0], [0.25, 0.5], ['z'])
    >>> study.warnings()[0].partition(":")[0]
    'some emotion has a single training speaker (x, y)'
    """

    utterances: pd.DataFrame
    partitions: pd.DataFrame
    features: Representation
    balanced: pd.DataFrame
    """Training rows of every fold, as `data/balanced_dataset.csv` has them."""
    settings: Settings

    @property
    def folds(self) -> list[int]:
        """Folds in their order."""
        return sorted(int(fold) for fold in self.balanced["fold"].unique())

    def training_rows(self, fold: int) -> pd.DataFrame:
        """Balanced training rows of one fold; rows of a feature table carry their features."""
        rows = self.balanced[self.balanced["fold"] == fold]
        return rows if self.features.array is not None else references.dereferenced(rows, self.features.rows)

    def dev_rows(self, fold: int) -> pd.DataFrame:
        """Original rows of the dev partition of one fold."""
        return balancing.dev_rows(self.features.rows, self.partitions, fold=fold)

    def speaker(self, rows: pd.DataFrame) -> pd.Series:
        """Speaker of each row."""
        return self.utterances.set_index("utterance")["speaker"].loc[rows["utterance"]].reset_index(drop=True)

    def warnings(self) -> list[str]:
        """Warnings about emotions that training or dev lacks or only one speaker has, and about a dev that is known."""
        own = self._warnings_of_networks() if self.settings.is_network else self._warnings_of_classifiers()
        return [*own, *pretraining.remarks(self.utterances, self.partitions, self.settings.representation)]

    def _warnings_of_classifiers(self) -> list[str]:
        from ser.models import classifier_training  # imports scikit-learn, which networks do not need

        parts = ((rows, self.speaker(rows)) for fold in self.folds for rows in self._rows_of_models(fold))
        return classifier_training.remarks(parts, name=self.settings.name, seed=self.settings.seed)

    def _rows_of_models(self, fold: int) -> list[pd.DataFrame]:
        """Rows, without features, of each classifier of a fold."""
        rows, dev = self.balanced.loc[self.balanced["fold"] == fold, FACTS], self.dev_rows(fold)[FACTS]
        return [rows, pd.concat([rows, dev])] if self.settings.training.get("refit") else [rows]

    def _warnings_of_networks(self) -> list[str]:
        from ser.models import network_training

        return [
            f"fold {fold}: {remark}"
            for fold in self.folds
            for remark in network_training.remarks(self.balanced[self.balanced["fold"] == fold], self.dev_rows(fold))
        ]


def models_of_fold(study: Study, fold: int, *, run: str, on_epoch: Callable[[int, Epoch], None]) -> Models:
    """Train the models of one fold.

    Parameters
    ----------
    run
        Name under which an interrupted training of a network is kept, and from which it resumes.
    on_epoch
        Called with the index and figures of every epoch of a network.

    Raises
    ------
    ValueError
        If the settings do not fit the features, or the encoder was trained on a tested corpus.
    """
    pretraining.check(study.utterances, study.partitions, study.settings.representation, fold=fold)
    is_network = study.settings.is_network
    return _networks(study, fold, run=run, on_epoch=on_epoch) if is_network else _classifiers(study, fold)


def _classifiers(study: Study, fold: int) -> Models:
    training = study.settings.training
    if study.features.array is not None:
        raise ValueError(
            f"model={study.settings.name} takes a feature table, and {study.settings.representation['name']} is an"
            " array; choose -S model.representation=librosa"
        )
    if "n_calibration_folds" not in training:
        raise ValueError(
            f"model={study.settings.name} cannot be trained by the settings {', '.join(training)}; choose"
            " -S training=scikit_learn"
        )
    rows = study.training_rows(fold)
    if not training["refit"]:
        return {AFTER_REFIT: _classifier(study, rows)}
    both = pd.concat([rows, study.dev_rows(fold)], ignore_index=True)
    return {AFTER_REFIT: _classifier(study, both), bundle.BEFORE_REFIT: _classifier(study, rows)}


def _classifier(study: Study, rows: pd.DataFrame) -> Bundle:
    from ser.models import classifier_training

    speaker = study.speaker(rows)
    sole = classifier_training.sole_speakers(rows, speaker)
    model = classifier_training.fitted(
        rows,
        speaker,
        n_calibration_folds=study.settings.training["n_calibration_folds"],
        calibration=study.settings.training["calibration"],
        learned=pretraining.corpora(study.settings.representation),
        seed=study.settings.seed,
        **study.settings.architecture,
    )
    kept = row_sampling.taken(rows, name=study.settings.name, seed=study.settings.seed)
    seen = rows if kept is None else rows.iloc[kept]
    return Bundle(
        model=model,
        labels=emotions.in_order(model.classes_),
        columns=tables.feature_columns(rows),
        representation=bundle.representation_of(study.settings.representation),
        description={**_description(study, seen), "calibrated_within": sorted(sole)},
    )


def _networks(study: Study, fold: int, *, run: str, on_epoch: Callable[[int, Epoch], None]) -> Models:
    from ser.models import network_training  # imports Keras, which takes seconds

    rows, dev = study.balanced[study.balanced["fold"] == fold], study.dev_rows(fold)
    fit = network_training.fitted(
        rows, dev, study.features, study.settings, run=run, description=f"fold {fold}", on_epoch=on_epoch
    )
    models = {AFTER_REFIT: (fit.model, rows)}
    if fit.before_refit:
        both = pd.concat([rows, dev], ignore_index=True)
        models = {AFTER_REFIT: (fit.model, both), bundle.BEFORE_REFIT: (fit.before_refit, rows)}
    return {
        name: Bundle(
            model=model,
            labels=model.classes_,
            columns=tables.feature_columns(study.features.rows),
            representation=bundle.representation_of(study.settings.representation),
            description={**_description(study, seen), "metrics": fit.metrics},
            history=fit.epochs,
        )
        for name, (model, seen) in models.items()
    }


def _description(study: Study, rows: pd.DataFrame) -> dict[str, Any]:
    """Facts about the training of a model for the reader of its bundle."""
    facts = study.utterances[study.utterances["utterance"].isin(rows["utterance"])]
    weights = registry.weights(study.settings.representation)
    return {
        "model": study.settings.architecture,
        "training": study.settings.training,
        "seed": study.settings.seed,
        "corpora": sorted(facts["corpus"].unique()),
        "speakers": sorted(facts["speaker"].dropna().unique()),
        "n_rows": len(rows),
        "n_synthetic_rows": int(rows["synthetic"].sum()),
        **({"weights": weights} if weights else {}),
    }


def write_models(study: Study, models: Path, *, curves: Path, run: str) -> None:
    """Train all folds; write their models to `models`, which appears whole or not at all, and figures to `curves`.

    Parameters
    ----------
    curves
        Folder of the figures of every epoch, which can be watched while networks are trained.
    run
        Name under which an interrupted training of networks is kept; every training under way needs a name of its own.
    """
    for warning in study.warnings():
        print(f"warning: {warning}")
    with files.replacing(models) as folder:
        folder.mkdir()
        if study.settings.is_network:
            _write_networks(study, folder, curves=curves, run=run)
        else:
            done = forks.map_indexed(partial(_write_fold, study, folder, run, lambda *_: None), study.folds)
            list(tqdm(done, desc="train", total=len(study.folds), unit="fold", disable=None))
            learning_curves.write_none(curves, study.settings.name)


def _write_networks(study: Study, folder: Path, *, curves: Path, run: str) -> None:
    from ser.models import backend, checkpoints, network_training

    print(f"training {study.settings.name} on {study.settings.representation['name']} by {backend.devices()}")
    with learning_curves.recorded(curves) as log:
        try:
            list(network_training.of_folds(partial(_write_fold, study, folder, run), study.folds, log))
        except processes.Died as error:
            raise ValueError(
                f"the training of a fold was killed, perhaps because {cpu_count()} folds at once need more memory than"
                " there is; run again with one fold at a time, and training resumes: LOKY_MAX_CPU_COUNT=1 dvc repro"
            ) from error
    checkpoints.discard(run)


def _write_fold(study: Study, folder: Path, run: str, log: OnFoldEpoch, fold: int) -> None:
    models = models_of_fold(study, fold, run=run, on_epoch=lambda epoch, figures: log(fold, epoch, figures))
    for name, model in models.items():
        bundle.save(model, folder / f"fold_{fold}" / name)


def predictions_of_study(
    partitions: pd.DataFrame, wanted: Sequence[str], utterances: pd.DataFrame, models: Path, config: Mapping[str, Any]
) -> pd.DataFrame:
    """Predictions of the models of a study for the partitions `wanted`, with rounded probabilities.

    Parameters
    ----------
    models, config
        Folder of the models of all folds; parameters model.name, model_input and members.

    Raises
    ------
    ValueError
        If the tables are not of one run, or one has lost rows.
    """
    rows, source = partitions[partitions["partition"].isin(wanted)], Path(config["model_input"])
    if config["model.name"] == ENSEMBLE:
        consistency.check(utterances, partitions)
        found = ensembles.predicted(rows, source, config["members"], models)
    else:
        features = reading.read(source)
        consistency.check(utterances, partitions, features.rows)
        found = predictions_of_rows(rows, utterances, features, partial(saved_model, models))
    consistency.check_predictions(found, partitions, wanted=wanted)
    return rounded(found)


def predictions_of_rows(
    rows: pd.DataFrame, utterances: pd.DataFrame, features: Representation, model_of: Callable[[int, str], Bundle]
) -> pd.DataFrame:
    """Predictions for rows of a table of partitions (fold, utterance, partition).

    An emotion that a fold was not trained on has the probability 0 there.

    Parameters
    ----------
    model_of
        Function of fold and partition, which returns the model that predicts it, as `saved_model` does.
    """
    parts = [
        predictions_of(part, utterances, features, model_of(int(str(fold)), str(partition)))
        for (fold, partition), part in rows.groupby(["fold", "partition"])
    ]
    return in_order(pd.concat(parts))


def saved_model(models: Path, fold: int, partition: str) -> Bundle:
    """Load the model of a fold that predicts `partition`: for dev, the one that was not trained on dev."""
    after = models / f"fold_{fold}"
    before = after / bundle.BEFORE_REFIT
    return bundle.load(before if partition == "dev" and before.is_dir() else after)
