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
    expected={"speech": {"A": 1059, "F": 38, "H": 201, "N": 1028, "S": 449, "W": 225}},
)
