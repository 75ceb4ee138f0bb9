"""What one client, and all together, may ask for."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MOST_CLIENTS = 10_000  # that are remembered; whoever has not asked for longest is forgotten first


class Rate:
    """A bucket of tokens a client: a minute's worth at once, then evenly spaced."""

    def __init__(self, per_minute: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`per_minute` requests; 0 is any number."""
        self.per_minute = per_minute
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens, and when there were so many

    def wait(self, client: str) -> float:
        """Seconds until `client` may ask again; if that is 0, this request is counted."""
        if not self.per_minute:
            return 0.0
        now, capacity = self._clock(), max(1.0, self.per_minute)
        tokens, then = self._buckets.pop(client, (capacity, now))
        tokens = min(capacity, tokens + (now - then) * self.per_minute / 60)
        allowed = tokens >= 1
        self._buckets[client] = tokens - allowed, now  # at the end: the order is that of asking
        if len(self._buckets) > MOST_CLIENTS:
            del self._buckets[next(iter(self._buckets))]
        return 0.0 if allowed else (1 - tokens) * 60 / self.per_minute


class Full(Exception):
    """There is no room; later there may be."""


class Memory:
    """Bytes of uploads that are held at once, by all requests together."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.held = 0

    @contextmanager
    def lease(self) -> Iterator[Callable[[int], None]]:
        """A function that takes bytes, all given back at the end; it raises `Full` where there are not so many."""
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
