"""Version of this project: that of the installed distribution, or of the source tree."""

import tomllib
from importlib import metadata
from pathlib import Path

DISTRIBUTION = "serkit"  # on a registry; `ser` is the project of somebody else there
PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def version() -> str:
    """Version of the installed distribution; of the source tree where none is installed.

    Raises
    ------
    ValueError
        If there is neither.

    Examples
    --------
    >>> version().count(".")
    2
    """
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        if not PROJECT.is_file():
            raise ValueError(f"{DISTRIBUTION} is not installed, and there is no {PROJECT}; install it anew") from None
    return str(tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["version"])
