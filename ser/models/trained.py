"""The trained models of a study: their folders, descriptions, epochs and temperatures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ser.models import bundle, ensembles
from ser.models.progress import Epoch


@dataclass(frozen=True)
class Trained:
    """The model of a fold, or a member of the ensemble of a fold.

    Examples
    --------
    >>> model = Trained(Path("models/fold_1"), 1, "cnn", description={})
    >>> model.name, list(model.history), model.not_of_dev().as_posix()
    ('fold 1, cnn', [], 'models/fold_1')
    """

    folder: Path
    fold: int
    member: str
    """Name of the member; empty if the model is not part of an ensemble."""
    description: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Fold and member."""
        return f"fold {self.fold}" + (f", {self.member}" if self.member else "")

    @property
    def history(self) -> Sequence[Epoch]:
        """Loss and scores of each epoch of a network; empty for a classifier."""
        path = self.folder / bundle.HISTORY
        found: list[Any] = pd.read_csv(path).to_dict("records") if path.is_file() else []
        return found

    def not_of_dev(self) -> Path:
        """Folder of the bundle that was not trained on dev."""
        before = self.folder / bundle.BEFORE_REFIT
        return before if before.is_dir() else self.folder


def models_in(folder: Path) -> list[Trained]:
    """All models in the folder of a study, by fold and member.

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> models_in(Path("no_such_folder"))
    Traceback (most recent call last):
    ValueError: no model in no_such_folder; train one with: dvc repro train
    """
    folds = {int(path.name.removeprefix("fold_")): path for path in folder.glob("fold_*")}
    found = [one for fold in sorted(folds) for one in _of_fold(folds[fold], fold)]
    if not found:
        raise ValueError(f"no model in {folder}; {bundle.TRAIN}")
    return found


def _of_fold(folder: Path, fold: int) -> Iterator[Trained]:
    description = bundle.read_description(folder)
    for member in description.get("members", ()):
        path = folder / ensembles.MEMBERS / member
        yield Trained(path, fold, member, bundle.read_description(path))
    if "members" not in description:
        yield Trained(folder, fold, "", description)


def epochs(folder: Path) -> pd.DataFrame:
    """Epochs of all networks in the folder of a study; empty if there are no networks.

    Returns
    -------
    DataFrame
        network (fold and member), epoch, kept (True for the epoch whose weights the network has), and the columns of
        the history: loss, accuracy, learning_rate, dev_loss, dev_accuracy, dev_uar.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from ser.core import files
    >>> from ser.models import bundle_file
    >>> about = {"format": 1, "labels": ["calm", "sad"], "columns": [], "representation": {"name": "x", "settings": {}}}
    >>> with TemporaryDirectory() as folder:
    ...     bundle_file.write({**about, "metrics": {"epoch": 1}}, Path(folder, "fold_0"))
    ...     files.write_text(Path(folder, "fold_0", bundle.HISTORY), "loss\\n0.5\\n0.25\\n")
    ...     epochs(Path(folder)).to_dict("records")[1]
    {'network': 'fold 0', 'epoch': 1, 'kept': True, 'loss': 0.25}
    """
    parts = []
    for model in models_in(folder):
        if history := model.history:
            rows = pd.DataFrame(list(history))
            rows.insert(0, "network", model.name)
            rows.insert(1, "epoch", range(len(rows)))
            rows.insert(2, "kept", rows["epoch"] == int(model.description["metrics"]["epoch"]))
            parts.append(rows)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["network", "epoch", "kept"])


def temperature(folder: Path) -> float:
    """Temperature that divides the logits of the bundle in `folder`, fitted in its training.

    Examples
    --------
    >>> from ser.models import packaged
    >>> temperature(packaged.resolved("general"))  # of a classifier, which was exported: a part of its weights
    1.0
    """
    own = bundle.read_description(folder).get("temperature")
    if own is not None:  # of a network, which is not loaded
        return float(own)
    (calibrated,) = bundle.load(folder).model.calibrated_classifiers_
    (calibrator,) = calibrated.calibrators
    return 1 / float(calibrator.beta_)
