"""Time of a call, and the cell of a goal in a table.

This module imports nothing that a measured process would have to import, too.
"""

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


def goal_cell(limit: object, *, met: bool) -> str:
    """A goal of a table, with the word whether it was met.

    Examples
    --------
    >>> goal_cell("0.33", met=False)
    '0.33: missed'
    """
    return f"{limit}: {'met' if met else 'missed'}"
