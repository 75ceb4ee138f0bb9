"""The representations `log_mel` and `frames`: theory, librosa's own answers, odd waveforms."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
import yaml

from benchmarks import plain
from ser.audio import reading, waveforms
from ser.audio.excerpts import excerpt
from ser.features.spectral.frames import frames
from ser.features.spectral.log_mel import log_mel
from tests.support.paths import CONF
from tests.support.synthesis import speech_like, tone

LOG_MEL = yaml.safe_load((CONF / "log_mel" / "mel_64.yaml").read_text())
FRAMES = yaml.safe_load((CONF / "frames" / "frames_62.yaml").read_text())
EXTRACTORS = {"log_mel": partial(log_mel, **LOG_MEL), "frames": partial(frames, **FRAMES)}
SHAPES = {"log_mel": (64, 94), "frames": (130, 62)}
RATE = 22050


@pytest.mark.parametrize("name", EXTRACTORS)
@pytest.mark.parametrize("duration", [0.1, 0.3, 2.99, 3.0, 3.5, 4.0, 9.0])
@pytest.mark.parametrize("sample_rate", [8000, 22050, 48000])
def test_every_utterance_has_the_shape_of_its_system_and_finite_values(
    name: str, duration: float, sample_rate: int
) -> None:
    values = EXTRACTORS[name](speech_like(0, duration, sample_rate), sample_rate)
    assert values.shape == SHAPES[name]
    assert values.dtype == np.float32
    assert np.isfinite(values).all()


@pytest.mark.filterwarnings("ignore:n_fft=.* is too large:UserWarning")  # librosa, called as it is
@pytest.mark.parametrize("name", EXTRACTORS)
@pytest.mark.parametrize("duration", [0.3, 2.0, 3.7, 6.0])
@pytest.mark.parametrize("sample_rate", [16000, 44100])
def test_values_are_those_of_librosa_called_one_function_at_a_time(
    tmp_path: Path, name: str, duration: float, sample_rate: int
) -> None:
    path = tmp_path / "utterance.wav"
    soundfile.write(path, speech_like(3, duration, sample_rate), sample_rate)
    recording = reading.read(path)
    reference = getattr(plain, name)(path)
    scale = reference.std(axis=0 if name == "frames" else None)
    difference = np.abs(EXTRACTORS[name](recording.waveform, recording.sample_rate) - reference)
    assert (difference <= 1e-3 * np.abs(reference) + 1e-3 * scale).all()


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize("corpus", ["ravdess", "emodb"])
@pytest.mark.parametrize("name", EXTRACTORS)
def test_values_on_real_speech_are_those_of_librosa(corpora_root: Path, corpus: str, name: str) -> None:
    paths = sorted((corpora_root / corpus).rglob("*.flac"))
    paths = paths[7 :: len(paths) // 20][:20]
    recordings = [reading.read(path) for path in paths]
    ours = np.stack([EXTRACTORS[name](one.waveform, one.sample_rate) for one in recordings])
    reference = np.stack([getattr(plain, name)(path) for path in paths])
    scale = reference.std(axis=(0, 1) if name == "frames" else None)
    assert (np.abs(ours - reference) <= 1e-4 * scale).all()  # a tenth of what is promised, and no share of the value


@pytest.mark.real
@pytest.mark.parametrize("name", EXTRACTORS)
@pytest.mark.parametrize("file", ["tess/OAF_food_fear", "tess/YAF_food_fear", "savee/AudioData/DC/a01"])
def test_values_at_96_24_and_44_khz_are_those_of_librosa(
    corpora_root: Path, name: str, file: str, tmp_path: Path
) -> None:
    """The recordings of SAVEE have a constant offset, which is as loud as the voice; librosa gets them without it."""
    path = corpora_root / f"{file}.flac"
    recording = reading.read(path)
    assert bool(recording.notes) == file.startswith("savee")
    if recording.notes:
        samples, rate = soundfile.read(path, dtype="float32")
        path = tmp_path / "a.wav"
        soundfile.write(path, samples - np.float32(samples.mean(dtype=float)), rate, subtype="FLOAT")
    reference = getattr(plain, name)(path)
    ours = EXTRACTORS[name](recording.waveform, recording.sample_rate)
    scale = reference.std(axis=0 if name == "frames" else None)
    assert (np.abs(ours - reference) <= 1e-4 * scale).all()


@pytest.mark.real
def test_frames_are_librosas_where_the_tuning_hangs_on_the_last_sample_before_the_cut(corpora_root: Path) -> None:
    (path,) = (corpora_root / "ravdess").rglob("03-01-05-01-01-01-03.flac")  # the one of 1440, found by comparing all
    recording = reading.read(path)
    reference = plain.frames(path)
    ours = EXTRACTORS["frames"](recording.waveform, recording.sample_rate)
    assert (np.abs(ours - reference) <= 1e-4 * reference.std(axis=0)).all()


def test_a_mel_spectrogram_spans_zero_to_one_and_is_brightest_at_its_tone() -> None:
    values = EXTRACTORS["log_mel"](tone(1000, 3.0), 16_000)
    assert (values.min(), values.max()) == (0, 1)
    centres = librosa.mel_frequencies(66, fmin=0, fmax=8000)[1:-1]
    assert abs(centres[values.mean(axis=1).argmax()] - 1000) < 80


@pytest.mark.parametrize("gain", [0.1, 0.3, 3.0])
def test_a_mel_spectrogram_does_not_depend_on_the_level(gain: float) -> None:
    waveform = speech_like(1, 2.0)
    np.testing.assert_allclose(
        EXTRACTORS["log_mel"](gain * waveform, RATE), EXTRACTORS["log_mel"](waveform, RATE), atol=2e-3
    )


def test_a_mel_spectrogram_of_silence_is_zero() -> None:
    assert not EXTRACTORS["log_mel"](np.zeros(48_000, np.float32), 16_000).any()


@pytest.mark.parametrize(("name", "duration"), [("log_mel", 3.0), ("frames", 4.0)])
def test_what_comes_after_the_first_seconds_changes_nothing(name: str, duration: float) -> None:
    waveform = speech_like(2, 9.0)
    changed = waveform.copy()
    changed[round((duration + 0.2) * RATE) :] = 0.9
    np.testing.assert_array_equal(EXTRACTORS[name](changed, RATE), EXTRACTORS[name](waveform, RATE))


@pytest.mark.parametrize("sample_rate", [8000, 44100, 48000])
def test_a_cut_before_resampling_is_one_after_it(sample_rate: int) -> None:
    waveform = speech_like(4, 6.0, sample_rate)
    whole = waveforms.resampled(waveform, sample_rate=sample_rate, target=16_000)[:48_000]
    np.testing.assert_array_equal(excerpt(waveform, sample_rate, sample_rate=16_000, duration=3.0), whole)


def test_frames_after_the_end_are_zero() -> None:
    values = EXTRACTORS["frames"](speech_like(0, 1.0), RATE)
    n_frames = 1 + RATE // 512
    assert values[:n_frames].any(axis=1).all()
    assert not values[n_frames:].any()


def test_the_columns_of_frames_are_in_the_order_of_system_c() -> None:
    values = EXTRACTORS["frames"](tone(1000, 3.2, sample_rate=RATE, level=0.5), RATE)[10:100]
    assert values[:, 39:51].argmax(axis=1).tolist() == [11] * 90  # chroma: 1000 Hz is nearest to a B
    assert values[:, 58] == pytest.approx(2 * 1000 / RATE, rel=0.02)  # zero crossings
    assert values[:, 61] == pytest.approx(0.5 / np.sqrt(2), rel=0.01)  # level
    assert (values[:, 60] > 0).all()  # pitch


def test_an_unknown_descriptor_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown descriptor 'rsm'.*pitch.*"):
        frames(speech_like(0), RATE, **FRAMES | {"descriptors": [{"name": "rsm"}]})


@pytest.mark.parametrize(("function", "section"), [(log_mel, LOG_MEL), (frames, FRAMES)])
def test_a_mistyped_setting_is_named(function: Callable[..., object], section: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="n_fff"):
        function(speech_like(0), RATE, **section, n_fff=1)
