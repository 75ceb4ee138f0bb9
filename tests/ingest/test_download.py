import errno
import hashlib
import io
import os
import re
import shutil
import signal
import stat
import struct
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from ser.corpora.archive import Archive
from ser.ingest.download import fetching
from ser.ingest.download.installation import install
from ser.ingest.download.unpacking import MAX_EXPANSION
from tests.support import archive_host, waiting
from tests.support.archive_host import Asked, Host, member, names, noise, tree, zipped

host = archive_host.host
SPEECH = {f"Actor_0{actor}/03-01-0{actor}.wav": 200_000 for actor in (1, 2)}
SONG = {f"Actor_0{actor}/03-02-0{actor}.wav": 100_000 for actor in (1, 2)}


def expected(*members: dict[str, int]) -> dict[str, bytes]:
    return {name: noise(name, n_bytes) for some in members for name, n_bytes in some.items()}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Folder to install to; neither it nor its parents exist."""
    return tmp_path / "data" / "raw" / "ravdess"


def test_an_archive_is_named_by_its_url_without_the_query() -> None:
    assert Archive("https://zenodo.org/records/1/files/Audio.zip?download=1", 1, "").name == "Audio.zip"


def test_the_files_of_all_archives_are_in_one_folder_and_nothing_else_remains(host: Host, target: Path) -> None:
    archives = [host.offers("speech.zip", zipped(SPEECH)), host.offers("song.zip", zipped(SONG))]
    assert install(archives, target) == 4
    assert tree(target) == expected(SPEECH, SONG)
    assert names(target.parent) == ["ravdess"]
    assert [(asked.path, asked.range) for asked in host.asked] == [("/speech.zip", None), ("/song.zip", None)]


def test_a_new_folder_appears_complete(host: Host, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename, at_once = Path.rename, []

    def watched(source: Path, destination: Path) -> Path:
        at_once.append((destination.exists(), tree(source)))
        return rename(source, destination)

    monkeypatch.setattr(Path, "rename", watched)
    install([host.offers("speech.zip", zipped(SPEECH)), host.offers("song.zip", zipped(SONG))], target)
    assert at_once == [(False, expected(SPEECH, SONG))]


def test_nothing_is_printed_without_a_terminal(host: Host, target: Path, capfd: pytest.CaptureFixture[str]) -> None:
    install([host.offers("speech.zip", zipped(SPEECH))], target)
    assert capfd.readouterr() == ("", "")


def test_the_current_folder_can_be_the_target(host: Host, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target.mkdir(parents=True)
    monkeypatch.chdir(target)
    assert install([host.offers("speech.zip", zipped(SPEECH))], Path()) == 2
    assert tree(target) == expected(SPEECH)


def test_hidden_files_empty_folders_and_clutter_of_macos_are_left_out(host: Host, target: Path) -> None:
    clutter = ("__MACOSX/Actor_01/03-01-01.wav", "Actor_01/.DS_Store", ".git/config", "Actor_01/._03-01-01.wav")
    archive = host.offers("speech.zip", zipped(SPEECH | dict.fromkeys(clutter, 100) | {"Actor_03/": 0}))
    assert install([archive], target) == 2
    assert tree(target) == expected(SPEECH)
    assert names(target) == ["Actor_01", "Actor_02"]


def test_a_wrong_checksum_installs_nothing_and_the_next_run_starts_anew(host: Host, target: Path) -> None:
    content = zipped(SPEECH)
    archive = host.offers("speech.zip", content)
    other = content[:-1] + bytes([content[-1] ^ 1])
    host.offers("speech.zip", other)
    found = hashlib.md5(other).hexdigest()
    with pytest.raises(ValueError, match=f"found MD5 {found}, wanted {archive.md5}; the download is deleted, run the"):
        install([archive], target)
    assert names(target.parent) == []
    host.offers("speech.zip", content)
    assert install([archive], target) == 2
    assert tree(target) == expected(SPEECH)
    assert [asked.range for asked in host.asked] == [None, None]


def test_a_broken_download_resumes_where_it_broke(host: Host, target: Path) -> None:
    archive = host.offers("speech.zip", zipped(SPEECH))
    host.cuts = [archive.size // 2, 70_000]
    assert install([archive], target) == 2
    assert tree(target) == expected(SPEECH)
    starts = [int(asked.range.removeprefix("bytes=").removesuffix("-")) for asked in host.asked[1:] if asked.range]
    assert len(host.asked) == 3
    # an incomplete chunk is lost
    assert archive.size // 2 - fetching.CHUNK < starts[0] <= archive.size // 2 < starts[1] <= starts[0] + 70_000
    assert [asked.n_declared for asked in host.asked] == [archive.size, *(archive.size - start for start in starts)]


def test_a_truncated_answer_without_a_length_is_resumed(host: Host, target: Path) -> None:
    archive = host.offers("speech.zip", zipped(SPEECH))
    host.declares_length = False  # the client cannot distinguish the end from a break
    host.cuts = [archive.size // 2]
    assert install([archive], target) == 2
    assert tree(target) == expected(SPEECH)
    assert [asked.range for asked in host.asked] == [None, f"bytes={archive.size // 2}-"]


def test_a_connection_that_always_breaks_keeps_the_partial_download_for_the_next_run(host: Host, target: Path) -> None:
    archive = host.offers("speech.zip", zipped(SPEECH))
    host.cuts = [70_000] * fetching.ATTEMPTS
    with pytest.raises(OSError, match=r"4 attempts failed.*; 0\.3 MB of 0\.4 MB are there; to resume, run the same"):
        install([archive], target)
    assert len(host.asked) == fetching.ATTEMPTS
    assert names(target.parent) == [".partial.speech.zip"]
    there = (target.parent / ".partial.speech.zip").stat().st_size
    assert install([archive], target) == 2
    assert tree(target) == expected(SPEECH)
    assert host.asked[fetching.ATTEMPTS :] == [Asked("/speech.zip", f"bytes={there}-", archive.size - there)]


def test_a_host_that_cannot_be_reached_is_named_in_the_error(target: Path, host: Host) -> None:
    archive = Archive("http://127.0.0.1:1/speech.zip", 1000, "")
    with pytest.raises(OSError, match=r"^http://127\.0\.0\.1:1/speech\.zip: 4 attempts failed.*; 0\.0 MB of 0\.0 MB"):
        install([archive], target)
    assert names(target.parent) == []


def test_attempts_are_made_at_growing_intervals(host: Host, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(fetching, "BACKOFF", 1)
    host.cuts = [0, 0, 0]
    assert install([host.offers("speech.zip", zipped(SPEECH))], target) == 2
    assert slept == [1, 2, 4]


def test_a_silent_host_times_out(host: Host, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(fetching, "TIMEOUT", (0.05, 0.05))
    monkeypatch.setattr(fetching, "ATTEMPTS", 2)

    class Slow(list[Asked]):
        def append(self, asked: Asked) -> None:
            super().append(asked)
            release.wait(600)

    host.asked = Slow()
    try:
        with pytest.raises(OSError, match=r"2 attempts failed, the last with: .*timed out"):
            install([host.offers("speech.zip", zipped(SPEECH))], target)
        waiting.until(lambda: len(host.asked) >= 2)  # a busy host reads a request after its client has left
    finally:
        release.set()
    assert len(host.asked) == 2


def test_a_host_that_ignores_the_range_restarts_the_download(host: Host, target: Path) -> None:
    archive = host.offers("speech.zip", zipped(SPEECH))
    host.honours_range = False
    host.cuts = [archive.size // 2]
    assert install([archive], target) == 2
    assert tree(target) == expected(SPEECH)
    assert [asked.n_declared for asked in host.asked] == [archive.size, archive.size]
    assert host.asked[1].range is not None


def test_an_answer_to_another_range_is_not_appended(host: Host, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = host.offers("speech.zip", zipped(SPEECH))
    partial = partial_of(target, archive, zipped(SPEECH)[:1000])
    spans = iter([(1, archive.size), (0, archive.size)])
    monkeypatch.setattr(fetching, "_span", lambda _: next(spans))
    assert install([archive], target) == 2
    assert not partial.exists()
    assert [asked.range for asked in host.asked] == ["bytes=1000-", None]


def partial_of(target: Path, archive: Archive, content: bytes) -> Path:
    """Write the partial download of an earlier run."""
    partial = target.parent / f".partial.{archive.name}"
    partial.parent.mkdir(parents=True, exist_ok=True)
    partial.write_bytes(content)
    return partial


def test_the_partial_download_of_an_earlier_run_is_continued(host: Host, target: Path) -> None:
    content = zipped(SPEECH)
    archive = host.offers("speech.zip", content)
    partial_of(target, archive, content[:-7])
    assert install([archive], target) == 2
    assert host.asked == [Asked("/speech.zip", f"bytes={archive.size - 7}-", 7)]


def test_a_complete_archive_of_an_earlier_run_is_not_requested(host: Host, target: Path) -> None:
    archive = host.offers("speech.zip", zipped(SPEECH))
    partial_of(target, archive, zipped(SPEECH))
    assert install([archive], target) == 2
    assert host.asked == []


def test_a_partial_download_longer_than_the_archive_is_fetched_anew(host: Host, target: Path) -> None:
    archive = host.offers("speech.zip", zipped(SPEECH))
    partial_of(target, archive, zipped(SPEECH) + b"!")
    assert install([archive], target) == 2
    assert [asked.range for asked in host.asked] == [None]


def test_a_range_that_the_host_cannot_satisfy_starts_anew(host: Host, target: Path) -> None:
    content = zipped(SPEECH)
    archive = host.offers("speech.zip", content)
    host.offers("speech.zip", content[:1000])
    partial_of(target, archive, content[:1000])
    with pytest.raises(
        ValueError, match=f"found 1000 bytes, wanted {archive.size} bytes"
    ):  # the second, from its start
        install([archive], target)
    assert [asked.range for asked in host.asked] == ["bytes=1000-", None]


@pytest.mark.parametrize("declares_length", [True, False])
def test_a_login_page_in_place_of_the_archive_is_an_error(host: Host, target: Path, *, declares_length: bool) -> None:
    content = zipped(SPEECH)
    archive = host.offers("speech.zip", content)
    page = b"<html>" * archive.size
    host.offers("speech.zip", page)
    host.declares_length = declares_length
    found = f"{len(page)} bytes" if declares_length else "more"
    with pytest.raises(ValueError, match=f"found {found}, wanted {archive.size} bytes; open it in a browser"):
        install([archive], target)
    assert len(host.asked) == 1
    host.offers("speech.zip", content)
    assert install([archive], target) == 2


@pytest.mark.parametrize("status", [404, 503])
def test_an_error_of_the_host_is_reported_with_status_and_url_and_not_retried(
    host: Host, target: Path, status: int
) -> None:
    archive = host.offers("speech.zip", zipped(SPEECH))
    partial = partial_of(target, archive, zipped(SPEECH)[:1000])
    host.status = status
    with pytest.raises(
        OSError, match=rf"{re.escape(archive.url)}: HTTP {status} .*; later, run the same command again"
    ):
        install([archive], target)
    assert len(host.asked) == 1
    assert partial.stat().st_size == 1000
    assert names(target.parent) == [partial.name]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (member("../escaped.wav"), "a path that may lead out"),
        (member("Actor_01/../../escaped.wav"), "a path that may lead out"),
        (member("/tmp/ser_escaped.wav"), "a path that may lead out"),
        (member("..\\escaped.wav"), "a path that may lead out"),
        (member("Actor_01\\03-01-07.wav"), "a path that may lead out"),
        (member("C:/escaped.wav"), "a path that may lead out"),
        (member("../__MACOSX/._escaped.wav"), "a path that may lead out"),
        (member("Actor_01/link", mode=stat.S_IFLNK | 0o777), "a link or device"),
        (member("Actor_01/pipe", mode=stat.S_IFIFO | 0o644), "a link or device"),
    ],
    ids=lambda value: value.filename if isinstance(value, zipfile.ZipInfo) else "",
)
def test_a_harmful_archive_is_refused_before_anything_is_unpacked(
    host: Host, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: zipfile.ZipInfo, reason: str
) -> None:
    good = host.offers("a.zip", zipped(SPEECH))
    harmful = host.offers("b.zip", zipped({member("Actor_01/03-01-03.wav"): 100, bad: 100}))
    unpacked: list[object] = []
    monkeypatch.setattr(zipfile.ZipFile, "extract", lambda *arguments: unpacked.append(arguments))
    with pytest.raises(
        ValueError, match=rf"b\.zip cannot be unpacked safely: .*{reason}.*; its MD5 is the expected one"
    ):
        install([good, harmful], target)
    assert unpacked == []
    assert sorted(tree(tmp_path)) == ["data/raw/.partial.a.zip", "data/raw/.partial.b.zip"]
    assert not target.exists()


def test_a_name_that_zipfile_would_truncate_is_refused(host: Host, target: Path) -> None:
    content = zipped(SPEECH).replace(b"03-01-02.wav", b"03-01-02\0wav")
    with pytest.raises(ValueError, match="a path that may lead out"):
        install([host.offers("speech.zip", content)], target)
    assert not target.exists()


def test_the_name_in_an_extra_field_is_checked_too(host: Host, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = member("Actor_01/03-01-01.wav")
    info.filename = "../escaped.wav"  # Python 3.12 reads it from an Info-ZIP Unicode Path Extra Field
    monkeypatch.setattr(zipfile.ZipFile, "infolist", lambda _: [info])
    with pytest.raises(ValueError, match="a path that may lead out"):
        install([host.offers("speech.zip", zipped(SPEECH))], target)
    assert not target.exists()


def test_an_encrypted_archive_is_refused(host: Host, target: Path) -> None:
    content = bytearray(zipped({"Actor_01/03-01-01.wav": 100}))
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flags in the central directory
    with pytest.raises(ValueError, match=r"'Actor_01/03-01-01\.wav' is encrypted"):
        install([host.offers("speech.zip", bytes(content))], target)
    assert not target.exists()


def test_a_zip_bomb_is_refused(host: Host, target: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("Actor_01/03-01-01.wav", bytes(100_000))
    assert len(content.getvalue()) < 100_000 / MAX_EXPANSION
    with pytest.raises(ValueError, match="bytes become 100000, more than 10 times as many"):
        install([host.offers("speech.zip", content.getvalue())], target)
    assert not target.exists()


def changed(content: bytes, *, after: bytes, offset: int = 0, by: bytes) -> bytes:
    """Overwrite the bytes that begin `offset` after the first `after`."""
    start = content.index(after) + len(after) + offset
    return content[:start] + by + content[start + len(by) :]


@pytest.mark.parametrize(
    "content",
    [
        zipped(SPEECH)[:200_000],
        b"<html>",
        changed(zipped(SPEECH), after=b"03-01-02.wav", offset=1000, by=bytes(50)),
        changed(zipped(SPEECH), after=b"03-01-02.wav", by=b"\xff"),
        changed(zipped(SPEECH), after=b"PK\x01\x02", offset=2, by=b"\xff"),
        changed(
            zipped(SPEECH, compression=zipfile.ZIP_STORED),
            after=b"PK\x01\x02",
            offset=16,
            by=struct.pack("<II", 500_000, 500_000),  # the first member's sizes
        ),
    ],
    ids=["truncated", "no zip", "checksum", "deflate", "format version", "longer than the file"],
)
def test_an_unreadable_archive_is_an_error_with_the_reason(host: Host, target: Path, content: bytes) -> None:
    archive = host.offers("speech.zip", content)
    with pytest.raises(ValueError, match=r"speech\.zip cannot be unpacked safely: not readable as zip \(.+\); its MD5"):
        install([archive], target)
    assert names(target.parent) == [".partial.speech.zip"]


def test_an_unusual_compression_is_refused(host: Host, target: Path) -> None:
    archive = host.offers("speech.zip", zipped(SPEECH, compression=zipfile.ZIP_BZIP2))
    with pytest.raises(ValueError, match="is compressed by method 12, neither stored nor deflated"):
        install([archive], target)
    assert not target.exists()


def test_a_target_that_is_a_file_is_refused_before_the_download(host: Host, target: Path) -> None:
    target.parent.mkdir(parents=True)
    target.write_text("mine")
    with pytest.raises(ValueError, match="ravdess is a file, wanted a folder or nothing; move it away"):
        install([host.offers("speech.zip", zipped(SPEECH))], target)
    assert target.read_text() == "mine"
    assert host.asked == []


def test_a_target_that_is_a_broken_link_is_refused_before_the_download(host: Host, target: Path) -> None:
    target.parent.mkdir(parents=True)
    target.symlink_to("nowhere")
    with pytest.raises(ValueError, match="ravdess is a link that leads nowhere, wanted a folder or nothing"):
        install([host.offers("speech.zip", zipped(SPEECH))], target)
    assert target.is_symlink()
    assert host.asked == []


def test_a_file_in_place_of_the_parent_is_refused_before_the_download(host: Host, target: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")
    with pytest.raises(OSError, match=r"cannot be made \(Not a directory\); make .*raw a folder that you can write to"):
        install([host.offers("speech.zip", zipped(SPEECH))], target)
    assert host.asked == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("folder", ["", "ravdess"])
def test_a_folder_without_write_permission_is_refused_before_the_download(
    host: Host, target: Path, folder: str
) -> None:
    target.mkdir(parents=True)
    closed = target.parent / folder
    closed.chmod(0o555)
    try:
        with pytest.raises(OSError, match=r"cannot be (made \(Permission denied\)|written); .* name another"):
            install([host.offers("speech.zip", zipped(SPEECH))], target)
    finally:
        closed.chmod(0o755)
    assert host.asked == []


def test_a_parent_that_cannot_be_written_is_refused_before_the_download(
    host: Host, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", denied)
    with pytest.raises(OSError, match=r"ravdess cannot be made \(Permission denied\); make .* or name another"):
        install([host.offers("speech.zip", zipped(SPEECH))], target)
    assert host.asked == []


def test_a_target_that_cannot_be_written_is_refused_before_the_download(
    host: Host, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target.mkdir(parents=True)
    monkeypatch.setattr(os, "access", lambda path, _: path != target)
    with pytest.raises(OSError, match="ravdess cannot be written; change its permissions, or name another folder"):
        install([host.offers("speech.zip", zipped(SPEECH))], target)
    assert host.asked == []


def with_free(monkeypatch: pytest.MonkeyPatch, *free: int) -> None:
    """Let the disk have these free sizes, one after the other."""
    answers = iter(free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(0, 0, next(answers)))


def test_a_disk_that_is_too_small_is_an_error_before_the_download(
    host: Host, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archives = [host.offers("speech.zip", zipped(SPEECH)), host.offers("song.zip", zipped(SONG))]
    needed = 2 * sum(archive.size for archive in archives)
    with_free(monkeypatch, needed - 1, needed, needed)
    with pytest.raises(OSError, match=r"^1\.2 MB are needed in .*raw, 1\.2 MB were free; make room and run the same"):
        install(archives, target)
    assert host.asked == []
    assert names(target.parent) == []
    assert install(archives, target) == 4


def test_existing_files_need_no_space(host: Host, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = host.offers("speech.zip", zipped(SPEECH))
    partial_of(target, archive, zipped(SPEECH))
    with_free(monkeypatch, archive.size, archive.size)
    assert install([archive], target) == 2


def test_a_disk_that_is_too_small_for_the_unpacked_files_keeps_the_archive(
    host: Host, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = host.offers("speech.zip", zipped(SPEECH))
    with_free(monkeypatch, 2 * archive.size, 399_999, archive.size, 400_000)
    with pytest.raises(OSError, match=r"0\.4 MB are needed in .*raw, 0\.4 MB were free"):
        install([archive], target)
    assert names(target.parent) == [".partial.speech.zip"]
    assert install([archive], target) == 2
    assert len(host.asked) == 1


def test_a_disk_that_gets_full_while_unpacking_keeps_the_archive(
    host: Host, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = host.offers("speech.zip", zipped(SPEECH))
    copy = shutil.copyfileobj
    copied: list[Path] = []

    def full(source, destination, *_: object) -> None:
        copied.extend(target.parent.glob(".partial.ravdess/*/*"))
        if len(copied) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        copy(source, destination)

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfileobj", full)
        with pytest.raises(OSError, match=r"^0\.4 MB are needed in .*raw, .* were free; make room and run the same"):
            install([archive], target)
    assert len(copied) > 1  # one file was complete
    assert names(target.parent) == [".partial.speech.zip"]
    assert install([archive], target) == 2
    assert tree(target) == expected(SPEECH)
    assert len(host.asked) == 1


def test_a_disk_that_gets_full_while_downloading_keeps_the_partial_download(
    host: Host, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = host.offers("speech.zip", zipped(SPEECH))
    opened = Path.open

    class Full(io.FileIO):
        def write(self, chunk: bytes) -> int:
            if self.tell() > 100_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(chunk)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", lambda self, mode: Full(self, mode) if "b" in mode else opened(self, mode))
        with pytest.raises(OSError, match=r"^0\.8 MB are needed in .*raw, .* were free; make room and run the same"):
            install([archive], target)
    there = (target.parent / ".partial.speech.zip").stat().st_size
    assert install([archive], target) == 2
    assert [asked.range for asked in host.asked] == [None, f"bytes={there}-"]


def test_an_error_other_than_a_full_disk_is_raised_unchanged(
    host: Host, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(shutil, "copyfileobj", broken)
    with pytest.raises(OSError, match="Input/output error"):
        install([host.offers("speech.zip", zipped(SPEECH))], target)
    assert names(target.parent) == [".partial.speech.zip"]


def test_an_interruption_while_unpacking_keeps_the_archive(
    host: Host, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "copyfileobj", interrupted)
    with pytest.raises(KeyboardInterrupt):
        install([host.offers("speech.zip", zipped(SPEECH))], target)
    assert names(target.parent) == [".partial.speech.zip"]


def test_the_partial_folder_of_a_killed_process_is_removed_and_its_archive_used(host: Host, target: Path) -> None:
    content = zipped(SPEECH)
    archive = host.offers("speech.zip", content)
    partial_of(target, archive, content)
    script = (
        "import os, shutil, signal, sys; from pathlib import Path\n"
        "from ser.ingest.download.installation import install; from ser.corpora.archive import Archive\n"
        "shutil.copyfileobj = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "install([Archive(sys.argv[1], int(sys.argv[2]), sys.argv[3])], Path(sys.argv[4]))\n"
    )
    arguments = [archive.url, str(archive.size), archive.md5, str(target)]
    killed = subprocess.run([sys.executable, "-c", script, *arguments], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert names(target.parent) == [".partial.ravdess", ".partial.speech.zip"]
    (target.parent / ".partial.ravdess" / "half.wav").write_text("half")
    assert install([archive], target) == 2
    assert tree(target) == expected(SPEECH)
    assert names(target.parent) == ["ravdess"]
    assert host.asked == []


def test_an_existing_folder_gets_missing_files_and_keeps_its_own(host: Host, target: Path) -> None:
    mine = {"Actor_01/03-01-01.wav": b"mine", "Actor_01/notes.txt": b"mine too"}
    for name, content in mine.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content)
    archives = [host.offers("speech.zip", zipped(SPEECH)), host.offers("song.zip", zipped(SONG))]
    assert install(archives, target) == 3
    assert tree(target) == expected(SPEECH, SONG) | mine
    assert names(target.parent) == ["ravdess"]
    assert install(archives, target) == 0
    assert tree(target) == expected(SPEECH, SONG) | mine


def test_the_target_of_a_link_is_filled_and_the_link_remains(host: Host, target: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    target.parent.mkdir(parents=True)
    target.symlink_to(elsewhere)
    assert install([host.offers("speech.zip", zipped(SPEECH))], target) == 2
    assert tree(elsewhere) == expected(SPEECH)
    assert target.is_symlink()


def test_the_target_of_a_link_to_another_disk_is_filled(
    host: Host, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.rename

    def across(source: Path, destination: Path) -> None:
        if ".partial.ravdess" in str(source):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(source, destination)

    monkeypatch.setattr(os, "rename", across)
    target.mkdir(parents=True)
    assert install([host.offers("speech.zip", zipped(SPEECH))], target) == 2
    assert tree(target) == expected(SPEECH)


def test_a_broken_link_of_the_user_is_not_replaced(host: Host, target: Path) -> None:
    link = target / "Actor_01" / "03-01-01.wav"
    link.parent.mkdir(parents=True)
    link.symlink_to("nowhere")
    assert install([host.offers("speech.zip", zipped(SPEECH))], target) == 1
    assert link.is_symlink()


def test_a_file_in_place_of_an_archives_folder_is_an_error_and_kept(host: Host, target: Path) -> None:
    target.mkdir(parents=True)
    (target / "Actor_02").write_text("mine")
    archive = host.offers("speech.zip", zipped(SPEECH))
    with pytest.raises(OSError, match="Actor_02 is in the way of a folder; move it away and run the same command"):
        install([archive], target)
    assert (target / "Actor_02").read_text() == "mine"
    (target / "Actor_02").unlink()
    assert install([archive], target) == 1  # Actor_01's file was unpacked before the error
    assert tree(target) == expected(SPEECH)
    assert len(host.asked) == 1
