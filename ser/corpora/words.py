"""Plain words for emotions, in several languages."""

import difflib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ser.core import yaml_text
from ser.core.emotions import FORM, is_name, normal

FILE = Path(__file__).parents[2] / "conf" / "emotion_words.yaml"
ALIKE = 0.8  # least similarity of a misspelling to its word: surprized to surprised, but not Angst to angry
SHORTEST = 5  # letters of a word that has misspellings; a misspelling may lack one: mad is not sad
LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "\u0131": "i", "æ": "ae", "œ": "oe"}  # letters without a decomposition
    | dict.fromkeys("\u064a\u0649", "\u06cc")  # of Arabic, Persian and Urdu, which look alike: yeh,
    | {"\u0643": "\u06a9"}  # kaf,
    | dict.fromkeys("\u0629\u06c1", "\u0647")  # and heh
)
MARKS = (("\u0300", "\u036f"), ("\u064b", "\u0655"), ("\u093c", "\u093c"))  # accents; vowels of Arabic; nukta of Hindi


@dataclass(frozen=True)
class Words:
    """Known words for emotions.

    Examples
    --------
    >>> words = Words({"freude": "happy", "wut": "angry"})
    >>> words.emotion("FREUDE"), words.emotion("excited")
    ('happy', None)
    """

    emotions: Mapping[str, str] = field(default_factory=dict)
    """Word, as `folded` returns it -> emotion."""

    def emotion(self, word: str) -> str | None:
        """Emotion of a word; None if the word is unknown."""
        return self.emotions.get(folded(word))

    def near(self, word: str) -> str | None:
        """Known word of which an unknown word is evidently a misspelling; None if there is none.

        Both begin with the same letter, and at least 80 % of their letters agree.

        Examples
        --------
        >>> words = Words({"angry": "angry", "disgust": "disgust"})
        >>> words.near("angrry"), words.near("hungry"), words.near("excited")
        ('angry', None, None)
        """
        return near(folded(word), self.emotions)


def near(word: str, known: Mapping[str, Any]) -> str | None:
    """The one of the `known` words of which `word` is evidently a misspelling; None if there is none.

    Examples
    --------
    >>> near("suprised", {"surprised": 1, "sad": 2})
    'surprised'
    """
    candidates = [one for one in known if one[:1] == word[:1] and len(one) >= SHORTEST <= len(word) + 1]
    found = difflib.get_close_matches(word, candidates, n=1, cutoff=ALIKE)
    return found[0] if found else None


def folded(word: str) -> str:
    """Word without the differences that mean nothing: upper case, accents, and signs between words.

    Examples
    --------
    >>> folded("Colère"), folded("Pleasant Surprise"), folded("ÖFKE")
    ('colere', 'pleasantsurprise', 'ofke')
    """
    text = unicodedata.normalize("NFKD", normal(word).casefold()).translate(LETTERS)
    return "".join(sign for sign in text if sign != "_" and not any(low <= sign <= high for low, high in MARKS))


@cache
def known() -> Words:
    """Words of `conf/emotion_words.yaml`.

    Examples
    --------
    >>> known().emotion("Wut"), known().emotion("colère"), known().emotion("Frustration")
    ('angry', 'angry', 'frustrated')
    """
    return read(FILE)


def read(path: Path) -> Words:
    """Read a file of words: emotion -> language -> words.

    Raises
    ------
    ValueError
        If the file has another form, or gives two emotions to one word.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "words.yaml")
    ...     _ = path.write_text("{happy: {de: [Glück]}, excited: {en: [excitement]}}", encoding="utf-8")
    ...     read(path).emotions
    {'happy': 'happy', 'gluck': 'happy', 'excited': 'excited', 'excitement': 'excited'}
    """
    found: dict[str, str] = {}
    for emotion, languages in _content(path).items():
        if not is_name(str(emotion)):
            raise ValueError(f"{path} has the emotion {emotion!r}; wanted {FORM}")
        for word in (emotion, *_words(path, emotion, languages)):
            if found.setdefault(folded(word), emotion) != emotion:
                first = found[folded(word)]
                raise ValueError(f"{path} has {word!r} under {first} and under {emotion}; keep one of them")
    return Words(found)


def _content(path: Path) -> dict[Any, Any]:
    try:
        content = yaml_text.loaded(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"{path} is not readable: {error}; restore it with: git checkout {path}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} holds {type(content).__name__}; wanted emotions with their words")
    return content


def _words(path: Path, emotion: str, languages: Any) -> list[str]:
    lists = list(languages.values()) if isinstance(languages, dict) else [languages]
    words = [word for one in lists if isinstance(one, list) for word in one]
    if not all(isinstance(one, list) for one in lists) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"{path}: {emotion} has {languages!r}; wanted lists of words, such as {{en: [joy, joyful]}}")
    return words
