"""ASED: the Amharic Speech Emotion Dataset."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import Pattern

HOMEPAGE = "https://github.com/Ethio2021/ASED_V1"
FEMALE = ("09", "15", "21", "23", "25")  # one name of each of these women states the other sex
# One recording under two names, of two speakers or two emotions, some cut or shifted; which name is right is unknown.
# (Some sixty more copies are of one speaker and emotion.)
COPIES = (
    ("a5-01-02-02-28", "f2-02-02-02-28"),
    ("f2-04-01-01-23", "f2-04-01-01-25"),
    ("h3-07-01-01-23", "h3-07-01-01-25"),
    ("h3-07-01-02-39", "h3-07-01-02-45"),
    ("n1-05-01-02-52", "n1-05-02-02-45"),
)


def _sex(text: str) -> str:
    """Sex by its code and the speaker, as `02-38`."""
    code, _, speaker = text.partition("-")
    return "female" if code == "01" or speaker in FEMALE else "male"


CORPUS = Corpus(
    title="ASED",
    citation="Retta et al. (2023), A new Amharic speech emotion dataset, ACM TALLIP 22(1), https://doi.org/10.1145/3529759",
    licence="not stated",
    voices="acted speech, Amharic",
    steps=(f"git clone --depth 1 {HOMEPAGE} {{root}}",),
    parse=Pattern(
        "ASED",
        r"(?P<corpus_label>[afhns])\d-(?P<statement>\d\d)-(?P<repetition>\d\d)-(?P<sex>0[12]-(?P<speaker>\d\d))",
        example="05Angry/a5-01-01-02-01.wav",
        reads={"corpus_label": str.lower, "sex": _sex},
        language="am",
    ),
    n_speakers={"speech": 65},
    known_defects={one: f"the audio of {other}" for pair in COPIES for one, other in (pair, pair[::-1])},
    expected={"speech": {"a": 486, "f": 510, "h": 486, "n": 522, "s": 470}},
)
