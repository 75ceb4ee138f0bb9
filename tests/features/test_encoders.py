"""Frozen speech encoders: values compared with plain calls of transformers, and everything that they depend on."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ser.audio import waveforms
from ser.features.encoders import hugging_face, ssl
from ser.representation.registry import extractor
from tests.support import small_encoders
from tests.support.synthesis import Waveform, speech_like, tone

pytestmark = [  # importorskip would import them in every process that collects the tests
    pytest.mark.skipif(find_spec(name) is None, reason=f"{name} is not installed: pip install -e '.[ssl]'")
    for name in ("torch", "transformers")
]
KINDS = small_encoders.KINDS
BY_WAVEFORM = [kind for kind in KINDS if kind != "whisper"]
N_DIMENSIONS = 12
RECEPTIVE_FIELD = 400  # samples, 25 ms
each = pytest.mark.parametrize("kind", KINDS)
each_by_waveform = pytest.mark.parametrize("kind", BY_WAVEFORM)
Recordings = Sequence[tuple[Waveform, int]]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Path]]:
    """Kind -> folder of a small encoder."""
    top = tmp_path_factory.mktemp("encoders")
    yield {kind: small_encoders.written(kind, top / kind) for kind in KINDS}
    ssl.loaded.cache_clear()


def settings_of(folder: Path, **changes: Any) -> dict[str, Any]:
    revision = hugging_face.digest(folder)
    base = {"model": str(folder), "revision": revision, "layers": None, "weights": None, "max_duration": 2.0}
    return {**base, **changes}


def vectors(recordings: Recordings, folder: Path, **changes: Any) -> npt.NDArray[np.float64]:
    settings = settings_of(folder, **changes)
    named = [ssl.encoding(*recording, **settings) for recording in recordings]
    for features in named:
        assert list(features) == [f"SSL_{k}" for k in range(1, 2 * N_DIMENSIONS + 1)]
    return np.array([list(features.values()) for features in named])


def vector(waveform: Waveform, folder: Path, rate: int = 16_000, **changes: Any) -> npt.NDArray[np.float64]:
    found: npt.NDArray[np.float64] = vectors([(waveform, rate)], folder, **changes)[0]
    return found


def pooled(states: Sequence[npt.NDArray[Any]], n_frames: int | None = None) -> npt.NDArray[Any]:
    """Mean and deviation over time of the mean of all states."""
    frames = np.mean([state[:n_frames] for state in states], axis=0)
    return np.concatenate([frames.mean(axis=0), frames.std(axis=0)])


def recordings(n_recordings: int = 6) -> list[tuple[Waveform, int]]:
    return [(speech_like(k, 0.2 + 0.23 * k, 16_000), 16_000) for k in range(n_recordings)]


# values


@each
@pytest.mark.parametrize(("duration", "n_frames"), [(1.3, 65), (2.0, 100), (0.06, 3)])
def test_values_are_those_of_transformers_called_with_one_recording(
    kind: str, duration: float, n_frames: int, folders: Mapping[str, Path]
) -> None:
    """For Whisper, only the 20 ms frames that the recording covers count; the other encoders do not pad."""
    waveform = speech_like(0, duration, 16_000)
    states = small_encoders.hidden_states(kind, folders[kind], waveform)
    expected = pooled(states, n_frames if kind == "whisper" else None)
    assert expected[N_DIMENSIONS:].max() > 1e-3
    np.testing.assert_allclose(vector(waveform, folders[kind]), expected, rtol=0, atol=1e-5)


@each
def test_no_bit_depends_on_what_else_is_in_the_call_nor_on_threads(kind: str, folders: Mapping[str, Path]) -> None:
    given = recordings()
    together = vectors(given, folders[kind])
    assert len(np.unique(together, axis=0)) == len(given)
    order = np.random.default_rng(0).permutation(len(given))
    np.testing.assert_array_equal(vectors([given[k] for k in order], folders[kind]), together[order])
    with ThreadPoolExecutor(4) as pool:
        alone = list(pool.map(lambda one: vector(one[0], folders[kind]), given * 4))
    np.testing.assert_array_equal(alone, np.tile(together, (4, 1)))


@each_by_waveform
@pytest.mark.parametrize("n_samples", [40, 100, RECEPTIVE_FIELD - 1, RECEPTIVE_FIELD])
def test_below_the_receptive_field_there_is_one_frame(kind: str, n_samples: int, folders: Mapping[str, Path]) -> None:
    found = vector(speech_like(0, 0.1, 16_000)[:n_samples], folders[kind])
    assert np.isfinite(found).all()
    assert found[:N_DIMENSIONS].any()
    assert not found[N_DIMENSIONS:].any()


def test_what_is_short_is_padded_with_zeros(folders: Mapping[str, Path]) -> None:
    """The encoder is WavLM, whose input is not normalised."""
    short = speech_like(0, 0.02, 16_000)
    padded = np.pad(short, (0, RECEPTIVE_FIELD - short.size))
    expected = pooled(small_encoders.hidden_states("wavlm", folders["wavlm"], padded))
    np.testing.assert_allclose(vector(short, folders["wavlm"]), expected, atol=1e-6)


@each
def test_silence_and_nothing_have_finite_values(kind: str, folders: Mapping[str, Path]) -> None:
    assert np.isfinite(vector(np.zeros(8000, np.float32), folders[kind])).all()
    assert np.isfinite(vector(np.zeros(0, np.float32), folders[kind])).all()


@each
def test_what_comes_after_the_limit_changes_nothing(kind: str, folders: Mapping[str, Path]) -> None:
    long = speech_like(0, 1.9, 16_000)
    cut = vector(long, folders[kind], max_duration=0.7)
    np.testing.assert_array_equal(cut, vector(long[:11_200], folders[kind]))
    assert np.abs(cut - vector(long, folders[kind])).max() > 1e-4


@each
def test_a_recording_of_another_rate_is_resampled(kind: str, folders: Mapping[str, Path]) -> None:
    recorded = speech_like(0, 0.9, 44_100)
    at_rate = waveforms.resampled(recorded, sample_rate=44_100, target=16_000)
    np.testing.assert_array_equal(vector(recorded, folders[kind], 44_100), vector(at_rate, folders[kind]))


def test_the_padding_after_a_recording_does_not_count_in_the_features_of_whisper(folders: Mapping[str, Path]) -> None:
    """The input is padded with silence, whose frames differ from those of speech; they are left out of the mean."""
    waveform = speech_like(0, 0.5, 16_000)
    states = small_encoders.hidden_states("whisper", folders["whisper"], waveform)
    assert len(states[0]) == 100
    assert np.abs(vector(waveform, folders["whisper"]) - pooled(states)).max() > 0.1


# layers


@each
def test_chosen_layers_are_weighed(kind: str, folders: Mapping[str, Path]) -> None:
    waveform = speech_like(0, 0.5, 16_000)
    states = small_encoders.hidden_states(kind, folders[kind], waveform)
    n_frames = 25 if kind == "whisper" else None
    last = len(states) - 1
    alone = vector(waveform, folders[kind], layers=[last])
    np.testing.assert_allclose(alone, pooled(states[-1:], n_frames), atol=1e-5)
    weighed = vector(waveform, folders[kind], layers=[last, 0], weights=[3.0, 1.0])
    np.testing.assert_allclose(weighed, pooled([0.75 * 2 * states[-1], 0.25 * 2 * states[0]], n_frames), atol=1e-5)
    np.testing.assert_array_equal(weighed, vector(waveform, folders[kind], layers=[0, last], weights=[2, 6]))


def test_weights_sum_to_one_and_are_equal_unless_given() -> None:
    np.testing.assert_array_equal(ssl.layer_weights(4, None, None), [0.25] * 4)
    np.testing.assert_array_equal(ssl.layer_weights(4, [3, 1], None), [0, 0.5, 0, 0.5])
    np.testing.assert_array_equal(ssl.layer_weights(3, None, [0, 1, 3]), [0, 0.25, 0.75])
    np.testing.assert_array_equal(ssl.layer_weights(3, [2, 0], [1, 3]), [0.75, 0, 0.25])


@pytest.mark.parametrize("layers", [[], [4], [-1], [1, 1]])
def test_layers_that_are_none_are_refused_with_those_that_there_are(layers: list[int]) -> None:
    message = f"ssl.layers is {layers}; choose from 0 (the input of the first layer) to 3, each once"
    with pytest.raises(ValueError, match=re.escape(message)):
        ssl.layer_weights(4, layers, None)


@pytest.mark.parametrize("weights", [[], [1.0], [1.0, -1.0], [0.0, 0.0], [1.0, float("nan")], [[1.0, 1.0]]])
def test_weights_that_are_none_are_refused(weights: Any) -> None:
    with pytest.raises(ValueError, match=re.escape(f"ssl.weights is {weights}; give one weight for each layer (2)")):
        ssl.layer_weights(4, [0, 1], weights)


def test_a_recording_longer_than_whisper_reads_is_not_cut_silently(folders: Mapping[str, Path]) -> None:
    with pytest.raises(ValueError, match=r"takes 2 s at most; choose -S ssl\.max_duration=2"):
        vector(tone(440, 0.1), folders["whisper"], max_duration=2.5)


# files


def test_a_model_extracts_what_its_stage_did(folders: Mapping[str, Path]) -> None:
    waveform = speech_like(0, 0.5, 22_050)
    settings = {**settings_of(folders["hubert"]), "required": False}
    found = extractor("ssl", settings, ["SSL_3", "SSL_1"])(waveform, 22_050)
    expected = vector(waveform, folders["hubert"], 22_050)[[2, 0]]
    np.testing.assert_array_equal(found, expected.astype(np.float32))
    assert found.dtype == np.float32


def test_weights_in_the_older_format_give_the_same(folders: Mapping[str, Path], tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    older = small_encoders.written("wavlm", tmp_path / "older", seed=1)
    torch.save(load_file(folders["wavlm"] / "model.safetensors"), older / "pytorch_model.bin")
    (older / "model.safetensors").unlink()
    np.testing.assert_array_equal(vector(tone(440, 0.5), older), vector(tone(440, 0.5), folders["wavlm"]))


def test_weights_that_lack_something_are_refused_and_not_filled_at_random(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = small_encoders.written("wavlm", tmp_path)
    tensors = load_file(folder / "model.safetensors")
    removed = "encoder.layers.1.attention.q_proj.weight"
    del tensors[removed]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ssl.Unavailable, match=f"lack 1 of the encoder's parameters, the first is {removed}"):
        vector(tone(440, 0.1), folder)


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    folder = small_encoders.written("hubert", tmp_path)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ssl.Unavailable, match=r"cannot be used \(.+\); fetch its files anew"):
        vector(tone(440, 0.1), folder)


def test_a_network_of_another_kind_is_refused_with_those_that_will_do(tmp_path: Path) -> None:
    folder = small_encoders.written("hubert", tmp_path)
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(ssl.Unavailable, match=r"holds a network of type bert; ssl\.model must be one of wavlm, hubert"):
        vector(tone(440, 0.1), folder)


COMMIT = "0123456789" * 4


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hub's cache with an encoder named `someone/small`, on a machine without a network."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return small_encoders.written("wavlm", tmp_path / "models--someone--small/snapshots" / COMMIT)


def test_an_encoder_of_the_hubs_cache_needs_no_network(cached: Path) -> None:
    hugging_face.check("someone/small", COMMIT)
    assert hugging_face.is_cached("someone/small", COMMIT)
    found = vector(tone(440, 0.5), cached, model="someone/small", revision=COMMIT)
    np.testing.assert_array_equal(found, vector(tone(440, 0.5), cached))


@pytest.mark.parametrize(
    ("model", "revision"), [("someone/other", COMMIT), ("someone/small", "f" * 40), ("no/possible/name", COMMIT)]
)
@pytest.mark.usefixtures("cached")
def test_an_encoder_that_cannot_be_had_ends_with_the_remedy(model: str, revision: str, tmp_path: Path) -> None:
    assert not hugging_face.is_cached(model, revision)
    message = f"{model}, revision {revision}, is not in {tmp_path}, and cannot be downloaded .*set HF_HUB_CACHE"
    for function in (hugging_face.check, hugging_face.folder, ssl.loaded):
        with pytest.raises(ssl.Unavailable, match=message):
            function(model, revision)


def test_an_interrupted_download_is_not_taken_for_whole(cached: Path) -> None:
    (cached / "model.safetensors").unlink()
    assert not hugging_face.is_cached("someone/small", COMMIT)
    with pytest.raises(ssl.Unavailable, match="and cannot be downloaded"):
        hugging_face.check("someone/small", COMMIT)
