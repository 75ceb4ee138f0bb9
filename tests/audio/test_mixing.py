"""One channel from several: channels that cancel each other, and constant offsets."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser.audio import reading
from ser.audio.mixing import Mixer
from ser.audio.waveforms import mono
from ser.serving import inputs
from tests.support.paths import ROOT
from tests.support.synthesis import speech_like

RATE = 16_000
VOICE = speech_like(0, sample_rate=RATE)
OTHER = speech_like(1, sample_rate=RATE)
OFFSET = "a constant offset is removed"


def opposite(channel: int) -> str:
    return f"channels of opposite sign: channel {channel}, the louder one, is taken"


def mixed(*channels: np.ndarray) -> tuple[np.ndarray, list[str]]:
    mixer = Mixer(RATE)
    return mixer(np.column_stack(channels).astype(np.float32)), mixer.notes


@pytest.mark.parametrize(
    "channels",
    [
        (VOICE,),
        (VOICE, VOICE),
        (VOICE, OTHER),
        (VOICE, np.zeros_like(VOICE)),
        (VOICE, *(np.zeros_like(VOICE),) * 7),
        (VOICE, -0.3 * VOICE),  # 7 dB quieter: the mean still has the voice
        (np.zeros_like(VOICE), np.zeros_like(VOICE)),
        (VOICE[:1000] + 0.5,),  # too short for a judgement
        (VOICE + 0.04 * VOICE.std() - VOICE.mean(),),
    ],
)
def test_the_mean_of_channels_without_conflict_or_offset_stays_as_it_is(channels: tuple[np.ndarray, ...]) -> None:
    found, notes = mixed(*channels)
    np.testing.assert_array_equal(found, mono(np.column_stack(channels).astype(np.float32)))
    assert notes == []


@pytest.mark.parametrize("gain", [1, 0.8])
def test_of_channels_of_opposite_sign_the_louder_one_is_taken(gain: float) -> None:
    found, notes = mixed(-gain * VOICE, VOICE)
    np.testing.assert_array_equal(found, VOICE if gain < 1 else -VOICE)
    assert notes == [opposite(2 if gain < 1 else 1)]


@pytest.mark.parametrize("offset", [0.02, -0.3])
def test_a_constant_offset_is_removed(offset: float) -> None:
    centred = VOICE - VOICE.mean()
    found, notes = mixed(centred + offset)
    np.testing.assert_allclose(found, centred, rtol=0, atol=1e-6)
    assert notes == [OFFSET]
    found, notes = mixed(-centred + offset, centred + offset)
    np.testing.assert_allclose(found, -centred, rtol=0, atol=1e-6)
    assert notes == [opposite(1), OFFSET]
    found, notes = mixed(centred + 2 * offset, centred)
    np.testing.assert_allclose(found, centred, rtol=0, atol=1e-6)
    assert notes == [OFFSET]


def test_pieces_are_judged_by_all_samples_so_far() -> None:
    """A piece of half a period has a mean; silence before the voice decides nothing."""
    waveform = np.concatenate([np.zeros(3 * RATE), VOICE, VOICE[:30]]).astype(np.float32)
    for channels in (waveform[:, np.newaxis], np.column_stack([waveform, -waveform])):
        mixer = Mixer(RATE)
        cuts = [3 * RATE, 3 * RATE + VOICE.size]
        np.testing.assert_array_equal(np.concatenate([mixer(piece) for piece in np.split(channels, cuts)]), waveform)
        assert mixer.notes == [opposite(1)] * (channels.shape[1] - 1)


def test_a_file_is_mixed_alike_for_a_table_and_for_a_prediction(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.column_stack([VOICE + 0.05, 0.9 * -VOICE]), RATE, subtype="FLOAT")
    recording = reading.read(path)
    assert recording.notes == (opposite(1), OFFSET)
    with inputs.opened(path) as opened:
        np.testing.assert_array_equal(opened.whole(), recording.waveform)
        assert tuple(opened.notes) == recording.notes


def test_the_demo_corpus_is_not_changed() -> None:
    for path in sorted((ROOT / "data/demo").rglob("*.flac"))[::12]:
        recording = reading.read(path)
        np.testing.assert_array_equal(recording.waveform, soundfile.read(path, dtype="float32")[0])
        assert recording.notes == ()
