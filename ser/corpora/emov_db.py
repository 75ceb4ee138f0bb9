"""EmoV-DB: the Emotional Voices Database."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import Pattern

HOMEPAGE = "https://www.openslr.org/115/"
SEXES = {"bea": "female", "jenie": "female", "josh": "male", "sam": "male"}

CORPUS = Corpus(
    title="EmoV-DB",
    citation="Adigwe et al. (2018), The emotional voices database, https://arxiv.org/abs/1806.09514",
    licence="non-commercial use",
    voices="acted speech, English",
    steps=(f"fetch the archives from {HOMEPAGE}", "unpack each into {root}/SPEAKER_Emotion, such as bea_Amused"),
    parse=Pattern(
        "EmoV-DB",
        r"(?P<recording>(?P<sex>(?P<speaker>bea|jenie|josh|sam))_"
        r"(?P<corpus_label>Amused|Angry|Disgust|Neutral|Sleepy)(?:ed)?/[a-z]+_\d+[-_]\d+_(?P<statement>\d+))",
        example="bea_Amused/amused_1-15_0001.wav",
        reads={"corpus_label": str.title, "speaker": str.lower, "sex": lambda text: SEXES[text.lower()]},
        language="en",
    ),
    n_speakers={"speech": 4},
    expected={"speech": {"Amused": 1315, "Angry": 1267, "Disgust": 1019, "Neutral": 1566, "Sleepy": 1720}},
)
