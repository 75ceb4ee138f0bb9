"""The folder of the project, seen from the working folder."""

import os
import shlex
from pathlib import Path

STAGES, CONF = "dvc.yaml", "conf/config.yaml"  # a study has stages, but no conf of its own
COPIES = (".dvc", "tmp", "exps")  # of the project, in which DVC runs the studies of its queue


def root() -> Path | None:
    """Nearest folder, from the working folder upwards, that is a project; None if there is none.

    Examples
    --------
    >>> from contextlib import chdir
    >>> with chdir("/"):
    ...     root() is None
    True
    """
    try:
        here = Path.cwd()
    except FileNotFoundError:  # it has been removed; commands that need no project go on
        return None
    return next((path for path in (here, *here.parents) if (path / STAGES).is_file() and (path / CONF).is_file()), None)


def inside(path: Path) -> Path:
    """A path of the project, as seen from the working folder; unchanged in its root, and where there is no project.

    Examples
    --------
    >>> from contextlib import chdir
    >>> with chdir("/"):  # no project
    ...     inside(Path("reports")).as_posix()
    'reports'
    """
    top = root()
    return path if top is None or top == Path.cwd() else Path(os.path.relpath(top / path))


def lasting(folder: Path) -> Path:
    """The project of a copy in which DVC runs a study of its queue; `folder` itself if it is no such copy.

    DVC removes the copy after the run, with all files in it that Git ignores.

    Examples
    --------
    >>> lasting(Path("/ser/.dvc/tmp/exps/tmp4g")).as_posix(), lasting(Path("/ser")).as_posix()
    ('/ser', '/ser')
    """
    copies = next((path for path in folder.parents if path.parts[-len(COPIES) :] == COPIES), None)
    return folder if copies is None else copies.parents[len(COPIES) - 1]


def hint() -> str:
    """End of a message in a folder below the project: where the project is; empty elsewhere.

    Examples
    --------
    >>> from contextlib import chdir
    >>> with chdir("/"):  # no project
    ...     hint()
    ''
    """
    top = root()
    if top is None or Path(STAGES).is_file():
        return ""
    return f"; this folder is not the root of the project: cd {shlex.quote(str(top))}"
