"""Standard streams without the messages of libraries in other languages."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Discard messages on standard error, such as those of TensorFlow's start; exceptions still propagate.

    Examples
    --------
    >>> with silent_stderr():
    ...     os.write(2, b"nobody reads this")
    17
    """
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 (a Path has no use here)
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def reserve_stdout() -> None:
    """Keep standard output for Python, to the end of the process: what a library in C prints goes to standard error.

    A stream that is not the standard output of the process, as in tests, stays as it is.

    Examples
    --------
    >>> import subprocess
    >>> lines = ["import os", "from ser.core.quiet import reserve_stdout", "reserve_stdout()"]
    >>> lines += ["_ = os.write(1, b'by a library in C')", "print('by Python')"]
    >>> done = subprocess.run([sys.executable, "-c", "; ".join(lines)], capture_output=True, text=True)
    >>> done.stdout, done.stderr
    ('by Python\\n', 'by a library in C')
    """
    own = sys.stdout
    if own is not sys.__stdout__ or not isinstance(own, io.TextIOWrapper) or own.fileno() != 1:
        return
    own.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = io.TextIOWrapper(
        open(kept, "wb", buffering=0 if own.write_through else -1),  # noqa: PTH123, SIM115 (a number, open to the end)
        encoding=own.encoding,
        errors=own.errors,
        line_buffering=own.line_buffering,
        write_through=own.write_through,
    )
