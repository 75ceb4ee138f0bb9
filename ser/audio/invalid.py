"""Error for a recording that cannot be used."""

from enum import StrEnum

REPLACE = "replace it by an intact copy, or remove it"


class Kind(StrEnum):
    """Reasons why a recording cannot be used; page and service choose their words and status by them.

    Examples
    --------
    >>> Kind("too_long") is Kind.TOO_LONG
    True
    """

    EMPTY = "empty"
    LFS_POINTER = "lfs_pointer"
    NOT_OPENED = "not_opened"
    NOT_AUDIO = "not_audio"
    NO_DECODER = "no_decoder"
    TRUNCATED = "truncated"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    SILENT = "silent"
    NOT_FINITE = "not_finite"
    TOO_LOUD = "too_loud"
    SAMPLE_RATE = "sample_rate"
    SHAPE = "shape"
    FEATURES_NOT_FINITE = "features_not_finite"


class InvalidAudio(ValueError):
    """A recording that cannot be used: its kind, what was found, and the remedy.

    Examples
    --------
    >>> error = InvalidAudio(Kind.EMPTY, "0 bytes", "record it again")
    >>> print(error)
    0 bytes; record it again
    >>> error.kind
    <Kind.EMPTY: 'empty'>
    """

    def __init__(self, kind: Kind, reason: str, remedy: str = REPLACE) -> None:
        super().__init__(f"{reason}; {remedy}")
        self.kind = kind
        self.reason = reason
        self.remedy = remedy

    def __reduce__(self) -> tuple[type["InvalidAudio"], tuple[Kind, str, str]]:
        """Arguments of the constructor, by which another process restores the error."""
        return type(self), (self.kind, self.reason, self.remedy)
