"""What the pictures of results say, and that nothing in them is hidden."""

import numpy as np
import pandas as pd
import pytest
from learning_tables import RAVDESS_EMOTIONS, prediction_table, utterance_table
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from sklearn.metrics import classification_report, confusion_matrix

from ser import figures, tables

LABELS = ["neutral", "happy", "sad"]
# neutral: 3 of 4 right, once taken for happy; happy: 1 of 2 right, once taken for neutral; sad is never annotated
TRUTH = pd.Series(["neutral"] * 4 + ["happy"] * 2)
PREDICTION = pd.Series(["neutral"] * 3 + ["happy", "happy", "neutral"])
TABLE = prediction_table(utterance_table(8))
NOTE = "ravdess, test, published luna_jimenez (speaker-independent)"


def drawn(figure: Figure) -> Figure:
    """`figure` after its layout; a warning of the layout is an error."""
    FigureCanvasAgg(figure).draw()
    return figure


def extent(figure: Figure, artist: object) -> Bbox:
    """Box of `artist` in pixels."""
    return artist.get_window_extent(figure.canvas.get_renderer())  # type: ignore[attr-defined]


def map_of(n_synthetic: int) -> pd.DataFrame:
    """Points of 8 emotions, some synthetic."""
    random = np.random.default_rng(0)
    emotion = np.tile(RAVDESS_EMOTIONS, 10)
    return pd.DataFrame({"x": random.normal(size=80), "y": random.normal(size=80), "emotion": emotion}).assign(
        synthetic=np.arange(80) >= 80 - n_synthetic
    )


def legend_texts(figure: Figure) -> list[str]:
    """Entries of the figure's one legend."""
    (legend,) = figure.legends
    return [text.get_text() for text in legend.get_texts()]


def test_the_matrix_shows_shares_of_rows_and_counts() -> None:
    figure = drawn(figures.confusion(TRUTH, PREDICTION, labels=LABELS, title="t"))
    texts = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    rows = [["75%\n3", "25%\n1", "0%\n0"], ["50%\n1", "50%\n1", "0%\n0"], ["0%\n0"] * 3]
    assert texts == {(column, row): rows[row][column] for row in range(3) for column in range(3)}


def test_the_shade_of_the_matrix_is_the_share_of_the_annotated_emotion() -> None:
    figure = drawn(figures.confusion(TABLE["truth"], TABLE["prediction"], labels=list(RAVDESS_EMOTIONS), title="t"))
    (image,) = figure.axes[0].images
    expected = confusion_matrix(TABLE["truth"], TABLE["prediction"], labels=RAVDESS_EMOTIONS, normalize="true")
    np.testing.assert_allclose(image.get_array(), expected)
    assert image.get_clim() == (0, 1)  # two pictures can be compared


def test_the_axes_of_the_matrix_are_annotated_down_and_predicted_across() -> None:
    axes = drawn(figures.confusion(TRUTH, PREDICTION, labels=LABELS, title="t")).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "annotated")
    assert [label.get_text() for label in axes.get_xticklabels()] == LABELS
    assert [label.get_text() for label in axes.get_yticklabels()] == LABELS


def test_bars_are_those_of_the_classification_report() -> None:
    labels = list(RAVDESS_EMOTIONS)
    figure = drawn(figures.per_class(TABLE["truth"], TABLE["prediction"], labels=labels, title="t"))
    report = classification_report(TABLE["truth"], TABLE["prediction"], labels=labels, output_dict=True)
    keys = {"recall": "recall", "precision": "precision", "F1": "f1-score"}
    for bars in figure.axes[0].containers:
        expected = [report[label][keys[bars.get_label()]] for label in labels]
        np.testing.assert_allclose([bar.get_height() for bar in bars], expected)
    assert [bars.get_label() for bars in figure.axes[0].containers] == list(keys)
    ticks = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert ticks == [f"{label}\nn = {report[label]['support']:.0f}" for label in labels]


def test_bars_have_a_legend_with_uar_and_chance() -> None:
    figure = drawn(figures.per_class(TRUTH, PREDICTION, labels=LABELS, title="t"))
    assert set(legend_texts(figure)) == {"recall", "precision", "F1", "UAR 0.625", "chance 0.333"}
    lines = {line.get_label(): line.get_ydata()[0] for line in figure.axes[0].lines}
    assert lines == pytest.approx({"UAR 0.625": 0.625, "chance 0.333": 1 / 3})


