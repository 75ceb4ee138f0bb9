"""Limits: requests and seconds of audio of one client in a minute, and bytes in memory of all clients together."""

import ipaddress
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

OF_ONE_CLIENT = 64  # bits of an IPv6 address; providers give a client all addresses that begin with them
MOST_CLIENTS = 10_000  # in memory; the client whose last request is the oldest is forgotten first


@lru_cache(1024)
def client_of(host: str) -> str:
    """Name of the client at an address: the address, or for IPv6 the network, of which a client has all addresses.

    Examples
    --------
    >>> client_of("192.0.2.7"), client_of("2001:db8::7"), client_of("::ffff:192.0.2.7")
    ('192.0.2.7', '2001:db8::/64', '192.0.2.7')
    """
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError:
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), OF_ONE_CLIENT), strict=False))


class Rate:
    """Limit by a bucket of tokens for each client: those of a minute at once, then one after the other.

    A token is a request, or a second of audio.
    """

    def __init__(self, per_minute: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Give each client `per_minute` tokens in a minute; 0 gives any number."""
        self.per_minute = per_minute
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # client -> tokens, and the time when it had them

    def wait(self, client: str, cost: float = 1.0) -> float:
        """Seconds until `client` has `cost` tokens; 0 takes them.

        Examples
        --------
        >>> rate = Rate(60, clock=lambda: 0.0)
        >>> rate.wait("anna", cost=40), rate.wait("anna", cost=40)
        (0.0, 20.0)
        """
        if not self.per_minute:
            return 0.0
        missing = cost - self._tokens(client)
        if missing > 0:
            return missing * 60 / self.per_minute
        self.take(client, cost)
        return 0.0

    def take(self, client: str, cost: float) -> None:
        """Take tokens, possibly more than `client` has: the cost of some work is known only afterwards.

        Examples
        --------
        >>> rate = Rate(60, clock=lambda: 0.0)
        >>> rate.take("anna", 90)
        >>> rate.wait("anna")
        31.0
        """
        if self.per_minute:
            self._buckets[client] = (self._tokens(client) - cost, self._clock())

    def _tokens(self, client: str) -> float:
        now, capacity = self._clock(), max(1.0, self.per_minute)
        tokens, then = self._buckets.pop(client, (capacity, now))
        tokens = min(capacity, tokens + (now - then) * self.per_minute / 60)
        self._buckets[client] = (tokens, now)  # last in the dict, whose order is that of requests
        if len(self._buckets) > MOST_CLIENTS:
            del self._buckets[next(iter(self._buckets))]
        return tokens


class Full(Exception):
    """There is no room now."""


class Memory:
    """Limit of the bytes of uploads in memory, of all requests together, and half of it for those of one client.

    Examples
    --------
    >>> memory = Memory(100)
    >>> with memory.lease("anna") as take:
    ...     take(40)
    ...     memory.held
    40
    >>> memory.held
    0
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._by_client: Counter[str] = Counter()

    @property
    def held(self) -> int:
        """Bytes in memory."""
        return self._by_client.total()

    @contextmanager
    def lease(self, client: str) -> Iterator[Callable[[int], None]]:
        """Function that reserves bytes until the end of the block; it raises `Full` if too few are free.

        Examples
        --------
        >>> with Memory(100).lease("anna") as take:
        ...     take(60)  # more than half
        Traceback (most recent call last):
            ...
        app.http.limits.Full
        """
        taken = 0

        def take(n_bytes: int) -> None:
            nonlocal taken
            if self.held + n_bytes > self.capacity or self._by_client[client] + n_bytes > self.capacity / 2:
                raise Full
            self._by_client[client] += n_bytes
            taken += n_bytes

        try:
            yield take
        finally:
            self._by_client[client] -= taken
            if not self._by_client[client]:
                del self._by_client[client]
