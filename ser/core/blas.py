"""Matrix products of NumPy on one core: small ones wait for a second core longer than they compute."""

from contextlib import AbstractContextManager
from functools import cache
from threading import Lock
from types import TracebackType
from typing import Any

from threadpoolctl import ThreadpoolController


class BlasLimit:
    """Context manager that limits the library of NumPy's matrix products (BLAS) to one thread.

    The limit applies to the whole process: the first thread that enters sets it, and the last one that leaves restores
    the former number.

    Examples
    --------
    >>> import numpy as np
    >>> with ONE_BLAS_THREAD:
    ...     float(np.ones(3) @ np.ones(3))
    3.0
    """

    def __init__(self) -> None:
        self._lock, self._n_inside = Lock(), 0
        self._limited: AbstractContextManager[Any] | None = None

    def __enter__(self) -> None:
        with self._lock:
            if self._limited is None:
                _release_control()
                self._limited = _controller().limit(limits=1)
                self._limited.__enter__()
            self._n_inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._n_inside -= 1
            if self._limited is not None and not self._n_inside:
                _release_control()
                self._limited.__exit__(kind, error, trace)
                self._limited = None


ONE_BLAS_THREAD = BlasLimit()


def _release_control() -> None:
    """Let this thread change the limit: threadpoolctl obeys only the first thread that did, until that thread ends."""
    for library in _controller().lib_controllers:
        if hasattr(library, "clear_controlling_thread"):  # of OpenBLAS, in newer versions of threadpoolctl
            library.clear_controlling_thread(force=True)


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")