@pytest.mark.parametrize("n_synthetic", [0, 24])
def test_a_map_has_a_legend_of_emotions_and_counts(n_synthetic: int) -> None:
    figure = drawn(figures.projection(map_of(n_synthetic), title="t"))
    counts = [f"real ({80 - n_synthetic})", f"synthetic ({n_synthetic})"]
    assert legend_texts(figure) == [*RAVDESS_EMOTIONS, *counts]


def test_a_map_names_only_the_emotions_that_it_shows() -> None:
    points = map_of(10)
    figure = drawn(figures.projection(points[points["emotion"].isin(["sad", "calm"])], title="t"))
    assert legend_texts(figure)[:2] == ["calm", "sad"]
    assert len(legend_texts(figure)) == 4


def test_a_map_shows_every_row_at_its_place_in_its_colour() -> None:
    points = map_of(24)
    figure = drawn(figures.projection(points, title="t"))
    real, synthetic = figure.axes[0].collections
    for shown, rows in ((real, points[~points["synthetic"]]), (synthetic, points[points["synthetic"]])):
        np.testing.assert_allclose(shown.get_offsets(), rows[["x", "y"]].to_numpy())
    handles = dict(zip(legend_texts(figure), figure.legends[0].legend_handles, strict=True))
    assert {name: handles[name].get_color() for name in RAVDESS_EMOTIONS} == {
        name: figures.COLOURS[name] for name in RAVDESS_EMOTIONS
    }
    filled = figures.projection(points[points["emotion"] == "sad"], title="t").axes[0].collections[0].get_facecolor()
    np.testing.assert_allclose(filled[:, :3], [[0x0A / 255, 0x4C / 255, 0x8A / 255]] * len(filled))


@pytest.mark.parametrize("name", ["per_class", "projection"])
def test_a_legend_lies_outside_the_axes_and_inside_the_figure(name: str) -> None:
    if name == "projection":
        figure = drawn(figures.projection(map_of(24), title="t", note=NOTE))
    else:
        truth, prediction = TABLE["truth"], TABLE["prediction"]
        figure = drawn(figures.per_class(truth, prediction, labels=list(RAVDESS_EMOTIONS), title="t", note=NOTE))
    box = extent(figure, figure.legends[0])
    assert not box.overlaps(extent(figure, figure.axes[0]))
    assert 0 <= box.x0 < box.x1 <= figure.bbox.width
    assert 0 <= box.y0 < box.y1 <= figure.bbox.height


def picture(name: str, labels: list[str]) -> Figure:
    """One of the pictures of results, with a title and a note."""
    rows = TABLE[TABLE["truth"].isin(labels) & TABLE["prediction"].isin(labels)]
    make = {"confusion": figures.confusion, "per_class": figures.per_class}[name]
    title = "UAR 47.3% (95 % interval 41.5% to 52.8%)"
    return drawn(make(rows["truth"], rows["prediction"], labels=labels, title=title, note=NOTE))


@pytest.mark.parametrize("n_labels", [2, 4, 8])
@pytest.mark.parametrize("name", ["confusion", "per_class"])
def test_the_note_stands_below_the_title_and_both_fit(name: str, n_labels: int) -> None:
    figure = picture(name, list(RAVDESS_EMOTIONS[:n_labels]))
    assert figure.get_suptitle().splitlines() == ["UAR 47.3% (95 % interval 41.5% to 52.8%)", NOTE]
    box = extent(figure, figure._suptitle)
    assert 0 <= box.x0 < box.x1 <= figure.bbox.width
    assert not box.overlaps(extent(figure, figure.axes[0]))


def test_a_long_note_widens_a_map() -> None:
    figure = drawn(figures.projection(map_of(24), title="t", note=f"{NOTE}; {NOTE}; {NOTE}"))
    box = extent(figure, figure._suptitle)
    assert 0 <= box.x0 < box.x1 <= figure.bbox.width


def test_without_a_note_the_title_is_one_line() -> None:
    assert figures.projection(map_of(0), title="t-SNE").get_suptitle() == "t-SNE"


def test_every_emotion_has_a_colour_of_its_own() -> None:
    assert set(figures.COLOURS) == set(tables.EMOTIONS)
    assert len(set(figures.COLOURS.values())) == len(tables.EMOTIONS)
