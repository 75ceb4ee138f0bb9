"""Facts that the path of a recording states."""

from dataclasses import dataclass
from enum import StrEnum

VOCAL_CHANNELS = ("speech", "song", "nonspeech")


class Kind(StrEnum):
    """Reasons for which a path names no utterance, where ingest treats them in a way of their own.

    Examples
    --------
    >>> Kind("foreign_name") is Kind.FOREIGN_NAME
    True
    """

    FOREIGN_NAME = "foreign_name"
    """The path does not follow the naming of the corpus."""
    UNKNOWN_EMOTION = "unknown_emotion"
    """The label map of the corpus has no such label."""


@dataclass(frozen=True)
class Naming:
    """Facts read from a path; None where the path does not state them.

    Examples
    --------
    >>> Naming(corpus_label="ANG", speaker="1001", language="en").speaker
    '1001'
    """

    corpus_label: str
    """The corpus's own code or word for the emotion; "" where a file of the corpus states it."""
    speaker: str | None = None
    sex: str | None = None
    language: str | None = None
    intensity: str | None = None
    statement: str | None = None
    repetition: str | None = None
    vocal_channel: str | None = None
    partition: str | None = None
    """`train`, `dev` or `test`, if the corpus gives one; any other word is kept, for the message."""
    recording: str | None = None
    """Name of the recording in its corpus, the same in every folder; None: the path is the name."""
    is_secondary: bool = False
    """True for a secondary form of the recording (sound of a film, lossy copy), which is ignored if the primary form
    exists."""


class InvalidName(ValueError):
    """A path that does not follow the naming of the corpus, or that names an unusable recording.

    Examples
    --------
    >>> error = InvalidName("lies in no emotion folder", "move it to <root>/<Emotion>/")
    >>> error.reason, error.remedy
    ('lies in no emotion folder', 'move it to <root>/<Emotion>/')
    """

    def __init__(self, reason: str, remedy: str, kind: Kind | None = None) -> None:
        super().__init__(f"{reason}; {remedy}")
        self.reason = reason
        self.remedy = remedy
        self.kind = kind


def foreign_name(title: str, example: str) -> InvalidName:
    """Error for a path that does not follow the naming of the corpus `title`.

    Examples
    --------
    >>> print(foreign_name("SAVEE", "DC/a01.wav"))
    not a file name of SAVEE; name it like DC/a01.wav, or move it elsewhere
    """
    remedy = f"name it like {example}, or move it elsewhere"
    return InvalidName(f"not a file name of {title}", remedy, Kind.FOREIGN_NAME)
