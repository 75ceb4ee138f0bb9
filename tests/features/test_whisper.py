"""Representation `whisper`: pooled layers, and the place of the weights."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import yaml

from ser.audio import waveforms
from ser.features import availability
from ser.features.encoders import hugging_face, whisper, whisper_files, whisper_weights
from ser.features.encoders.hugging_face import COMMIT, Unavailable
from ser.features.encoders.whisper_layers import NumpyStates
from ser.features.encoders.whisper_spectra import log_mel_spectra
from ser.representation.registry import extractor
from tests.support import small_whisper
from tests.support.paths import ROOT
from tests.support.synthesis import Waveform, speech_like, tone

MODEL, REVISION = "openai/whisper-base", "0123456789" * 4
WIDTH = small_whisper.WIDTH
Vector = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of encoders that has a small one."""
    return small_whisper.encoders(tmp_path_factory.mktemp("encoders"))


@pytest.fixture(autouse=True)
def local(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SER_ENCODERS", str(folder))
    whisper.loaded.cache_clear()
    yield
    whisper.loaded.cache_clear()


def settings(**changes: Any) -> dict[str, Any]:
    base = {
        "model": MODEL,
        "revision": REVISION,
        "layers": [2],
        "pooling": ["mean", "deviation"],
        "extent": "recording",
    }
    return {**base, "max_duration": 2.0, **changes}


def vector(waveform: Waveform, rate: int = 16_000, **changes: Any) -> Vector:
    named = whisper.encoding(waveform, rate, **settings(**changes))
    assert list(named) == [f"Whisper_{k}" for k in range(1, len(named) + 1)]
    return np.array(list(named.values()))


def silence(seconds: float) -> Waveform:
    return np.zeros(round(16_000 * seconds), np.float32)


def state(folder: Path, waveform: Waveform, number: int) -> npt.NDArray[np.float32]:
    weights = whisper_weights.read(folder / "whisper_base/model.safetensors")
    (found,) = NumpyStates(weights)(log_mel_spectra(waveform), [number])
    return found


# values


def test_features_are_statistics_of_one_layer_after_the_other(folder: Path) -> None:
    waveform = speech_like(0, 0.9, 16_000)
    first, last = state(folder, waveform, 0), state(folder, waveform, 3)
    expected = np.concatenate([last.mean(axis=0), last.std(axis=0), first.mean(axis=0), first.std(axis=0)])
    np.testing.assert_allclose(vector(waveform, layers=[3, 0]), expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(vector(waveform, layers=[0], pooling=["deviation"]), expected[-WIDTH:], atol=1e-5)


@pytest.mark.parametrize(("highest", "n_read"), [(0, 0), (2, 2), (3, 3)])
def test_only_the_layers_up_to_the_highest_are_read(highest: int, n_read: int, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    real = whisper_weights.read
    monkeypatch.setattr(
        whisper_weights, "read", lambda *path, n_layers, **_: read.append(n_layers) or real(*path, n_layers=n_layers)
    )
    vector(tone(440, 0.2), layers=[0, highest] if highest else [0])
    assert read == [n_read]


def test_the_states_of_the_padding_are_left_out(folder: Path) -> None:
    waveform = speech_like(0, 0.9, 16_000)
    padded = state(folder, np.pad(waveform, (0, 32_000 - waveform.size)), 2)[:45]
    expected = np.concatenate([padded.mean(axis=0), padded.std(axis=0)])
    np.testing.assert_allclose(vector(waveform, extent="padded"), expected, rtol=0, atol=1e-5)
    assert np.abs(vector(waveform) - expected).max() > 0.01
    assert vector(np.zeros(0, np.float32), extent="padded").shape == (2 * WIDTH,)


def test_a_recording_is_resampled_and_what_comes_after_the_limit_changes_nothing() -> None:
    recorded = speech_like(0, 1.5, 44_100)
    at_rate = waveforms.resampled(recorded, sample_rate=44_100, target=16_000)
    np.testing.assert_array_equal(vector(recorded, 44_100, max_duration=0.7), vector(at_rate[:11_200]))


@pytest.mark.parametrize("n_samples", [0, 1, 300])
def test_the_shortest_recordings_have_one_state(n_samples: int) -> None:
    found = vector(tone(440, 0.1)[:n_samples])
    assert np.isfinite(found).all()
    assert not found[WIDTH:].any()


def test_a_model_extracts_what_its_stage_did() -> None:
    waveform = speech_like(0, 0.5, 22_050)
    found = extractor("whisper", {**settings(), "required": False}, ["Whisper_3", "Whisper_1"])(waveform, 22_050)
    np.testing.assert_array_equal(found, vector(waveform, 22_050)[[2, 0]].astype(np.float32))


# settings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": []}, "whisper.layers is []; give a list of layers"),
        ({"layers": [1, 1]}, "whisper.layers is [1, 1]; give a list of layers, each once"),
        ({"layers": [-1]}, "whisper.layers is [-1]; give a list of layers"),
        ({"layers": [4]}, "has 3; choose from 0 (the input of the first layer) to 3"),
        ({"pooling": ["mode"]}, "whisper.pooling is ['mode']; choose one or more of mean, deviation"),
        ({"pooling": []}, "whisper.pooling is []; choose one or more of mean, deviation"),
        ({"extent": "all"}, "whisper.extent is all; choose one of recording, speech, padded"),
        ({"max_duration": 2.5}, "takes 2.0 s at most; choose -S whisper.max_duration=2.0"),
        ({"model": "/no/folder"}, "whisper.model is /no/folder; wanted a name at https://huggingface.co"),
        ({"revision": "main"}, "whisper.revision is main; wanted a commit of 40 hexadecimal digits"),
    ],
)
def test_a_setting_that_is_none_is_refused_with_those_that_there_are(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        vector(tone(440, 0.1), **changes)


@pytest.mark.parametrize("decibels", [-40, -20, 20])
def test_the_level_of_a_recording_changes_nothing_where_all_have_the_same(decibels: float) -> None:
    speech = speech_like(0, 1.0, 16_000)
    louder = speech * np.float32(10 ** (decibels / 20))
    expected = vector(speech, level=-20.0)
    np.testing.assert_allclose(vector(louder, level=-20.0), expected, rtol=0, atol=1e-3)
    assert np.abs(vector(louder) - vector(speech)).max() > 1e-2
    assert vector(np.zeros(0, np.float32), level=-20.0).shape == expected.shape
    assert np.isfinite(vector(silence(1), level=-20.0)).all()


def test_silence_around_the_speech_changes_nothing_where_only_speech_is_encoded() -> None:
    speech = np.concatenate([silence(0.3), tone(440, 0.5), silence(0.3)])
    longer = np.concatenate([silence(1.4), speech, silence(2.0)])
    alone = vector(speech, extent="speech")
    np.testing.assert_array_equal(vector(longer, extent="speech"), alone)
    np.testing.assert_array_equal(vector(speech), alone)
    assert np.abs(vector(longer) - alone).max() > 1e-3
    assert vector(np.zeros(0, np.float32), extent="speech").shape == (2 * WIDTH,)
    assert vector(silence(1), extent="speech").shape == (2 * WIDTH,)


@pytest.mark.parametrize("path", sorted((ROOT / "conf/whisper").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_choice_names_its_encoder_for_good(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    assert list(content) == [*settings(), "level", "required"]
    assert content["model"] in (f"openai/whisper-{path.stem}", f"packaged/whisper-{path.stem.replace('_', '-')}")
    assert COMMIT.fullmatch(content["revision"])
    assert not hugging_face.unknown(content)
    assert content["extent"] == ("speech" if path.stem.endswith("int8") else "recording")
    assert content["level"] is None
    assert content["required"] is False


# place of the weights


def test_weights_of_a_local_folder_are_told_apart_by_their_digest(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cache of features, the bundle and the finding of the probe have it: a revision does not pin such a file."""
    (name,) = whisper_files.weights(settings()).keys()
    file = whisper_files.local(MODEL)
    assert file is not None
    assert whisper_files.weights(settings()) == {name: hashlib.sha256(file.read_bytes()).hexdigest()}
    config = {"extract": "needed", "whisper": settings()}
    assert availability.state("whisper", True, config)["weights"] == whisper_files.weights(settings())
    assert "weights" not in availability.state("whisper", False, config)
    monkeypatch.delenv("SER_ENCODERS")
    assert whisper_files.weights(settings()) == {}


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub, on a machine without a network; no folder of encoders."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.delenv("SER_ENCODERS")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "n_values", "most"), [("tiny_int8", 2 * 2 * 384, 8e6), ("base_emotion_int8", 512, 12e6)]
)
def test_a_packaged_encoder_needs_no_folder_and_no_network_and_is_the_one_of_its_revision(
    name: str, n_values: int, most: float, offline: Path
) -> None:
    content = yaml.safe_load((ROOT / f"conf/whisper/{name}.yaml").read_text())
    whisper_files.check(content["model"], content["revision"])
    path = whisper_files.path(content["model"], content["revision"])
    assert hashlib.sha1(path.read_bytes()).hexdigest() == content["revision"]
    assert path.stat().st_size < most
    assert list(offline.iterdir()) == []
    given = {key: value for key, value in content.items() if key != "required"}
    values = whisper.encoding(tone(440, 0.5), 16_000, **given)
    assert len(values) == n_values


def test_weights_that_cannot_be_had_end_with_the_remedies(offline: Path) -> None:
    message = (
        f"{MODEL}, revision {REVISION}, is not in {offline}, and cannot be downloaded .*set HF_HUB_CACHE .* or put its"
        " model.safetensors into the folder whisper_base of a folder that SER_ENCODERS names"
    )
    for function in (whisper_files.check, whisper_files.path):
        with pytest.raises(Unavailable, match=message):
            function(MODEL, REVISION)


def test_weights_of_the_hubs_cache_need_no_network(offline: Path) -> None:
    snapshot = offline / "models--openai--whisper-base/snapshots" / REVISION
    small_whisper.written(snapshot)
    whisper_files.check(MODEL, REVISION)
    assert whisper_files.path(MODEL, REVISION) == snapshot / whisper_files.FILE
    with pytest.raises(Unavailable, match="and cannot be downloaded"):
        whisper_files.check(MODEL, "f" * 40)


def test_only_the_file_of_the_weights_is_downloaded(offline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    downloaded: list[Any] = []

    def download(*names: str, revision: str) -> str:
        downloaded.append((*names, revision))
        return str(offline / "file")

    monkeypatch.setattr(whisper_files.hugging_face, "check_offered", lambda *_, **__: None)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    assert whisper_files.path(MODEL, REVISION) == offline / "file"
    assert downloaded == [(MODEL, "model.safetensors", REVISION)]


def test_an_interrupted_download_ends_with_the_remedies(offline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whisper_files.hugging_face, "check_offered", lambda *_, **__: None)
    with pytest.raises(Unavailable, match=r"cannot be downloaded \(LocalEntryNotFoundError.*set HF_HUB_CACHE"):
        whisper_files.path(MODEL, REVISION)


def test_an_encoder_that_the_folder_lacks_is_sought_at_the_hub(
    folder: Path, offline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SER_ENCODERS", str(folder))
    assert whisper_files.found(MODEL, REVISION) == folder / "whisper_base/model.safetensors"
    assert whisper_files.found("openai/whisper-tiny", REVISION) is None
