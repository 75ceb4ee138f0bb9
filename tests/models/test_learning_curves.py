"""Recording of epochs: each once, as soon as it ends, in one folder."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ser.models import learning_curves
from ser.models.progress import Epoch

NAMES = ("loss", "accuracy", "learning_rate", "dev_loss", "dev_accuracy", "dev_uar")


def history(n_epochs: int, seed: int = 0) -> list[Epoch]:
    random = np.random.default_rng(seed)
    return [dict(zip(NAMES, random.random(len(NAMES)).tolist(), strict=True)) for _ in range(n_epochs)]


def recorded(folder: Path, *histories: Sequence[Epoch]) -> None:
    with learning_curves.recorded(folder) as log:
        for fold, epochs in enumerate(histories):
            for epoch, values in enumerate(epochs):
                log(fold, epoch, values)


def table(folder: Path, fold: int, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "plots/metrics" / f"fold_{fold}" / f"{name}.tsv", sep="\t")


def test_all_scores_of_every_epoch_and_fold_are_recorded(tmp_path: Path) -> None:
    first, second = history(4), history(2, seed=1)
    recorded(tmp_path / "live", first, second)
    for fold, epochs in enumerate((first, second)):
        for name in NAMES:
            content = table(tmp_path / "live", fold, name)
            assert content["step"].tolist() == list(range(len(epochs)))
            assert content[name].tolist() == pytest.approx([epoch[name] for epoch in epochs])


def test_an_epoch_can_be_read_before_the_next_ends(tmp_path: Path) -> None:
    epochs = history(3)
    with learning_curves.recorded(tmp_path / "live") as log:
        for epoch, values in enumerate(epochs):
            log(0, epoch, values)
            assert len(table(tmp_path / "live", 0, "dev_uar")) == epoch + 1


def test_a_training_that_begins_again_records_no_epoch_twice(tmp_path: Path) -> None:
    """A resumed training reports its finished epochs again."""
    epochs = history(3)
    recorded(tmp_path / "live", epochs[:2])
    recorded(tmp_path / "live", epochs)
    assert table(tmp_path / "live", 0, "loss")["step"].tolist() == [0, 1, 2]


def test_the_epochs_of_a_stopped_training_remain(tmp_path: Path) -> None:
    def stopped() -> None:
        with learning_curves.recorded(tmp_path / "live") as log:
            log(0, 0, history(1)[0])
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        stopped()
    assert len(table(tmp_path / "live", 0, "loss")) == 1


def test_recording_touches_nothing_outside_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    recorded(Path("reports/live"), history(2))
    assert [path.name for path in tmp_path.iterdir()] == ["reports"]
    assert [path.name for path in (tmp_path / "reports").iterdir()] == ["live"]


def test_a_classifier_records_that_it_has_no_epochs(tmp_path: Path) -> None:
    learning_curves.write_none(tmp_path / "curves", "svm")
    (path,) = (tmp_path / "curves").iterdir()
    assert path.suffix == ".json"  # `dvc plots` reads it
    assert json.loads(path.read_text()) == {"svm": "is not trained in epochs"}
