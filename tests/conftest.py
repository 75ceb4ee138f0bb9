"""Fixtures of all tests: the real corpora, if this machine has them."""

import gc
import os
import sys
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path

import pytest
import yaml

from ser import params
from ser.core import numba_cache
from tests.support import composing, warm_python
from tests.support.dvc_project import Project

NOT_HERE = "SER_CORPORA is not set: real corpora are not here"
# skops imports every module of scikit-learn. These two would import PyTorch and Dask, for 4 s in each process.
for library in ("dask", "torch"):
    sys.modules[f"sklearn.externals.array_api_compat.{library}"] = None  # type: ignore[assignment]

# Tests compose hundreds of studies and read the results. The parser in C, which Hydra then uses too, saves a quarter.
yaml.SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # type: ignore[misc]


def pytest_configure(config: pytest.Config) -> None:
    """Compute anew and on this machine, whatever the user has set; compile what librosa and UMAP need, before workers.

    Processes that write numba's cache of it at the same time crash. One core for each process of pytest: what starts
    workers takes three times the processor time for the small corpora here, and OpenMP's threads, where there are more
    than cores, wait for each other by spinning, which was seen to take a t-SNE from 0.3 seconds to 19.
    """
    os.environ["SER_CACHE_GB"] = "0"
    os.environ.update(dict.fromkeys(("LOKY_MAX_CPU_COUNT", "OMP_NUM_THREADS"), "1"))
    os.environ.pop("SER_COMPUTE", None)
    if hasattr(config, "workerinput"):
        # librosa asks for the source of each caller, skops for the module of each function, which search all modules
        # that there are: two seconds of each process once it has those of the tests.
        import librosa.core.audio  # noqa: F401
        import skops.io  # noqa: F401
    else:
        numba_cache.ensure()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Import all tests without garbage collection, and exempt what is there then from it.

    All tests and their libraries are millions of objects. Streamlit and Keras collect garbage whenever a page was
    shown or a network forgotten, which took a second each time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests marked `real` where the corpora are not; files with slow tests come first.

    Processes get whole files, since many begin with a study that all their tests look at: the long ones first, so that
    all processes end at about the same time.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
    if not os.environ.get("SER_CORPORA"):
        for item in items:
            if item.get_closest_marker("real"):
                item.add_marker(pytest.mark.skip(reason=NOT_HERE))


@pytest.fixture(scope="session")
def corpora_root() -> Path:
    """Folder of the real corpora, one folder each."""
    if not os.environ.get("SER_CORPORA"):
        pytest.skip(NOT_HERE)
    return Path(os.environ["SER_CORPORA"])


@pytest.fixture(scope="module", autouse=True)
def what_is_left_is_exempt_from_garbage_collection() -> None:
    """Collect garbage once for each file, and exempt the rest: see `pytest_collection`."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of this run of pytest, the same for all its processes; see `tests.support.shared`."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session", autouse=True)
def compositions_are_kept(shared: Path) -> Iterator[None]:
    """Compose equal overrides of equal files once for all processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(params, "compose", composing.kept(params.compose, shared / "compositions"))
        yield


@pytest.fixture(scope="session")
def small_studies(shared: Path) -> Callable[..., Path]:
    """Function that returns the folder of a trained small study, see `small_study.trained`; no test may change it."""
    from tests.support import small_study  # imports scikit-learn, which the process that distributes tests can spare

    return partial(small_study.trained, shared)


@pytest.fixture(scope="session", autouse=True)
def projects_share_what_takes_long(shared: Path) -> None:
    """Extract the features of equal recordings, and import the libraries of stages, once for all tests under DVC."""
    Project.extracted = shared / "features"
    warm_python.shared = shared


@pytest.fixture(scope="module")
def no_drawing() -> Iterator[None]:
    """Figures are saved as empty pictures, for tests that look at none: `tests.support.empty_pictures`."""
    from tests.support import empty_pictures  # imports matplotlib, which the process that distributes tests can spare

    with empty_pictures.saved():
        yield
