"""Stage extract_whisper_states: an array that agrees with a served model, or is unavailable if no model takes it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ser.audio import reading
from ser.features.encoders.whisper_network import loaded
from ser.representation import arrays
from ser.representation.registry import extractor
from stages import extract_whisper_states
from tests.support import extraction_stage, small_whisper

SETTINGS: dict[str, Any] = {
    "model": "openai/whisper-base",
    "revision": "0123456789" * 4,
    "layer": 1,
    "frames_a_state": 2,
    "duration": 0.4,
    "depth": 30.0,
    "max_duration": 2.0,
}


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three utterances in a separate project, with a cache and a small encoder beside it."""
    monkeypatch.setenv("SER_ENCODERS", str(tmp_path))
    loaded.cache_clear()
    small_whisper.written(tmp_path / "whisper_base")
    return extraction_stage.corpus_in(
        tmp_path, monkeypatch, extract_whisper_states, n=3, sample_rate=16_000, shortest=0.1, step=0.4
    )


@pytest.mark.usefixtures("corpus")
def test_without_a_model_that_takes_it_the_array_is_unavailable(capsys: pytest.CaptureFixture[str]) -> None:
    extraction_stage.configure(extract_whisper_states, "whisper_states", SETTINGS, wanted=False)
    extract_whisper_states.main()
    printed = "Whisper's states: not needed by the model; to extract them: -S model=tuned_whisper or -S extract=all\n"
    assert capsys.readouterr().out == printed
    with pytest.raises(ValueError, match=r"data/whisper_states is marked unavailable, .*; make it with"):
        arrays.read(extract_whisper_states.FEATURES)


def test_the_array_has_the_states_of_a_served_model(corpus: Path) -> None:
    extraction_stage.configure(extract_whisper_states, "whisper_states", SETTINGS, wanted=True)
    extract_whisper_states.main()
    _, found = arrays.read(extract_whisper_states.FEATURES)
    served = extractor("whisper_states", SETTINGS, [])
    recordings = [reading.read(corpus / f"{k}.flac") for k in range(3)]
    expected = np.array([served(one.waveform, one.sample_rate) for one in recordings])
    np.testing.assert_array_equal(found, expected)
    assert expected.shape == (3, 10, small_whisper.WIDTH)
