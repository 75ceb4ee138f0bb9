"""Chroma of the constant-Q transform: librosa's own, whatever the signal, the rate, the hop and the tuning."""

import warnings
from pathlib import Path

import librosa
import numpy as np
import pytest

from ser.audio import reading, waveforms
from ser.features.spectral import constant_q, peaks
from ser.features.spectral.analysis import Analysis, Array
from tests.support.descriptor_sets import EDGE_CASES, RATE
from tests.support.synthesis import speech_like, tone


def librosas(waveform: Array, *, sample_rate: int, hop_length: int, tuning: float) -> Array:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="n_fft=.* is too large", category=UserWarning)
        return librosa.feature.chroma_cqt(y=waveform, sr=sample_rate, hop_length=hop_length, tuning=tuning)


@pytest.mark.parametrize("tuning", [-0.13, 0.49])
@pytest.mark.parametrize("case", EDGE_CASES)
def test_chroma_are_librosas_in_every_frame_even_of_silence(case: str, tuning: float) -> None:
    settings = {"sample_rate": RATE, "hop_length": 512, "tuning": tuning}
    ours, reference = (chroma(EDGE_CASES[case], **settings) for chroma in (constant_q.chroma, librosas))
    assert ours.shape == reference.shape
    np.testing.assert_allclose(ours, reference, atol=2e-5)  # the strongest is 1


@pytest.mark.parametrize("hop_length", [64, 160, 1024])
@pytest.mark.parametrize("sample_rate", [11025, 16000, 32000, 48000])  # from the last one, librosa first resamples
def test_chroma_are_librosas_at_every_rate_and_hop(sample_rate: int, hop_length: int) -> None:
    settings = {"sample_rate": sample_rate, "hop_length": hop_length, "tuning": 0.1}
    waveform = speech_like(3, 0.5, sample_rate)
    ours, reference = (chroma(waveform, **settings) for chroma in (constant_q.chroma, librosas))
    assert ours.shape == reference.shape
    np.testing.assert_allclose(ours, reference, atol=2e-5)


def test_chroma_of_a_tone_is_one_at_its_pitch_class_and_of_silence_is_zero() -> None:
    settings = {"sample_rate": RATE, "hop_length": 512, "tuning": 0.0}
    a = constant_q.chroma(tone(440, 1.0, sample_rate=RATE), **settings)
    np.testing.assert_array_equal(a[9], np.ones(1 + RATE // 512))  # C is 0
    assert np.delete(a, 9, axis=0).max() < 0.5
    assert not constant_q.chroma(np.zeros(RATE, np.float32), **settings).any()


def test_the_waveform_is_left_as_it_was() -> None:
    waveform = speech_like(5)
    constant_q.chroma(waveform, sample_rate=RATE, hop_length=512, tuning=0.0)
    np.testing.assert_array_equal(waveform, speech_like(5))


def test_filters_are_made_once_a_tuning(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"sample_rate": RATE, "hop_length": 512, "tuning": 0.37}
    constant_q.chroma(speech_like(6), **settings)
    monkeypatch.setattr(librosa.filters, "wavelet", None)
    assert constant_q.chroma(speech_like(7), **settings).max() == 1


def test_a_rate_too_low_for_the_highest_octave_is_refused() -> None:
    with pytest.raises(librosa.ParameterError, match="Nyquist"):
        constant_q.chroma(speech_like(0, 1.0, 8000), sample_rate=8000, hop_length=512, tuning=0.0)


@pytest.mark.real
@pytest.mark.parametrize("corpus", ["ravdess", "emodb"])
def test_chroma_of_real_speech_are_librosas_in_every_frame(corpora_root: Path, corpus: str) -> None:
    paths = sorted((corpora_root / corpus).rglob("*.flac"))
    for path in paths[7 :: len(paths) // 10][:10]:
        recording = reading.read(path)
        waveform = waveforms.resampled(recording.waveform, sample_rate=recording.sample_rate, target=RATE)
        magnitude = Analysis(waveform, sample_rate=RATE, n_fft=2048, hop_length=512).magnitude
        tuning = peaks.tuning(magnitude, sample_rate=RATE, bins_per_octave=36)
        settings = {"sample_rate": RATE, "hop_length": 512, "tuning": tuning}
        ours, reference = (chroma(waveform, **settings) for chroma in (constant_q.chroma, librosas))
        np.testing.assert_allclose(ours, reference, atol=1e-4)
        assert np.abs(ours - reference).mean() < 1e-6
