"""One module per corpus: file name -> speaker, emotion, …; licence; citation; where to get it."""

from collections.abc import Mapping
from types import ModuleType

from ser.corpora import crema_d, demo, emodb, folders, ravdess, savee, tess

# Each module holds TITLE, CITATION, LICENCE, HOMEPAGE; STEPS: how to get it into {root}; NOTE: what reports on the
# corpus must say; KNOWN_DEFECTS: file stem -> what is wrong with it in every copy; EXPECTED: vocal channel -> emotion
# code -> recordings of the whole corpus; N_SPEAKERS: vocal channel -> speakers; parse(path below the root) -> Naming.
CORPORA: Mapping[str, ModuleType] = {
    "ravdess": ravdess,
    "tess": tess,
    "crema_d": crema_d,
    "savee": savee,
    "emodb": emodb,
    "folders": folders,
    "demo": demo,
}


def corpus(name: str) -> ModuleType:
    """Module of a corpus.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if name not in CORPORA:
        raise ValueError(f"unknown corpus reader {name!r}; corpus.reader is one of {', '.join(CORPORA)}")
    return CORPORA[name]


def notes(names: list[str]) -> list[str]:
    """What reports on the named corpora must say."""
    return [CORPORA[name].NOTE for name in names if name in CORPORA and CORPORA[name].NOTE]
