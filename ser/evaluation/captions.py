"""Captions of figures and tables: the corpora, some facts, and the notes that must go with the numbers."""

from collections.abc import Iterable

from ser import corpora


def caption(names: Iterable[str], *facts: str) -> str:
    """Corpora and facts in one line, then one line per note on a corpus.

    Parameters
    ----------
    names
        Corpora; repetitions count once.

    Examples
    --------
    >>> caption(["emodb", "ravdess", "emodb"], "test")
    'emodb and ravdess, test'
    """
    distinct = sorted(set(names))
    return "\n".join([", ".join([" and ".join(distinct), *facts]), *corpora.notes(distinct)])
