"""Tiny corpora with realistic file names, read by the settings of `conf/`."""

import tempfile
import zlib
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import soundfile
import yaml

from ser import params
from ser.audio import reading
from ser.core import yaml_text
from ser.corpora import labels
from ser.ingest import utterance_table
from ser.ingest.counts import Tally
from tests.support.learning_tables import utterance_table as invented_utterances
from tests.support.paths import CONF
from tests.support.synthesis import Waveform, speech_like, tone

# Names from the published listings, in the layouts of the archives, with their utterances.
FILES = {
    "ravdess/Actor_01/03-01-01-01-01-01-01.wav": "neutral",
    "ravdess/Actor_01/03-01-02-01-01-01-01.wav": "calm",
    "ravdess/Actor_02/03-01-05-01-01-01-02.wav": "angry",
    "ravdess/Actor_02/03-01-08-02-01-01-02.wav": "surprised",
    "tess/OAF_angry/OAF_back_angry.wav": "angry",
    "tess/OAF_neutral/OA_bite_neutral.wav": "neutral",
    "tess/OAF_Pleasant_surprise/OAF_back_ps.wav": "pleasant_surprise",
    "tess/YAF_pleasant_surprised/YAF_back_ps.wav": "pleasant_surprise",
    "crema_d/AudioWAV/1001_DFA_ANG_XX.wav": "angry",
    "crema_d/AudioWAV/1001_DFA_NEU_XX.wav": "neutral",
    "crema_d/AudioWAV/1091_IEO_FEA_LO.wav": "fearful",
    "savee/DC/a01.wav": "angry",
    "savee/DC/n01.wav": "neutral",
    "savee/JE/a01.wav": "angry",
    "savee/JE/su01.wav": "surprised",
    "emodb/wav/03a01Fa.wav": "happy",
    "emodb/wav/03a01Wa.wav": "angry",
    "emodb/wav/03a04Lc.wav": "boredom",
    "folders/Angry/a01.wav": "angry",
    "folders/Pleasant Surprise/a 01.wav": "pleasant_surprise",
    "folders/joy/a01.wav": "happy",
}
LFS_POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0123456789abcdef\nsize 62078\n"


def written(path: Path, waveform: Waveform | None = None, *, container: str | None = None, **options: Any) -> Path:
    """Write a recording of 16 kHz; by default a tone of 0.12 s that is unique to its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if waveform is None:
        waveform = tone(100 + zlib.crc32("/".join(path.parts[-3:]).encode()) % 5000, 0.12)
    soundfile.write(path, waveform, 16_000, format=container, **options)
    return path


def with_table(root: Path, *, n: int, sample_rate: int, shortest: float, step: float) -> pd.DataFrame:
    """Write `n` utterances as `root/K.flac`, from `shortest` seconds in increments of `step`; return their table."""
    root.mkdir(exist_ok=True)
    utterances = invented_utterances(-(-n // len(invented_utterances(1)))).iloc[:n].copy()
    utterances["path"] = [f"{k}.flac" for k in range(n)]
    utterances["sample_rate"] = sample_rate
    for k, path in enumerate(utterances["path"]):
        soundfile.write(root / path, speech_like(k, shortest + step * k, sample_rate), sample_rate)
    utterances["audio_hash"] = [reading.read(root / path).audio_hash for path in utterances["path"]]
    return utterances


def six_corpora(root: Path) -> Path:
    """Write every file of `FILES` below `root`."""
    for name in FILES:
        written(root / name)
    return root


@cache
def composed(*overrides: str, conf: Path = CONF) -> dict[str, Any]:
    """Parameters from `conf` and Hydra overrides; do not change them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "params.yaml"
        params.compose(list(overrides), conf=conf, path=path)
        content: dict[str, Any] = yaml_text.loaded(path.read_text(encoding="utf-8"))
    return content


class Ingested(NamedTuple):
    """A whole table of utterances, and its report."""

    utterances: pd.DataFrame
    report: dict[str, Any]


def ingested(root: Path, *overrides: str, conf: Path = CONF, **changes: Any) -> Ingested:
    """Ingest `root` with the sections that `conf` and `overrides` compose, and `changes` of the section `corpus`."""
    config = composed(*overrides, conf=conf)
    corpus = config["corpus"] | {"root": str(root)} | changes
    tally = Tally()
    tables = list(utterance_table.utterances(**corpus, scheme=labels.merged(**config["labels"]), tally=tally))
    return Ingested(pd.concat(tables, ignore_index=True), tally.report())


def configure(root: Path, *overrides: str) -> None:
    """Write `params.yaml` of a study on `root`."""
    config = composed(*overrides)
    content = {"corpus": config["corpus"] | {"root": str(root)}, "labels": config["labels"]}
    Path("params.yaml").write_text(yaml.safe_dump(content))
