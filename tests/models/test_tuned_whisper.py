"""Layers of Whisper that are trained further: against the frozen encoder, poolings, learning rates, files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ser.features.encoders import whisper_weights
from ser.features.encoders.hugging_face import Unavailable
from ser.features.encoders.whisper_layers import NumpyStates
from ser.features.encoders.whisper_spectra import log_mel_spectra
from ser.models import neural, optimizers
from ser.models.backend import keras
from ser.models.networks import network
from ser.models.networks.random_excerpt import RandomExcerpt
from tests.support import small_whisper
from tests.support.synthesis import speech_like

NAME, REVISION = "openai/whisper-base", "0123456789" * 4
N_STATES, WIDTH = 20, small_whisper.WIDTH
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of encoders that has a small one, with 3 layers."""
    return small_whisper.encoders(tmp_path_factory.mktemp("encoders"))


@pytest.fixture(autouse=True)
def local(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SER_ENCODERS", str(folder))


def built(shape: tuple[int, int] = (N_STATES, WIDTH), **changes: Any) -> Any:
    given = {"encoder": NAME, "revision": REVISION, "layer": 1, "n_layers": 2, "encoder_dropout": 0.1, "excerpt": 12}
    given |= {"pooling": "statistics", "dropout": 0.4} | changes
    return network("tuned_whisper", input_shape=shape, n_labels=4, standardisation=None, **given)


def values(n_rows: int = 8) -> np.ndarray:
    return RNG.normal(size=(n_rows, N_STATES, WIDTH)).astype(np.float32)


def pooled(model: Any, states: np.ndarray) -> np.ndarray:
    """Input of the normalisation before the last layer."""
    (normalize,) = (layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization))
    return np.asarray(keras.ops.convert_to_numpy(keras.Model(model.input, normalize.input)(states)))


@pytest.mark.parametrize("n_layers", [2, 3])
def test_untrained_it_gives_statistics_of_the_layer_of_the_frozen_encoder(folder: Path, n_layers: int) -> None:
    """Layer 3 is the last one, which is normalised."""
    weights = whisper_weights.read(folder / "whisper_base/model.safetensors")
    first, last = NumpyStates(weights)(log_mel_spectra(speech_like(0, 0.4, 16_000)), [1, n_layers])
    assert first.shape == (N_STATES, WIDTH)
    found = pooled(built(n_layers=n_layers), first[np.newaxis])[0]
    np.testing.assert_allclose(found, np.concatenate([last.mean(axis=0), last.std(axis=0)]), rtol=0, atol=2e-3)


def test_attentive_pooling_with_equal_weights_gives_the_plain_statistics() -> None:
    plain, weighed = built(), built(pooling="attention")
    (scores,) = (layer for layer in weighed.layers if getattr(layer, "units", 0) == 1)
    states = values(3)
    before = pooled(weighed, states)
    scores.set_weights([np.zeros_like(weight) for weight in scores.get_weights()])
    np.testing.assert_allclose(pooled(weighed, states), pooled(plain, states), rtol=0, atol=1e-4)
    assert np.abs(before - pooled(weighed, states)).max() > 1e-3


def test_an_excerpt_is_a_random_stretch_of_each_row_and_only_in_training() -> None:
    states = values()
    layer = RandomExcerpt(length=12)
    found = keras.ops.convert_to_numpy(layer(states, training=True))
    starts = [int(np.flatnonzero((row[0] == whole).all(axis=1))[0]) for row, whole in zip(found, states, strict=True)]
    np.testing.assert_array_equal(found, [whole[k : k + 12] for k, whole in zip(starts, states, strict=True)])
    assert len(set(starts)) > 2
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer(states)), states)
    assert RandomExcerpt.from_config(layer.get_config()).length == 12


