"""The start of every stage."""

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ser.core import project
from ser.core.git import committed
from ser.core.params_file import PARAMS

TEMPORARY = Path(".dvc") / "tmp"  # has the copies in which DVC runs queued studies
LEFT = (
    f"{PARAMS} still has the settings of this run. The next dvc exp run writes it anew; before dvc repro, restore it:"
    f" git checkout {PARAMS}"
)


_running = False


def is_running() -> bool:
    """True in the process of a stage, which runs nothing else.

    Examples
    --------
    >>> is_running()
    False
    """
    return _running


def run(main: Callable[[], None]) -> None:
    """Run a stage; bad input or Ctrl-C ends it with a message and exit status 1, without a traceback.

    With `SER_DEBUG=1`, bad input gives a traceback.

    Examples
    --------
    >>> def main():
    ...     raise ValueError("data/utterances.csv does not exist; make it with: dvc repro")
    >>> run(main)
    Traceback (most recent call last):
    SystemExit: error: data/utterances.csv does not exist; make it with: dvc repro
    """
    global _running
    _running = True
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("interrupted")
    except (ValueError, OSError) as error:
        if os.environ.get("SER_DEBUG"):
            raise
        sys.exit(f"error: {_text(error)}{project.hint()}{_left()}")
    except TypeError as error:
        # A section of params.yaml is the keyword arguments of one function, so a typo in it ends here.
        if os.environ.get("SER_DEBUG") or "keyword argument" not in str(error):
            raise
        sys.exit(f"error: params.yaml does not fit: {error}; see conf/ for the names{_left()}")
    finally:
        _running = False


def run_item(main: Callable[[str], None]) -> None:
    """Run a stage of one item, whose name is the only argument of the command; without it, end with the remedy.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch("sys.argv", ["/project/stages/train_member.py", "networks"]):
    ...     run_item(lambda member: print(f"train {member}"))
    train networks
    """
    try:
        (item,) = sys.argv[1:]
    except ValueError:
        stage = Path(sys.argv[0]).stem
        sys.exit(f"error: wanted one name, of an item of {stage} in dvc.yaml; to run it for all: dvc repro {stage}")
    run(partial(main, item))


def _text(error: Exception) -> str:
    """Message of an error; of a table or file that another stage makes, the system's own has no remedy."""
    if isinstance(error, FileNotFoundError) and error.filename and not Path(error.filename).is_absolute():
        return f"{error.filename} does not exist; make it with: dvc repro {Path(sys.argv[0]).stem}"
    return str(error)


def _left() -> str:
    """Line that tells how to restore the parameters, if they are not those of the last commit."""
    if TEMPORARY.as_posix() in Path.cwd().as_posix() or not PARAMS.is_file():
        return ""
    before = committed(PARAMS)
    return f"\n{LEFT}" if before is not None and PARAMS.read_text(encoding="utf-8", errors="replace") != before else ""
