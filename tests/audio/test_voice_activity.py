"""Detection of speech, at any level and anywhere in a recording."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser.audio import reading, waveforms
from ser.audio.voice_activity import THRESHOLD, speech_probability
from tests.support.paths import ROOT
from tests.support.synthesis import tone

DEMO = sorted((ROOT / "data/demo").rglob("*.flac"))
RATE = 16_000  # Hz, of the demo corpus
SPEECH = [soundfile.read(path, dtype="float32")[0] for path in DEMO[::20]]
TIME = np.arange(5 * RATE) / RATE


def coloured(exponent: float) -> np.ndarray:
    """Five seconds of noise whose power falls with the frequency to the power of `exponent`."""
    spectrum = np.fft.rfft(np.random.default_rng(0).normal(size=TIME.size))
    frequencies = np.fft.rfftfreq(TIME.size, 1 / RATE)
    spectrum[1:] /= frequencies[1:] ** (exponent / 2)
    spectrum[0] = 0
    return np.fft.irfft(spectrum)


def sines(*frequencies: float) -> np.ndarray:
    return np.sum([np.sin(2 * np.pi * frequency * TIME) / (k + 1) for k, frequency in enumerate(frequencies)], axis=0)


def beats(period: float, decay: float, sound: np.ndarray) -> np.ndarray:
    return np.exp(-decay * (TIME % period)) * sound


NO_SPEECH = {
    "white noise": coloured(0),
    "pink noise": coloured(1),
    "brown noise": coloured(2),
    "a sine": sines(440),
    "a low sine": sines(100),
    "a major chord": sines(261.6, 329.6, 392.0),
    "a minor chord": sines(220.0, 261.6, 329.6, 440.0),
    "hum of 50 Hz": sines(*range(50, 450, 50)),
    "hum of 60 Hz": sines(*range(60, 540, 60)),
    "a sweep": np.sin(2 * np.pi * (200 * TIME + 200 * TIME**2)),
    "drums": beats(0.5, 12, coloured(0)) + beats(1.0, 10, 200 * sines(60)),
    "hi-hats": beats(0.125, 60, np.diff(coloured(0), prepend=0)),
    "plucked strings": beats(1.0, 4, sines(*range(220, 2_200, 220))),
    "clicks": (TIME % 0.3 < 0.001) * 1.0,
    "one bang": beats(10.0, 20, coloured(1)),
}


def spoken(waveform: np.ndarray, rate: int = RATE) -> float:
    return speech_probability(waveform.astype(np.float32), rate)


@pytest.mark.parametrize("name", NO_SPEECH)
@pytest.mark.parametrize("peak", [1e-3, 0.3, 1.0])
def test_noise_and_music_are_no_speech(name: str, peak: float) -> None:
    sound = NO_SPEECH[name]
    assert spoken(peak * sound / np.abs(sound).max()) < THRESHOLD


@pytest.mark.parametrize("n_samples", [0, 1, 100, 5 * 512 - 1, 5 * RATE])
def test_digital_silence_and_less_than_five_chunks_have_a_speech_probability_of_0(n_samples: int) -> None:
    assert spoken(np.zeros(n_samples)) == 0
    assert spoken(np.resize(SPEECH[0], min(n_samples, 5 * 512 - 1))) == 0


def test_a_syllable_is_speech_and_less_is_not() -> None:
    """The fifth chunk of 32 ms with speech decides."""
    probable = np.array([spoken(SPEECH[0][:end]) for end in range(512, SPEECH[0].size, 512)])
    assert (probable[:4] == 0).all()
    assert (np.diff(probable) >= 0).all()  # the fifth highest probability cannot fall as the recording grows
    assert probable[-1] >= THRESHOLD


@pytest.mark.parametrize("gain", [1e-30, 1e-3, 0.01, 0.1, 1.0, 3.0])
def test_the_level_does_not_matter(gain: float) -> None:
    for waveform in SPEECH:
        found = spoken(waveform * gain)
        assert found >= THRESHOLD
        assert found == pytest.approx(spoken(waveform), abs=1e-5)


@pytest.mark.parametrize("level", [1e-45, 1e-42, 1e-39, 1e-37])
def test_a_level_below_single_precision_gives_a_probability(level: float) -> None:
    assert 0 <= spoken(np.sign(coloured(0)) * level) < THRESHOLD


@pytest.mark.parametrize("ratio", [20, 10, 5])
def test_speech_in_noise_is_speech(ratio: float) -> None:
    """`ratio` is the level of speech above that of white noise, in decibel."""
    random = np.random.default_rng(0)
    for waveform in SPEECH:
        deviation = np.sqrt(np.mean(waveform**2) / 10 ** (ratio / 10))
        assert spoken(waveform + random.normal(0, deviation, waveform.size)) >= THRESHOLD


@pytest.mark.parametrize("pause", [0.5, 5.0, 30.0])
@pytest.mark.parametrize("level", [0.0, 1e-3])
def test_a_pause_before_speech_and_after_it_does_not_matter(pause: float, level: float) -> None:
    random = np.random.default_rng(0)
    for waveform in SPEECH[::4]:
        before, after = random.normal(0, level, (2, round(pause * RATE)))
        assert spoken(np.concatenate([before, waveform, after])) >= THRESHOLD


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 192_000])
def test_the_rate_does_not_matter(rate: int) -> None:
    for waveform in SPEECH:
        assert spoken(waveforms.resampled(waveform, sample_rate=RATE, target=rate), rate) >= THRESHOLD


def test_the_state_of_the_network_is_reset_for_each_recording() -> None:
    """The network is recurrent."""
    alone = [spoken(NO_SPEECH["drums"]), spoken(SPEECH[0]), spoken(tone(440, 1.0))]
    assert [spoken(NO_SPEECH["drums"]), spoken(SPEECH[0]), spoken(tone(440, 1.0))] == alone
    assert spoken(SPEECH[0]) == alone[1]
    assert spoken(tone(440, 1.0)) == alone[2]


def test_threads_do_not_share_a_memory() -> None:
    alone = [spoken(waveform) for waveform in SPEECH]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(spoken, SPEECH * 5)) == alone * 5


def test_the_waveform_is_not_changed() -> None:
    given = SPEECH[0].copy()
    spoken(given)
    np.testing.assert_array_equal(given, SPEECH[0])
    given.flags.writeable = False
    speech_probability(given, RATE)


def recordings_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in (".wav", ".flac"))


def missed(paths: list[Path]) -> list[str]:
    """Names of the recordings in which no speech is found."""
    recordings = [(path.name, reading.read(path)) for path in paths]
    return [name for name, one in recordings if speech_probability(one.waveform, one.sample_rate) < THRESHOLD]


@pytest.mark.slow
def test_at_most_1_percent_of_the_demo_corpus_is_missed() -> None:
    assert len(missed(DEMO)) <= len(DEMO) / 100


@pytest.mark.slow
@pytest.mark.real
def test_at_most_1_percent_of_ravdess_is_missed(corpora_root: Path) -> None:
    paths = recordings_in(corpora_root / "ravdess")[::10]
    assert len(paths) >= 144
    assert len(missed(paths)) <= len(paths) / 100


@pytest.mark.slow
@pytest.mark.real
def test_no_recording_of_emodb_is_missed(corpora_root: Path) -> None:
    paths = recordings_in(corpora_root / "emodb")
    assert paths
    assert missed(paths) == []
