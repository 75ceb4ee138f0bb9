"""Files of the last commit."""

import subprocess
from pathlib import Path


def committed(path: Path) -> str | None:
    """Content of a file below the current folder in the last commit; None if there is none, or no repository.

    Examples
    --------
    >>> committed(Path("no_such_file.csv")) is None
    True
    """
    try:
        done = subprocess.run(["git", "show", f"HEAD:./{path.as_posix()}"], capture_output=True, check=False)
    except OSError:  # git is not installed
        return None
    return None if done.returncode else done.stdout.decode("utf-8", "replace")
