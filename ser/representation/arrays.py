"""Array representations: one float32 array of all rows, which is mapped and not loaded, and its index."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser.core import files, tables
from ser.core.unavailable import INDEX as INDEX

ARRAY = "array.npy"

Array = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]


def write(folder: Path, keys: pd.DataFrame, values: Iterable[Array]) -> None:
    """Write one array of equal shape for each row of `keys` (utterance, variant, emotion): all of them, or none.

    Raises
    ------
    ValueError
        If a value is not finite, or an array has another shape than the first one.
    OSError
        If the disk is full.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> keys = pd.DataFrame({"utterance": ["a", "b"], "variant": "original", "emotion": ["sad", "calm"]})
    >>> with TemporaryDirectory() as folder:
    ...     write(Path(folder, "log_mel"), keys, np.ones((2, 64, 94), np.float32))
    ...     sorted(path.name for path in Path(folder, "log_mel").iterdir())
    ['array.npy', 'index.csv']
    """
    with files.replacing(folder) as temporary:
        temporary.mkdir()
        _write_array(temporary / ARRAY, keys, values)
        tables.write(keys[list(tables.KEYS)], temporary / INDEX)


def _write_array(path: Path, keys: pd.DataFrame, values: Iterable[Array]) -> None:
    # A stream and not a memory map: on a full disk, a map kills the process without a message.
    shape: tuple[int, ...] = ()
    with path.open("wb") as file:
        for utterance, value in zip(keys["utterance"], values, strict=True):
            if not shape:
                shape = value.shape
                header = {"descr": "<f4", "fortran_order": False, "shape": (len(keys), *shape)}
                np.lib.format.write_array_header_1_0(file, header)
            if value.shape != shape or not np.isfinite(value).all():
                raise ValueError(
                    f"{utterance} has an array of shape {value.shape} with {np.sum(~np.isfinite(value))} values that"
                    f" are not finite; wanted {shape}, all finite"
                )
            file.write(np.ascontiguousarray(value, "<f4").tobytes())


def read(folder: Path) -> tuple[pd.DataFrame, Array]:
    """Index (utterance, variant, emotion) and memory map `(n_rows, …)` of an array representation.

    Raises
    ------
    FileNotFoundError
        If it does not exist.
    ValueError
        If they are marked unavailable, index and array have different lengths, or the array is damaged or not float32.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> keys = pd.DataFrame({"utterance": ["a", "b"], "variant": "original", "emotion": ["sad", "calm"]})
    >>> with TemporaryDirectory() as folder:
    ...     write(Path(folder, "log_mel"), keys, np.ones((2, 64, 94), np.float32))
    ...     index, array = read(Path(folder, "log_mel"))
    >>> index["emotion"].tolist(), array.shape
    (['sad', 'calm'], (2, 64, 94))
    """
    if tables.is_unavailable(folder):
        raise ValueError(
            f"{folder} is marked unavailable, because the model did not need it; make it with: dvc exp run -S"
            " model=NAME, where NAME takes it"
        )
    index = tables.read_index(folder / INDEX)
    array = _mapped(folder / ARRAY)
    if array.dtype != np.float32 or len(array) != len(index):
        raise ValueError(
            f"{folder / ARRAY} has {len(array)} rows of {array.dtype}, and {INDEX} {len(index)}; make them anew with:"
            " dvc repro -f"
        )
    return index, array


def _mapped(path: Path) -> Array:
    try:
        array: Array = np.load(path, mmap_mode="r")
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} does not exist; make it with: dvc repro -f") from None
    except (EOFError, ValueError) as error:
        raise ValueError(f"{path} is damaged ({error}); make it anew with: dvc repro -f") from None
    return array
