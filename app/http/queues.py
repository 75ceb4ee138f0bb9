"""Queue of limited length that is fair to all clients."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")

LONG = 0.25  # seconds; a client whose work takes longer may hold all workers but one, if there is another client
RECENT = 10.0  # seconds in which a client that sent something counts as another client, and its work is remembered


class FairQueue(Generic[Item]):
    """Items wait by client; the next one is of the client that has had the least time of the workers.

    A client who was idle begins with the time of the client whose turn it is, so that nobody saves up time. If the
    queue is full, the client with the most items loses its last one to a client with fewer.

    References
    ----------
    Goyal, Vin, Cheng (1996): Start-time fair queueing. SIGCOMM.
    """

    def __init__(self, size: int, *, workers: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._size, self._workers, self._clock = size, workers, clock
        self._waiting: dict[str, deque[Item]] = {}
        self._running: list[tuple[str, float]] = []  # client, and when its work began
        self._spent: dict[str, float] = {}  # seconds of work
        self._turn = 0.0  # seconds that the client had whose turn it was
        self._heavy: set[str] = set()  # clients whose last work was long
        self._seen: dict[str, float] = {}
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def put(self, client: str, item: Item) -> Item | None:
        """Add an item; return the one that has no place: None, another client's, or `item` itself.

        Examples
        --------
        >>> queue = FairQueue(1, workers=1)
        >>> queue.put("anna", "first"), queue.put("anna", "second")
        (None, 'second')
        """
        now = self._clock()
        self._seen = {name: then for name, then in self._seen.items() if now - then < RECENT} | {client: now}
        displaced = None
        if len(self) >= self._size:
            greediest = max(self._waiting, key=lambda name: len(self._waiting[name]))
            if len(self._waiting[greediest]) < len(self._waiting.get(client, ())) + 2:
                return item
            displaced = self._waiting[greediest].pop()
        if client not in self._waiting:
            self._waiting[client] = deque()
            self._spent[client] = max(self._spent.get(client, 0.0), self._turn)
        self._waiting[client].append(item)
        self._changed.set()
        return displaced

    def remove(self, client: str, item: Item) -> None:
        """Remove an item, if it still waits.

        Examples
        --------
        >>> queue = FairQueue(1, workers=1)
        >>> queue.put("anna", "first")
        >>> queue.remove("anna", "first")
        >>> len(queue)
        0
        """
        items = self._waiting.get(client, deque())
        if item in items:
            items.remove(item)
        if not items:
            self._waiting.pop(client, None)

    async def get(self) -> tuple[str, Item]:
        """Client and item whose turn it is; call `done` after the work.

        Examples
        --------
        >>> queue = FairQueue(2, workers=1)
        >>> queue.put("anna", "first")
        >>> asyncio.run(queue.get())
        ('anna', 'first')
        """
        while (client := self._next()) is None:
            self._changed.clear()
            await self._changed.wait()
        item = self._waiting[client].popleft()
        if not self._waiting[client]:
            del self._waiting[client]
        self._turn = max(self._turn, self._spent[client])
        self._running.append((client, self._clock()))
        return client, item

    def done(self, client: str) -> None:
        """End the oldest work of a client, and count its time."""
        work = next(one for one in self._running if one[0] == client)
        self._running.remove(work)
        seconds = self._clock() - work[1]
        self._spent[client] += seconds
        (self._heavy.add if seconds >= LONG else self._heavy.discard)(client)
        self._forget()
        self._changed.set()

    def _forget(self) -> None:
        """Forget clients without work who have sent nothing for a while; a busy service would keep them for ever."""
        kept = {*self._waiting, *(name for name, _ in self._running)}
        if not kept:
            self._spent, self._turn, self._heavy = {}, 0.0, set()
        kept |= self._seen.keys()
        self._spent = {name: seconds for name, seconds in self._spent.items() if name in kept}
        self._heavy &= kept

    def _next(self) -> str | None:
        now = self._clock()

        def had(client: str) -> tuple[float, int]:
            current = [now - begun for name, begun in self._running if name == client]
            return self._spent[client] + sum(current), len(current)

        return min((one for one in self._waiting if not self._holds_its_share(one, now)), key=had, default=None)

    def _holds_its_share(self, client: str, now: float) -> bool:
        """True if long work of the client holds all workers but one, which is kept for the other clients."""
        current = [now - begun for name, begun in self._running if name == client]
        is_heavy = client in self._heavy or max(current, default=0.0) >= LONG
        others = (then for name, then in self._seen.items() if name != client)
        return is_heavy and 1 <= self._workers - 1 <= len(current) and any(now - then < RECENT for then in others)
