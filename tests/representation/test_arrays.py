"""Array representations: whole or not there, mapped and not loaded."""

import errno
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ser.representation import arrays


def keys(n_rows: int) -> pd.DataFrame:
    names = [f"ravdess/{k}" for k in range(n_rows)]
    return pd.DataFrame({"utterance": names, "variant": "original", "emotion": "calm", "path": "x.wav"})


def values(n_rows: int, shape: tuple[int, ...] = (3, 4)) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n_rows, *shape)).astype(np.float32)


@pytest.mark.parametrize("shape", [(3, 4), (7,), (2, 3, 4)])
def test_what_is_read_is_what_was_written(tmp_path: Path, shape: tuple[int, ...]) -> None:
    arrays.write(tmp_path / "log_mel", keys(5), iter(values(5, shape)))
    index, array = arrays.read(tmp_path / "log_mel")
    np.testing.assert_array_equal(array, values(5, shape))
    pd.testing.assert_frame_equal(index, keys(5).drop(columns="path"), check_dtype=False)
    assert isinstance(array, np.memmap)
    assert not array.flags.writeable


def test_numpy_reads_the_array_by_itself(tmp_path: Path) -> None:
    arrays.write(tmp_path / "log_mel", keys(5), iter(values(5)))
    np.testing.assert_array_equal(np.load(tmp_path / "log_mel" / "array.npy"), values(5))


def test_equal_values_are_equal_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        arrays.write(tmp_path / name, keys(5), iter(np.asfortranarray(values(5)) if name == "a" else values(5)))
    for file in ("array.npy", "index.csv"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_refused_with_its_utterance(tmp_path: Path, bad: float) -> None:
    broken = values(5)
    broken[3, 1, 2] = bad
    with pytest.raises(ValueError, match=r"ravdess/3 has an array of shape \(3, 4\) with 1 values that are not finite"):
        arrays.write(tmp_path / "log_mel", keys(5), iter(broken))
    assert list(tmp_path.iterdir()) == []


def test_another_shape_is_refused_with_both(tmp_path: Path) -> None:
    mixed = [*values(2), *values(1, (3, 5))]
    with pytest.raises(ValueError, match=r"ravdess/2 has an array of shape \(3, 5\) .*; wanted \(3, 4\)"):
        arrays.write(tmp_path / "log_mel", keys(3), iter(mixed))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("n_values", [4, 6])
def test_more_or_fewer_arrays_than_rows_are_refused(tmp_path: Path, n_values: int) -> None:
    with pytest.raises(ValueError, match=r"argument 2 is (shorter|longer)"):
        arrays.write(tmp_path / "log_mel", keys(5), iter(values(n_values)))


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    arrays.write(tmp_path / "log_mel", keys(2), iter(values(2)))

    def until_full() -> Iterator[np.ndarray]:
        yield values(1)[0]
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        arrays.write(tmp_path / "log_mel", keys(2), until_full())
    assert [path.name for path in tmp_path.iterdir()] == ["log_mel"]
    np.testing.assert_array_equal(arrays.read(tmp_path / "log_mel")[1], values(2))


def test_an_array_that_is_not_there_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"index\.csv does not exist; make it with: dvc repro"):
        arrays.read(tmp_path / "log_mel")


def test_an_array_of_another_length_than_its_index_is_refused(tmp_path: Path) -> None:
    arrays.write(tmp_path / "log_mel", keys(2), iter(values(2)))
    np.save(tmp_path / "log_mel" / "array.npy", values(3))
    with pytest.raises(ValueError, match=r"array\.npy has 3 rows of float32, and index\.csv 2; .* dvc repro -f"):
        arrays.read(tmp_path / "log_mel")


@pytest.mark.parametrize("n_bytes", [-4, 40, 0])
def test_an_array_that_was_cut_is_refused_with_the_remedy(tmp_path: Path, n_bytes: int) -> None:
    arrays.write(tmp_path / "log_mel", keys(2), iter(values(2)))
    path = tmp_path / "log_mel" / "array.npy"
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(ValueError, match=r"array\.npy is damaged \(.+\); make it anew with: dvc repro -f"):
        arrays.read(tmp_path / "log_mel")
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"array\.npy does not exist; make it with: dvc repro -f"):
        arrays.read(tmp_path / "log_mel")


def test_writing_many_rows_holds_few_in_memory(tmp_path: Path) -> None:
    """200 MB pass through a process that may have 60 MB more than it began with."""
    script = f"""
import resource
from pathlib import Path
import numpy as np, pandas as pd
from ser.representation import arrays
keys = pd.DataFrame({{"utterance": [str(k) for k in range(2000)], "variant": "original", "emotion": "calm"}})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
values = (np.ones((256, 100), np.float32) for _ in range(2000))
arrays.write(Path({str(tmp_path / "a")!r}), keys, values)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 60_000
    assert (tmp_path / "a" / "array.npy").stat().st_size > 200_000_000
