"""A computation in a process of its own, whose memory goes when it ends."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

BELOW = {"TQDM_POSITION": "1"}  # its progress bars are shown below that of this process


class Died(Exception):
    """The process was killed, perhaps since there was not enough memory."""


def in_own_process(
    function: Callable[Arguments, Result], *arguments: Arguments.args, **options: Arguments.kwargs
) -> Result:
    """What `function` returns, or raises, in a new process, which ends with it, or when this one does.

    Raises
    ------
    Died
        If the process was killed.
    """
    before = {name: os.environ.get(name) for name in BELOW}
    os.environ.update(BELOW)
    try:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_end_with_parent) as executor:
            return executor.submit(function, *arguments, **options).result()
    except BrokenProcessPool as error:
        raise Died from error
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


def _end_with_parent() -> None:
    """Or a process whose parent was killed would go on, beside the next one that is started."""
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (wait([parent.sentinel]), os._exit(1)), daemon=True).start()
