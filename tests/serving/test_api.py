"""`import ser`: its functions, beside packages of the same names, and their agreement with stages and commands."""

import json
import subprocess
import sys
from inspect import signature
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ser
from ser import api
from ser.audio import reading
from ser.features.spectral import librosa as stage
from tests.support.paths import ROOT

DEMO = sorted((ROOT / "data/demo").rglob("*.flac"))[:2]


def test_all_names_are_offered_and_none_is_imported_before_its_use() -> None:
    script = "import ser, sys, json; print(json.dumps([dir(ser), sorted(sys.modules)]))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    offered, imported = json.loads(done.stdout)
    assert {"audit", "compare", "features", "load", "predict_emotion", "Recognizer", "__version__"} <= set(offered)
    assert not {"numpy", "pandas", "soundfile", "ser.serving"} & set(imported)


@pytest.mark.parametrize("name", ["audit", "compare", "features"])
def test_a_package_is_also_the_function_of_its_name(name: str) -> None:
    __import__(f"ser.{name}")
    both = getattr(ser, name)
    assert both.__path__
    assert signature(both) == signature(getattr(api, name))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'predict'"):
        _ = ser.predict  # type: ignore[attr-defined]


def test_features_of_files_are_those_of_the_stage_and_of_their_waveforms() -> None:
    table = ser.features(DEMO, "means_42")
    assert table.shape == (2, 42)
    assert list(table.index) == [str(path) for path in DEMO]
    recording = reading.read(DEMO[0])
    settings = api._settings("means_42", "librosa")
    own = stage.functionals(recording.waveform, recording.sample_rate, **settings)
    assert table.iloc[0].to_dict() == pytest.approx(own)
    array = ser.features(recording.waveform, ROOT / "conf/librosa/means_42.yaml", sample_rate=recording.sample_rate)
    np.testing.assert_allclose(array.to_numpy()[0], table.to_numpy()[0], rtol=1e-5)


def test_an_error_of_features_names_the_recording() -> None:
    with pytest.raises(ValueError, match=r"recording 1: NaN or infinite samples; "):
        ser.features([np.ones(8000), np.full(8000, np.nan)], "means_42", sample_rate=8000)


@pytest.mark.parametrize(
    ("feature_set", "representation", "complaint"),
    [
        ("means_43", "librosa", r"no feature set 'means_43'; wanted a name \(energy_set, "),
        ("egemaps", "librosa", "no feature set 'egemaps'; wanted representation='opensmile'$"),
        ("mel_64", "log_mel", "log_mel is an array over time"),
        ("x", "nothing", "unknown representation 'nothing'"),
        ({"name": "few"}, "librosa", "sample_rate"),
    ],
)
def test_what_is_no_table_of_features_is_told(feature_set: str, representation: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        ser.features(DEMO, feature_set, representation=representation)


def test_two_tables_of_predictions_are_compared() -> None:
    a = pd.DataFrame({"utterance": ["u1", "u2"], "speaker": "s", "truth": ["sad", "calm"], "prediction": "sad"})
    a = a.assign(partition="test", p_calm=0.4, p_sad=0.6)
    found = ser.compare(a, a.assign(prediction=a["truth"]))
    assert found.uar["difference"] == 0.5


def test_the_audit_of_a_folder_without_a_study_names_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    with pytest.raises(ValueError, match=r"utterances\.csv here; make it with: dvc repro train"):
        ser.audit(tmp_path)
