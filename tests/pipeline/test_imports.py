"""No stage imports a library that it does not use: imports take most of the time of a short stage."""

import subprocess
import sys

import pytest

from tests.support.paths import ROOT

NUMBERS = {"numpy", "scipy", "pandas", "pyarrow", "pandera", "joblib", "soxr", "soundfile"}
LEARNING = {"sklearn", "scipy.stats", "scipy.signal", "scipy.optimize", "imblearn", "skops", "umap"}
NETWORKS = {"tensorflow", "keras", "torch", "ai_edge_litert", "transformers"}
COMPILED = {"numba", "llvmlite"}
PICTURES = {"matplotlib", "PIL", "jinja2"}
TRACKERS = {"mlflow", "wandb"}
SLOW = NUMBERS | LEARNING | NETWORKS | COMPILED | PICTURES | TRACKERS | {"pydantic", "opensmile"}

GROUPS = {  # stages -> what they must not import before they start
    (  # they only mark their output in most studies, or read and write JSON
        *("probe", "combine", "adapt", "summarise", "extract_added", "extract_ssl", "extract_whisper"),
        *("extract_whisper_states", "extract_opensmile", "extract_log_mel", "extract_frames", "extract_yamnet_bands"),
    ): SLOW,
    ("ingest", "partition", "extract_yamnet", "extract_librosa", "balance"): LEARNING | NETWORKS | COMPILED | PICTURES,
    ("train", "train_member"): LEARNING | NETWORKS | COMPILED | PICTURES,
    ("audit", "evaluate", "report", "project"): NETWORKS | COMPILED | {"skops", "umap", "imblearn", "pyarrow.flight"},
}


@pytest.mark.parametrize("stages", GROUPS, ids=lambda stages: stages[0])
def test_stages_start_without_the_libraries_that_they_do_not_use(stages: tuple[str, ...]) -> None:
    lines = ["import sys", *(f"import stages.{name}" for name in stages), "print(*sys.modules)"]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) & GROUPS[stages] == set()


def test_every_stage_is_in_one_group() -> None:
    grouped = sorted(name for stages in GROUPS for name in stages)
    assert grouped == sorted(path.stem for path in (ROOT / "stages").glob("*.py") if path.stem != "__init__")


@pytest.mark.slow
def test_a_stage_reads_classifiers_without_all_of_scikit_learn_and_another_program_has_what_skops_trusts() -> None:
    script = """
import sys
from ser.core import stage
from ser.models import skops_files
def main():
    skops_files.library()
    print("sklearn.gaussian_process" in sys.modules, "torch" in sys.modules)
{}
from skops.io import _trusted_types
print("sklearn.cluster._kmeans.KMeans" in _trusted_types.SKLEARN_ESTIMATOR_TYPE_NAMES)
"""
    printed = [
        subprocess.run(
            [sys.executable, "-c", script.format(start)], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split()
        for start in ("stage.run(main)", "main()")
    ]
    assert printed[0] == ["False", "False", "False"]
    assert printed[1] == ["True", "False", "True"]
