import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from ser.core import files


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
        "import os, signal, sys; from pathlib import Path; from ser.core import files\n"
        "with files.replacing(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    files.write_text(path, "new")
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]
    assert path.read_text() == "new"


def test_of_two_writers_of_one_file_the_last_one_is_published_and_the_first_one_fails(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old")
    early, late = ExitStack(), ExitStack()
    early.enter_context(files.replacing(path)).write_text("early")
    written = late.enter_context(files.replacing(path))
    written.write_text("half")
    with pytest.raises(FileNotFoundError, match=r"another process writes .*table\.csv too"):
        early.close()
    assert path.read_text() == "old"
    written.write_text("whole")
    late.close()
    assert path.read_text() == "whole"
    assert names(tmp_path) == ["table.csv"]


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


def touched(root: Path, *relative: str) -> Path:
    for name in relative:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("text")
    return root


def walked(root: Path) -> list[str]:
    """Sorted paths below `root`, with repetitions."""
    return sorted(path.relative_to(root).as_posix() for path in files.walk(root))


def test_every_file_of_every_depth_is_walked_and_no_folder_is(tmp_path: Path) -> None:
    (touched(tmp_path, "a", "b/c", "b/d/.e") / "empty").mkdir()
    assert walked(tmp_path) == ["a", "b/c", "b/d/.e"]


def test_links_to_folders_and_files_are_followed(tmp_path: Path) -> None:
    touched(tmp_path, "else/f/1", "else/2", "root/3")
    (tmp_path / "root" / "link").symlink_to(tmp_path / "else")
    (tmp_path / "root" / "again").symlink_to(tmp_path / "else" / "f")
    (tmp_path / "root" / "file").symlink_to(tmp_path / "else" / "2")
    (tmp_path / "whole").symlink_to(tmp_path / "root")
    below = ["3", "again/1", "file", "link/2", "link/f/1"]
    assert walked(tmp_path / "root") == walked(tmp_path / "whole") == below


def test_a_broken_link_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "gone.wav").symlink_to("nowhere")
    assert walked(tmp_path) == ["gone.wav"]


@pytest.mark.parametrize("target", [".", "..", "../..", "../../.."])
def test_a_link_that_leads_back_is_not_followed(tmp_path: Path, target: str) -> None:
    root = touched(tmp_path / "root", "1", "a/2", "a/b/3")
    (root / "a" / "b" / "back").symlink_to(target)
    assert walked(root) == ["1", "a/2", "a/b/3"]


def test_a_link_that_leads_back_behind_another_link_is_not_followed(tmp_path: Path) -> None:
    root = touched(tmp_path, "root/1", "else/2") / "root"
    (root / "link").symlink_to(tmp_path / "else")
    (tmp_path / "else" / "back").symlink_to(tmp_path / "else")
    assert walked(root) == ["1", "link/2"]


def test_folders_that_link_to_each_other_are_walked_once_per_path(tmp_path: Path) -> None:
    touched(tmp_path, "a/1", "b/2")
    (tmp_path / "a" / "to_b").symlink_to(tmp_path / "b")
    (tmp_path / "b" / "to_a").symlink_to(tmp_path / "a")
    assert walked(tmp_path) == ["a/1", "a/to_b/2", "b/2", "b/to_a/1"]


def test_a_link_out_of_the_folder_and_back_into_it_ends(tmp_path: Path) -> None:
    root = touched(tmp_path, "root/1", "else/2") / "root"
    (root / "out").symlink_to(tmp_path / "else")
    (tmp_path / "else" / "in").symlink_to(root)
    assert walked(root) == ["1", "out/2"]


def test_a_folder_that_cannot_be_listed_is_an_error_and_not_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touched(tmp_path, "a/1", "b/2")
    scandir = os.scandir

    def denied(path: str | Path) -> object:
        if Path(path).name == "b":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(PermissionError, match="Permission denied"):
        list(files.walk(tmp_path))


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """A folder with links to a folder with two files."""
    touched(tmp_path, "else/1.wav", "else/sub/2.wav", "root/3.wav", "root/plain/4.wav")
    (tmp_path / "root" / "link").symlink_to(tmp_path / "else")
    (tmp_path / "root" / "plain" / "deep").symlink_to(tmp_path / "else" / "sub")
    return tmp_path / "root"


def later(path: Path) -> None:
    """Set the time of a file one nanosecond later."""
    time = path.stat().st_mtime_ns + 1
    os.utime(path, ns=(time, time))


def longer(path: Path) -> None:
    """Append to a file and restore its time."""
    time = path.stat().st_mtime_ns
    path.write_text(path.read_text() + "!")
    os.utime(path, ns=(time, time))


