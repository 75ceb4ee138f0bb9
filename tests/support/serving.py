"""A service for tests, in the process of the test or in one of its own."""

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import psutil
import soundfile

from app.http import connections, keys, loading, server
from app.http.settings import Settings
from app.http.workers import Pool
from ser.models import packaged
from ser.serving import recognition
from tests.support import waiting
from tests.support.paths import ROOT

DEMO = sorted((ROOT / "data/demo").rglob("*.flac"))
PATIENCE = 120  # seconds, so that tests pass on a slow and busy machine
PREDICT = "/v1/predict"
KEY, OTHER = (f"ser_{name * 21}x" for name in ("ab", "cd"))  # the same in every process of the tests
KNOWN = (("bob", keys.hashed(KEY)), ("eve", keys.hashed(OTHER)))
BOUNDARY = "a-boundary"
SERVICE = """
import runpy
from app.http import connections
connections.PROBE_SECONDS = {probe_seconds}
runpy.run_module("app.service", run_name="__main__")
"""


@lru_cache
def recognizer() -> recognition.Recognizer:
    """The default model."""
    return loading.loaded({packaged.DEFAULT: packaged.resolved()})[packaged.DEFAULT]


@contextmanager
def served(load: Callable[[], Any] | None = None, **settings: Any) -> Iterator[httpx.Client]:
    """A client of a service that runs in a thread; by default with a built-in model, one process, and no rate limit.

    `load`, a function of a small module, replaces the models.
    """
    chosen = Settings(**{"rate": 0, "workers": 1, "port": 0} | settings)
    pool = Pool(load or partial(loading.loaded, chosen.models), workers=chosen.workers, size=chosen.queue)
    pool.start()
    running = server.server(chosen, pool)
    with server.listener(replace(chosen, port=0)) as listener:
        thread = threading.Thread(target=running.run, args=([listener],))
        thread.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=PATIENCE) as client:
                yield client
        finally:
            running.should_exit = True
            thread.join(30)


wait_until = partial(waiting.until, seconds=PATIENCE)
"""`waiting.until`, for as long as the requests of a test wait."""


def speech(duration: float, sample_rate: int = 16_000) -> npt.NDArray[np.float32]:
    """Speech of the demo corpus, `(n_samples,)`, repeated up to `duration`; resampled by repetition of samples."""
    pieces = [soundfile.read(path, dtype="float32")[0] for path in DEMO[:6]]
    once = np.repeat(np.concatenate(pieces), max(1, sample_rate // 16_000))
    return np.resize(once, round(duration * sample_rate))


def encoded(waveform: npt.ArrayLike, sample_rate: int = 16_000, **options: str) -> bytes:
    """Bytes of a file; by default WAV of 16 bit."""
    file = io.BytesIO()
    soundfile.write(file, np.asarray(waveform), sample_rate, **{"format": "WAV", **options})
    return file.getvalue()


def body(content: bytes, *, field: str = "file") -> bytes:
    """A form with a recording, with `BOUNDARY`."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="speech.wav"\r\n\r\n'
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def request(content: bytes, *, length: int | None = None, path: str = PREDICT, headers: str = "") -> bytes:
    """A whole HTTP request with a recording; `length` replaces its content length."""
    form = body(content)
    head = f"POST {path} HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n{headers}"
    return f"{head}Content-Length: {len(form) if length is None else length}\r\n\r\n".encode() + form


def answer(connection: socket.socket) -> tuple[int, dict[str, str], Any]:
    """Status, headers and body of the answer on a connection; status 0 if it ends without an answer."""
    stream = connection.makefile("rb")
    status = stream.readline().split()
    if not status:
        return 0, {}, None
    headers: dict[str, str] = {}
    while status[1:2] == [b"100"]:  # an interim answer
        stream.readline()
        status = stream.readline().split()
    while line := stream.readline().strip():
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    return int(status[1]), headers, json.loads(stream.read(int(headers["content-length"])))


@dataclass
class Running:
    """A service in a process of its own."""

    process: subprocess.Popen[str]
    port: int
    lines: list[str]
    """Lines of its log."""

    @property
    def url(self) -> str:
        """Address of the service."""
        return f"http://127.0.0.1:{self.port}"

    def connect(self) -> socket.socket:
        """A connection to the service, with a timeout."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def predict(self, content: bytes, **options: Any) -> httpx.Response:
        """Answer of the service to a recording."""
        return httpx.post(self.url + PREDICT, files={"file": ("speech.wav", content)}, timeout=PATIENCE, **options)

    def busy(self) -> float:
        """CPU time in seconds of the processes of the service, which other processes do not change."""
        return _processor_time(self.processes())

    def predicting(self) -> float:
        """CPU time in seconds of the processes below the service, of which one predicts; none of it is of uploads."""
        return _processor_time(self.processes()[1:])

    def processes(self) -> list[psutil.Process]:
        """The service itself, and the processes below it."""
        service = psutil.Process(self.process.pid)
        return [service, *service.children(recursive=True)]

    def logged(self) -> list[dict[str, Any]]:
        """Content of the log."""
        return [json.loads(line) for line in self.lines]


def _processor_time(processes: Sequence[psutil.Process]) -> float:
    times = [one.cpu_times() for one in processes]
    return float(sum(one.user + one.system for one in times))


@contextmanager
def running(*, probe_seconds: float = connections.PROBE_SECONDS, **environment: str) -> Iterator[Running]:
    """Run a service on a free port for the block; by default without a rate limit."""
    given = {"SER_PORT": "0", "SER_RATE": "0", "SER_WORKERS": "1"} | environment
    process = subprocess.Popen(
        [sys.executable, "-c", SERVICE.format(probe_seconds=probe_seconds)],
        env={**_clean(), **given},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    lines: list[str] = []
    try:
        assert process.stdout is not None
        while not (serving := re.search(r'"message": "serving".*"port": (\d+)', lines[-1] if lines else "")):
            lines.append(process.stdout.readline())
            assert lines[-1], f"the service has ended: {lines}"
        reader = threading.Thread(target=lambda: lines.extend(process.stdout or ()))
        reader.start()
        port = int(serving[1])
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE) as health:
            assert health.status == 200
        yield Running(process, port, lines)
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        reader.join(10)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def ended(**environment: str) -> tuple[int, str]:
    """Exit status and messages of a service that does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "app.service"],
        env={**_clean(), "SER_PORT": "0", **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return done.returncode, done.stderr


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SER_")}
