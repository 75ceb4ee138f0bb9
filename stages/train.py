"""Train one model per fold on the balanced training partition."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from joblib import cpu_count
from tqdm import tqdm

from ser import params
from ser.compute import processes
from ser.core import files, formats, tables
from ser.models import ENSEMBLE, NEURAL, bundle, classifier_training, ensembles, learning_curves
from ser.models.progress import Epoch
from ser.protocol import balancing
from ser.representation import reading
from ser.representation.reading import Representation
from stages import run

if TYPE_CHECKING:
    from ser.models.network_training import OnFoldEpoch

PARAMS = ("model", "training", "representation", "members", "model_input", "seed", "tables.format")
UTTERANCES = Path("data/utterances.csv")
PARTITIONS = Path("data/partitions.csv")
BALANCED = Path("data/balanced_dataset.csv")
MODELS = Path("models")
LEARNING_CURVES = Path("reports/learning_curves")

Trained = tuple[Sequence[Epoch], int]  # epochs, and the one that is kept


def main() -> None:
    config = params.load(*PARAMS)
    name = config["model"]["name"]
    if name == ENSEMBLE:
        assemble(Path(config["model_input"]), config, MODELS)
        learning_curves.write_none(LEARNING_CURVES, name)
        return
    utterances = tables.read_utterances(UTTERANCES)
    partitions = tables.read_partitions(PARTITIONS)
    features = reading.read(Path(config["model_input"]))
    balanced = tables.read_balanced(formats.in_format(BALANCED, config["tables.format"]))
    train(balanced, features, partitions, utterances, config, MODELS, curves=LEARNING_CURVES, run=MODELS.name)


def assemble(members: Path, config: Mapping[str, Any], models: Path) -> None:
    """Write the ensemble of every fold to `models`, which appears whole or not at all.

    Parameters
    ----------
    members
        Folder that has the folder of every member, as `stages.train_member` writes it.

    Raises
    ------
    ValueError
        If there are less than two members, or one lacks folds.
    """
    names = list(config["members"])
    if len(names) < 2:
        raise ValueError(f"an ensemble needs two members or more, and has {len(names)}; see conf/model/ensemble.yaml")
    folds = {name: sorted(path.name for path in (members / name / MODELS).glob("fold_*")) for name in names}
    for name, found in folds.items():
        if not found or found != folds[names[0]]:
            raise ValueError(
                f"member {name} has the folds {', '.join(found) or 'none'}, and {names[0]} has"
                f" {', '.join(folds[names[0]]) or 'none'}; train them with: dvc repro train"
            )
    description = {"model": config["model"], "seed": config["seed"]}
    with files.replacing(models) as folder:
        folder.mkdir()
        for fold in folds[names[0]]:
            ensembles.save({name: members / name / MODELS / fold for name in names}, folder / fold, description)


def train(
    balanced: pd.DataFrame,
    features: Representation,
    partitions: pd.DataFrame,
    utterances: pd.DataFrame,
    config: Mapping[str, Any],
    models: Path,
    *,
    curves: Path,
    run: str,
) -> None:
    """Write the model of every fold to `models`, which appears whole or not at all, and learning curves to `curves`.

    Parameters
    ----------
    run
        Name under which an interrupted training of networks is kept, unlike that of any other that may be under way.
    """
    if config["model"]["name"] in NEURAL:
        train_networks(balanced, features, partitions, utterances, config, models, curves=curves, run=run)
    else:
        train_classifiers(balanced, features, partitions, utterances, config, models)
        learning_curves.write_none(curves, config["model"]["name"])


def train_classifiers(
    balanced: pd.DataFrame,
    features: Representation,
    partitions: pd.DataFrame,
    utterances: pd.DataFrame,
    config: Mapping[str, Any],
    models: Path,
) -> None:
    """Write the classifier of every fold to `models`, and beside it the one that did not learn from dev."""
    if features.array is not None:
        raise ValueError(
            f"model={config['model']['name']} takes a feature table, and {config['representation']['name']} is an"
            " array; choose -S model.representation=librosa"
        )
    if "n_calibration_folds" not in config["training"]:
        raise ValueError(
            f"model={config['model']['name']} cannot be trained by the settings {', '.join(config['training'])}; choose"
            " -S training=scikit_learn"
        )
    lone: set[str] = set()
    with files.replacing(models) as folder:
        folder.mkdir()
        for fold in tqdm(sorted(balanced["fold"].unique()), desc="train", unit="fold", disable=None):
            rows = balancing.dereferenced(balanced[balanced["fold"] == fold], features.rows)
            training_rows = {"": rows}
            if config["training"]["refit"]:
                dev = dev_rows(features.rows, partitions, fold=fold)
                training_rows = {"": pd.concat([rows, dev], ignore_index=True), bundle.BEFORE_REFIT: rows}
            for name, rows in training_rows.items():
                model = fitted(rows, utterances, config)
                lone |= set(model.description["calibrated_within"])
                bundle.save(model, folder / f"fold_{fold}" / name)
    if lone:
        print(
            f"warning: {', '.join(sorted(lone))} trained some emotion alone: its probabilities are calibrated on that"
            " same voice, and may be too sure of others"
        )


def train_networks(
    balanced: pd.DataFrame,
    features: Representation,
    partitions: pd.DataFrame,
    utterances: pd.DataFrame,
    config: Mapping[str, Any],
    models: Path,
    *,
    curves: Path,
    run: str,
) -> None:
    """Write the network of every fold to `models`; what an interrupted run has trained is not trained again."""
    from ser.models import (  # Keras takes seconds to import, which a classifier need not pay
        backend,
        checkpoints,
        network_training,
    )

    title = f"{config['model']['name']} on {config['representation']['name']}"
    print(f"training {title} by {backend.devices()}")
    folds = [int(fold) for fold in sorted(balanced["fold"].unique())]
    with files.replacing(models) as folder, learning_curves.recorded(curves) as log:
        folder.mkdir()
        work = partial(train_network, balanced, features, partitions, utterances, config, folder, run)
        try:
            trained = dict(network_training.of_folds(work, folds, log))
        except processes.Died as error:
            raise ValueError(
                f"the training of a fold was killed, perhaps since {cpu_count()} at once need more memory than there"
                " is; run again, one at a time, and it goes on where it was: LOKY_MAX_CPU_COUNT=1 dvc repro"
            ) from error
    histories = {fold: trained[fold][0] for fold in folds}
    learning_curves.write_picture(curves, histories, {fold: trained[fold][1] for fold in folds}, title)
    checkpoints.discard(run)


def train_network(
    balanced: pd.DataFrame,
    features: Representation,
    partitions: pd.DataFrame,
    utterances: pd.DataFrame,
    config: Mapping[str, Any],
    folder: Path,
    run: str,
    log: "OnFoldEpoch",
    fold: int,
) -> Trained:
    """Write the network of one fold to `folder`."""
    rows = balanced[balanced["fold"] == fold]
    dev = dev_rows(features.rows, partitions, fold=fold)
    networks = fitted_networks(rows, dev, features, utterances, config, fold=fold, run=run, log=log)
    for name, model in networks.items():
        bundle.save(model, folder / f"fold_{fold}" / name)
    return model.history, model.description["metrics"]["epoch"]


def dev_rows(features: pd.DataFrame, partitions: pd.DataFrame, *, fold: int) -> pd.DataFrame:
    """Dev's recordings as they are: no variant, nothing synthetic."""
    dev = balancing.rows_of(features, partitions, fold=fold, partition="dev")
    return dev[dev["variant"] == tables.ORIGINAL].assign(synthetic=False)


