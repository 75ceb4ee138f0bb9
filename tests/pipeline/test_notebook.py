"""The notebook of the documentation runs, and keeps the outputs that a run has."""

import pytest

from tests.support.paths import ROOT

NOTEBOOK = ROOT / "docs/library.ipynb"


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of Jupyter
def test_every_cell_runs_and_its_kept_outputs_are_of_the_same_kinds() -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    kept = [kinds(cell) for cell in notebook.cells]
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    assert [kinds(cell) for cell in notebook.cells] == kept
    assert NOTEBOOK.stat().st_size < 50_000


def kinds(cell: dict[str, list[dict[str, str]]]) -> list[str]:
    return [output["output_type"] for output in cell.get("outputs", [])]
