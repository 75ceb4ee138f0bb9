"""Pictures of a corpus: the numbers are those of the table, and nothing is hidden."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from ser.description.acoustics import VALUES
from ser.description.corpus_tables import measured_utterances
from ser.figures import corpora as figures
from ser.figures.style import COLOURS
from tests.support.drawn_figures import check_letters, drawn
from tests.support.learning_tables import RAVDESS_EMOTIONS, combined, utterance_table, without_speakers


def table(utterances: pd.DataFrame, *, voiced: bool = True) -> pd.DataFrame:
    """Values drawn at random, in the ranges of speech."""
    random = np.random.default_rng(0)
    n = len(utterances)
    values = pd.DataFrame({name: random.uniform(0, 1, n) for name in VALUES})
    values = values.assign(peak_dbfs=random.uniform(-30, 0, n), rms_dbfs=random.uniform(-50, -20, n), n_clipped=0)
    for name, lowest in (("f0_low", 80), ("f0_median", 150), ("f0_high", 300)):
        values[name] = random.uniform(lowest, 2 * lowest, n) if voiced else np.nan
    return measured_utterances(utterances, values)


RAVDESS = table(utterance_table(24))
FIVE = [utterance_table(4, corpus=name, n_repetitions=1) for name in ("crema_d", "emodb", "ravdess", "savee", "tess")]


@pytest.mark.parametrize("name", ["classes", "speakers", "pitch", "recordings"])
@pytest.mark.parametrize("n_emotions", [1, 8])
def test_no_letters_are_hidden(name: str, n_emotions: int) -> None:
    rows = RAVDESS[RAVDESS["emotion"].isin(RAVDESS_EMOTIONS[:n_emotions])]
    options = {"by": "emotion"} if name == "recordings" else {}
    check_letters(drawn(getattr(figures, name)(rows, title="ravdess: 1440 utterances of 24 speakers", **options)))


def test_bars_of_classes_are_the_counts_of_each_sex() -> None:
    axes = drawn(figures.classes(RAVDESS, title="t")).axes[0]
    heights = {bars.get_label(): [bar.get_height() for bar in bars] for bars in axes.containers}  # type: ignore[attr-defined]
    assert heights == {sex: [48, *[96] * 7] for sex in ("female", "male")}
    assert [text.get_text() for text in axes.texts] == ["96", *["192"] * 7]
    assert [label.get_text() for label in axes.get_xticklabels()] == list(RAVDESS_EMOTIONS)


def test_bars_of_classes_of_several_corpora_are_those_of_each() -> None:
    figure = drawn(figures.classes(table(combined(*FIVE)), title="t"))
    labels = [bars.get_label() for bars in figure.axes[0].containers]
    assert labels == ["crema_d", "emodb", "ravdess", "savee", "tess"]
    greys = [
        np.dot(to_rgb(bars.patches[0].get_facecolor()), [0.2126, 0.7152, 0.0722])  # type: ignore[attr-defined]
        for bars in figure.axes[0].containers
    ]
    assert np.diff(greys).min() > 0.05  # can be distinguished without colour


def test_the_table_of_speakers_has_the_counts_and_the_sex() -> None:
    axes = drawn(figures.speakers(RAVDESS, title="t")).axes[0]
    texts = {text.get_position(): text.get_text() for text in axes.texts}
    assert texts == {(column, row): "4" if column == 0 else "8" for row in range(24) for column in range(8)}
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[:2] == ["ravdess/01 (male)", "ravdess/02 (female)"]


def test_the_totals_of_many_speakers_are_bars() -> None:
    axes = drawn(figures.speakers(table(utterance_table(60, n_repetitions=1)), title="t")).axes[0]
    assert [bar.get_height() for bar in axes.patches] == [30] * 60  # type: ignore[attr-defined]
    assert "60 speakers" in axes.get_xlabel()


def test_boxes_have_the_medians_and_the_colours_of_their_emotions() -> None:
    figure = drawn(figures.recordings(RAVDESS, by="emotion", title="t"))
    for axes, column in zip(figure.axes[:3], ["duration", "peak_dbfs", "rms_dbfs"], strict=True):
        medians = [
            line.get_ydata()[0] for line in axes.lines if line.get_color() == "black" and line.get_linewidth() > 1.5
        ]
        expected = RAVDESS.groupby("emotion")[column].median().loc[list(RAVDESS_EMOTIONS)]
        np.testing.assert_allclose(medians, expected)
        faces = [box.get_facecolor()[:3] for box in axes.patches]
        np.testing.assert_allclose(faces, [to_rgb(COLOURS[name]) for name in RAVDESS_EMOTIONS])


def test_equal_levels_are_not_blown_up() -> None:
    figure = drawn(figures.recordings(RAVDESS.assign(peak_dbfs=0.0), by="emotion", title="t"))
    low, high = figure.axes[1].get_ylim()
    assert high - low == 12


def test_pitch_is_shown_for_each_sex_on_one_scale_of_hertz() -> None:
    female, male, relative, span = drawn(figures.pitch(RAVDESS, title="t")).axes
    assert female.get_title() == "female, 720 utterances, 12 speakers"
    assert male.get_title() == "male, 720 utterances, 12 speakers"
    assert female.get_ylim() == male.get_ylim()
    assert (female.get_yscale(), female.get_ylabel()) == ("log", "median F0 in Hz")
    assert "semitones" in relative.get_ylabel()
    assert "semitones" in span.get_ylabel()


@pytest.mark.parametrize("voiced", [True, False])
@pytest.mark.parametrize("n_utterances", [1, 30])
def test_unknown_voices_are_shown_and_so_are_recordings_without_any(n_utterances: int, voiced: bool) -> None:
    rows = without_speakers(utterance_table(1)).assign(sex=None).head(n_utterances)
    figure = drawn(figures.pitch(table(rows, voiced=voiced), title="t"))
    assert figure.axes[0].get_title().startswith("sex unknown")
    assert [text.get_text() for text in figure.axes[1].texts] == ["no speaker is known"]
    check_letters(figure)
