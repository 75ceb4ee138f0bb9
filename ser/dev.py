"""Targets of the Makefile on every system, with Python alone: python -m ser.dev test.

Run as: python -m ser.dev [install|pipeline|test|quick|app|docs|bench]
"""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
INSTALLED = VENV / ".installed"
TESTS = ("pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "--max-worker-restart", "0")
QUICK = ("tests/core", "tests/audio", "tests/commands/test_new.py", "tests/commands/test_predict.py")
BESIDE = ("mypy",)  # uses one core, while pytest imports
TARGETS: dict[str, tuple[tuple[str, ...], ...]] = {
    "install": (),
    "pipeline": (("python", "-m", "ser.core.lock_file"), ("dvc", "repro"), ("ser", "summary")),
    "test": (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",), (*TESTS, "-m", "not slow")),
    "quick": (("pytest", "-m", "not slow", *QUICK),),
    "app": (("python", "-m", "app.page"),),
    "docs": (("mkdocs", "build", "--strict"),),
    "bench": (("python", "-m", "benchmarks.report"),),
}


def main(arguments: Sequence[str]) -> int:
    """Install what is needed, and run the commands of one target; return the exit status.

    Examples
    --------
    >>> main(["nothing"])  # it prints the targets to standard error
    2
    """
    if len(arguments) != 1 or arguments[0] not in TARGETS:
        found = " ".join(arguments) or "no target"
        print(f"error: found {found}; wanted one of: {', '.join(TARGETS)}", file=sys.stderr)
        return 2
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        print(f"error: found Python {sys.version.split()[0]}, wanted 3.11 to 3.13", file=sys.stderr)
        return 1
    if not (ROOT / "requirements.lock").is_file():
        print(f"error: no requirements.lock in {ROOT}; run this in a clone of the project", file=sys.stderr)
        return 1
    for command in _installation():
        if status := _run(command):
            return status
    INSTALLED.touch()
    return _run_all(TARGETS[arguments[0]])


def _run_all(commands: Sequence[Sequence[str]]) -> int:
    """Run commands up to the first that fails; return its exit status, or that of one that ran beside the others.

    A command of `BESIDE` starts in its turn, and the next one does not wait for it. What it prints comes at the end.
    """
    beside = []
    status = 0
    for command in commands:
        if command[0] in BESIDE:
            beside.append(_started(command, stdout=subprocess.PIPE))
        elif status := _run(command):
            break
    for process in beside:
        print(process.communicate()[0], end="")
        status = status or process.returncode
    return status


def _run(command: Sequence[str]) -> int:
    """Run a command of the environment; return its exit status."""
    return _started(command).wait()


def _started(command: Sequence[str], *, stdout: int | None = None) -> subprocess.Popen[str]:
    """A process of a command of the environment."""
    path = os.pathsep.join([str(BIN), os.environ["PATH"]])
    program = shutil.which(command[0], path=path) or command[0]
    environment = {**os.environ, "PATH": path, "NO_MKDOCS_2_WARNING": "1"}
    stderr = stdout and subprocess.STDOUT
    return subprocess.Popen([program, *command[1:]], cwd=ROOT, env=environment, stdout=stdout, stderr=stderr, text=True)


def _is_installed() -> bool:
    """True if the environment is newer than the files that state its content."""
    stated = (ROOT / "requirements.lock", ROOT / "pyproject.toml")
    return INSTALLED.is_file() and all(path.stat().st_mtime <= INSTALLED.stat().st_mtime for path in stated)


def _installation() -> list[tuple[str, ...]]:
    """Commands that install everything; none if the environment is up to date."""
    if _is_installed():
        return []
    venv.create(VENV, with_pip=True)
    pip = ("python", "-m", "pip", "install", "--disable-pip-version-check", "--quiet")
    numba = "from ser.core import numba_cache; numba_cache.ensure()"
    return [
        (*pip, "--require-hashes", "-r", "requirements.lock"),
        (*pip, "--no-deps", "--no-build-isolation", "-e", "."),
        ("python", "-c", numba),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
