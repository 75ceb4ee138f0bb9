"""Bars of each emotion: heights, marks of corpora, and a legend that hides nothing."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.metrics import classification_report

from ser.figures.classes import per_class
from tests.support.drawn_figures import NOTE, TITLE, check_legend, check_title, drawn, extent, legend_texts
from tests.support.learning_tables import RAVDESS_EMOTIONS, combined, prediction_table, utterance_table

LABELS = ["neutral", "happy", "sad"]
TRUTH = pd.Series(["neutral"] * 4 + ["happy"] * 2)
PREDICTION = pd.Series(["neutral"] * 3 + ["happy", "happy", "neutral"])
TABLE = prediction_table(utterance_table(8))


def test_bars_are_those_of_the_classification_report() -> None:
    labels = list(RAVDESS_EMOTIONS)
    figure = drawn(per_class(TABLE["truth"], TABLE["prediction"], labels=labels, title="t"))
    report = classification_report(TABLE["truth"], TABLE["prediction"], labels=labels, output_dict=True)
    keys = {"recall": "recall", "precision": "precision", "F1": "f1-score"}
    for bars in figure.axes[0].containers:
        expected = [report[label][keys[bars.get_label()]] for label in labels]
        np.testing.assert_allclose([bar.get_height() for bar in bars], expected)
    assert [bars.get_label() for bars in figure.axes[0].containers] == list(keys)
    ticks = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert ticks == [f"{label}\nn = {report[label]['support']:.0f}" for label in labels]


def test_bars_have_a_legend_with_uar_and_chance() -> None:
    figure = drawn(per_class(TRUTH, PREDICTION, labels=LABELS, title="t"))
    assert set(legend_texts(figure)) == {"recall", "precision", "F1", "UAR 62.5 %", "chance 33.3 %"}
    lines = {line.get_label(): line.get_ydata()[0] for line in figure.axes[0].lines}
    assert lines == pytest.approx({"UAR 62.5 %": 0.625, "chance 33.3 %": 1 / 3})


def test_the_axis_of_the_scores_has_a_name_and_is_in_per_cent_as_the_title() -> None:
    axes = drawn(per_class(TRUTH, PREDICTION, labels=LABELS, title="t")).axes[0]
    assert axes.get_ylabel() == "score of the emotion"
    assert [label.get_text() for label in axes.get_yticklabels()][-1] == "100%"


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
    figure = per_class(rows["truth"], rows["prediction"], labels=labels, title="t", note=note, corpus=rows["corpus"])
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
    without = per_class(rows["truth"], rows["prediction"], labels=list(RAVDESS_EMOTIONS), title="t")
    assert legend_texts(bars_of(rows)) == legend_texts(without)


def test_marks_change_no_bar_and_no_line() -> None:
    rows = of_corpora(*CORPORA)
    without = per_class(rows["truth"], rows["prediction"], labels=list(RAVDESS_EMOTIONS), title="t")
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


def test_the_legend_of_the_bars_lies_outside_the_axes_and_inside_the_figure() -> None:
    truth, prediction = TABLE["truth"], TABLE["prediction"]
    check_legend(drawn(per_class(truth, prediction, labels=list(RAVDESS_EMOTIONS), title="t", note=NOTE)))


@pytest.mark.parametrize("n_labels", [2, 4, 8])
def test_the_note_of_the_bars_is_below_the_title_and_both_fit(n_labels: int) -> None:
    labels = list(RAVDESS_EMOTIONS[:n_labels])
    rows = TABLE[TABLE["truth"].isin(labels) & TABLE["prediction"].isin(labels)]
    check_title(drawn(per_class(rows["truth"], rows["prediction"], labels=labels, title=TITLE, note=NOTE)))
