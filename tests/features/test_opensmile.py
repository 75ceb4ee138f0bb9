"""Functionals by openSMILE: the numbers of its own interface, and a plain answer where it is not installed."""

import importlib
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import yaml

from ser.audio import reading, waveforms
from ser.core import extras
from ser.features import opensmile as opensmile_sets
from ser.features.opensmile import functionals
from tests.support.paths import ROOT
from tests.support.synthesis import speech_like, tone

CONF: Mapping[str, Any] = {
    path.stem: yaml.safe_load(path.read_text()) for path in sorted((ROOT / "conf/opensmile").glob("*.yaml"))
}
N_FEATURES = {"egemaps": 88, "compare_2016": 6373}  # as published
RATE = 16_000
EGEMAPS = CONF["egemaps"]


def test_conf_offers_the_sets_that_are_known() -> None:
    assert CONF.keys() == N_FEATURES.keys()
    assert sorted(one["name"] for one in CONF.values()) == sorted(opensmile_sets.SETS)


def test_without_the_package_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: None)
    opensmile_sets.loaded.cache_clear()
    said = f"opensmile, for research and education only; not installed; {re.escape(extras.remedy('opensmile'))}"
    with pytest.raises(ValueError, match=said):
        functionals(tone(220, 0.5), RATE, **EGEMAPS)


def test_nothing_imports_the_package_before_it_is_asked_for() -> None:
    script = "import sys, ser.features.opensmile, ser.representation.registry; print('opensmile' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True).stdout == "False\n"


@pytest.fixture
def opensmile() -> Any:
    opensmile_sets.loaded.cache_clear()
    if importlib.util.find_spec("opensmile") is None:
        pytest.skip("opensmile is not installed: pip install -e '.[opensmile]'")
    opensmile_sets.loaded(EGEMAPS["name"])  # not later than the import below, where TensorFlow is in this process
    return importlib.import_module("opensmile")


@pytest.mark.slow
def test_it_computes_in_a_process_that_has_tensorflow(opensmile: Any) -> None:
    """If `ctypes` loads its library in the usual way, it uses symbols of TensorFlow, and the process aborts."""
    script = (
        "import tensorflow; from tests.support.synthesis import tone; from ser.features.opensmile import functionals;"
        f"print(sum(functionals(tone(220, 0.5), {RATE}, **{EGEMAPS}).values()))"
    )
    path = str(ROOT)
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert float(done.stdout) == pytest.approx(sum(functionals(tone(220, 0.5), RATE, **EGEMAPS).values()))


def reference(opensmile: Any, name: str, waveform: waveforms.Waveform, sample_rate: int = RATE) -> dict[str, float]:
    """Functionals as openSMILE's own interface returns them."""
    smile = opensmile.Smile(feature_set=opensmile.FeatureSet[name], feature_level=opensmile.FeatureLevel.Functionals)
    found: dict[str, float] = smile.process_signal(waveform, sample_rate).iloc[0].to_dict()
    assert list(found) == smile.feature_names
    return found


@pytest.mark.parametrize("chosen", CONF)
def test_values_and_names_are_those_of_opensmile_itself(opensmile: Any, chosen: str) -> None:
    waveform = speech_like(0, 1.3, RATE)
    found = functionals(waveform, RATE, **CONF[chosen])
    assert list(found.items()) == list(reference(opensmile, CONF[chosen]["name"], waveform).items())
    assert len(found) == N_FEATURES[chosen]
    assert found == functionals(waveform, RATE, **CONF[chosen])
    assert found != functionals(speech_like(1, 1.3, RATE), RATE, **CONF[chosen])


def test_other_rates_are_resampled_as_for_all_representations(opensmile: Any) -> None:
    waveform = speech_like(0, 1.0, 48_000)
    at_rate = waveforms.resampled(waveform, sample_rate=48_000, target=RATE)
    assert functionals(waveform, 48_000, **EGEMAPS) == reference(opensmile, "eGeMAPSv02", at_rate)


@pytest.mark.usefixtures("opensmile")
@pytest.mark.parametrize("frequency", [110.0, 220.0, 440.0])
def test_pitch_is_in_semitones_from_27_5_hz(frequency: float) -> None:
    waveform = np.sum([tone(k * frequency, 1.0, level=0.1 / k) for k in range(1, 8)], axis=0)
    found = functionals(waveform, RATE, **EGEMAPS)
    assert found["F0semitoneFrom27.5Hz_sma3nz_amean"] == pytest.approx(12 * np.log2(frequency / 27.5), abs=0.5)
    assert found["F0semitoneFrom27.5Hz_sma3nz_stddevNorm"] < 0.01


@pytest.mark.usefixtures("opensmile")
def test_ten_times_the_amplitude_is_20_db_more() -> None:
    quiet, loud = (functionals(tone(300, 1.0, level=level), RATE, **EGEMAPS) for level in (0.05, 0.5))
    name = "equivalentSoundLevel_dBp"
    assert loud[name] - quiet[name] == pytest.approx(20, abs=0.1)


@pytest.mark.usefixtures("opensmile")
@pytest.mark.parametrize("chosen", CONF)
@pytest.mark.parametrize(
    "waveform",
    [
        speech_like(0, reading.MIN_DURATION, RATE),
        speech_like(0, 0.02, RATE),
        np.zeros(1, np.float32),
        np.zeros(RATE, np.float32),
        np.zeros(RATE // 10, np.float32),
        np.ones(RATE, np.float32),
        tone(220, 1.0, level=1e-6),
    ],
    ids=["shortest utterance", "below a frame", "one sample", "silence", "short silence", "constant", "below 16 bits"],
)
def test_extremes_have_finite_features_as_tables_want_them(chosen: str, waveform: waveforms.Waveform) -> None:
    found = functionals(waveform, RATE, **CONF[chosen])
    assert len(found) == N_FEATURES[chosen]
    assert np.isfinite(np.array(list(found.values()), np.float32)).all()


def test_what_is_beyond_full_scale_is_clipped(opensmile: Any) -> None:
    """Resampling exceeds full scale; openSMILE would turn 1.0 into -1.0, which is a click."""
    waveform = tone(220, 1.0, level=1.3)
    clipped = np.clip(waveform, -1, 32_767 / 32_768)
    found = functionals(waveform, RATE, **EGEMAPS)
    assert found == reference(opensmile, "eGeMAPSv02", clipped)
    wrapped = reference(opensmile, "eGeMAPSv02", waveform)
    name = "hammarbergIndexV_sma3nz_amean"  # dB, peak below 2 kHz over peak above
    assert found[name] > wrapped[name] + 3


@pytest.mark.usefixtures("opensmile")
def test_the_waveform_is_left_as_it_was_and_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    waveform = speech_like(0, 0.5, RATE)
    before = waveform.copy()
    functionals(waveform, RATE, **EGEMAPS)
    functionals(waveform[:200], RATE, **EGEMAPS)
    np.testing.assert_array_equal(waveform, before)
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("opensmile")
def test_an_unknown_set_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match=r"unknown set 'GeMAPS'; opensmile\.name is one of eGeMAPSv02, ComParE_2016"):
        functionals(tone(220, 0.5), RATE, name="GeMAPS", sample_rate=RATE)
