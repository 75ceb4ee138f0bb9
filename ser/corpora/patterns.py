"""Readers of paths, each made of a regular expression, so that the module of a corpus has its facts alone."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from ser.corpora.naming import Naming, foreign_name

Read = Callable[[str], str | None]
"""Text of a group -> the value of its field; None: unknown."""


@dataclass(frozen=True)
class Pattern:
    """Reader of paths: the named groups of a regular expression are fields of `Naming`.

    The expression must match the end of the path, without its suffix, from the beginning of a name; upper and lower
    case are alike.

    Examples
    --------
    >>> expression = "(?P<sex>(?P<speaker>[fm]\\\\d))_(?P<corpus_label>[a-z]+)"
    >>> sexes = {"f": "female", "m": "male"}
    >>> parse = Pattern("Mine", expression, example="f1_sad.wav", reads={"sex": lambda text: sexes[text[0]]})
    >>> naming = parse(PurePosixPath("a/f1_sad.wav"))
    >>> naming.speaker, naming.sex, naming.corpus_label, naming.recording
    ('f1', 'female', 'sad', 'f1_sad')
    """

    title: str
    expression: str
    """A group named `recording` is the name of the recording; without it, the stem of the path is."""
    example: str
    """Path that the message on any other path shows."""
    reads: Mapping[str, Read] = field(default_factory=dict)
    """Field -> reader of its text; the text itself is the value of any other field."""
    language: str | None = None
    sex: str | None = None
    """Sex of all speakers."""
    speaker: str | None = None
    """The only speaker."""
    vocal_channel: str = "speech"

    def __call__(self, path: PurePosixPath) -> Naming:
        """Facts that a path states.

        Raises
        ------
        InvalidName
            If the expression does not match.

        Examples
        --------
        >>> Pattern("Mine", "(?P<corpus_label>[a-z]+)", example="sad.wav")(PurePosixPath("a/sad.wav")).corpus_label
        'sad'
        """
        found = re.fullmatch(rf"(?s:.*/)?(?:{self.expression})", str(path.parent / path.stem), re.IGNORECASE)
        if found is None:
            raise foreign_name(self.title, self.example)
        facts: dict[str, Any] = {
            "corpus_label": "",
            "language": self.language,
            "sex": self.sex,
            "speaker": self.speaker,
            "vocal_channel": self.vocal_channel,
        }
        for name, text in found.groupdict().items():
            facts[name] = None if text is None else self.reads.get(name, str)(text)
        return Naming(**{"recording": path.stem, **facts})


def codes(values: Mapping[str, str]) -> Read:
    """Reader of a text whose first character is one of some codes; other characters stand for nothing.

    Examples
    --------
    >>> sex = codes({"F": "female", "M": "male"})
    >>> sex("f12"), sex("C")
    ('female', None)
    """
    return lambda text: values.get(text[0].upper())


def number(text: str) -> str:
    """Number without zeros before it, so that `(5)` and `(05)` are one speaker.

    Examples
    --------
    >>> number("05")
    '5'
    """
    return str(int(text))


SEX = codes({"F": "female", "W": "female", "M": "male"})
"""Reader of a sex by its first letter, in English."""
