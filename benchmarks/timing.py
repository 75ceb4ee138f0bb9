"""Time of a call, for the benchmarks; this module imports nothing that a measured process would have to import, too."""

import time
from collections.abc import Callable


def fastest(work: Callable[[], object], *, n_calls: int) -> float:
    """Least processor time of some calls, in seconds; other work only adds to it."""
    times = []
    for _ in range(n_calls):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)
