"""ShEMO: the Sharif Emotional Speech Database."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import SEX, Pattern

HOMEPAGE = "https://github.com/pariajm/sharif-emotional-speech-dataset"

CORPUS = Corpus(
    title="ShEMO",
    citation="Mohamad Nezami, Jamshid Lou and Karami (2019), Lang. Resources and Evaluation 53: 1-16",
    licence="academic use",
    voices="semi-natural speech of radio plays, Persian",
    steps=(f"fetch female.zip and male.zip by the links of {HOMEPAGE}", "unpack both into {root}"),
    parse=Pattern(
        "ShEMO",
        r"(?P<sex>(?P<speaker>[FM]\d\d))(?P<corpus_label>[AFHNSW])(?P<statement>\d\d)",
        example="female/F01A01.wav",
        reads={"corpus_label": str.upper, "sex": SEX},
        language="fa",
    ),
    n_speakers={"speech": 87},
    # Of shemo.json on its page; the recordings that EmoBox lists agree.
    expected={"speech": {"A": 1042, "F": 32, "H": 203, "N": 1160, "S": 362, "W": 201}},
)
