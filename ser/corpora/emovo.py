"""EMOVO: an Italian emotional speech database."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import SEX, Pattern

HOMEPAGE = "http://voice.fub.it/activities/corpora/emovo/index.html"

CORPUS = Corpus(
    title="EMOVO",
    citation="Costantini et al. (2014), EMOVO corpus: an Italian emotional speech database, LREC, 3501-3504",
    licence="CC BY-NC-SA 4.0",
    voices="acted speech, Italian",
    steps=(
        f"fetch the archive from {HOMEPAGE}",
        "unpack it into {root}, which then contains the folders f1, f2, f3, m1, m2 and m3",
    ),
    parse=Pattern(
        "EMOVO",
        r"(?P<corpus_label>dis|gio|neu|pau|rab|sor|tri)-(?P<sex>(?P<speaker>[fm][1-3]))-(?P<statement>[bdln]\d)",
        example="f1/dis-f1-b1.wav",
        reads={"corpus_label": str.lower, "speaker": str.lower, "sex": SEX},
        language="it",
    ),
    n_speakers={"speech": 6},
    expected={"speech": dict.fromkeys(("dis", "gio", "neu", "pau", "rab", "sor", "tri"), 84)},
)
