"""What the pictures of results say, and that nothing in them is hidden."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from sklearn.metrics import classification_report, confusion_matrix

from ser.core import tables
from ser.figures import result_figures
from tests.support.learning_tables import RAVDESS_EMOTIONS, combined, prediction_table, utterance_table

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
    figure = drawn(result_figures.confusion(TRUTH, PREDICTION, labels=LABELS, title="t"))
    texts = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    rows = [["75%\n3", "25%\n1", "0%\n0"], ["50%\n1", "50%\n1", "0%\n0"], ["0%\n0"] * 3]
    assert texts == {(column, row): rows[row][column] for row in range(3) for column in range(3)}


def test_the_shade_of_the_matrix_is_the_share_of_the_annotated_emotion() -> None:
    figure = drawn(
        result_figures.confusion(TABLE["truth"], TABLE["prediction"], labels=list(RAVDESS_EMOTIONS), title="t")
    )
    (image,) = figure.axes[0].images
    expected = confusion_matrix(TABLE["truth"], TABLE["prediction"], labels=RAVDESS_EMOTIONS, normalize="true")
    np.testing.assert_allclose(image.get_array(), expected)
    assert image.get_clim() == (0, 1)  # two pictures can be compared


def test_the_axes_of_the_matrix_are_annotated_down_and_predicted_across() -> None:
    axes = drawn(result_figures.confusion(TRUTH, PREDICTION, labels=LABELS, title="t")).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "annotated")
    assert [label.get_text() for label in axes.get_xticklabels()] == LABELS
    assert [label.get_text() for label in axes.get_yticklabels()] == LABELS


def test_bars_are_those_of_the_classification_report() -> None:
    labels = list(RAVDESS_EMOTIONS)
    figure = drawn(result_figures.per_class(TABLE["truth"], TABLE["prediction"], labels=labels, title="t"))
    report = classification_report(TABLE["truth"], TABLE["prediction"], labels=labels, output_dict=True)
    keys = {"recall": "recall", "precision": "precision", "F1": "f1-score"}
    for bars in figure.axes[0].containers:
        expected = [report[label][keys[bars.get_label()]] for label in labels]
        np.testing.assert_allclose([bar.get_height() for bar in bars], expected)
    assert [bars.get_label() for bars in figure.axes[0].containers] == list(keys)
    ticks = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert ticks == [f"{label}\nn = {report[label]['support']:.0f}" for label in labels]


def test_bars_have_a_legend_with_uar_and_chance() -> None:
    figure = drawn(result_figures.per_class(TRUTH, PREDICTION, labels=LABELS, title="t"))
    assert set(legend_texts(figure)) == {"recall", "precision", "F1", "UAR 0.625", "chance 0.333"}
    lines = {line.get_label(): line.get_ydata()[0] for line in figure.axes[0].lines}
    assert lines == pytest.approx({"UAR 0.625": 0.625, "chance 0.333": 1 / 3})


CORPORA = ("crema_d", "emodb", "ravdess", "savee", "tess")


def of_corpora(*names: str) -> pd.DataFrame:
    """Predictions for corpora, of which EmoDB has no calm and TESS neither calm nor surprised."""
    lacking = {"emodb": {"calm"}, "tess": {"calm", "surprised"}}
    own = {name: [emotion for emotion in RAVDESS_EMOTIONS if emotion not in lacking.get(name, ())] for name in names}
    utterances = combined(*(utterance_table(3, emotions=own[name], corpus=name, n_repetitions=1) for name in names))
    return prediction_table(utterances, accuracy=0.5)


def bars_of(rows: pd.DataFrame) -> Figure:
    """Bars of the predictions, with the marks of their corpora."""
    labels = list(RAVDESS_EMOTIONS)
    note = f"{' and '.join(rows['corpus'].unique())}, test, {NOTE}"
    figure = result_figures.per_class(
        rows["truth"], rows["prediction"], labels=labels, title="t", note=note, corpus=rows["corpus"]
    )
    return drawn(figure)


def marks_of(figure: Figure) -> dict[str, dict[int, float]]:
    """Corpus -> index of the emotion whose recall's bar bears the mark -> height of the mark."""
    axes = figure.axes[0]
    (recall,) = (bars for bars in axes.containers if bars.get_label() == "recall")
    marks = {}
    for line in axes.lines:
        if line.get_marker() not in ("", "None", None):
            middles = np.array([bar.get_x() + bar.get_width() / 2 for bar in recall])
            bar_of = [int(np.flatnonzero(np.isclose(middles, x))[0]) for x in line.get_xdata()]
            marks[line.get_label().removeprefix("recall in ")] = dict(zip(bar_of, line.get_ydata(), strict=True))
    return marks


