"""Small corpora in several naming schemes: the recordings of `synthesis`, renamed."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.synthesis import ravdess_corpus

# RAVDESS's emotion code -> EmoDB's, TESS's; both lack calm, and each has another emotion than surprise
EMODB = {"01": "N", "03": "F", "04": "T", "05": "W", "06": "A", "07": "E", "08": "L"}
TESS = {"01": "neutral", "03": "happy", "04": "sad", "05": "angry", "06": "fear", "07": "disgust", "08": "ps"}
ACTRESSES = {"02": "OAF", "04": "YAF"}
WORDS = {("01", "01"): "back", ("01", "02"): "bar", ("02", "01"): "base", ("02", "02"): "bath"}
N_A_SPEAKER = 2 + 6 * 4  # neutral has no strong intensity


def emodb_corpus(root: Path, *, speakers: Sequence[str] = ("03", "08", "11", "14"), seed: int = 1) -> Path:
    """Write `root/wav/03a01Fa.flac`: 26 utterances per speaker."""

    def renamed(emotion: str, intensity: str, statement: str, speaker: str) -> str | None:
        take = {"01": "a", "02": "b"}[intensity]
        return f"wav/{speaker}a{statement}{EMODB[emotion]}{take}" if emotion in EMODB else None

    return _renamed_corpus(root, renamed, speakers, seed)


def tess_corpus(root: Path, *, seed: int = 2) -> Path:
    """Write `root/OAF_fear/OAF_back_fear.flac`: 26 utterances of each of the two speakers."""

    def renamed(emotion: str, intensity: str, statement: str, speaker: str) -> str | None:
        if emotion not in TESS:
            return None
        actress, label = ACTRESSES[speaker], TESS[emotion]
        return f"{actress}_{label}/{actress}_{WORDS[intensity, statement]}_{label}"

    return _renamed_corpus(root, renamed, tuple(ACTRESSES), seed)


def _renamed_corpus(
    root: Path, renamed: Callable[[str, str, str, str], str | None], speakers: Sequence[str], seed: int
) -> Path:
    with TemporaryDirectory() as scratch:
        for path in sorted(ravdess_corpus(Path(scratch), speakers=speakers, seed=seed).rglob("*.flac")):
            _, _, emotion, intensity, statement, _, speaker = path.stem.split("-")
            if name := renamed(emotion, intensity, statement, speaker):
                target = root / f"{name}{path.suffix}"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
    return root
