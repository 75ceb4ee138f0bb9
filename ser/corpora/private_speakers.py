"""Speakers of recordings that are not public: their names must not be in a model that others get."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from ser.corpora import CORPORA


def is_public(corpus: str) -> bool:
    """True if a corpus is one that this package describes, whose speakers have codes; False for own recordings.

    Examples
    --------
    >>> is_public("emodb"), is_public("folders"), is_public("mine")
    (True, False, False)
    """
    return corpus in CORPORA and bool(CORPORA[corpus].voices)


def corpus_of(speaker: str) -> str:
    """Corpus of a speaker.

    Examples
    --------
    >>> corpus_of("emodb/03")
    'emodb'
    """
    return speaker.partition("/")[0]


def numbered(speakers: Iterable[str]) -> list[str]:
    """Speakers in their order, with a number in place of each name of a corpus that is not public.

    Examples
    --------
    >>> numbered(["folders/mary", "emodb/03", "folders/anna"])
    ['emodb/03', 'folders/1', 'folders/2']
    """
    found: list[str] = []
    for corpus, names in groupby(sorted(speakers), corpus_of):
        found += names if is_public(corpus) else (f"{corpus}/{number}" for number, _ in enumerate(names, 1))
    return found


def published(description: Mapping[str, Any]) -> dict[str, Any]:
    """Description of a bundle as others may get it.

    Examples
    --------
    >>> published({"labels": ["calm", "sad"], "speakers": ["folders/anna"]})
    {'labels': ['calm', 'sad'], 'speakers': ['folders/1']}
    """
    known = {"speakers": numbered(description["speakers"])} if "speakers" in description else {}
    return {**description, **known}
