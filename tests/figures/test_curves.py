"""Learning curves: a line of training and of dev for each network, a dot at the kept epoch, a legend of all of them."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from ser.figures.curves import learning_curves
from ser.figures.style import DARK, MIDDLE, png, svg
from tests.support.drawn_figures import check_legend, drawn, legend_texts

SCORES = ("loss", "accuracy", "learning_rate", "dev_loss", "dev_accuracy", "dev_uar")
PANELS = (("loss", "dev_loss"), ("accuracy", "dev_accuracy"), (None, "dev_uar"))


def epochs(*n_epochs: int, kept: int = 0) -> pd.DataFrame:
    """Epochs of one network for each number."""
    parts = []
    for fold, n in enumerate(n_epochs):
        values = np.random.default_rng(fold).random((n, len(SCORES)))
        facts = pd.DataFrame({"network": f"fold {fold}", "epoch": range(n), "kept": np.arange(n) == kept})
        parts.append(pd.concat([facts, pd.DataFrame(values, columns=list(SCORES))], axis=1))
    return pd.concat(parts, ignore_index=True)


def curves(*n_epochs: int, kept: int = 0) -> Figure:
    return drawn(learning_curves(epochs(*n_epochs, kept=kept), title="cnn on log_mel"))


@pytest.mark.parametrize("n_networks", [1, 2, 12])
def test_each_network_has_a_line_of_training_and_of_dev_and_a_dot_at_the_kept_epoch(n_networks: int) -> None:
    table = epochs(*[3] * n_networks, kept=2)
    figure = drawn(learning_curves(table))
    for axes, (on_training, on_dev) in zip(figure.axes, PANELS, strict=True):
        lines = iter(axes.get_lines())
        for _, rows in table.groupby("network", sort=False):
            for name in [name for name in (on_training, on_dev) if name]:
                line = next(lines)
                np.testing.assert_array_equal(line.get_xydata(), rows[["epoch", name]])
                assert (line.get_linestyle() == "--") == (name == on_training)
            dot = next(lines)
            np.testing.assert_array_equal(dot.get_xydata(), rows.loc[rows["kept"], ["epoch", on_dev]])
            assert dot.get_marker() == "o"
        assert next(lines, None) is None


def test_accuracy_and_recall_are_drawn_from_0_to_1_and_loss_as_it_is() -> None:
    loss, accuracy, recall = drawn(learning_curves(epochs(4).assign(loss=7.0))).axes
    assert accuracy.get_ylim() == recall.get_ylim() == (0, 1)
    assert loss.get_ylim()[1] >= 7
    assert [axes.get_ylabel() for axes in (loss, accuracy, recall)] == ["cross-entropy", "accuracy", "UAR"]


@pytest.mark.parametrize("n_networks", [1, 2, 5, 10, 11, 24])
def test_the_legend_names_networks_if_there_are_2_to_10(n_networks: int) -> None:
    figure = curves(*[3] * n_networks)
    named = [f"fold {k}" for k in range(n_networks)] if 1 < n_networks <= 10 else []
    assert legend_texts(figure) == ["training", "dev", "kept epoch", *named]
    check_legend(figure)


@pytest.mark.parametrize("n_networks", [2, 5, 10])
def test_colours_of_networks_are_those_of_the_legend_and_differ_in_lightness(n_networks: int) -> None:
    figure = curves(*[3] * n_networks)
    handles = dict(zip(legend_texts(figure), figure.legends[0].legend_handles, strict=True))
    wanted = [to_hex(handles[f"fold {k}"].get_color()) for k in range(n_networks)]
    assert [to_hex(line.get_color()) for line in figure.axes[2].get_lines()[::2]] == wanted
    greys = [
        sum(int(colour[k : k + 2], 16) * part for k, part in ((1, 0.3), (3, 0.59), (5, 0.11))) for colour in wanted
    ]
    assert np.diff(greys).min() > 4


@pytest.mark.parametrize("n_networks", [1, 24])
def test_one_network_or_very_many_are_drawn_in_the_same_colours(n_networks: int) -> None:
    figure = curves(*[3] * n_networks)
    assert {to_hex(line.get_color()) for line in figure.axes[0].get_lines()} == {DARK, MIDDLE}


def test_without_networks_the_figure_states_that_there_are_no_epochs() -> None:
    figure = drawn(learning_curves(pd.DataFrame(columns=["network", "epoch", "kept"]), title="svm"))
    assert figure.get_suptitle() == "svm"
    assert [text.get_text() for text in figure.texts] == ["svm", "The models were not trained in epochs."]
    assert not figure.axes


def test_one_epoch_is_drawn() -> None:
    pixels = np.asarray(curves(1).canvas.buffer_rgba())[..., :3].reshape(-1, 3)  # type: ignore[attr-defined]
    assert len(np.unique(pixels, axis=0)) > 10


def test_equal_epochs_are_equal_files() -> None:
    first, second = (learning_curves(epochs(4, 2), title="t") for _ in range(2))
    assert png(first) == png(second)
    assert svg(first) == svg(second)
