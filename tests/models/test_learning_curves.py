"""Figures of every epoch: as they come, and drawn."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.lines import Line2D

from ser.figures import result_figures
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


def curves(*histories: Sequence[Epoch], kept: Sequence[int]) -> tuple[pd.DataFrame, Figure]:
    rows = [
        {"fold": fold, "epoch": epoch, "kept": epoch == kept[fold], **values}
        for fold, epochs in enumerate(histories)
        for epoch, values in enumerate(epochs)
    ]
    figure = result_figures.learning_curves(pd.DataFrame(rows), title="cnn on log_mel")
    FigureCanvasAgg(figure).draw()
    return pd.DataFrame(rows), figure


def test_every_figure_of_every_epoch_and_fold_is_recorded(tmp_path: Path) -> None:
    first, second = history(4), history(2, seed=1)
    recorded(tmp_path / "live", first, second)
    for fold, epochs in enumerate((first, second)):
        for name in NAMES:
            content = table(tmp_path / "live", fold, name)
            assert content["step"].tolist() == list(range(len(epochs)))
            assert content[name].tolist() == pytest.approx([epoch[name] for epoch in epochs])


def test_an_epoch_can_be_read_before_the_next_comes(tmp_path: Path) -> None:
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


def test_what_a_stopped_training_has_recorded_stays(tmp_path: Path) -> None:
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


def test_the_picture_has_a_line_of_training_and_of_dev_a_fold_and_a_dot_where_kept() -> None:
    rows, figure = curves(history(5), history(3, seed=1), kept=[3, 0])
    panels = [("loss", "dev_loss"), ("accuracy", "dev_accuracy"), (None, "dev_uar")]
    for axes, (on_training, on_dev) in zip(figure.axes, panels, strict=True):
        lines: list[Line2D] = list(axes.get_lines())
        assert len(lines) == (6 if on_training else 4)
        for fold, part in rows.groupby("fold"):
            own = lines[fold * len(lines) // 2 : (fold + 1) * len(lines) // 2]
            *curve, dot = own
            for line, name in zip(curve, [name for name in (on_training, on_dev) if name], strict=True):
                assert line.get_xdata().tolist() == part["epoch"].tolist()
                assert line.get_ydata().tolist() == part[name].tolist()
                assert (line.get_linestyle() == "--") == (name == on_training)
            kept = part[part["kept"]]
            assert (dot.get_xdata().tolist(), dot.get_ydata().tolist()) == (
                kept["epoch"].tolist(),
                kept[on_dev].tolist(),
            )
            assert dot.get_marker() == "o"
            assert len({to_hex(line.get_color()) for line in own}) == 1


def test_accuracy_and_recall_are_drawn_from_0_to_1_and_loss_as_it_is() -> None:
    _, figure = curves([{**values, "loss": 7.0} for values in history(4)], kept=[0])
    loss, accuracy, recall = figure.axes
    assert accuracy.get_ylim() == recall.get_ylim() == (0, 1)
    assert loss.get_ylim()[1] > 7
    assert [axes.get_ylabel() for axes in figure.axes] == ["cross-entropy", "accuracy", "UAR"]


@pytest.mark.parametrize(
    ("n_folds", "named"), [(1, []), (2, ["fold 0", "fold 1"]), (12, [f"fold {k}" for k in range(12)])]
)
def test_the_legend_names_each_kind_of_line_once_and_each_fold_if_there_are_several(
    n_folds: int, named: list[str]
) -> None:
    _, figure = curves(*[history(3, seed=k) for k in range(n_folds)], kept=[0] * n_folds)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["training", "dev", "kept", *named]
    box = legend.get_window_extent(figure.canvas.get_renderer())
    assert box.x1 <= figure.bbox.x1
    assert box.y0 >= 0
    assert box.y1 <= figure.bbox.y1
    assert all(axes.get_window_extent(figure.canvas.get_renderer()).x1 < box.x0 for axes in figure.axes)


def test_the_colour_of_a_fold_in_the_legend_is_that_of_its_lines() -> None:
    _, figure = curves(history(3), history(3, seed=1), kept=[0, 1])
    (legend,) = figure.legends
    handles = dict(zip([text.get_text() for text in legend.get_texts()], legend.legend_handles, strict=True))
    lines = {line.get_label(): line.get_color() for line in figure.axes[2].get_lines()}
    for name in ("fold 0", "fold 1"):
        assert to_hex(handles[name].get_color()) == to_hex(lines[name])


def test_a_picture_of_one_epoch_shows_it(tmp_path: Path) -> None:
    learning_curves.write_picture(tmp_path / "curves", {0: history(1)}, {0: 0}, "dnn on librosa")
    assert [path.name for path in (tmp_path / "curves").iterdir()] == ["learning_curves.png"]
    pixels = imread(tmp_path / "curves/learning_curves.png")
    assert np.unique(pixels[..., :3].reshape(-1, 3), axis=0).shape[0] > 10


def test_the_picture_is_of_every_fold_with_its_own_kept_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[pd.DataFrame] = []
    real = result_figures.learning_curves

    def watched(epochs: pd.DataFrame, *, title: str) -> Figure:
        seen.append(epochs)
        return real(epochs, title=title)

    monkeypatch.setattr(result_figures, "learning_curves", watched)
    learning_curves.write_picture(tmp_path, {3: history(4), 5: history(2)}, {3: 2, 5: 1}, "cnn on log_mel")
    kept = seen[0][seen[0]["kept"]]
    assert list(zip(kept["fold"], kept["epoch"], strict=True)) == [(3, 2), (5, 1)]
    assert len(seen[0]) == 6


def test_equal_histories_are_equal_pictures(tmp_path: Path) -> None:
    for name in ("a", "b"):
        learning_curves.write_picture(tmp_path / name, {3: history(4), 5: history(2)}, {3: 1, 5: 0}, "cnn on log_mel")
    first, second = ((tmp_path / name / "learning_curves.png").read_bytes() for name in ("a", "b"))
    assert first == second


def test_a_classifier_leaves_a_word_that_it_has_no_epochs(tmp_path: Path) -> None:
    learning_curves.write_none(tmp_path / "curves", "svm")
    (path,) = (tmp_path / "curves").iterdir()
    assert path.suffix == ".json"  # `dvc plots` reads it
    assert json.loads(path.read_text()) == {"svm": "is not trained in epochs"}