@pytest.mark.parametrize("names", [("emodb", "tess"), CORPORA, (*CORPORA, "demo", "folders", "my_own")], ids=len)
def test_each_corpus_has_a_mark_at_its_recall_in_each_emotion_that_it_has(names: tuple[str, ...]) -> None:
    rows = of_corpora(*names)
    marks = marks_of(bars_of(rows.sample(frac=1, random_state=0)))
    assert sorted(marks) == sorted(names)
    for name, own in rows.groupby("corpus"):
        right = (own["truth"] == own["prediction"]).groupby(own["truth"]).mean()
        assert marks[name] == pytest.approx({RAVDESS_EMOTIONS.index(emotion): x for emotion, x in right.items()})


def test_a_corpus_that_gets_an_emotion_all_wrong_has_a_mark_at_0() -> None:
    rows = of_corpora("emodb", "ravdess")
    wrong = (rows["corpus"] == "emodb") & (rows["truth"] == "sad")
    marks = marks_of(bars_of(rows.assign(prediction=rows["prediction"].mask(wrong, "happy"))))
    sad, calm = RAVDESS_EMOTIONS.index("sad"), RAVDESS_EMOTIONS.index("calm")
    assert marks["emodb"][sad] == 0
    assert calm in marks["ravdess"]
    assert calm not in marks["emodb"]  # which has none to get wrong


def test_marks_at_0_and_1_are_drawn_whole() -> None:
    rows = of_corpora("emodb", "ravdess")
    right = rows.assign(prediction=rows["truth"].mask(rows["corpus"] == "ravdess", "happy"))
    figure = bars_of(right)
    marks = [line for line in figure.axes[0].lines if line.get_label().startswith("recall in")]
    assert {height for line in marks for height in line.get_ydata()} == {0, 1}
    axes = extent(figure, figure.axes[0].patch)
    for line in marks:
        box = extent(figure, line)
        assert not line.get_clip_on() or axes.y0 <= box.y0 < box.y1 <= axes.y1


def test_a_single_corpus_has_no_marks_and_its_picture_is_as_without_its_name() -> None:
    rows = of_corpora("ravdess")
    assert marks_of(bars_of(rows)) == {}
    without = result_figures.per_class(rows["truth"], rows["prediction"], labels=list(RAVDESS_EMOTIONS), title="t")
    assert legend_texts(bars_of(rows)) == legend_texts(without)


def test_marks_change_no_bar_and_no_line() -> None:
    rows = of_corpora(*CORPORA)
    without = result_figures.per_class(rows["truth"], rows["prediction"], labels=list(RAVDESS_EMOTIONS), title="t")
    figure = bars_of(rows)
    for bars, plain in zip(figure.axes[0].containers, without.axes[0].containers, strict=True):
        assert [bar.get_height() for bar in bars] == [bar.get_height() for bar in plain]
    assert set(legend_texts(figure)) - set(legend_texts(without)) == {f"recall in {name}" for name in CORPORA}
    assert set(legend_texts(without)) < set(legend_texts(figure))


