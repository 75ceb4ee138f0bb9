"""Limits: requests of one client in a minute, and bytes in memory of all clients together."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MOST_CLIENTS = 10_000  # in memory; the client whose last request is the oldest is forgotten first


class Rate:
    """Limit by a bucket of tokens for each client: those of a minute at once, then one after the other."""

    def __init__(self, per_minute: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Allow `per_minute` requests of each client; 0 allows any number."""
        self.per_minute = per_minute
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # client -> tokens, and the time when it had them

    def wait(self, client: str) -> float:
        """Seconds until `client` may send a request; 0 counts this request."""
        if not self.per_minute:
            return 0.0
        now, capacity = self._clock(), max(1.0, self.per_minute)
        tokens, then = self._buckets.pop(client, (capacity, now))
        tokens = min(capacity, tokens + (now - then) * self.per_minute / 60)
        allowed = tokens >= 1
        self._buckets[client] = (
            tokens - allowed,
            now,
        )  # last in the dict, whose order is that of requests
        if len(self._buckets) > MOST_CLIENTS:
            del self._buckets[next(iter(self._buckets))]
        return 0.0 if allowed else (1 - tokens) * 60 / self.per_minute


class Full(Exception):
    """There is no room now."""


class Memory:
    """Limit of the bytes of uploads in memory, of all requests together."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.held = 0

    @contextmanager
    def lease(self) -> Iterator[Callable[[int], None]]:
        """Function that reserves bytes until the end of the block; it raises `Full` if too few are free."""
        taken = 0

        def take(n_bytes: int) -> None:
            nonlocal taken
            if self.held + n_bytes > self.capacity:
                raise Full
            self.held += n_bytes
            taken += n_bytes

        try:
            yield take
        finally:
            self.held -= taken
