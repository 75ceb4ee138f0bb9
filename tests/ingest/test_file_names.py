import os
import shlex
import socket
from pathlib import Path, PurePath

import pytest

from ser.ingest import file_names

LATIN = PurePath(os.fsdecode(b"Angry/caf\xe9.wav"))


def folder_of(remedy: str) -> str:
    return shlex.split(remedy.rpartition("--notest ")[2])[0]


def test_the_command_names_the_folder_that_a_link_leads_to_because_convmv_follows_none(tmp_path: Path) -> None:
    original, root = tmp_path / "original (1)", tmp_path / "root"
    (original / "Angry").mkdir(parents=True)
    root.symlink_to(original)
    assert folder_of(file_names.remedy(original, LATIN)) == str(original)
    assert folder_of(file_names.remedy(root, LATIN)) == str(original)
    assert folder_of(file_names.remedy(tmp_path, "root" / LATIN)) == str(original)


def test_files_behind_a_link_are_left_to_ingest_because_dvc_computes_no_digest_of_them(tmp_path: Path) -> None:
    original, root = tmp_path / "original", tmp_path / "root"
    (original / "Angry").mkdir(parents=True)
    (original / LATIN).touch()
    root.mkdir()
    (root / "Angry").symlink_to(original / "Angry")
    file_names.check(root)


def test_links_that_lead_to_nothing_are_named_because_dvc_cannot_read_them(tmp_path: Path) -> None:
    (tmp_path / "Angry").mkdir()
    (tmp_path / "Angry" / "a.wav").touch()
    (tmp_path / "Angry" / "b.wav").symlink_to(tmp_path / "Angry" / "a.wav")
    file_names.check(tmp_path)
    (tmp_path / "Angry" / "c.wav").symlink_to("gone.wav")
    with pytest.raises(
        ValueError, match=r"1 file of which.*\n  Angry/c\.wav: a link to gone\.wav, which does not exist; "
    ):
        file_names.check(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_pipes_and_sockets_are_named_because_dvc_would_wait_for_their_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    os.mkfifo("pipe.wav")
    Path("to_a_device.wav").symlink_to(os.devnull)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.wav")
        with pytest.raises(ValueError, match="has 3 files of which DVC cannot compute digests") as raised:
            file_names.check(Path())
    end = "at which DVC would wait for ever; remove it: rm"
    assert str(raised.value).splitlines()[1:] == [
        f"  pipe.wav: a named pipe, {end} pipe.wav",
        f"  socket.wav: a socket, {end} socket.wav",
        f"  to_a_device.wav: a device, {end} to_a_device.wav",
    ]


def test_a_folder_that_is_not_utf_8_itself_is_written_for_the_shell(tmp_path: Path) -> None:
    original, root = tmp_path / os.fsdecode(b"\xc4rger's"), tmp_path / "root"
    original.mkdir()
    root.symlink_to(original)
    assert file_names.remedy(root, LATIN).endswith(f" $'{tmp_path}/\\xc4rger\\x27s'")
