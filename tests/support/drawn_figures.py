"""Figures after their layout, and the positions of their elements."""

from itertools import pairwise

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

NOTE = "ravdess, test, published luna_jimenez (speaker-independent)"
TITLE = "UAR 47.3 % (95 % interval 41.5 to 52.8)"


def drawn(figure: Figure) -> Figure:
    """`figure` after its layout; a warning of the layout is an error."""
    FigureCanvasAgg(figure).draw()
    return figure


def extent(figure: Figure, artist: object) -> Bbox:
    """Box of `artist` in pixels."""
    return artist.get_window_extent(figure.canvas.get_renderer())  # type: ignore[attr-defined]


def legend_texts(figure: Figure) -> list[str]:
    """Entries of the figure's one legend."""
    (legend,) = figure.legends
    return [text.get_text() for text in legend.get_texts()]


def check_title(figure: Figure) -> None:
    """The title and, below it, the note are inside the figure and do not touch the axes."""
    assert figure.get_suptitle().splitlines() == [TITLE, NOTE]
    box = extent(figure, figure._suptitle)  # type: ignore[attr-defined]
    assert 0 <= box.x0 < box.x1 <= figure.bbox.width
    assert not box.overlaps(extent(figure, figure.axes[0]))


def check_legend(figure: Figure) -> None:
    """The legend is inside the figure and does not touch any axes."""
    box = extent(figure, figure.legends[0])
    assert not any(box.overlaps(extent(figure, axes)) for axes in figure.axes)
    assert 0 <= box.x0 < box.x1 <= figure.bbox.width
    assert 0 <= box.y0 < box.y1 <= figure.bbox.height


def check_letters(figure: Figure) -> None:
    """All letters are inside the figure, and those below an axis do not touch."""
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    title = figure._suptitle  # type: ignore[attr-defined]
    for axes in figure.axes:
        box = axes.get_tightbbox(renderer)
        if box is None:
            continue
        assert not box.overlaps(title.get_window_extent(renderer))
        assert -1 <= box.x0 < box.x1 <= figure.bbox.width + 1
        assert -1 <= box.y0 < box.y1 <= figure.bbox.height + 1
        labels = [label for label in axes.get_xticklabels() if label.get_text() and label.get_visible()]
        ends = [label.get_window_extent(renderer).x1 for label in labels]
        assert all(right - left > 8 for left, right in pairwise(ends))  # rotated labels are a line's height apart
    boxes = [axes.get_tightbbox(renderer) for axes in figure.axes]
    for k, one in enumerate(boxes):
        assert not any(one is not None and other is not None and one.overlaps(other) for other in boxes[:k])
