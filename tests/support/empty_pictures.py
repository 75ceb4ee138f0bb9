"""Figures that are made, and saved as empty pictures: to draw them takes half the time of a report."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

CONTENT = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>',
    "png": base64.b64decode(  # one pixel
        b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
    ),
}


@contextmanager
def saved() -> Iterator[None]:
    """Save every figure as an empty picture; tests/figures and the tests of pages in a browser look at real ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", _save_empty)
        yield


def _save_empty(figure: Figure, file: Any, **options: Any) -> None:
    content = CONTENT[options.get("format") or Path(file).suffix.removeprefix(".")]
    if hasattr(file, "write"):
        file.write(content)
    else:
        Path(file).write_bytes(content)