def fitted(rows: pd.DataFrame, utterances: pd.DataFrame, config: Mapping[str, Any]) -> bundle.Bundle:
    """Fit the configured classifier to `rows`, and keep what prediction and its reader need."""
    settings = {key: value for key, value in config["model"].items() if key != "representation"}
    facts = utterances.set_index("utterance").loc[rows["utterance"]].reset_index()
    model = classifier_training.fitted(
        rows,
        facts["speaker"],
        n_calibration_folds=config["training"]["n_calibration_folds"],
        seed=config["seed"],
        **settings,
    )
    return bundle.Bundle(
        model=model,
        labels=[emotion for emotion in tables.EMOTIONS if emotion in model.classes_],
        columns=tables.feature_columns(rows),
        representation=bundle.representation_of(config["representation"]),
        description={
            **description(rows, utterances, config),
            "calibrated_within": sorted(classifier_training.lone_speakers(rows, facts["speaker"])),
        },
    )


def fitted_networks(
    rows: pd.DataFrame,
    dev: pd.DataFrame,
    features: Representation,
    utterances: pd.DataFrame,
    config: Mapping[str, Any],
    *,
    fold: int,
    run: str,
    log: "OnFoldEpoch",
) -> dict[str, bundle.Bundle]:
    """Fit the configured network to `rows`; keep what prediction and its reader need, by the folder within the fold's.

    Where the network of test learned from dev, too, the one that did not is beside it.
    """
    from ser.models import network_training

    for remark in network_training.remarks(rows, dev):
        print(f"warning: fold {fold}: {remark}")
    fit = network_training.fitted(
        rows,
        dev,
        features,
        model=config["model"],
        training=config["training"],
        seed=config["seed"],
        run=run,
        description=f"fold {fold}",
        on_epoch=lambda epoch, figures: log(fold, epoch, figures),
    )
    learned = {"": (fit.model, rows)}
    if fit.before_refit:
        learned = {
            "": (fit.model, pd.concat([rows, dev], ignore_index=True)),
            bundle.BEFORE_REFIT: (fit.before_refit, rows),
        }
    return {
        name: bundle.Bundle(
            model=model,
            labels=model.classes_,
            columns=tables.feature_columns(features.rows),
            representation=bundle.representation_of(config["representation"]),
            description={**description(seen, utterances, config), "metrics": fit.metrics},
            history=fit.epochs,
        )
        for name, (model, seen) in learned.items()
    }


def description(rows: pd.DataFrame, utterances: pd.DataFrame, config: Mapping[str, Any]) -> dict[str, Any]:
    """What a reader of a bundle wants to know of its training."""
    facts = utterances[utterances["utterance"].isin(rows["utterance"])]
    return {
        "model": {key: value for key, value in config["model"].items() if key != "representation"},
        "training": config["training"],
        "seed": config["seed"],
        "corpora": sorted(facts["corpus"].unique()),
        "speakers": sorted(facts["speaker"].dropna().unique()),
        "n_rows": len(rows),
        "n_synthetic_rows": int(rows["synthetic"].sum()),
    }


if __name__ == "__main__":
    run(main)