@pytest.mark.parametrize("names", [CORPORA, (*CORPORA, "demo", "folders", "my_own")], ids=len)
def test_corpora_are_told_apart_by_their_marks_in_the_legend(names: tuple[str, ...]) -> None:
    figure = bars_of(of_corpora(*names))
    handles = dict(zip(legend_texts(figure), figure.legends[0].legend_handles, strict=True))
    looks = [(handles[f"recall in {name}"].get_marker(), handles[f"recall in {name}"].get_color()) for name in names]
    assert len(set(looks)) == len(names)
    box = extent(figure, figure.legends[0])
    assert not box.overlaps(extent(figure, figure.axes[0]))
    assert 0 <= box.x0 < box.x1 <= figure.bbox.width
    assert 0 <= box.y0 < box.y1 <= figure.bbox.height


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


def heat_map(uar: pd.DataFrame, note: str = HEAT_NOTE) -> Figure:
    """Heat map of `uar` of six emotions."""
    return drawn(result_figures.heat_map(uar, chance=1 / 6, title="UAR across corpora, in %", note=note))


@pytest.mark.parametrize(("n_trained", "n_tested"), SHAPES)
def test_a_heat_map_shows_each_uar_as_per_cent_in_its_cell_and_nothing_where_there_is_none(
    n_trained: int, n_tested: int
) -> None:
    uar = pairs(n_trained, n_tested)
    axes = heat_map(uar).axes[0]
    trained = [label.get_text() for label in axes.get_yticklabels()]
    tested = [label.get_text() for label in axes.get_xticklabels()]
    found = {(trained[y], tested[x]): float(text.get_text()) for text in axes.texts for x, y in [text.get_position()]}
    expected = {(row, column): 100 * uar.loc[row, column] for row in uar.index for column in uar.columns}
    assert found == pytest.approx({pair: value for pair, value in expected.items() if not np.isnan(value)}, abs=0.051)


@pytest.mark.parametrize(("n_trained", "n_tested"), SHAPES)
def test_the_axes_of_a_heat_map_are_trained_down_and_tested_across_in_the_order_of_the_table(
    n_trained: int, n_tested: int
) -> None:
    axes = heat_map(pairs(n_trained, n_tested)).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("tested on", "trained on")
    assert [label.get_text() for label in axes.get_xticklabels()] == list(CORPORA[:n_tested])
    assert [label.get_text() for label in axes.get_yticklabels()] == list(CORPORA[:n_trained])
    height = [axes.transData.transform((0, row))[1] for row in range(n_trained)]
    assert height == sorted(height, reverse=True)  # as the table is read


def test_the_shade_of_a_heat_map_goes_from_chance_to_1_and_is_none_where_nothing_is() -> None:
    uar = pairs()
    (image,) = heat_map(uar).axes[0].images
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
    axes = heat_map(pairs()).axes[0]
    (image,) = axes.images
    for text in axes.texts:
        column, row = text.get_position()
        shade = image.to_rgba(image.get_array())[row, column, :3]
        dark, light = sorted((luminance(text.get_color()), luminance(shade)))
        assert (light + 0.05) / (dark + 0.05) >= 3


@pytest.mark.parametrize("note", [HEAT_NOTE, f"{NOTE}; {NOTE}", ""], ids=["three lines", "long", "none"])
@pytest.mark.parametrize(("n_trained", "n_tested"), SHAPES)
def test_no_text_of_a_heat_map_lies_on_another_or_outside(n_trained: int, n_tested: int, note: str) -> None:
    figure = heat_map(pairs(n_trained, n_tested), note)
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


@pytest.mark.parametrize("n_synthetic", [0, 24])
def test_a_map_has_a_legend_of_emotions_and_counts(n_synthetic: int) -> None:
    figure = drawn(result_figures.projection(map_of(n_synthetic), title="t"))
    counts = [f"real ({80 - n_synthetic})", f"synthetic ({n_synthetic})"]
    assert legend_texts(figure) == [*RAVDESS_EMOTIONS, *counts]


