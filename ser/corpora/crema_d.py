"""CREMA-D: the Crowd-sourced Emotional Multimodal Actors Dataset."""

import csv
import re
from pathlib import Path, PurePosixPath

from ser.corpora.contract import Corpus
from ser.corpora.naming import Naming, foreign_name
from ser.corpora.votes import Counts, Votes

HOMEPAGE = "https://github.com/CheyneyComputerScience/CREMA-D"
PATTERN = re.compile(r"(?P<actor>1\d{3})_(?P<sentence>[A-Z]{3})_(?P<emotion>[A-Z]{3})_(?P<level>LO|MD|HI|XX?)")
CODES = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")
VOICE = 1
INTENSITIES = {"LO": "low", "MD": "medium", "HI": "high"}  # XX, and X in one file name: not specified
# From VideoDemographics.csv of the corpus; the other 48 actors are male.
# fmt: off
FEMALE = frozenset((
    1002, 1003, 1004, 1006, 1007, 1008, 1009, 1010, 1012, 1013, 1018, 1020, 1021, 1024, 1025,
    1028, 1029, 1030, 1037, 1043, 1046, 1047, 1049, 1052, 1053, 1054, 1055, 1056, 1058, 1060,
    1061, 1063, 1072, 1073, 1074, 1075, 1076, 1078, 1079, 1082, 1084, 1089, 1091,
))
# fmt: on
# Files of equal samples; which label is right is unknown.
EQUAL = (
    ("1006_TIE_HAP_XX", "1006_TIE_NEU_XX"),
    ("1013_WSI_DIS_XX", "1013_WSI_SAD_XX"),
    ("1017_IWW_ANG_XX", "1017_IWW_FEA_XX"),
)


def parse(path: PurePosixPath) -> Naming:
    """Read `actor_sentence_emotion_level` from a file's stem.

    A clone contains every recording twice, as wav and as mp3.

    Raises
    ------
    InvalidName
        If the stem has another form.

    Examples
    --------
    >>> naming = parse(PurePosixPath("AudioWAV/1001_DFA_ANG_HI.wav"))
    >>> naming.speaker, naming.sex, naming.corpus_label, naming.intensity
    ('1001', 'male', 'ANG', 'high')
    """
    found = PATTERN.fullmatch(path.stem)
    if found is None:
        raise foreign_name("CREMA-D", "1001_DFA_ANG_XX.wav")
    return Naming(
        corpus_label=found["emotion"],
        speaker=found["actor"],
        sex="female" if int(found["actor"]) in FEMALE else "male",
        language="en",
        intensity=INTENSITIES.get(found["level"]),
        statement=found["sentence"],
        vocal_channel="speech",
        recording=path.stem,
        is_secondary=path.suffix.lower() == ".mp3",
    )


def read_votes(path: Path) -> Counts:
    """Votes on the voice alone, from `tabulatedVotes.csv`: file stem -> emotion code -> number of votes.

    The file has three rows for each recording; the first digit of the row's number states what people got: 1 the
    voice, 2 the face, 3 both.

    Raises
    ------
    ValueError
        If the file has other columns, or a number is none.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "tabulatedVotes.csv")
    ...     _ = path.write_text('"","A","D","F","H","N","S","fileName"\\n"100001",0,0,0,1,9,0,"1001_IEO_NEU_XX"\\n')
    ...     read_votes(path)["1001_IEO_NEU_XX"]["NEU"]
    9
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if int(row[""]) // 100_000 == VOICE]
            return {row["fileName"]: {code: int(row[code[0]]) for code in CODES} for row in rows}
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise ValueError(
            f"{path} is not the table of votes of CREMA-D ({error!r}); take it from processedResults/ of {HOMEPAGE}, or"
            " move it elsewhere"
        ) from None


CITATION = (
    "Cao et al. (2014), IEEE Trans. Affective Computing 5(4): 377-390, https://doi.org/10.1109/TAFFC.2014.2336244"
)
CORPUS = Corpus(
    title="CREMA-D",
    citation=CITATION,
    licence="ODbL 1.0",
    voices="acted speech, American English",
    steps=(
        "install Git LFS (https://git-lfs.com), without which a clone contains pointers instead of audio",
        f"GIT_LFS_SKIP_SMUDGE=1 git clone --depth 1 {HOMEPAGE} {{root}}",
        "git -C {root} lfs pull --include 'AudioWAV/*'",
    ),
    parse=parse,
    known_defects={
        "1076_MTI_SAD_XX": "silent",
        **{one: f"the audio of {other}" for pair in EQUAL for one, other in (pair, pair[::-1])},
    },
    n_speakers={"speech": 91},
    expected={"speech": {"NEU": 1087, **dict.fromkeys(("ANG", "DIS", "FEA", "HAP", "SAD"), 1271)}},
    votes=Votes(
        "tabulatedVotes.csv",
        folders=("processedResults", ".", "../processedResults", ".."),
        read=read_votes,
        source=f"{CITATION}; votes on the voice alone, in processedResults/tabulatedVotes.csv",
    ),
)
