"""Which of several licences permits least."""

from collections.abc import Iterable

STRICTEST_FIRST = (
    *("signed licence", "registration", "not stated", "as you received", "research", "academic"),
    *("NC-ND", "NC-SA", "non-commercial", "GPL", "ODbL", "CC BY", "Apache", "MIT", "CC0"),
)
"""Words in a licence of a corpus, from the strictest on."""


def strictest(licences: Iterable[str]) -> str:
    """The licence that permits least, by the first of the words `STRICTEST_FIRST` that one of them has.

    A licence with none of the words is taken to be the strictest, since its terms are not known here.

    Examples
    --------
    >>> strictest(["ODbL 1.0", "CC BY-NC-SA 4.0", "CC0 1.0"])
    'CC BY-NC-SA 4.0'
    """
    return min(licences, key=_rank)


def _rank(licence: str) -> int:
    found = [rank for rank, words in enumerate(STRICTEST_FIRST) if words in licence]
    return min(found, default=-1)
