"""An HTTP host on this machine that offers archives, with configurable defects."""

import contextlib
import gzip
import hashlib
import io
import random
import re
import stat
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from ser.corpora.archive import Archive
from ser.ingest.download import fetching


def noise(name: str, n_bytes: int) -> bytes:
    """Incompressible bytes, different for every name."""
    return random.Random(name).randbytes(n_bytes)


def zipped(members: dict[str, int] | dict[zipfile.ZipInfo, int], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as file:
        for member, n_bytes in members.items():
            entry = zipfile.ZipInfo(member) if isinstance(member, str) else member  # without the current time
            file.writestr(entry, noise(entry.filename, n_bytes), compress_type=compression)
    return content.getvalue()


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Asked(NamedTuple):
    """A request to the host, and the number of bytes of the answer."""

    path: str
    range: str | None
    n_declared: int


@dataclass
class Host:
    """An HTTP host on this machine with configurable defects."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    status: int = 200
    honours_range: bool = True
    declares_length: bool = True
    cuts: list[int] = field(default_factory=list)
    """Number of bytes after which the connection breaks, for each of the next answers."""

    def offers(self, name: str, content: bytes) -> Archive:
        """Add a file to the host."""
        self.files[f"/{name}"] = content
        return Archive(f"{self.url}/{name}?download=1", len(content), hashlib.md5(content).hexdigest())


def handler(host: Host) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, wanted = self.path.partition("?")[0], self.headers["Range"]
            content, start, status, headers = host.files.get(path, b""), 0, host.status, {}
            if "gzip" in self.headers["Accept-Encoding"]:  # as some hosts do; the length is then another
                content, headers["Content-Encoding"] = gzip.compress(content), "gzip"
            total = len(content)
            if status == 200 and wanted and host.honours_range:
                start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
                status = 206 if start < total else 416
                headers["Content-Range"] = f"bytes {start}-{total - 1}/{total}" if status == 206 else f"bytes */{total}"
            body = content[start:] if status in (200, 206) else b"no"
            if host.declares_length:
                headers["Content-Length"] = str(len(body))
            host.asked.append(Asked(path, wanted, len(body)))
            self.send_response(status)
            for header, value in headers.items():
                self.send_header(header, value)
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # the client may have closed the connection
                self.wfile.write(body[: host.cuts.pop(0)] if host.cuts else body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(fetching, "BACKOFF", 0)
    host = Host()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(host)) as server:
        server.daemon_threads = False  # closing the server then waits for its threads
        host.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield host
        finally:
            server.shutdown()
            thread.join()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def member(name: str, *, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info
