"""Waiting for what another process does, for as long as a slow and busy machine needs."""

import os
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 300  # seconds; only a test that fails waits so long


def until(is_so: Callable[[], object], *, seconds: float = PATIENCE) -> None:
    """Return as soon as the condition holds; fail if it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def met(folder: Path, *, n_processes: int = 2) -> int:
    """Process id, as soon as so many processes have called this with the same folder: none can do all work alone."""
    (folder / str(os.getpid())).touch()
    until(lambda: len(list(folder.iterdir())) >= n_processes)
    return os.getpid()
