"""Published archives of a corpus: their address, size and checksum."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Archive:
    """A zip file on the web.

    Examples
    --------
    >>> Archive("https://example.org/files/speech.zip", size=22, md5="76cdb2bad9582d23c1f6f4d868218d6c").name
    'speech.zip'
    """

    url: str
    size: int
    """Bytes."""
    md5: str
    """Hexadecimal, lower case."""

    @property
    def name(self) -> str:
        """File name, the last part of the URL's path.

        Examples
        --------
        >>> Archive("https://example.org/files/speech.zip?download=1", 22, "76cdb2bad9582d23c1f6f4d868218d6c").name
        'speech.zip'
        """
        return PurePosixPath(urlsplit(self.url).path).name
