"""Attack the HTTP service on this machine, each attack for a few seconds, and measure what other clients notice.

All connections are to 127.0.0.1. With `--before`, the same attacks are first made on the code in another folder.

Run as: python -m benchmarks.attack [--before FOLDER]
"""

import argparse
import contextlib
import io
import json
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import soundfile

from app.http import keys
from benchmarks.service import BOUNDARY, MIB, ROOT, SAMPLE_RATE, prediction_request, processes, recording

SECONDS = 8.0  # of each attack
SILENCE = 25.0  # seconds without reading; longer than the time that the service gives
N_CRUMBLING, N_SILENT, N_GREEDY, N_LARGE = 16, 300, 24, 8  # clients
FILES = 256  # that the service may open while clients do not read
LONG = 60.0  # seconds of the recordings of the greedy client
ANN, EVE = keys.new_key(), keys.new_key()
TYPE = f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
CHUNKED = f"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n{TYPE}".encode()
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass
class Target:
    """A service under attack."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def connect(self, timeout: float = 30.0) -> socket.socket:
        """A new connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def asked(self, request: bytes, *, closes: bool = False) -> int:
        """Status of the answer to a request in a connection of its own; 0 without an answer."""
        try:
            with self.connect() as connection:
                connection.sendall(request)
                if closes:
                    connection.shutdown(socket.SHUT_WR)
                return status(connection.makefile("rb"))
        except OSError:
            return 0

    def memory(self) -> float:
        """Memory of all its processes in MiB; shared pages count once."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return float(sum(one.memory_full_info().pss for one in processes(self.process.pid))) / MIB
        return 0.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attack", description=__doc__)
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="a checkout of an older revision")
    folders = [*filter(None, [parser.parse_args().before]), ROOT]
    columns = [[attack(folder) for attack in ATTACKS.values()] for folder in folders]
    print("| attack | " + " | ".join(["before", "after"][-len(folders) :]) + " |")
    print("|---" * (1 + len(folders)) + "|")
    for name, *found in zip(ATTACKS, *columns, strict=True):
        print(f"| {name} | {' | '.join(found)} |")


@contextlib.contextmanager
def served(folder: Path, *, files: int | None = None, **settings: str) -> Iterator[Target]:
    """Run the service of a folder with two keys and no limit of requests; it may open `files` files."""
    names = zip(("ann", "eve"), (ANN, EVE), strict=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SER_")}
    environment |= {"PYTHONPATH": str(folder), "SER_PORT": "0", "SER_RATE": "0", "SER_AUDIO_RATE": "0"}
    environment |= {"SER_API_KEYS": ",".join(f"{name}:{keys.hashed(key)}" for name, key in names)} | settings

    def limit() -> None:
        if files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    with tempfile.TemporaryDirectory() as temporary:
        log = Path(temporary) / "log"
        command = [sys.executable, "-m", "app.service"]
        with (
            log.open("wb") as output,
            subprocess.Popen(
                command, cwd=folder, env=environment, stdout=output, stderr=output, preexec_fn=limit
            ) as process,
        ):
            try:
                yield Target(process, port(process, log), log)
            finally:
                process.kill()


def port(process: subprocess.Popen[bytes], log: Path) -> int:
    """Port of the service, which its log states."""
    while process.poll() is None:
        for line in log.read_text().splitlines():
            if line.endswith("}") and "port" in (facts := json.loads(line)):
                return int(facts["port"])
        time.sleep(0.1)
    sys.exit(f"the service has not started: {log.read_text()}")


def status(answers: io.BufferedReader) -> int:
    """Status of the next answer, which is read to its end; 0 without one."""
    line = answers.readline().split()
    if not line:
        return 0
    length = 0
    while header := answers.readline().strip():
        if header.lower().startswith(b"content-length:"):
            length = int(header.split(b":")[1])
    answers.read(length)
    return int(line[1]) if line[1] != b"100" else status(answers)


@contextlib.contextmanager
def meanwhile(n_clients: int, client: Callable[[threading.Event], None]) -> Iterator[threading.Event]:
    """Run clients in threads until the end of the block; whatever connection they lose, they begin again."""
    ended = threading.Event()

    def again() -> None:
        while not ended.is_set():
            with contextlib.suppress(OSError):
                client(ended)

    threads = [threading.Thread(target=again) for _ in range(n_clients)]
    for thread in threads:
        thread.start()
    try:
        yield ended
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def timed(asked: Callable[[], int], seconds: float) -> str:
    """Median and longest time of requests, one after the other, and how many were not served."""
    times, failed = [], 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.monotonic()
        failed += asked() != 200
        times.append(1000 * (time.monotonic() - begin))
        time.sleep(0.02)
    return f"median {statistics.median(times):.0f} ms, longest {max(times):.0f} ms, {failed} of {len(times)} not served"


def crumbs(folder: Path) -> str:
    """Clients without a key send bodies in chunks of one byte; another asks for the health."""
    piece = b"1\r\nx\r\n" * 10_000
    with served(folder) as target:

        def client(ended: threading.Event) -> None:
            with target.connect() as connection:
                connection.sendall(CHUNKED + b"\r\n")
                while not ended.is_set():
                    connection.sendall(piece)

        with meanwhile(N_CRUMBLING, client):
            time.sleep(1)
            return timed(lambda: target.asked(HEALTH), SECONDS)


def silent(folder: Path) -> str:
    """Clients without a key send requests and read nothing; another asks for the health."""
    request = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 8
    with served(folder, files=FILES) as target, contextlib.ExitStack() as stack:
        clients = []
        for _ in range(N_SILENT):
            with contextlib.suppress(OSError):
                client = stack.enter_context(target.connect(timeout=1))
                client.setblocking(False)
                clients.append(client)
        failed = n_asked = 0
        end = time.monotonic() + SILENCE
        while time.monotonic() < end:
            for client in clients:
                with contextlib.suppress(OSError):
                    client.send(request)
            with contextlib.suppress(OSError), target.connect(timeout=2) as connection:
                connection.sendall(HEALTH)
                failed -= status(connection.makefile("rb")) == 200
            failed, n_asked = failed + 1, n_asked + 1
            time.sleep(0.2)
        stand = psutil.Process(target.process.pid).net_connections()
        left = sum(one.status == psutil.CONN_ESTABLISHED for one in stand)
        size = target.log.stat().st_size / MIB
        return f"health failed {failed} of {n_asked}, {left} connections after {SILENCE:g} s, {size:.1f} MiB of log"


def greedy(folder: Path) -> str:
    """A key sends long recordings over many connections; another one sends a short one after the other."""
    file = io.BytesIO()
    samples = soundfile.read(io.BytesIO(recording()), dtype="int16")[0]
    soundfile.write(file, np.resize(samples, round(LONG * SAMPLE_RATE)), SAMPLE_RATE, format="FLAC")
    much = keyed(prediction_request(file.getvalue()), ANN).replace(b"/v1/predict", b"/v1/predict?timeline=true", 1)
    little = keyed(prediction_request(recording()), EVE)
    with served(folder) as target:

        def client(_: threading.Event) -> None:
            target.asked(much)

        with meanwhile(N_GREEDY, client):
            time.sleep(2)
            return timed(lambda: target.asked(little), 2 * SECONDS)


def keyed(request: bytes, key: str) -> bytes:
    """A request with a key."""
    return request.replace(b"Host:", f"X-API-Key: {key}\r\nHost:".encode(), 1)


def kept(folder: Path) -> str:
    """Requests in one connection, one after the other."""
    with served(folder) as target, target.connect() as connection:
        answers = connection.makefile("rb")

        def asked() -> int:
            connection.sendall(HEALTH)
            return status(answers)

        return timed(asked, SECONDS / 4)


def large(folder: Path) -> str:
    """A key sends the largest recordings at once, again and again."""
    file = io.BytesIO()
    noise = np.random.default_rng(0).normal(0, 3000, (6 * MIB, 2)).astype(np.int16)
    soundfile.write(file, noise, 44_100, format="WAV")
    request = keyed(prediction_request(file.getvalue()), ANN)
    with served(folder) as target:
        most = before = target.memory()

        def client(_: threading.Event) -> None:
            target.asked(request)

        with meanwhile(N_LARGE, client):
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                most = max(most, target.memory())
                time.sleep(0.1)
        return f"{before:.0f} MiB, at most {most:.0f} MiB"


def crash(folder: Path) -> str:
    """The process that predicts gets the signal of a crash."""
    with served(folder, SER_WORKERS="1") as target:
        os.kill(processes(target.process.pid)[-1].pid, signal.SIGSEGV)
        time.sleep(1)
        return f"health has status {target.asked(HEALTH)}" if target.process.poll() is None else "the service has ended"


def foreign(folder: Path) -> str:
    """A page of another site sends requests, as to a name of its own for this address."""
    with served(folder) as target:
        host = target.asked(HEALTH.replace(b"localhost", b"evil.example"))
        origin = target.asked(HEALTH.replace(b"\r\n\r\n", b"\r\nOrigin: https://evil.example\r\n\r\n"))
        return f"foreign host {host}, foreign page {origin}"


def half(folder: Path) -> str:
    """A client says that it sends no more, and waits for its answer."""
    request = keyed(prediction_request(recording()), ANN)
    with served(folder) as target:
        return f"status {target.asked(request, closes=True)}"


ATTACKS: dict[str, Callable[[Path], str]] = {
    f"{N_CRUMBLING} clients without a key send chunks of one byte": crumbs,
    f"{N_SILENT} clients without a key read no answer; {FILES} files": silent,
    f"one key sends {N_GREEDY} recordings of {LONG:g} s at once; another key, one of 3 s": greedy,
    "requests in a kept connection": kept,
    f"{N_LARGE} clients upload 24 MiB again and again": large,
    "signal of a crash to the process that predicts": crash,
    "requests of a foreign page": foreign,
    "half-closed connection": half,
}

if __name__ == "__main__":
    main()