def test_the_encoder_is_trained_at_a_lower_rate_also_after_it_was_saved(tmp_path: Path) -> None:
    """A step of Adam is the learning rate, whatever the size of a gradient is."""
    rates = {"whisper_": 0.1, "whisper_2_expand": 0.01}
    model = built()
    model.compile(optimizers.of_layers(model, 1e-2, decay=0.0, multipliers=rates), "categorical_crossentropy")
    sizes = 10 ** RNG.uniform(-3, 3, len(model.trainable_variables))
    for step in range(1, 3):
        trained = model.trainable_variables
        before = [keras.ops.convert_to_numpy(variable) for variable in trained]
        model.optimizer.apply([keras.ops.full_like(one, k) for one, k in zip(trained, sizes, strict=True)], trained)
        for variable, start in zip(trained, before, strict=True):
            expected = start - 1e-2 * optimizers.factor(variable.path, rates)
            np.testing.assert_allclose(keras.ops.convert_to_numpy(variable), expected, rtol=0, atol=1e-5)
        model.save(tmp_path / "model.keras")
        model = keras.saving.load_model(tmp_path / "model.keras")
        assert int(model.optimizer.iterations) == step


def test_the_decay_of_a_weight_has_the_rate_of_its_layer() -> None:
    model = built()
    before = [keras.ops.convert_to_numpy(variable) for variable in model.trainable_variables]
    optimizer = optimizers.of_layers(model, 0.5, decay=0.2, multipliers={"whisper_": 0.1})
    optimizer.apply(
        [keras.ops.zeros_like(variable) for variable in model.trainable_variables], model.trainable_variables
    )
    for variable, start in zip(model.trainable_variables, before, strict=True):
        share = 0.5 * 0.2 * (0.1 if variable.path.startswith("whisper_") else 1)
        np.testing.assert_allclose(keras.ops.convert_to_numpy(variable), start * (1 - share), rtol=1e-5, atol=1e-7)


def test_a_multiplier_of_no_layer_is_refused_with_the_layers() -> None:
    with pytest.raises(ValueError, match=r"training\.multipliers has 'yamnet_', which begins no name of .*whisper_2_"):
        optimizers.of_layers(built(), 1e-3, decay=0.0, multipliers={"yamnet_": 0.1})


@pytest.mark.parametrize("pooling", ["statistics", "attention"])
def test_its_file_is_read_as_that_of_a_stranger(pooling: str, tmp_path: Path) -> None:
    model = built(pooling=pooling, n_layers=3)
    model.save(tmp_path / "model.keras")
    states = values(2)
    found = neural.outputs(neural.loaded(tmp_path / "model.keras"), states)
    np.testing.assert_allclose(found, neural.outputs(model, states), rtol=1e-5)


@pytest.mark.parametrize(
    ("shape", "changes", "match"),
    [
        (
            (N_STATES, 512),
            {},
            r"have 128 values, .* shape \(20, 512\); .* choose the encoder by -S whisper_states",
        ),
        ((8, WIDTH), {}, r"model\.excerpt is 12; it must be from 1 to 8"),
        ((N_STATES, WIDTH), {"n_layers": 1}, r"model\.n_layers is 1; it must be above model\.layer, which is 1"),
        ((N_STATES, WIDTH), {"n_layers": 4}, r"model\.n_layers asks for layer 4, and the encoder in .* has 3"),
        ((N_STATES, WIDTH), {"pooling": "mean"}, r"unknown model\.pooling 'mean'; it is one of statistics, attention"),
        ((N_STATES, WIDTH), {"revision": "main"}, r"whisper_states\.revision is main; wanted a commit"),
    ],
)
def test_wrong_shapes_and_settings_are_refused_with_the_remedy(
    shape: tuple[int, int], changes: dict[str, Any], match: str
) -> None:
    with pytest.raises(ValueError, match=match):
        built(shape, **changes)


def test_weights_that_cannot_be_had_end_with_the_remedies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.delenv("SER_ENCODERS")
    with pytest.raises(Unavailable, match=r"set HF_HUB_CACHE .* into the folder whisper_base of a folder that SER_ENC"):
        built()
