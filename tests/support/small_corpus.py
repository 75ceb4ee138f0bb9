"""Small corpora with the table that ingest writes."""

from pathlib import Path

import pandas as pd
import soundfile

from ser.audio import reading
from tests.support.learning_tables import utterance_table
from tests.support.synthesis import speech_like


def written(root: Path, *, n: int, sample_rate: int, shortest: float, step: float) -> pd.DataFrame:
    """Write `n` utterances as `root/K.flac`, from `shortest` seconds in increments of `step`; return their table."""
    root.mkdir(exist_ok=True)
    utterances = utterance_table(-(-n // len(utterance_table(1)))).iloc[:n].copy()
    utterances["path"] = [f"{k}.flac" for k in range(n)]
    utterances["sample_rate"] = sample_rate
    for k, path in enumerate(utterances["path"]):
        soundfile.write(root / path, speech_like(k, shortest + step * k, sample_rate), sample_rate)
    utterances["audio_hash"] = [reading.read(root / path).audio_hash for path in utterances["path"]]
    return utterances
