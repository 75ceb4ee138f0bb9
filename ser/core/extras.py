"""Libraries that only some uses need, and the extra of the installation that brings each."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec

EXTRAS: Mapping[str, tuple[str, ...]] = {  # named as in `import`; pyproject.toml has the names of the packages
    "classifiers": ("huggingface_hub", "librosa", "numba", "scipy", "sklearn", "skops"),
    "service": (
        "fastapi",
        "fastapi_offline",
        "httptools",
        "prometheus_client",
        "python_multipart",
        "starlette",
        "uvicorn",
        "websockets",
    ),
    "app": ("streamlit",),
    "onnx": ("onnxruntime",),
    "export": ("onnx", "skl2onnx"),
    "cluster": ("dask", "distributed"),
    "tune": ("filelock", "optuna", "sqlalchemy"),
    "ssl": ("torch", "transformers"),
    "opensmile": ("opensmile",),
    "audformat": ("audformat",),
    "record": ("sounddevice",),
    "mlflow": ("mlflow",),
    "wandb": ("wandb",),
    "train": (
        *("diskcache", "dvc", "dvclive", "h5py", "hydra", "imblearn", "jinja2", "joblib", "keras", "markdown_it"),
        *("matplotlib", "omegaconf", "pandas", "pandera", "pyarrow", "requests", "tensorflow", "tensorflow_hub"),
        *("markupsafe", "umap"),
    ),
}


class Missing(ValueError):
    """A library of an extra is not installed.

    Examples
    --------
    >>> with named():
    ...     raise ModuleNotFoundError(name="optuna")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ser.core.extras.Missing: this needs optuna, which is not installed; run, in a clone of this project: pip ...
    """


def remedy(extra: str) -> str:
    """Command that installs an extra.

    Examples
    --------
    >>> remedy("tune")
    "run, in a clone of this project: pip install -e '.[tune]'"
    """
    return f"run, in a clone of this project: pip install -e '.[{extra}]'"


def of(library: str) -> str | None:
    """Extra that brings a library, named as in `import`; None if none does.

    Examples
    --------
    >>> of("sklearn.svm"), of("numpy")
    ('classifiers', None)
    """
    top = library.partition(".")[0]
    return next((extra for extra, libraries in EXTRAS.items() if top in libraries), None)


def check(library: str, *, otherwise: str = "") -> None:
    """Check that a library of an extra is installed; `otherwise` is another remedy, after a semicolon.

    Raises
    ------
    Missing
        If it is not.

    Examples
    --------
    >>> check("numpy")  # of no extra, and installed
    """
    with named(otherwise=otherwise):
        if find_spec(library) is None:
            raise ModuleNotFoundError(name=library)


@contextmanager
def named(*, otherwise: str = "") -> Iterator[None]:
    """Name the extra that is missing, where an import within the block finds no library.

    Raises
    ------
    Missing
        If a library of an extra is not installed.

    Examples
    --------
    >>> with named():
    ...     raise ModuleNotFoundError(name="torch")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ser.core.extras.Missing: this needs torch, which is not installed; ...
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = error.name or ""
        if (extra := of(library)) is None:
            raise
        raise Missing(f"this needs {library}, which is not installed; {remedy(extra)}{otherwise}") from error
