"""Whatever reads the audio of an utterance takes the segment, and not its recording."""

from pathlib import Path

import pandas as pd
import pytest
import soundfile

from ser.audio import reading, segments
from ser.audio.segments import Segment
from ser.audio.waveforms import Waveform
from ser.commands import drawing
from ser.reporting import mistakes
from ser.representation import tabular
from ser.representation.extraction import one_by_one
from tests.support.learning_tables import utterance_table
from tests.support.synthesis import speech_like

SPANS = ((0.0, 1.0), (0.5, 2.0), (2.5, None))


@pytest.fixture
def utterances(tmp_path: Path) -> pd.DataFrame:
    """Three segments of one recording, and a recording of its own."""
    for name in ("long.wav", "short.wav"):
        soundfile.write(tmp_path / name, speech_like(len(name), 3.5, 16_000), 16_000, subtype="FLOAT")
    rows = utterance_table(1).head(4).assign(path=["long.wav"] * 3 + ["short.wav"], sample_rate=16_000)
    rows["start"], rows["end"] = zip(*SPANS, (None, None), strict=True)
    rows = rows.astype({"start": float, "end": float})
    parts = segments.of_utterances(rows, tmp_path)
    return rows.assign(audio_hash=[segments.read(*part).audio_hash for part in parts.values()])


def facts(waveform: Waveform, sample_rate: int) -> dict[str, float]:
    return {"n": float(waveform.size), "first": float(waveform[0]), "rate": float(sample_rate)}


def test_features_are_those_of_the_part(tmp_path: Path, utterances: pd.DataFrame) -> None:
    (rows,) = tabular.feature_rows(utterances, tmp_path, one_by_one(facts), description="segments")
    whole = reading.read(tmp_path / "long.wav").waveform
    assert rows["n"].tolist() == [16_000, 24_000, 16_000, 56_000]
    assert rows["first"].tolist()[:3] == [whole[0], whole[8_000], whole[40_000]]


def test_a_clip_of_the_report_is_the_part(tmp_path: Path, utterances: pd.DataFrame) -> None:
    name = utterances["utterance"].iloc[1]
    wrong = pd.DataFrame({"utterance": [name], "fold": 0, "partition": "test", "truth": "sad", "prediction": "calm"})
    wrong = wrong.assign(sex="female", intensity=None, p_calm=0.9, p_sad=0.1)
    (example,) = mistakes.examples(wrong, utterances, tmp_path, n=1)
    whole = utterances.drop(columns=["start", "end"])
    (other,) = mistakes.examples(wrong, whole, tmp_path, n=1)
    assert len(example.audio_uri) < 0.7 * len(other.audio_uri)


def test_a_picture_of_an_utterance_is_the_part(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.wav", speech_like(1, 3.5, 16_000), 16_000)
    part = drawing.Recording("x/a", tmp_path / "long.wav", ("sad",), Segment(0.5, 2.0))
    assert "1.5" in drawing._described(part, tmp_path / "a.png")
