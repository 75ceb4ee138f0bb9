"""The cache returns the values that were written, or none."""

import multiprocessing
import os
import sqlite3
from pathlib import Path

import diskcache
import pytest

from ser.compute import cache

MEGABYTE = 10**6


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of the values of a cache that is in use; it does not exist yet."""
    monkeypatch.setenv("SER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("SER_CACHE_GB")
    return cache.location()


def kept(*keys: str) -> list[bytes | None]:
    with cache.opened() as store:
        return store.read(keys)


def keep(values: dict[str, bytes]) -> None:
    with cache.opened() as store:
        store.write(values)


def test_written_values_are_read_back_and_other_keys_give_none(folder: Path) -> None:
    values = {"small": b"1", "none": b"", "large": os.urandom(3 * cache.LARGEST_ROW)}
    keep(values)
    assert kept("large", "other", "none", "small") == [values["large"], None, b"", b"1"]


@pytest.mark.parametrize("size", [10, 3 * cache.LARGEST_ROW])  # in the database, in a file of its own
def test_a_damaged_value_is_none(folder: Path, size: int) -> None:
    value = bytes(range(1, 11)) * (size // 10)
    keep({"a": value, "b": b"other"})
    damaged = 0
    for path in folder.rglob("*"):
        if path.is_file() and value[:10] in (content := path.read_bytes()):
            path.write_bytes(content.replace(value[:10], bytes(10), 1))
            damaged += 1
    assert damaged
    assert kept("a", "b") == [None, b"other"]
    keep({"a": value})
    assert kept("a") == [value]


def test_a_file_that_is_no_database_is_replaced_with_a_warning(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep({"a": b"1"})
    (folder / "cache.db").write_bytes(b"no database" * 1000)
    for extra in folder.glob("cache.db-*"):
        extra.unlink()
    assert kept("a") == [None]
    assert f"warning: the cache {folder} was damaged" in capsys.readouterr().err
    keep({"a": b"2"})
    assert kept("a") == [b"2"]


def test_a_damaged_database_loses_its_values_and_nothing_else(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = {f"{k}": os.urandom(3000) for k in range(300)}
    keep(values)
    path = folder / "cache.db"
    content = bytearray(path.read_bytes())
    content[4096 * 2 : len(content) - 4096] = os.urandom(len(content) - 3 * 4096)
    path.write_bytes(bytes(content))
    with cache.opened() as store:
        for key, value in zip(values, store.read(list(values)), strict=True):
            assert value in (None, values[key])
        store.write({"new": b"1"})
    assert "warning: " in capsys.readouterr().err
    keep({"new": b"2"})
    assert kept("new") == [b"2"]


@pytest.mark.parametrize("where", ["beside", "inside"])
def test_a_damaged_cache_takes_no_file_of_the_user_with_it(folder: Path, where: str) -> None:
    keep({"a": b"1", "large": os.urandom(3 * cache.LARGEST_ROW)})
    top = folder if where == "inside" else folder.parent
    mine = [top / name for name in ("thesis.txt", "cache.db.bak", "aa/bb/thesis.val", "aa/bb/cache.db")]
    if where == "beside":
        mine.append(top / "cache.db")
    for path in mine:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    (folder / "cache.db").write_bytes(b"no database" * 1000)
    assert kept("a", "large") == [None, None]
    assert [path.read_text() for path in mine] == ["mine"] * len(mine)
    assert not [path for path in folder.rglob("*.val") if path not in mine]


def test_a_folder_of_another_program_is_left_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder.mkdir(parents=True)
    (folder / "cache.db").write_text("mine")
    keep({"a": b"1"})
    assert kept("a") == [None]
    assert (folder / "cache.db").read_text() == "mine"
    assert "set SER_CACHE_DIR to another folder, or move" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_gives_a_warning_and_no_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.parent.mkdir()
    folder.write_text("a file, where the folder should be")
    keep({"a": b"1"})
    assert kept("a") == [None]
    assert f"warning: the cache {folder} cannot be opened" in capsys.readouterr().err
    assert folder.read_text() == "a file, where the folder should be"


def test_a_full_disk_gives_one_warning_and_no_error(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with cache.opened() as store:
        store.write({"a": b"1"})
        monkeypatch.setattr(diskcache.Cache, "set", full)
        store.write({"b": b"2"})
        store.write({"c": b"3"})
        assert store.read(["a", "b"]) == [None, None]
    monkeypatch.undo()
    assert capsys.readouterr().err.count("warning: ") == 1


def test_values_from_before_a_full_disk_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep({"a": b"1"})
    with monkeypatch.context() as patch:
        patch.setattr(diskcache.Cache, "set", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "no space left")))
        keep({"b": b"2"})
    assert kept("a", "b") == [b"1", None]


def test_the_oldest_values_are_removed_above_the_maximal_size(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SER_CACHE_GB", str(2 * MEGABYTE / 1e9))
    values = {f"{k}": os.urandom(20_000) for k in range(300)}  # 6 MB
    for key, value in values.items():
        keep({key: value})
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert size < 3 * MEGABYTE
    there = [key for key, value in zip(values, kept(*values), strict=True) if value is not None]
    assert there == list(values)[-len(there) :]
    assert len(there) > 50


def test_nothing_is_kept_at_a_size_of_0(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SER_CACHE_GB", "0")
    keep({"a": b"1"})
    assert kept("a") == [None]
    assert not folder.exists()


@pytest.mark.parametrize("given", ["much", "-1", "inf", "nan", "1,5"])
def test_an_invalid_size_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SER_CACHE_GB", given)
    with pytest.raises(ValueError, match=rf"SER_CACHE_GB is '{given}'; set it to the maximal size"):
        kept("a")


def test_pickled_values_are_not_unpickled(folder: Path) -> None:
    keep({"a": b"1"})
    with diskcache.Cache(str(folder)) as plain:
        plain.set("evil", {"a": "set of objects"})
    assert kept("evil") == [None]


def test_processes_that_write_at_the_same_time_lose_nothing(folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(name,)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    for name in "abc":
        assert kept(*(f"{name}{k}" for k in range(100))) == [f"{name}{k}".encode() * 100 for k in range(100)]


def _write_many(name: str) -> None:
    for k in range(100):
        keep({f"{name}{k}": f"{name}{k}".encode() * 100})


def test_a_key_depends_on_every_part_but_not_on_the_order_of_settings() -> None:
    parts = (["module", {"n_fft": 2048, "hop_length": 512}], "hash", 16_000)
    assert cache.key(*parts) == cache.key(["module", {"hop_length": 512, "n_fft": 2048}], "hash", 16_000)
    others = [
        (["module", {"n_fft": 2048, "hop_length": 256}], "hash", 16_000),
        (["other", {"n_fft": 2048, "hop_length": 512}], "hash", 16_000),
        (["module", {"n_fft": 2048, "hop_length": 512}], "other", 16_000),
        (["module", {"n_fft": 2048, "hop_length": 512}], "hash", 48_000),
        (["module", {"n_fft": "2048", "hop_length": 512}], "hash", 16_000),
    ]
    assert len({cache.key(*parts), *(cache.key(*other) for other in others)}) == 6
