"""Corpora: one module each, which states its facts and reads its file names in the variable `CORPUS`."""

from collections.abc import Mapping

from ser.core import discovery
from ser.corpora.contract import Corpus

CORPORA: Mapping[str, Corpus] = discovery.Registry("ser.corpora", "CORPUS")


def corpus(name: str) -> Corpus:
    """Corpus of a name.

    Raises
    ------
    ValueError
        If there is no corpus of that name.

    Examples
    --------
    >>> corpus("emodb").licence
    'CC0 1.0'
    """
    if name not in CORPORA:
        raise ValueError(f"unknown corpus reader {name!r}; corpus.reader is one of {', '.join(CORPORA)}")
    return CORPORA[name]


def title_of(name: str) -> str:
    """Title of a corpus; the name itself where no module of this package describes it.

    Examples
    --------
    >>> title_of("jl"), title_of("mine")
    ('JL corpus', 'mine')
    """
    return CORPORA[name].title if name in CORPORA else name


def notes(names: list[str]) -> list[str]:
    """Sentences that reports on the named corpora must contain.

    Examples
    --------
    >>> notes(["demo", "ravdess"])
    ['Synthetic speech (espeak-ng): these scores show only that the pipeline works.']
    """
    return [CORPORA[name].note for name in names if name in CORPORA and CORPORA[name].note]
