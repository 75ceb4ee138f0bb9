"""What the path of a recording states about it."""

from dataclasses import dataclass

VOCAL_CHANNELS = ("speech", "song")


@dataclass(frozen=True)
class Naming:
    """Facts read from a path; None: not stated."""

    corpus_label: str
    """The corpus's own code or word for the emotion."""
    speaker: str | None = None
    sex: str | None = None
    language: str | None = None
    intensity: str | None = None
    statement: str | None = None
    repetition: str | None = None
    vocal_channel: str | None = None
    recording: str | None = None
    """Name of the recording in its corpus, whatever folder the file lies in; None: its path is its name."""
    is_substitute: bool = False
    """A secondary form of the recording (a film's sound, a lossy copy): not read where the primary one is there."""


class InvalidName(ValueError):
    """A path that does not follow the corpus's naming, or that names what cannot be used."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}; {remedy}")
        self.reason = reason
        self.remedy = remedy


def foreign_name(title: str, example: str) -> InvalidName:
    """The error for a path that does not follow the naming of the corpus `title`."""
    return InvalidName(f"not a {title} file name", f"name it like {example}, or move it elsewhere")
