"""A corpus's published archives: where they are, and what they must be."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Archive:
    """A zip file on the web."""

    url: str
    size: int
    """Bytes."""
    md5: str
    """Hexadecimal, lower case."""

    @property
    def name(self) -> str:
        """File name: the last part of the URL's path."""
        return PurePosixPath(urlsplit(self.url).path).name
