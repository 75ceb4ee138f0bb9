"""Whisper's encoder in Keras: its states are those of the NumPy one, and only the later layers are trained."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ser.features.encoders import whisper_weights
from ser.features.encoders.whisper_layers import NumpyStates
from ser.features.encoders.whisper_spectra import log_mel_spectra
from ser.features.encoders.whisper_weights import Weights
from ser.models.backend import keras
from ser.models.networks import whisper_encoder
from tests.support import small_whisper
from tests.support.synthesis import speech_like

N_FRAMES = 130


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    folder: Path = small_whisper.written(tmp_path_factory.mktemp("whisper"))
    return whisper_weights.read(folder / "model.safetensors")


def built(weights: Weights, **settings: Any) -> Any:
    inputs = keras.Input((weights.n_mels, N_FRAMES))
    return keras.Model(inputs, whisper_encoder.states(inputs, weights, **settings))


def test_states_are_those_of_numpy_which_are_those_of_transformers(weights: Weights) -> None:
    spectra = log_mel_spectra(speech_like(0, N_FRAMES / 100, 16_000))
    found = [keras.ops.convert_to_numpy(state)[0] for state in built(weights)(spectra[np.newaxis])]
    np.testing.assert_allclose(found, NumpyStates(weights)(spectra, range(4)), rtol=0, atol=1e-4)


@pytest.mark.parametrize("n_frozen", [0, 2, 3])
def test_frozen_layers_and_positions_are_not_trained(weights: Weights, n_frozen: int) -> None:
    model = built(weights, n_frozen=n_frozen, dropout=0.1)
    trained = {layer.name for layer in model.layers if layer.trainable_weights}
    expected = {
        f"whisper_{k}_{part}"
        for k in range(n_frozen + 1, 4)
        for part in ("attention_norm", "attention", "dense_norm", "expand", "contract")
    }
    expected |= {"whisper_norm"} if n_frozen < 3 else set()
    expected |= set() if n_frozen else {"whisper_convolution_1", "whisper_convolution_2"}
    assert trained == expected


def test_a_saved_encoder_is_loaded_with_its_states(weights: Weights, tmp_path: Path) -> None:
    model = built(weights, n_frozen=1)
    model.save(tmp_path / "encoder.keras")
    loaded = keras.saving.load_model(tmp_path / "encoder.keras", safe_mode=True)
    spectra = np.random.default_rng(0).normal(size=(2, 80, N_FRAMES)).astype(np.float32)
    for state, other in zip(model(spectra), loaded(spectra), strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(state), keras.ops.convert_to_numpy(other))
