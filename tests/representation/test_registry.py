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

from ser.compute import code_digest
from ser.core import discovery
from ser.features import opensmile
from ser.features.encoders import ssl, whisper, whisper_states
from ser.features.spectral.frames import frames
from ser.features.spectral.librosa import functionals
from ser.features.spectral.log_mel import log_mel
from ser.features.yamnet import yamnet
from ser.representation import extraction, registry, variants
from ser.representation.registry import REPRESENTATIONS, extractor
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
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Handles that are loaded, and numbers of patches that are embedded, by a network that stands for YAMNet's."""
    calls: list[Any] = []

    def network(patches: np.ndarray) -> np.ndarray:
        calls.append(len(patches))
        return np.tile(np.array([0.25, 0.5], np.float32), (len(patches), 1))

    def loaded(handle: str) -> Callable[[np.ndarray], np.ndarray]:
        calls.append(handle)
        return network

    monkeypatch.setattr(yamnet, "loaded", loaded)
    return calls


def test_yamnet_is_loaded_before_its_first_use_with_the_handle_and_the_limit_of_the_bundle(calls: list[Any]) -> None:
    settings = {"handle": "h", "max_duration": 0.5, "required": False}
    extract = extractor("yamnet", settings, ["YAMNet_2", "YAMNet_1"])
    assert calls == ["h"]
    np.testing.assert_array_equal(extract(WAVEFORM, RATE), np.array([0.5, 0.25], np.float32))
    assert calls == ["h", "h", 1]  # patch, of the first half second


@pytest.mark.usefixtures("calls")
def test_both_sets_together_are_the_columns_of_each() -> None:
    settings = {"yamnet": {"handle": "h", "max_duration": 7.0}, "librosa": CONFIG["librosa"]}
    rms = functionals(WAVEFORM, RATE, **CONFIG["librosa"])["RMS"]
    found = extractor("yamnet_librosa", settings, ["YAMNet_1", "RMS", "YAMNet_2"])(WAVEFORM, RATE)
    np.testing.assert_array_equal(found, np.array([0.25, rms, 0.5], np.float32))


@pytest.mark.usefixtures("calls")
def test_every_representation_that_conf_can_choose_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl, "loaded", lambda model, revision: f"{model} at {revision}")
    for module in (whisper, whisper_states):
        monkeypatch.setattr(module, "loaded", lambda *settings: settings)
    monkeypatch.setattr(opensmile, "loaded", lambda name: name)
    names = set(CONFIG["paths"]) - {"extracted", "adapted"}  # which are paths of these
    for name in names:
        assert callable(extractor(name, CONFIG[name], [])), name
    added = {path.stem for path in (ROOT / "conf/features").glob("*.yaml")}  # they bring their own sections
    assert names == set(REPRESENTATIONS) - added


def test_a_representation_is_an_array_if_it_lies_in_a_folder() -> None:
    axes = {name: definition.time_axis for name, definition in REPRESENTATIONS.items() if definition.time_axis}
    assert axes.items() >= {"log_mel": 2, "frames": 1, "yamnet_bands": 2, "whisper_states": 1}.items()
    paths = {name: Path(CONFIG["paths"][name]) for name in REPRESENTATIONS if name in CONFIG["paths"]}
    folders = {name for name, path in paths.items() if not path.suffix}
    assert folders == set(axes) & set(paths)


def test_only_arrays_that_networks_take_as_they_are_are_not_standardised() -> None:
    found = {name for name, one in REPRESENTATIONS.items() if one.is_scaled}
    assert found == {"log_mel", "yamnet_bands", "whisper_states"}


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_the_key_of_an_extraction_depends_on_no_other_representation(name: str) -> None:
    """Otherwise a change of one representation would make all others be extracted again."""
    representation = REPRESENTATIONS[name]
    functions = (representation.function, representation.batch_function or representation.function)
    code = {file for function in functions for file in code_digest.module_files(function.__module__)}
    code |= {file for module in (extraction, variants) for file in code_digest.module_files(module.__name__)}
    modules = discovery.modules("ser.features", "REPRESENTATION").values()
    own = code & {Path(f"{module.replace('.', '/')}.py") for module in modules}
    assert {path.stem for path in own} == ({"yamnet", "librosa", name} if name == "yamnet_librosa" else {name})


def test_an_unknown_representation_is_refused_with_its_name_and_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"unknown representation 'wavelets'; it is one of frames, .*model anew"):
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
    assert list(recognizer.predict(recording)["probabilities"]) == recognizer.labels
heavy = {"tensorflow", "keras", "tf_keras", "sklearn", "pandas", "numba", "librosa", "matplotlib", "torch", "jax"}
print(sorted(heavy & set(sys.modules)))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
