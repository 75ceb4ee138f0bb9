"""Maps of rows: a panel for each emotion with all its rows, and a legend that hides nothing."""

import numpy as np
import pandas as pd
import pytest

from ser.figures.projections import projection_map
from tests.support.drawn_figures import NOTE, TITLE, check_legend, check_title, drawn, extent, legend_texts
from tests.support.learning_tables import RAVDESS_EMOTIONS


def points(n_synthetic: int) -> pd.DataFrame:
    """Points of 8 emotions, some synthetic."""
    random = np.random.default_rng(0)
    emotion = np.tile(RAVDESS_EMOTIONS, 10)
    return pd.DataFrame({"x": random.normal(size=80), "y": random.normal(size=80), "emotion": emotion}).assign(
        synthetic=np.arange(80) >= 80 - n_synthetic
    )


@pytest.mark.parametrize("n_synthetic", [0, 24])
def test_the_legend_has_the_counts_and_hides_nothing(n_synthetic: int) -> None:
    figure = drawn(projection_map(points(n_synthetic), title="t", note=NOTE))
    assert legend_texts(figure) == [f"real ({80 - n_synthetic})", f"synthetic ({n_synthetic})", "other emotions"]
    check_legend(figure)


@pytest.mark.parametrize("names", [["sad"], ["calm", "sad"], ["neutral", "calm", "happy", "sad", "angry"]], ids=len)
def test_there_is_a_panel_for_each_emotion_and_no_other(names: list[str]) -> None:
    table = points(10)
    figure = drawn(projection_map(table[table["emotion"].isin(names)], title=TITLE, note=NOTE))
    assert [axes.get_title() for axes in figure.axes if axes.axison] == names
    check_title(figure)
    check_legend(figure)


def test_panels_of_new_emotions_follow_those_of_the_known_ones() -> None:
    table = points(0).replace({"emotion": {"calm": "verträumt", "fearful": "excited"}})
    figure = drawn(projection_map(table))
    names = [axes.get_title() for axes in figure.axes if axes.axison]
    assert names == ["neutral", "happy", "sad", "angry", "disgust", "surprised", "excited", "verträumt"]


def test_a_panel_shows_every_row_at_its_place() -> None:
    table = points(24)
    figure = drawn(projection_map(table))
    for axes, emotion in zip(figure.axes, RAVDESS_EMOTIONS, strict=True):
        own = table["emotion"] == emotion
        parts = (table[~own], table[own & table["synthetic"]], table[own & ~table["synthetic"]])
        for shown, rows in zip(axes.collections, parts, strict=True):
            np.testing.assert_allclose(shown.get_offsets(), rows[["x", "y"]].to_numpy().reshape(-1, 2))


def test_emotions_are_in_their_order_whatever_that_of_rows() -> None:
    table = pd.DataFrame({"x": [0.0, 1, 2, 3], "y": 0.0, "emotion": ["sad", "sad", "happy", "sad"]})
    figure = drawn(projection_map(table.assign(synthetic=[False, True, False, False])))
    assert [axes.get_title() for axes in figure.axes] == ["happy", "sad"]
    others, synthetic, real = (len(shown.get_offsets()) for shown in figure.axes[1].collections)
    assert (others, synthetic, real) == (1, 1, 2)


def test_a_long_note_widens_the_map() -> None:
    figure = drawn(projection_map(points(24), title="t", note=f"{NOTE}; {NOTE}; {NOTE}"))
    box = extent(figure, figure._suptitle)  # type: ignore[attr-defined]
    assert 0 <= box.x0 < box.x1 <= figure.bbox.width


def test_without_a_note_the_title_is_one_line_and_without_either_there_is_none() -> None:
    assert projection_map(points(0), title="t-SNE").get_suptitle() == "t-SNE"
    assert projection_map(points(0)).get_suptitle() == ""
