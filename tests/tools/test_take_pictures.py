"""The recording that the pictures of the documentation show."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tools import take_pictures


def written(path: Path, values: list[float], *, rate: int = 10) -> Path:
    soundfile.write(path, np.array(values), rate, subtype="FLOAT")
    return path


def test_recordings_are_joined_with_a_second_of_silence_after_each(tmp_path: Path) -> None:
    recordings = [written(tmp_path / "a.wav", [0.5] * 4), written(tmp_path / "b.wav", [-0.25] * 2)]
    assert take_pictures.write_joined(recordings, tmp_path / "long.wav") == 2.6  # seconds
    samples, rate = soundfile.read(tmp_path / "long.wav")
    assert (samples.tolist(), rate) == ([0.5] * 4 + [0.0] * 10 + [-0.25] * 2 + [0.0] * 10, 10)


def test_recordings_of_two_rates_are_refused(tmp_path: Path) -> None:
    recordings = [written(tmp_path / "a.wav", [0.5]), written(tmp_path / "b.wav", [0.5], rate=20)]
    with pytest.raises(ValueError, match=r"the recordings have the sample rates \[10, 20\]; give recordings of one"):
        take_pictures.write_joined(recordings, tmp_path / "long.wav")
