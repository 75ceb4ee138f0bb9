"""Representation `whisper_states`: states of a frozen layer around the speech of a recording."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from ser.features.encoders import whisper_weights
from ser.features.encoders.hugging_face import COMMIT
from ser.features.encoders.speech_excerpt import centred_on_speech
from ser.features.encoders.whisper_layers import NumpyStates
from ser.features.encoders.whisper_network import loaded
from ser.features.encoders.whisper_spectra import log_mel_spectra
from ser.features.encoders.whisper_states import whisper_states
from ser.representation.registry import definition, extractor
from tests.support import small_whisper
from tests.support.paths import ROOT
from tests.support.synthesis import Waveform, speech_like, tone

RATE = 16_000
SETTINGS: dict[str, Any] = {
    "model": "openai/whisper-base",
    "revision": "0123456789" * 4,
    "layer": 2,
    "frames_a_state": 2,
    "duration": 0.8,
    "depth": 30.0,
    "max_duration": 2.0,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of encoders that has a small one."""
    return small_whisper.encoders(tmp_path_factory.mktemp("encoders"))


@pytest.fixture(autouse=True)
def local(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SER_ENCODERS", str(folder))
    loaded.cache_clear()
    yield
    loaded.cache_clear()


def states(waveform: Waveform, rate: int = RATE, **changes: Any) -> Any:
    return whisper_states(waveform, rate, **{**SETTINGS, **changes})


def of_layer(folder: Path, waveform: Waveform, number: int) -> Any:
    weights = whisper_weights.read(folder / "whisper_base/model.safetensors")
    (found,) = NumpyStates(weights)(log_mel_spectra(waveform), [number])
    return found


def test_a_state_is_the_mean_of_some_frames_of_the_layer(folder: Path) -> None:
    waveform = speech_like(0, 0.8, RATE)
    expected = of_layer(folder, waveform, 2)
    np.testing.assert_allclose(states(waveform, frames_a_state=1), expected, atol=1e-5)
    found = states(waveform)
    assert (found.shape, found.dtype) == ((20, small_whisper.WIDTH), np.float32)
    np.testing.assert_allclose(found, (expected[::2] + expected[1::2]) / 2, atol=1e-5)


def test_zeros_follow_a_short_recording_and_a_long_one_is_cut_around_its_speech(folder: Path) -> None:
    speech = speech_like(0, 0.5, RATE)
    padded = of_layer(folder, np.pad(speech, (0, 4_800)), 2)
    np.testing.assert_allclose(states(speech, frames_a_state=1), padded, atol=1e-5)
    long = np.concatenate([np.zeros(9_600, np.float32), speech, np.zeros(8_000, np.float32)])
    cut = centred_on_speech(long, sample_rate=RATE, n_samples=12_800, depth=30.0)
    np.testing.assert_allclose(states(long, frames_a_state=1), of_layer(folder, cut, 2), atol=1e-5)


@pytest.mark.parametrize(("start", "first"), [(0, 0), (8_000, 4_400), (31_200, 8_800)])
def test_the_part_has_the_speech_in_its_middle_and_does_not_leave_the_recording(start: int, first: int) -> None:
    recording = np.full(32_000, 0.01, np.float32)  # 40 dB below the speech
    recording[start : start + 800] = 1
    part = centred_on_speech(recording, sample_rate=RATE, n_samples=9_600, depth=30.0)
    loud = np.flatnonzero(part == 1)
    assert part.shape == (9_600,)
    assert (loud[0], loud.size) == (first, 800)


@pytest.mark.parametrize("n_samples", [0, 1, 300])
def test_the_shortest_recordings_have_states(n_samples: int) -> None:
    found = states(tone(440, 0.1)[:n_samples])
    assert found.shape == (20, small_whisper.WIDTH)
    assert np.isfinite(found).all()


def test_what_is_served_is_what_is_extracted() -> None:
    waveform = speech_like(0, 1.1, 22_050)
    np.testing.assert_array_equal(extractor("whisper_states", SETTINGS, [])(waveform, 22_050), states(waveform, 22_050))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layer": 4}, "whisper_states.layer asks for layer 4, and the encoder in"),
        ({"layer": -1}, "whisper_states.layer asks for layer -1, and the encoder in"),
        ({"duration": 2.5}, "takes 2.0 s at most; choose -S whisper_states.duration=2.0"),
        ({"revision": "main"}, "whisper_states.revision is main; wanted a commit of 40 hexadecimal digits"),
    ],
)
def test_a_setting_that_is_none_is_refused_with_those_that_there_are(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        states(tone(440, 0.1), **changes)


@pytest.mark.parametrize("path", sorted((ROOT / "conf/whisper_states").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_choice_names_its_encoder_for_good(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    definition("whisper_states").check_settings(content)
    assert list(content) == list(SETTINGS)
    assert content["model"] == f"openai/whisper-{path.stem}"
    assert COMMIT.fullmatch(content["revision"])
