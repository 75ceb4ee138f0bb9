"""One level for all recordings: theory on tones and pauses."""

import numpy as np
import pytest

from ser.audio.levels import at_level
from tests.support.synthesis import tone

RATE = 16_000


@pytest.mark.parametrize("level", [-40.0, -20.0, -3.0])
@pytest.mark.parametrize("amplitude", [1e-3, 0.3, 2.0])
def test_the_loud_frames_have_the_level(level: float, amplitude: float) -> None:
    found = at_level(tone(400, 1.0, sample_rate=RATE, level=amplitude), RATE, level)
    assert 10 * np.log10(np.mean(found**2)) == pytest.approx(level, abs=0.01)


def test_pauses_do_not_change_the_gain() -> None:
    speech, pause = tone(400, 1.0, sample_rate=RATE, level=0.3), np.zeros(2 * RATE, np.float32)
    paused = at_level(np.concatenate([speech, pause]), RATE, -20.0)
    np.testing.assert_allclose(paused[:RATE], at_level(speech, RATE, -20.0), rtol=1e-5)


@pytest.mark.parametrize("n_samples", [0, 1, 399, 401])
def test_any_length_and_silence_are_taken(n_samples: int) -> None:
    assert at_level(np.zeros(n_samples, np.float32), RATE, -20.0).tolist() == [0.0] * n_samples


def test_what_is_as_faint_as_noise_is_not_brought_up_to_speech() -> None:
    faint = tone(400, 1.0, sample_rate=RATE, level=1e-6)
    assert np.abs(at_level(faint, RATE, -20.0)).max() < 2e-3
