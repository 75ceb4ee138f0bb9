import errno
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ser import files


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    with files.replacing(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
        assert temporary.suffix == ".txt"
    assert path.read_text() == "new"
    assert names(path.parent) == ["a.txt"]


def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def interrupted() -> None:
        with files.replacing(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_replaces_a_folder_with_all_its_content(tmp_path: Path) -> None:
    path = tmp_path / "models"
    (path / "fold_9").mkdir(parents=True)
    with files.replacing(path) as temporary:
        (temporary / "fold_0").mkdir(parents=True)
        (temporary / "fold_0" / "a.txt").write_text("new")
    assert names(tmp_path) == ["models", "models/fold_0", "models/fold_0/a.txt"]


def test_an_exception_leaves_the_old_folder_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "models"
    (path / "fold_9").mkdir(parents=True)

    def failing() -> None:
        with files.replacing(path) as temporary:
            (temporary / "fold_0").mkdir(parents=True)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert names(tmp_path) == ["models", "models/fold_9"]


def test_a_block_that_writes_nothing_is_an_error_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), files.replacing(path):
        pass
    assert path.read_text() == "old"


def test_json_keeps_order_and_letters_and_ends_with_a_line_end(tmp_path: Path) -> None:
    content = {"uar": 0.5, "Müller": None, "a": ["é", 1]}
    files.write_json(tmp_path / "a.json", content)
    expected = '{\n  "uar": 0.5,\n  "Müller": null,\n  "a": [\n    "é",\n    1\n  ]\n}\n'
    assert (tmp_path / "a.json").read_bytes() == expected.encode()
    assert list(files.read_json(tmp_path / "a.json").items()) == list(content.items())


def test_json_refuses_nan_and_keeps_the_old_file(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", 1)
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "a.json", {"uar": float("nan")})
    assert files.read_json(tmp_path / "a.json") == 1
    assert names(tmp_path) == ["a.json"]


def test_a_killed_process_leaves_the_old_file_and_the_next_run_clears_what_it_began(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    script = (
        "import os, signal, sys; from pathlib import Path; from ser import files\n"
        "with files.replacing(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    files.write_text(path, "new")
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]
    assert path.read_text() == "new"


def test_a_full_disk_is_reported_and_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "metrics.json"
    path.write_text("old")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        files.write_json(path, {"uar": 0.5})
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1
