"""What the trained models of a study say of themselves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ser.models import bundle, ensembles
from ser.models.progress import Epoch


@dataclass(frozen=True)
class Trained:
    """The model of a fold, or a member of the ensemble of a fold."""

    folder: Path
    fold: int
    member: str
    """Empty unless it is one of an ensemble."""
    description: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Which of the models it is."""
        return f"fold {self.fold}" + (f", {self.member}" if self.member else "")

    @property
    def history(self) -> Sequence[Epoch]:
        """Figures of every epoch of a network; nothing of a classifier."""
        path = self.folder / bundle.HISTORY
        found: list[Any] = pd.read_csv(path).to_dict("records") if path.is_file() else []
        return found

    def not_of_dev(self) -> Path:
        """Folder of the bundle that did not learn from dev."""
        before = self.folder / bundle.BEFORE_REFIT
        return before if before.is_dir() else self.folder


def trained(models: Path) -> list[Trained]:
    """All models in the folder of a study, by fold and member.

    Raises
    ------
    ValueError
        If there is none.
    """
    folds = {int(path.name.removeprefix("fold_")): path for path in models.glob("fold_*")}
    found = [one for fold in sorted(folds) for one in _of_fold(folds[fold], fold)]
    if not found:
        raise ValueError(f"no model in {models}; {bundle.TRAIN}")
    return found


def _of_fold(folder: Path, fold: int) -> Iterator[Trained]:
    description = bundle.read_description(folder)
    for member in description.get("members", ()):
        path = folder / ensembles.MEMBERS / member
        yield Trained(path, fold, member, bundle.read_description(path))
    if "members" not in description:
        yield Trained(folder, fold, "", description)


def temperature(folder: Path) -> float:
    """By which the logits of the bundle in `folder` are divided, as its training found it."""
    own = bundle.read_description(folder).get("temperature")
    if own is not None:  # of a network, which need not be loaded for that
        return float(own)
    (calibrated,) = bundle.load(folder).model.calibrated_classifiers_
    (calibrator,) = calibrated.calibrators
    return 1 / float(calibrator.beta_)
