"""A bundle's representation -> the function that extracts it: the stage's own, and no import that it does not need."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from ser.features import opensmile
from ser.features.encoders import ssl
from ser.features.spectral.frames import frames
from ser.features.spectral.functionals import functionals
from ser.features.spectral.log_mel import log_mel
from ser.features.yamnet import embedding as yamnet
from ser.representation import registry
from ser.representation.registry import extractor
from tests.support.paths import ROOT
from tests.support.small_corpora import composed
from tests.support.synthesis import speech_like, tone

RATE = 22_050
WAVEFORM = speech_like(0, 1.7, RATE)
CONFIG: Mapping[str, Any] = composed()
OWN: Mapping[str, Callable[..., Any]] = {"log_mel": log_mel, "frames": frames}


@pytest.mark.parametrize("name", OWN)
def test_an_array_is_the_one_of_its_stage(name: str) -> None:
    found = extractor(name, CONFIG[name], [])(WAVEFORM, RATE)
    np.testing.assert_array_equal(found, OWN[name](WAVEFORM, RATE, **CONFIG[name]))
    assert found.dtype == np.float32


def test_the_settings_are_those_of_the_bundle_and_not_of_conf() -> None:
    settings = {**CONFIG["log_mel"], "n_mels": 20, "duration": 1.0}
    assert extractor("log_mel", settings, [])(WAVEFORM, RATE).shape == (20, 32)


def test_columns_come_in_the_order_of_the_model_and_no_others() -> None:
    named = functionals(WAVEFORM, RATE, **CONFIG["librosa"])
    columns = ["RMS", "MFCC_3_Std", "MFCC_1", "Zero_Crossing_Rate"]
    found = extractor("librosa", CONFIG["librosa"], columns)(WAVEFORM, RATE)
    np.testing.assert_array_equal(found, np.array([named[column] for column in columns], np.float32))
    assert found.dtype == np.float32
    everything = extractor("librosa", CONFIG["librosa"], sorted(named))(WAVEFORM, RATE)
    assert everything.shape == (120,)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What YAMNet is asked, where its network need not be."""
    calls: list[tuple[Any, ...]] = []

    def embedding(waveform: Any, rate: int, *, network: Any, max_duration: float) -> dict[str, float]:
        calls.append((waveform.size, rate, network, max_duration))
        return {"YAMNet_1": 0.25, "YAMNet_2": 0.5}

    monkeypatch.setattr(yamnet, "loaded", lambda handle: f"network of {handle}")
    monkeypatch.setattr(yamnet, "embedding", embedding)
    return calls


def test_yamnet_is_loaded_once_with_the_handle_and_the_limit_of_the_bundle(heard: list[tuple[Any, ...]]) -> None:
    extract = extractor("yamnet", {"handle": "h", "max_duration": 7.0, "required": False}, ["YAMNet_2", "YAMNet_1"])
    assert heard == []
    np.testing.assert_array_equal(extract(WAVEFORM, RATE), np.array([0.5, 0.25], np.float32))
    assert heard == [(WAVEFORM.size, RATE, "network of h", 7.0)]


def test_both_sets_together_are_the_columns_of_each(heard: list[tuple[Any, ...]]) -> None:
    settings = {"yamnet": {"handle": "h", "max_duration": 7.0}, "librosa": CONFIG["librosa"]}
    rms = functionals(WAVEFORM, RATE, **CONFIG["librosa"])["RMS"]
    found = extractor("yamnet_librosa", settings, ["YAMNet_1", "RMS", "YAMNet_2"])(WAVEFORM, RATE)
    np.testing.assert_array_equal(found, np.array([0.25, rms, 0.5], np.float32))


def test_every_representation_that_conf_can_choose_is_known(
    heard: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssl, "loaded", lambda model, revision: f"{model} at {revision}")
    monkeypatch.setattr(opensmile, "loaded", lambda name: name)
    names = set(CONFIG["paths"]) - {"extracted", "adapted"}  # which are paths of these
    for name in names:
        assert callable(extractor(name, CONFIG[name], [])), name
    assert len(names) == 8


def test_an_unknown_representation_is_refused_with_its_name_and_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"representation is 'wavelets', which this version does not know; train anew"):
        registry.extractor("wavelets", {}, [])


def test_the_embedded_model_predicts_without_what_takes_seconds_to_import(tmp_path: Path) -> None:
    """By its names in `sys.modules`, not by time: a busy machine is slow for other reasons."""
    soundfile.write(tmp_path / "a.wav", tone(300, 0.5, RATE), RATE)
    script = """
import sys
from ser.serving import inputs, recognition
from pathlib import Path
recognizer = recognition.load(all_speech=True)
with inputs.opened(Path("a.wav")) as recording:
    assert len(recognizer.predict(recording)["probabilities"]) == 8
heavy = {"tensorflow", "keras", "tf_keras", "sklearn", "pandas", "numba", "librosa", "matplotlib", "torch", "jax"}
print(sorted(heavy & set(sys.modules)))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
