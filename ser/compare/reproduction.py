"""Run an older revision of the project anew on this machine, so that its figures are those of this machine."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

LOCK: Final = "requirements.lock"
RAW = Path("data/raw")
IDENTITY = ("-c", "user.name=ser diff", "-c", "user.email=ser@localhost")
LAST: Final = 15  # lines of the output of a failed run that are shown


def reproduced(revision: str, folder: Path) -> str:
    """Run `revision` in a clone of this project in the new `folder`; the commit, known here, that holds what it gave.

    The clone shares DVC's cache and the corpora of this project. It runs by `dvc repro` in this environment if it wants
    the same versions of packages, else by `make pipeline` in one of its own.

    Raises
    ------
    ValueError
        If the revision is unknown, or does not run.
    """
    commit = _output("git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    top = _output("git", "rev-parse", "--show-toplevel")
    _output("git", "clone", "--quiet", "--shared", "--no-checkout", top, str(folder))
    _output("git", "checkout", "--quiet", "--detach", commit, inside=folder)
    cache = str(Path(_output(sys.executable, "-m", "dvc", "cache", "dir")).resolve())
    _output(sys.executable, "-m", "dvc", "cache", "dir", "--local", cache, inside=folder)
    _link_corpora(folder)
    same = _content(Path(LOCK)) == _content(folder / LOCK)
    command = (sys.executable, "-m", "dvc", "repro") if same else ("make", "pipeline")
    _output(*command, inside=folder)
    _output("git", "add", "--update", inside=folder)
    message = f"What {commit[:12]} gives when it is run anew"
    _output("git", *IDENTITY, "commit", "--quiet", "--allow-empty", "--no-verify", "-m", message, inside=folder)
    _output("git", "fetch", "--quiet", "--no-tags", str(folder), "HEAD")
    return _output("git", "rev-parse", "HEAD", inside=folder)


def _link_corpora(folder: Path) -> None:
    """Give a clone the corpora that Git does not know."""
    for corpus in sorted(RAW.glob("*")) if RAW.is_dir() else []:
        link = folder / RAW / corpus.name
        if not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(corpus.resolve())


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _output(*command: str, inside: Path | None = None) -> str:
    """What a command prints, without the last line end.

    Raises
    ------
    ValueError
        If it fails.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])  # stages call `python`
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}  # set within hooks of Git
    done = subprocess.run(
        command, cwd=inside, env={**own, "PATH": path}, capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-LAST:])
        raise ValueError(f"{' '.join(command)} failed{f' in {inside}' if inside else ''}:\n{said}".rstrip())
    return done.stdout.removesuffix("\n")
