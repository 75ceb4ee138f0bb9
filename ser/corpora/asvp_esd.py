"""ASVP-ESD: emotional speech and other sounds of people, from the web."""

from ser.corpora.contract import Corpus
from ser.corpora.patterns import Pattern

RECORD = "https://zenodo.org/records/7132783"

CORPUS = Corpus(
    title="ASVP-ESD",
    citation=f"Landry, He and Wei (2021), The ASVP-ESD emotional sound database, {RECORD}",
    licence="research use",
    voices="speech, cries, laughter and other sounds of films and the web, several languages",
    steps=(f"fetch ASVP-ESD-Update.zip from {RECORD}", "unpack it into {root}"),
    parse=Pattern(
        "ASVP-ESD",
        # The folder states the speaker: the names do not always agree. Five names have a blank.
        r"actor_(?P<sex>(?P<speaker>\d+))?/"
        r"(?P<recording>03-(?P<vocal_channel>0[12])-(?P<corpus_label>\d\d)-(?:(?P<intensity>0[12])-)?[\d -]+)",
        example="Audio/actor_1/03-01-05-01-01-01-02-02-02-01.wav",
        reads={
            "sex": lambda text: "female" if int(text) % 2 else "male",
            "vocal_channel": {"01": "speech", "02": "nonspeech"}.get,
            "intensity": {"01": "normal", "02": "high"}.get,
        },
    ),
    n_speakers={"speech": 129, "nonspeech": 131},
    expected={
        "speech": {
            "01": 98,
            "02": 1314,
            "03": 613,
            "04": 551,
            "05": 1064,
            "06": 170,
            "07": 190,
            "08": 492,
            "09": 270,
            "10": 35,
            "11": 54,
            "12": 288,
            "17": 1,
        },
        "nonspeech": {
            "01": 450,
            "02": 284,
            "03": 1255,
            "04": 2143,
            "05": 389,
            "06": 1010,
            "07": 709,
            "08": 1094,
            "09": 131,
            "10": 330,
            "11": 780,
            "12": 77,
            "13": 172,
        },
    },
)
