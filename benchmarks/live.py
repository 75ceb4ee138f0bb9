"""Live sessions of the service: latency of eight at once, and memory over an hour of sound.

Run as: python -m benchmarks.live
"""

import argparse
import asyncio
import json
import time
from typing import Any

import numpy as np
import soundfile
from websockets.asyncio.client import connect

from benchmarks.service import ROOT, processor_seconds, resident, served

SESSIONS = 8
SECONDS = 20  # of sound of a session, at the pace of a speaker
RATE = 16_000  # Hz
PIECE = 0.05  # seconds of a message, as the page sends it
HOUR = 3600  # seconds of sound, as fast as the service takes it
MESSAGE = 2**18  # bytes
SAMPLES = 6  # of the memory
N_WORKERS = 2


def main() -> None:
    """Print both measurements."""
    with served(N_WORKERS) as (port, process_id):
        print(asyncio.run(_latency(f"ws://127.0.0.1:{port}/v1/stream", process_id)))
        print(asyncio.run(_memory(f"ws://127.0.0.1:{port}/v1/stream", process_id)))


def _speech(seconds: float) -> bytes:
    pieces = [soundfile.read(path, dtype="int16")[0] for path in sorted((ROOT / "data/demo").rglob("*.flac"))[:40]]
    return np.resize(np.concatenate(pieces), round(seconds * RATE)).astype("<i2").tobytes()


async def _session(url: str, content: bytes) -> list[float]:
    """Seconds from each piece of sound that completes a window to the arrival of its answer."""
    sent: list[float] = []  # time of each piece
    latencies: list[float] = []
    size = 2 * round(PIECE * RATE)
    async with connect(url, compression=None, ping_interval=None) as socket:
        await socket.send(json.dumps({"type": "start", "rate": RATE}))

        async def speak() -> None:
            begin = time.perf_counter()
            for number, start in enumerate(range(0, len(content), size)):
                await asyncio.sleep(begin + (number + 1) * PIECE - time.perf_counter())
                await socket.send(content[start : start + size])
                sent.append(time.perf_counter())
            await socket.send(json.dumps({"type": "stop"}))

        speaking = asyncio.create_task(speak())
        async for text in socket:
            message: Any = json.loads(text)
            if message["type"] == "answer":
                latencies.append(time.perf_counter() - sent[round(message["time"] / PIECE) - 1])
        await speaking
    return latencies


async def _latency(url: str, process_id: int) -> str:
    content, before, begin = _speech(SECONDS), processor_seconds(process_id), time.perf_counter()
    found = np.concatenate(await asyncio.gather(*(_session(url, content) for _ in range(SESSIONS))))
    busy = (processor_seconds(process_id) - before) / (time.perf_counter() - begin)
    middle, late = 1000 * np.percentile(found, [50, 95])
    return (
        f"{SESSIONS} sessions of {SECONDS} s at once, {found.size} answers: median {middle:.0f} ms, 95th percentile"
        f" {late:.0f} ms; the service used {busy:.2f} cores"
    )


async def _memory(url: str, process_id: int) -> str:
    """Memory after each part of an hour of sound."""
    content, used = _speech(60), []
    begin, before = time.perf_counter(), processor_seconds(process_id)
    async with connect(url, compression=None, ping_interval=None) as socket:
        await socket.send(json.dumps({"type": "start", "rate": RATE}))
        reading = asyncio.create_task(_answers(socket))
        for minute in range(HOUR // 60):
            for start in range(0, len(content), MESSAGE):
                await socket.send(content[start : start + MESSAGE])
            if (minute + 1) % (HOUR // 60 // SAMPLES) == 0:
                used.append(resident(process_id))
        await socket.send(json.dumps({"type": "stop"}))
        n_answers = await reading
    seconds, busy = time.perf_counter() - begin, processor_seconds(process_id) - before
    return (
        f"an hour of sound in {seconds:.0f} s, {busy:.0f} s of processor time, {n_answers} answers: memory in MiB"
        f" {', '.join(f'{one:.0f}' for one in used)}"
    )


async def _answers(socket: Any) -> int:
    return sum([json.loads(text)["type"] == "answer" async for text in socket])


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()  # it has no options, but --help
    main()
