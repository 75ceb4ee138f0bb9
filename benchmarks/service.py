"""Measure the HTTP service on this machine: predictions per second, latency, and memory over many requests.

Client and service share the cores, so the figures include the work of both.

Run as: python -m benchmarks.service
"""

import argparse
import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import soundfile

ROOT = Path(__file__).parents[1]
DURATION, SAMPLE_RATE = 3.0, 16_000  # seconds, Hz
CONCURRENCY = 8
BOUNDARY = "benchmark"
MIN_RATE = 150.0  # predictions per second
MAX_P99 = 150.0  # milliseconds
WARM = 1_000  # requests; after these, memory must not grow
MAX_GROWTH = 0.1  # of it
MIB = 2**20


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000, metavar="N", help=f"more than {WARM}")
    parser.add_argument("--workers", type=int, metavar="N", help="processes of the service (default: its own choice)")
    parser.add_argument("--timed", type=int, default=1_000, metavar="N", help="requests of the first measurement")
    given = parser.parse_args()
    if given.requests <= WARM:
        parser.error(f"--requests is {given.requests}; memory is compared with that after {WARM}: choose more")
    with served(given.workers) as (port, process_id):
        request = prediction_request(recording())
        busy = processor_seconds(process_id)
        milliseconds, seconds = asyncio.run(asked(port, request, given.timed))
        met = [reported(milliseconds, seconds)]
        busy = processor_seconds(process_id) - busy
        print(f"  {1000 * busy / given.timed:.1f} ms of a core each in the service, whatever else this machine does")
        asyncio.run(asked(port, request, max(0, WARM - given.timed)))
        before = resident(process_id)
        asyncio.run(asked(port, request, given.requests - WARM))
        after = resident(process_id)
    print(f"memory: {before:.1f} MiB after {WARM} requests, {after:.1f} MiB after {given.requests}", end="")
    print(f" (goal: at most {MAX_GROWTH:.0%} more)")
    met.append(after <= (1 + MAX_GROWTH) * before)
    if not all(met):
        sys.exit("goal missed")


@contextmanager
def served(workers: int | None) -> Iterator[tuple[int, int]]:
    """Port and process of a service without a limit of requests; it ends with the block."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SER_")}
    environment |= {"SER_PORT": "0", "SER_RATE": "0"} | ({"SER_WORKERS": str(workers)} if workers else {})
    log = subprocess.Popen(
        [sys.executable, "-m", "app.service"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert log.stdout is not None
    try:
        facts = json.loads(log.stdout.readline() or sys.exit("the service has not started"))
        # A full pipe would stop the service, so the log is read.
        drain = subprocess.Popen(["cat"], stdin=log.stdout, stdout=subprocess.DEVNULL)
        log.stdout.close()
        yield facts["port"], log.pid
        log.send_signal(signal.SIGTERM)
        log.wait(60)
        drain.wait(60)
    finally:
        log.kill()
        log.wait()


def recording() -> bytes:
    """Speech of the demo corpus of `DURATION` seconds, as a 16-bit WAV file."""
    paths = sorted((ROOT / "data/demo").rglob("*.flac"))[:4]
    samples = np.concatenate([soundfile.read(path, dtype="int16")[0] for path in paths])
    file = io.BytesIO()
    soundfile.write(file, samples[: round(DURATION * SAMPLE_RATE)], SAMPLE_RATE, format="WAV")
    return file.getvalue()


def prediction_request(content: bytes) -> bytes:
    """Bytes of an HTTP request to predict; to make them for each request would take longer than the service itself."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="speech.wav"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
    lines = (
        "POST /v1/predict HTTP/1.1",
        "Host: localhost",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def asked(port: int, request: bytes, n_requests: int) -> tuple[list[float], float]:
    """Milliseconds of each request, sent over `CONCURRENCY` connections, and seconds for all."""
    left = iter(range(n_requests))
    milliseconds: list[float] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for _ in left:
                begin = time.perf_counter()
                writer.write(request)
                await answered(reader)
                milliseconds.append(1000 * (time.perf_counter() - begin))
        finally:
            writer.close()

    begin = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CONCURRENCY)))
    return milliseconds, time.perf_counter() - begin


async def answered(reader: asyncio.StreamReader) -> None:
    """Read an answer; raise a RuntimeError if it is not a prediction."""
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        found = head.split(b"\r\n")[0].decode()
        raise RuntimeError(f"the service answered {found!r}; wanted 200")
    await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split()[0]))


def reported(milliseconds: list[float], seconds: float) -> bool:
    """Print throughput and latency; return True if they meet the goals."""
    rate = len(milliseconds) / seconds
    p50, p99 = np.percentile(milliseconds, [50, 99])
    print(f"{len(milliseconds)} recordings of {DURATION:g} s, {CONCURRENCY} at once, {os.cpu_count()} cores:")
    print(f"  {rate:.1f} a second (goal {MIN_RATE:g}); p50 {p50:.1f} ms, p99 {p99:.1f} ms (goal {MAX_P99:g})")
    return bool(rate >= MIN_RATE and p99 < MAX_P99)


def processes(process_id: int) -> list[psutil.Process]:
    """The service, and the processes below it."""
    service = psutil.Process(process_id)
    return [service, *service.children(recursive=True)]


def processor_seconds(process_id: int) -> float:
    """Processor time of the service in seconds."""
    times = [one.cpu_times() for one in processes(process_id)]
    return float(sum(one.user + one.system for one in times))


def resident(process_id: int) -> float:
    """Memory of the service in MiB; pages that processes share count once."""
    return float(sum(one.memory_full_info().pss for one in processes(process_id))) / MIB


if __name__ == "__main__":
    main()
