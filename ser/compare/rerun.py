"""Run an older revision of the project again on this machine."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

REQUIREMENTS: Final = "requirements.lock"
RAW = Path("data/raw")
IDENTITY = ("-c", "user.name=ser diff", "-c", "user.email=ser@localhost")
N_LINES: Final = 15  # last lines of output that the message on a failed run quotes


def results_of_revision(revision: str, folder: Path) -> str:
    """Run `revision` in a clone of this project, and return a commit with its results.

    The clone shares DVC's cache and the corpora of this project. If both lock the same versions of packages, it runs
    `dvc repro` in this environment, else `make pipeline` in an environment of its own. The commit is fetched into this
    repository.

    Parameters
    ----------
    folder
        Place of the clone; it must not exist.

    Raises
    ------
    ValueError
        If the revision is unknown, or its run fails.
    """
    commit = _output("git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    top = _output("git", "rev-parse", "--show-toplevel")
    _output("git", "clone", "--quiet", "--shared", "--no-checkout", top, str(folder))
    _output("git", "checkout", "--quiet", "--detach", commit, inside=folder)
    cache = str(Path(_output(sys.executable, "-m", "dvc", "cache", "dir")).resolve())
    _output(sys.executable, "-m", "dvc", "cache", "dir", "--local", cache, inside=folder)
    _link_corpora(folder)
    same = _content(Path(REQUIREMENTS)) == _content(folder / REQUIREMENTS)
    command = (sys.executable, "-m", "dvc", "repro") if same else ("make", "pipeline")
    _output(*command, inside=folder)
    _output("git", "add", "--update", inside=folder)
    message = f"Results of {commit[:12]}, run again"
    _output("git", *IDENTITY, "commit", "--quiet", "--allow-empty", "--no-verify", "-m", message, inside=folder)
    _output("git", "fetch", "--quiet", "--no-tags", str(folder), "HEAD")
    return _output("git", "rev-parse", "HEAD", inside=folder)


def _link_corpora(folder: Path) -> None:
    """Link the corpora of this project, which are not in Git, into a clone."""
    for corpus in sorted(RAW.glob("*")) if RAW.is_dir() else []:
        link = folder / RAW / corpus.name
        if not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(corpus.resolve())


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _output(*command: str, inside: Path | None = None) -> str:
    """Standard output of a command, without the last line end.

    Raises
    ------
    ValueError
        If the command fails.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])  # stages call `python`
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}  # set in Git hooks
    done = subprocess.run(
        command, cwd=inside, env={**own, "PATH": path}, capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode:
        output = "\n".join((done.stdout + done.stderr).strip().splitlines()[-N_LINES:])
        raise ValueError(f"{' '.join(command)} failed{f' in {inside}' if inside else ''}:\n{output}".rstrip())
    return done.stdout.removesuffix("\n")
