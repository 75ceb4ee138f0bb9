"""Folder in which numba keeps the functions of librosa and UMAP that it has compiled.

Numba stores a function in several files. If two processes compile at the same time, these files can come from different
processes, and then every later process that loads them is ended by a signal. So one process fills the folder, under a
lock. All others only read it; what is missing there, they compile for themselves. Whenever the content has changed, a
new process tries it. A bad cache is compiled anew.
"""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import cache, wraps
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from ser.core.file_lock import locked

FOLDER = Path("~/.cache/ser/numba")
VARIABLE = "NUMBA_CACHE_DIR"  # numba reads it when it is imported; a user who sets it keeps that folder
KEPT = ("numba", "llvmlite", "librosa", "umap_learn", "pynndescent")  # packages whose versions name the folder
SUFFIXES = (".nbi", ".nbc")  # index and code of a function
TRIAL = "ser.description.numba_trial"  # a program of its own, which calls functions of later layers: not imported
TRYING = "SER_NUMBA_TRIAL"  # set in the process of a trial
CACHING = "numba.core.caching"  # the module of numba that writes


def folder() -> Path | None:
    """Folder of our own for these versions at this place; None without numba.

    Examples
    --------
    >>> names = folder().name.split("_")
    >>> [name.partition("-")[0] for name in names[:3]]  # each with its version
    ['python', 'librosa', 'llvmlite']
    """
    found = find_spec("numba")
    if found is None or found.origin is None:
        return None
    packages = Path(found.origin).parents[1]
    # the names of folders: importlib.metadata would take longer than all of a short command
    names = sorted(
        path.name.removesuffix(".dist-info") for name in KEPT for path in packages.glob(f"{name}-*.dist-info")
    )
    version = ".".join(map(str, sys.version_info[:3]))
    place = hashlib.blake2b(os.fsencode(packages), digest_size=4).hexdigest()  # numba's names of files contain it
    return FOLDER.expanduser() / "_".join([f"python-{version}", *names, place])


def use() -> None:
    """Let numba read compiled functions in our folder, unless the user has named one or numba is imported already.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, {VARIABLE: "mine"}):
    ...     use()
    ...     os.environ[VARIABLE]  # a user has set it
    'mine'
    """
    if CACHING in sys.modules:
        _only_the_trial_writes(sys.modules[CACHING])
    elif not any(isinstance(finder, _OnImport) for finder in sys.meta_path):
        sys.meta_path.insert(0, _OnImport())
    if VARIABLE not in os.environ and "numba" not in sys.modules and (own := folder()):
        os.environ[VARIABLE] = str(own)


class _OnImport(MetaPathFinder):
    """Changes numba when it is imported, because `ser` alone must not import it: that takes half a second."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None,  # noqa: ARG002 (the interface has it)
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Module of numba that writes, which is changed after it has run; None for every other module."""
        if name != CACHING:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def executed(module: ModuleType) -> None:
                execute(module)
                _only_the_trial_writes(module)

            spec.loader.exec_module = executed  # type: ignore[method-assign]
        return spec


def _only_the_trial_writes(caching: Any) -> None:
    """Let no process but that of a trial write into our folder."""
    save = caching.IndexDataCacheFile.save
    if hasattr(save, "__wrapped__"):
        return

    @wraps(save)
    def saved(self: Any, key: Any, data: Any) -> None:
        if TRYING in os.environ or os.environ.get(VARIABLE) != str(folder()):
            save(self, key, data)

    caching.IndexDataCacheFile.save = saved


@cache
def ensure() -> None:
    """Compile what is used most, if that was not done; try the folder if it has changed, and compile a bad one anew.

    A process does this once.

    Raises
    ------
    OSError
        If compiled functions end the process also in an empty folder.
    """
    own = folder()
    if own is None or TRYING in os.environ or os.environ.get(VARIABLE) != str(own):
        return
    try:
        own.mkdir(parents=True, exist_ok=True)
        # On Windows nothing is locked: two processes can compile at once, but the trial finds a bad cache
        with locked(own.with_name(f"{own.name}.lock")):
            _try(own, own.with_name(f"{own.name}.tried"))
    except OSError as error:
        if error.errno is None:  # that of `_try`
            raise
        # The folder cannot be written, as on a read-only or full disk: numba then keeps nothing there.


def _try(own: Path, tried: Path) -> None:
    if tried.is_file() and tried.read_text(encoding="utf-8") == _digest(own):
        return
    is_new = not any(_files(own))
    if is_new:
        print("numba compiles functions of librosa and UMAP, once for these versions …", file=sys.stderr)
    if (fault := _fault()) and not is_new:
        print(f"warning: numba's cache {own} was damaged ({fault}); its functions are compiled anew", file=sys.stderr)
        for path in _files(own):
            path.unlink(missing_ok=True)
        fault = _fault()
    if fault:
        raise OSError(
            f"functions that numba compiles cannot run here ({fault}); install the pinned versions of numba and librosa"
            " again (make clean, then make pipeline), or run with NUMBA_DISABLE_JIT=1, which is slow"
        )
    tried.write_text(_digest(own), encoding="utf-8")


def _fault() -> str:
    """Call the compiled functions in a new process; return why it failed, or an empty text."""
    done = subprocess.run(
        [sys.executable, "-m", TRIAL], env=os.environ | {TRYING: "1"}, capture_output=True, text=True, check=False
    )
    if done.returncode < 0:
        return f"a process was ended by {signal.Signals(-done.returncode).name}"
    return (done.stderr.strip().rpartition("\n")[2] or f"exit status {done.returncode}") if done.returncode else ""


def _digest(own: Path) -> str:
    """Digest of the compiled functions, and of the trial, which may have come to call more."""
    digest = hashlib.blake2b(digest_size=16)
    trial = find_spec(TRIAL)
    if trial is not None and trial.origin is not None:
        digest.update(Path(trial.origin).read_bytes())
    for path in _files(own):
        digest.update(os.fsencode(path.relative_to(own)) + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _files(own: Path) -> list[Path]:
    """Files that numba wrote, sorted."""
    return sorted(path for suffix in SUFFIXES for path in own.rglob(f"*{suffix}"))
