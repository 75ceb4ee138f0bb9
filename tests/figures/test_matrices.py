"""Matrices: the numbers, the shades and the axes are those of the tables, and all texts can be read."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from sklearn.metrics import confusion_matrix

from ser.figures.matrices import confusion, heat_map
from tests.support.drawn_figures import NOTE, TITLE, check_title, drawn, extent
from tests.support.learning_tables import RAVDESS_EMOTIONS, prediction_table, utterance_table

LABELS = ["neutral", "happy", "sad"]
TRUTH = pd.Series(["neutral"] * 4 + ["happy"] * 2)
PREDICTION = pd.Series(["neutral"] * 3 + ["happy", "happy", "neutral"])
TABLE = prediction_table(utterance_table(8))


def test_the_matrix_shows_shares_of_rows_and_counts() -> None:
    figure = drawn(confusion(TRUTH, PREDICTION, labels=LABELS, title="t"))
    texts = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    rows = [["75%\n3", "25%\n1", "0%\n0"], ["50%\n1", "50%\n1", "0%\n0"], ["0%\n0"] * 3]
    assert texts == {(column, row): rows[row][column] for row in range(3) for column in range(3)}


def test_the_shade_of_the_matrix_is_the_share_of_the_annotated_emotion() -> None:
    figure = drawn(confusion(TABLE["truth"], TABLE["prediction"], labels=list(RAVDESS_EMOTIONS), title="t"))
    (image,) = figure.axes[0].images
    expected = confusion_matrix(TABLE["truth"], TABLE["prediction"], labels=RAVDESS_EMOTIONS, normalize="true")
    np.testing.assert_allclose(image.get_array(), expected)
    assert image.get_clim() == (0, 1)  # two pictures can be compared


def test_the_axes_of_the_matrix_are_annotated_down_and_predicted_across() -> None:
    axes = drawn(confusion(TRUTH, PREDICTION, labels=LABELS, title="t")).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "annotated")
    assert [label.get_text() for label in axes.get_xticklabels()] == LABELS
    assert [label.get_text() for label in axes.get_yticklabels()] == LABELS


CORPORA = ("crema_d", "emodb", "ravdess", "savee", "tess")


def pairs(n_trained: int = 5, n_tested: int = 5) -> pd.DataFrame:
    """UAR of corpora that trained, down, on corpora that were tested, across; two are missing, and all of TESS."""
    values = np.linspace(0.10, 1.0, 25).round(3).reshape(5, 5)
    uar = pd.DataFrame(values, index=CORPORA, columns=CORPORA)
    uar.loc["crema_d", "emodb"] = uar.loc["ravdess", "crema_d"] = np.nan
    uar.loc["tess"] = np.nan
    return uar.iloc[:n_trained, :n_tested]


SHAPES = [(5, 5), (1, 2), (1, 5), (2, 5), (3, 2), (5, 1)]
HEAT_NOTE = (
    "svm on librosa\nneutral, happy, sad, angry, fearful, disgust\ndiagonal: folds of speakers; blank: too few speakers"
)


def map_of(uar: pd.DataFrame, note: str = HEAT_NOTE) -> Figure:
    """Heat map of `uar` of six emotions."""
    return drawn(heat_map(uar, chance=1 / 6, title="UAR across corpora, in %", note=note))


@pytest.mark.parametrize(("n_trained", "n_tested"), SHAPES)
def test_a_heat_map_shows_each_uar_as_per_cent_in_its_cell_and_nothing_where_there_is_none(
    n_trained: int, n_tested: int
) -> None:
    uar = pairs(n_trained, n_tested)
    axes = map_of(uar).axes[0]
    trained = [label.get_text() for label in axes.get_yticklabels()]
    tested = [label.get_text() for label in axes.get_xticklabels()]
    found = {(trained[y], tested[x]): float(text.get_text()) for text in axes.texts for x, y in [text.get_position()]}
    expected = {(row, column): 100 * uar.loc[row, column] for row in uar.index for column in uar.columns}
    assert found == pytest.approx({pair: value for pair, value in expected.items() if not np.isnan(value)}, abs=0.051)


@pytest.mark.parametrize(("n_trained", "n_tested"), SHAPES)
def test_the_axes_of_a_heat_map_are_trained_down_and_tested_across_in_the_order_of_the_table(
    n_trained: int, n_tested: int
) -> None:
    axes = map_of(pairs(n_trained, n_tested)).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("tested on", "trained on")
    assert [label.get_text() for label in axes.get_xticklabels()] == list(CORPORA[:n_tested])
    assert [label.get_text() for label in axes.get_yticklabels()] == list(CORPORA[:n_trained])
    height = [axes.transData.transform((0, row))[1] for row in range(n_trained)]
    assert height == sorted(height, reverse=True)  # as the table is read


def test_the_shade_of_a_heat_map_goes_from_chance_to_1_and_is_none_where_nothing_is() -> None:
    uar = pairs()
    (image,) = map_of(uar).axes[0].images
    shade = np.ma.filled(image.norm(image.get_array()), np.nan)
    np.testing.assert_allclose(shade, (uar - 1 / 6) / (5 / 6))  # two maps of as many emotions can be compared
    opacity = image.to_rgba(image.get_array())[:, :, 3]
    np.testing.assert_array_equal(opacity, uar.notna())


def luminance(colour: object) -> float:
    """Relative luminance of WCAG 2.1."""
    rgb = np.array(to_rgb(colour))  # type: ignore[arg-type]
    return float(np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722])


def test_the_numbers_of_a_heat_map_can_be_read_on_their_shade() -> None:
    """3 is the least contrast that WCAG 2.1 allows for what must be seen."""
    axes = map_of(pairs()).axes[0]
    (image,) = axes.images
    for text in axes.texts:
        column, row = text.get_position()
        shade = image.to_rgba(image.get_array())[row, column, :3]
        dark, light = sorted((luminance(text.get_color()), luminance(shade)))
        assert (light + 0.05) / (dark + 0.05) >= 3


@pytest.mark.parametrize("note", [HEAT_NOTE, f"{NOTE}; {NOTE}", ""], ids=["three lines", "long", "none"])
@pytest.mark.parametrize(("n_trained", "n_tested"), SHAPES)
def test_no_text_of_a_heat_map_lies_on_another_or_outside(n_trained: int, n_tested: int, note: str) -> None:
    figure = map_of(pairs(n_trained, n_tested), note)
    of_shades = figure.axes[1].get_yticklabels()  # some are out of range, and not drawn
    shown = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible() and text not in of_shades]
    names = {"UAR across corpora, in %", "trained on", "tested on", *CORPORA[: max(n_tested, n_trained)]}
    assert names <= {line for text in shown for line in text.get_text().splitlines()}
    boxes = [(text.get_text(), extent(figure, text)) for text in shown]
    for (first, box), (second, other) in combinations(boxes, 2):
        assert not box.overlaps(other), (first, second)
    for name, box in boxes:
        assert 0 <= box.x0 < box.x1 <= figure.bbox.width, name
        assert 0 <= box.y0 < box.y1 <= figure.bbox.height, name


@pytest.mark.parametrize("n_labels", [2, 4, 8])
def test_the_note_of_a_matrix_is_below_the_title_and_both_fit(n_labels: int) -> None:
    labels = list(RAVDESS_EMOTIONS[:n_labels])
    rows = TABLE[TABLE["truth"].isin(labels) & TABLE["prediction"].isin(labels)]
    check_title(drawn(confusion(rows["truth"], rows["prediction"], labels=labels, title=TITLE, note=NOTE)))
