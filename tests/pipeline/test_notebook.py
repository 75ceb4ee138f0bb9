"""The notebook of the documentation runs, and keeps the outputs that a run has."""

from typing import Any

import pytest

from tests.support.paths import ROOT

NOTEBOOK = ROOT / "docs/library.ipynb"


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of Jupyter
def test_every_cell_runs_and_its_kept_outputs_are_those_of_the_run() -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    kept = [outputs(cell) for cell in notebook.cells]
    nbclient.NotebookClient(notebook, timeout=3600, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    assert [outputs(cell) for cell in notebook.cells] == kept
    assert NOTEBOOK.stat().st_size < 50_000


def outputs(cell: dict[str, Any]) -> list[str]:
    """Text of each output of a cell."""
    return [output["text"] if "text" in output else output["data"]["text/plain"] for output in cell.get("outputs", [])]
