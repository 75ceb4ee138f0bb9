"""Ensembles: the mean of the probabilities of several trained models."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ser.core import files, tables
from ser.core.tables import probability_columns
from ser.models import bundle, bundle_file
from ser.models.averaging import mean_of
from ser.models.bundle import Bundle, Indices, Probabilities
from ser.models.prediction import in_order, with_predictions
from ser.representation.reading import Representation

MEMBERS = "members"
PREDICTIONS = "predictions.csv"  # predictions of a member, before it is part of an ensemble
REMEDY = "train all anew with: dvc repro -f train"
FACTS = ("fold", "partition", "utterance", "corpus", "speaker", "sex", "intensity", "truth")


@dataclass(frozen=True)
class Ensemble:
    """Several bundles with the same labels.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> members = {name: SimpleNamespace(probabilities=lambda *_: np.array([[0.25, 0.75]])) for name in ("svm", "mlp")}
    >>> ensemble = Ensemble(members, ["calm", "sad"], {"model": {"name": "ensemble", "mean": "arithmetic"}, "seed": 0})
    >>> ensemble.probabilities(dict.fromkeys(members), np.array([0])).tolist()
    [[0.25, 0.75]]
    """

    members: dict[str, Bundle]
    labels: list[str]
    """Emotions, in the order of the probabilities."""
    description: dict[str, Any]
    """Model settings and seed, for the reader of the bundle."""

    def probabilities(self, features: Mapping[str, Representation], positions: Indices) -> Probabilities:
        """Mean over the members of the probability of each of `labels`, `(n_positions, n_labels)`.

        Parameters
        ----------
        features
            Representation of each member, by its name; all have the same utterances in the same order.
        """
        parts = [model.probabilities(features[name], positions) for name, model in self.members.items()]
        return mean_of(self.description["model"], self.members)(parts)


def averaged(predictions: Mapping[str, pd.DataFrame], model: Mapping[str, Any]) -> pd.DataFrame:
    """Mean of the predictions of the members, by their names, as one table; `model` has the mean and the weights.

    Raises
    ------
    ValueError
        If there are no members, or they have different utterances or labels.

    Examples
    --------
    >>> facts = dict.fromkeys(FACTS, "x")
    >>> first, second = (pd.DataFrame([{**facts, "p_calm": p, "p_sad": 1 - p}]) for p in (0.25, 0.5))
    >>> mean = averaged({"svm": first, "mlp": second}, {"mean": "arithmetic"})
    >>> mean["prediction"].tolist(), mean["p_calm"].tolist()
    (['sad'], [0.375])
    """
    if not predictions:
        raise ValueError("the ensemble has no members; name two or more in conf/model/ensemble.yaml, or a copy of it")
    first, *others = predictions.values()
    facts, columns = list(FACTS), probability_columns(first)
    for other in others:
        if list(other.columns) != list(first.columns) or not other[facts].equals(first[facts]):
            raise ValueError(f"the members predicted different utterances or emotions; {REMEDY}")
    probabilities = mean_of(model, predictions)([table[columns].to_numpy() for table in predictions.values()])
    return with_predictions(first[facts], probabilities, [column.removeprefix("p_") for column in columns])


def predicted(rows: pd.DataFrame, folder: Path, members: Iterable[str], models: Path) -> pd.DataFrame:
    """Predictions of an ensemble for rows of a table of partitions: the mean over its members.

    Raises
    ------
    ValueError
        If a member did not predict all rows, because it belongs to another run.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> facts = {"fold": 0, "partition": "test", "utterance": "a", "corpus": "x", "speaker": "x/1", "sex": "male"}
    >>> facts |= {"intensity": None, "truth": "sad", "prediction": "sad"}
    >>> about = {"format": 1, "labels": ["calm", "sad"], "members": ["svm", "mlp"]}
    >>> model = {"name": "ensemble", "mean": "arithmetic"}
    >>> with TemporaryDirectory() as folder:
    ...     for name, p in (("svm", 0.25), ("mlp", 0.5)):
    ...         rows = pd.DataFrame([{**facts, "p_calm": p, "p_sad": 1 - p}])
    ...         tables.write(rows, Path(folder, name, PREDICTIONS))
    ...     bundle_file.write({**about, "model": model}, Path(folder, "models", "fold_0"))
    ...     predicted(rows, Path(folder), about["members"], Path(folder, "models"))["p_calm"].tolist()
    [0.375]
    """
    keys = rows[["fold", "utterance", "partition"]]
    parts = {}
    for name in members:
        part = tables.read_predictions(folder / name / PREDICTIONS).merge(keys)
        if len(part) != len(keys):
            raise ValueError(
                f"member {name} predicted {len(part)} of {len(keys)} utterances; make all tables anew with: dvc repro"
            )
        parts[name] = part
    ensemble = bundle.read_description(models / f"fold_{rows['fold'].min()}")
    return in_order(averaged(parts, ensemble["model"]))


def save(members: Mapping[str, Path], folder: Path, description: Mapping[str, Any]) -> None:
    """Write an ensemble of the bundles in some folders to `folder`, which appears whole or not at all.

    Raises
    ------
    ValueError
        If a bundle is missing or damaged, or the bundles have different emotions.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> about = {"format": 1, "labels": ["calm", "sad"], "columns": [], "representation": {"name": "x", "settings": {}}}
    >>> with TemporaryDirectory() as folder:
    ...     members = {name: Path(folder, name) for name in ("svm", "mlp")}
    ...     for member in members.values():
    ...         bundle_file.write(about, member)
    ...     save(members, Path(folder, "fold_0"), {"model": {"name": "ensemble", "mean": "arithmetic"}, "seed": 0})
    ...     sorted(path.name for path in Path(folder, "fold_0", MEMBERS).iterdir())
    ['mlp', 'svm']
    """
    labels = [bundle.read_description(member)["labels"] for member in members.values()]
    if any(other != labels[0] for other in labels):
        raise ValueError(f"the members {', '.join(members)} have different emotions; {REMEDY}")
    with files.replacing(folder) as temporary:
        temporary.mkdir()
        for name, source in members.items():
            shutil.copytree(source, temporary / MEMBERS / name)
        content = {"format": bundle.FORMAT, "labels": labels[0], "members": list(members), **description}
        bundle_file.write(content, temporary)


def write_folds(members: Path, config: Mapping[str, Any], models: Path) -> None:
    """Write the ensemble of every fold to `models`, which appears whole or not at all.

    Parameters
    ----------
    members
        Folder with one folder per member, which has the models of the member in the folder `models`.
    config
        Parameters of the study: members, model, seed.

    Raises
    ------
    ValueError
        If there are fewer than two members, or one lacks folds.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> about = {"format": 1, "labels": ["calm", "sad"], "columns": [], "representation": {"name": "x", "settings": {}}}
    >>> config = {"members": {"svm": {}, "mlp": {}}, "model": {"name": "ensemble", "mean": "arithmetic"}, "seed": 0}
    >>> with TemporaryDirectory() as folder:
    ...     for name in config["members"]:
    ...         for fold in ("fold_0", "fold_1"):
    ...             bundle_file.write(about, Path(folder, "members", name, "models", fold))
    ...     write_folds(Path(folder, "members"), config, Path(folder, "models"))
    ...     sorted(path.name for path in Path(folder, "models").iterdir())
    ['fold_0', 'fold_1']
    """
    names = list(config["members"])
    if len(names) < 2:
        raise ValueError(f"an ensemble needs two members or more, and has {len(names)}; see conf/model/ensemble.yaml")
    folders = {name: members / name / models.name for name in names}
    folds = {name: sorted(path.name for path in folder.glob("fold_*")) for name, folder in folders.items()}
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
            save({name: folders[name] / fold for name in names}, folder / fold, description)


def load(folder: Path) -> Ensemble:
    """Read an ensemble.

    Raises
    ------
    ValueError
        If there is no ensemble, or a member is damaged.

    Examples
    --------
    >>> load(Path("no_such_folder"))
    Traceback (most recent call last):
    ValueError: no model in no_such_folder (bundle.json); train one with: dvc repro train
    """
    description = bundle.read_description(folder)
    if MEMBERS not in description:
        raise ValueError(f"{folder} has one model, and is not an ensemble; load it with ser.models.bundle")
    members = {name: bundle.load(folder / MEMBERS / name) for name in description.pop("members")}
    return Ensemble(members, description.pop("labels"), description)