def test_plain_folders_have_no_linked_folders(tmp_path: Path) -> None:
    root = touched(tmp_path / "root", "1.wav", "a/b/2.wav")
    (root / "file.wav").symlink_to(root / "1.wav")  # DVC reads what a linked file holds
    (root / "gone").symlink_to("nowhere")
    (tmp_path / "whole").symlink_to(root)
    assert files.linked_folders(root) == files.linked_folders(tmp_path / "whole") == {}


def test_every_linked_folder_has_a_digest_under_its_path(linked: Path) -> None:
    found = files.linked_folders(linked)
    assert list(found) == ["link", "plain/deep"]
    assert all(len(bytes.fromhex(digest)) == 16 for digest in found.values())
    assert found["link"] != found["plain/deep"]


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: longer(folder / "sub/2.wav"),
        lambda folder: later(folder / "sub/2.wav"),
        lambda folder: (folder / "sub/2.wav").rename(folder / "sub/3.wav"),
        lambda folder: (folder / "sub/2.wav").unlink(),
        lambda folder: touched(folder, "sub/new.wav"),
    ],
    ids=["size", "time", "name", "removed", "added"],
)
def test_a_change_behind_the_links_changes_the_digest_of_each(linked: Path, change: Callable[[Path], object]) -> None:
    before = files.linked_folders(linked)
    change(linked.parent / "else")
    after = files.linked_folders(linked)
    assert after.keys() == before.keys()
    assert all(after[link] != before[link] for link in before)


def test_a_change_of_one_linked_folder_leaves_the_others(linked: Path) -> None:
    before = files.linked_folders(linked)
    longer(linked.parent / "else" / "1.wav")
    after = files.linked_folders(linked)
    assert after["link"] != before["link"]
    assert after["plain/deep"] == before["plain/deep"]


def test_moving_a_file_between_folders_behind_a_link_changes_the_digest(linked: Path) -> None:
    before = files.linked_folders(linked)["link"]
    (linked.parent / "else" / "sub" / "2.wav").rename(linked.parent / "else" / "2.wav")
    assert files.linked_folders(linked)["link"] != before


def test_a_linked_file_behind_a_link_counts_as_its_target(linked: Path) -> None:
    outside = touched(linked.parent, "outside.wav") / "outside.wav"
    (linked.parent / "else" / "5.wav").symlink_to(outside)
    before = files.linked_folders(linked)["link"]
    longer(outside)
    assert files.linked_folders(linked)["link"] != before


def test_changes_other_than_of_size_name_or_time_behind_a_link_keep_the_digest(linked: Path) -> None:
    before = files.linked_folders(linked)
    elsewhere = linked.parent / "else"
    elsewhere.joinpath("1.wav").read_text()
    elsewhere.joinpath("1.wav").chmod(0o444)
    elsewhere.joinpath("empty").mkdir()
    os.utime(elsewhere, ns=(0, 0))
    later(linked / "3.wav")  # before the link, where DVC looks
    touched(linked, "plain/new.wav")
    assert files.linked_folders(linked) == before


def test_the_same_files_elsewhere_have_the_same_digest(linked: Path) -> None:
    before = files.linked_folders(linked)
    (linked / "link").unlink()
    (linked / "plain" / "deep").unlink()
    elsewhere = (linked.parent / "else").rename(linked.parent / "moved")
    (linked / "link").symlink_to(elsewhere)
    (linked / "plain" / "deep").symlink_to(elsewhere / "sub")
    assert files.linked_folders(linked) == before


def test_the_order_in_which_the_system_lists_changes_no_digest(linked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files.linked_folders(linked)
    walk = files.walk
    monkeypatch.setattr(files, "walk", lambda folder, above: reversed(list(walk(folder, above))))
    assert files.linked_folders(linked) == before


def test_a_broken_link_behind_a_link_is_no_error_and_counts(linked: Path) -> None:
    before = files.linked_folders(linked)["link"]
    (linked.parent / "else" / "gone.wav").symlink_to("nowhere")
    assert files.linked_folders(linked)["link"] != before


@pytest.mark.parametrize("target", ["root", "."])
def test_a_link_that_leads_back_is_not_followed_by_the_digests_either(tmp_path: Path, target: str) -> None:
    root = touched(tmp_path, "root/a/1.wav") / "root"
    (root / "a" / "back").symlink_to(tmp_path / target)
    before = files.linked_folders(root)
    touched(tmp_path, "reports/metrics.json", "root/new.wav")  # no part of the corpus, and seen by DVC itself
    assert files.linked_folders(root) == before


def test_a_linked_folder_may_have_names_that_are_not_utf_8(tmp_path: Path) -> None:
    latin = os.fsdecode(b"caf\xe9")
    (tmp_path / "there" / latin).mkdir(parents=True)
    (tmp_path / "there" / latin / latin).touch()
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / latin).symlink_to(tmp_path / "there")
    assert list(files.linked_folders(tmp_path / "root")) == [r"caf\xe9"]
