"""The cache of numba: filled once, tried when it has changed, and replaced when it is bad."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from librosa.sequence import _viterbi as viterbi
from numba.core.caching import IndexDataCacheFile

from ser.audio.pitch import fundamental
from ser.core import numba_cache
from tests.support.numba_trial import BAD
from tests.support.paths import ROOT
from tests.support.synthesis import tone

ensure = numba_cache.ensure.__wrapped__  # without the memory of this process


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of the cache, below an empty one; a trial takes no time."""
    monkeypatch.setattr(numba_cache, "FOLDER", tmp_path / "numba")
    monkeypatch.setattr(numba_cache, "TRIAL", "tests.support.numba_trial")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    folder = numba_cache.folder()
    assert folder is not None
    monkeypatch.setenv(numba_cache.VARIABLE, str(folder))
    return folder


def n_trials(own: Path) -> int:
    return len((own / "trials").read_text())


def test_a_disk_that_cannot_be_written_stops_nothing(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "mkdir", refused)
    ensure()
    assert not own.exists()


def test_the_folder_is_named_by_the_versions(own: Path) -> None:
    import numba

    assert f"_numba-{numba.__version__}_" in own.name
    assert own.name.startswith("python-3.")


def test_it_is_filled_once_and_tried_again_only_after_a_change(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ensure()
    assert "numba compiles functions of librosa and UMAP" in capsys.readouterr().err
    ensure()
    assert n_trials(own) == 1
    (own / "other.1.nbc").write_bytes(b"of another process")
    ensure()
    ensure()
    assert n_trials(own) == 2
    assert capsys.readouterr().err == ""


def test_it_is_tried_again_when_the_trial_calls_more(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure()
    trial = (ROOT / "tests/support/numba_trial.py").read_text()
    (tmp_path / "other_trial.py").write_text(f"{trial}    # one call more\n")
    monkeypatch.setattr(numba_cache, "TRIAL", "other_trial")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    ensure()
    ensure()
    assert n_trials(own) == 2


def test_a_bad_one_is_replaced_with_a_word_and_other_files_stay(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ensure()
    (own / "function.1.nbc").write_bytes(BAD)
    (own / "mine.txt").write_text("mine")
    ensure()
    assert "was damaged (a process was ended by SIGSEGV); its functions are compiled anew" in capsys.readouterr().err
    assert (own / "function.1.nbc").read_bytes() == b"good"
    assert (own / "mine.txt").read_text() == "mine"


def test_what_an_empty_folder_does_not_mend_is_an_error_with_the_remedy(own: Path) -> None:
    ensure()
    (own / "function.1.nbc").write_bytes(b"changed")
    (own / "always_bad").touch()
    with pytest.raises(OSError, match=r"cannot run here \(a process was ended by SIGSEGV\); install the pinned"):
        ensure()


def test_processes_that_start_at_the_same_time_fill_it_once(own: Path) -> None:
    code = (
        "from pathlib import Path; from ser.core import numba_cache as cache;"
        f" cache.FOLDER = Path({str(own.parent)!r}); cache.TRIAL = {numba_cache.TRIAL!r}; cache.ensure()"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert n_trials(own) == 1


def test_a_folder_that_the_user_has_named_is_left_alone(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(numba_cache.VARIABLE, str(tmp_path / "theirs"))
    numba_cache.use()
    ensure()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_trial_calls_compiled_functions() -> None:
    subprocess.run([sys.executable, "-m", "ser.description.numba_trial"], cwd=ROOT, check=True)


@pytest.mark.skipif(
    os.environ.get(numba_cache.VARIABLE) != str(numba_cache.folder()), reason="NUMBA_CACHE_DIR names another folder"
)
def test_the_pitch_of_a_single_frame_is_compiled_already() -> None:
    """Numba compiles for a single frame anew: its array is contiguous in both orders."""
    before = sum(viterbi.stats.cache_misses.values())
    assert fundamental(tone(220, 0.01), 16_000).shape == (1,)
    assert sum(viterbi.stats.cache_misses.values()) == before
    assert viterbi.stats.cache_hits


def test_only_the_trial_writes_into_our_folder(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = IndexDataCacheFile(str(own), "function", "stamp")
    own.mkdir(parents=True)
    file.save("float32", "compiled")
    assert not list(own.iterdir())
    monkeypatch.setenv(numba_cache.TRYING, "1")
    file.save("float32", "compiled")
    assert file.load("float32") == "compiled"


def test_numba_writes_into_a_folder_that_the_user_has_named(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(numba_cache.VARIABLE, str(tmp_path))
    file = IndexDataCacheFile(str(tmp_path), "function", "stamp")
    file.save("float32", "compiled")
    assert file.load("float32") == "compiled"
    assert not own.exists()


def test_a_system_without_locks_of_files_as_windows_imports_ser_and_fills_the_cache(own: Path) -> None:
    code = (
        "import sys; sys.modules |= dict.fromkeys(('fcntl', 'resource', 'termios', 'pty'));"
        " from pathlib import Path; import ser, ser.cli; from ser.core import numba_cache as cache;"
        f" cache.FOLDER = Path({str(own.parent)!r}); cache.TRIAL = {numba_cache.TRIAL!r}; cache.ensure()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    assert n_trials(own) == 1


def test_it_does_not_matter_if_ser_or_numba_is_imported_first() -> None:
    for first, then in (("ser", "numba"), ("numba", "ser")):
        code = f"import {first}, {then}; from numba.core.caching import IndexDataCacheFile as file"
        done = subprocess.run([sys.executable, "-c", f"{code}; file.save.__wrapped__"], cwd=ROOT, check=False)
        assert done.returncode == 0