def test_a_map_names_only_the_emotions_that_it_shows() -> None:
    points = map_of(10)
    figure = drawn(result_figures.projection(points[points["emotion"].isin(["sad", "calm"])], title="t"))
    assert legend_texts(figure)[:2] == ["calm", "sad"]
    assert len(legend_texts(figure)) == 4


def test_a_map_shows_every_row_at_its_place_in_its_colour() -> None:
    points = map_of(24)
    figure = drawn(result_figures.projection(points, title="t"))
    *real, synthetic = figure.axes[0].collections
    for emotion, shown in zip(RAVDESS_EMOTIONS, real, strict=True):
        rows = points[(points["emotion"] == emotion) & ~points["synthetic"]]
        np.testing.assert_allclose(shown.get_offsets(), rows[["x", "y"]].to_numpy())
    np.testing.assert_allclose(synthetic.get_offsets(), points.loc[points["synthetic"], ["x", "y"]].to_numpy())
    handles = dict(zip(legend_texts(figure), figure.legends[0].legend_handles, strict=True))
    assert {name: handles[name].get_color() for name in RAVDESS_EMOTIONS} == {
        name: result_figures.COLOURS[name] for name in RAVDESS_EMOTIONS
    }
    filled = (
        result_figures.projection(points[points["emotion"] == "sad"], title="t").axes[0].collections[0].get_facecolor()
    )
    np.testing.assert_allclose(filled[:, :3], [[0x0A / 255, 0x4C / 255, 0x8A / 255]] * len(filled))


@pytest.mark.parametrize("name", ["per_class", "projection"])
def test_a_legend_lies_outside_the_axes_and_inside_the_figure(name: str) -> None:
    if name == "projection":
        figure = drawn(result_figures.projection(map_of(24), title="t", note=NOTE))
    else:
        truth, prediction = TABLE["truth"], TABLE["prediction"]
        figure = drawn(result_figures.per_class(truth, prediction, labels=list(RAVDESS_EMOTIONS), title="t", note=NOTE))
    box = extent(figure, figure.legends[0])
    assert not box.overlaps(extent(figure, figure.axes[0]))
    assert 0 <= box.x0 < box.x1 <= figure.bbox.width
    assert 0 <= box.y0 < box.y1 <= figure.bbox.height


def picture(name: str, labels: list[str]) -> Figure:
    """One of the pictures of results, with a title and a note."""
    rows = TABLE[TABLE["truth"].isin(labels) & TABLE["prediction"].isin(labels)]
    make = {"confusion": result_figures.confusion, "per_class": result_figures.per_class}[name]
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
    figure = drawn(result_figures.projection(map_of(24), title="t", note=f"{NOTE}; {NOTE}; {NOTE}"))
    box = extent(figure, figure._suptitle)
    assert 0 <= box.x0 < box.x1 <= figure.bbox.width


def test_without_a_note_the_title_is_one_line() -> None:
    assert result_figures.projection(map_of(0), title="t-SNE").get_suptitle() == "t-SNE"


def test_every_emotion_has_a_shape_of_its_own_for_print_without_colour() -> None:
    figure = drawn(result_figures.projection(map_of(24), title="t"))
    handles = dict(zip(legend_texts(figure), figure.legends[0].legend_handles, strict=True))
    shapes = [handles[name].get_marker() for name in RAVDESS_EMOTIONS]
    assert len({*shapes, "x"}) == 9
    assert set(result_figures.SHAPES) == set(tables.EMOTIONS)
    assert len(set(result_figures.SHAPES.values())) == len(tables.EMOTIONS)


def test_every_emotion_has_a_colour_of_its_own() -> None:
    assert set(result_figures.COLOURS) == set(tables.EMOTIONS)
    assert len(set(result_figures.COLOURS.values())) == len(tables.EMOTIONS)
