"""Fine-tuning of YAMNet's layers: against the embedding of the published model, and frozen layers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ser.features.yamnet import hub
from ser.features.yamnet import network as yamnet_network
from ser.features.yamnet import weights as yamnet_weights
from ser.features.yamnet.patches import patches
from ser.models.backend import keras
from ser.models.networks import network
from tests.support.published_weights import random_weights

HANDLE = "https://tfhub.dev/google/yamnet/1"
RNG = np.random.default_rng(0)


@pytest.fixture
def unpublished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yamnet_weights, "weights", random_weights)


def built(shape: tuple[int, int] = (64, 96), **settings: Any) -> Any:
    given = {"handle": HANDLE, "n_layers": 3, "n_frozen": 0, "dropout": 0.5, **settings}
    return network("tuned_yamnet", input_shape=shape, n_labels=4, standardisation=None, **given)


def pooled(model: Any, values: np.ndarray) -> np.ndarray:
    """Input of the last layer."""
    return keras.ops.convert_to_numpy(keras.Model(model.input, model.layers[-1].input)(values))


@pytest.mark.real
def test_all_layers_of_the_published_model_give_its_embedding() -> None:
    """YAMNet's embedding is the mean of its last layer over time and bands."""
    if not hub.is_cached(HANDLE):
        pytest.skip("TFHUB_CACHE_DIR is not set, or has no YAMNet")
    patch = patches(RNG.uniform(-1, 1, 15_600).astype(np.float32))
    embedding = yamnet_network.loaded(HANDLE)(patch)
    found = pooled(built(n_layers=14), patch.transpose(0, 2, 1))
    np.testing.assert_allclose(found[:, :1024], embedding, atol=1e-4)
    assert (found[:, 1024:] >= 0).all()


@pytest.mark.real
def test_the_weights_are_the_published_ones_in_their_order() -> None:
    if not hub.is_cached(HANDLE):
        pytest.skip("TFHUB_CACHE_DIR is not set, or has no YAMNet")
    found = yamnet_weights.weights(HANDLE, n_layers=14)
    assert [[part.shape for part in layer] for layer in found] == [
        [part.shape for part in layer] for layer in random_weights(HANDLE, n_layers=14)
    ]
    normalisations = found[1::2]
    assert all((variance > 0).all() for _, _, variance in normalisations)


def test_frozen_and_trainable_layers_have_equal_outputs(unpublished: None) -> None:
    values = RNG.normal(size=(3, 64, 96)).astype(np.float32)
    learning, frozen = (pooled(built(n_layers=4, n_frozen=n_frozen), values) for n_frozen in (0, 4))
    assert learning.std() > 0.01
    np.testing.assert_allclose(frozen, learning, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("n_layers", "n_frozen"), [(1, 0), (3, 0), (3, 2), (4, 4)])
def test_training_changes_all_layers_except_the_frozen_ones(unpublished: None, n_layers: int, n_frozen: int) -> None:
    model = built(n_layers=n_layers, n_frozen=n_frozen)
    layers = [layer for layer in model.layers if layer.weights]
    before = [layer.get_weights() for layer in layers]
    model.compile(keras.optimizers.SGD(0.1), "categorical_crossentropy")
    model.train_on_batch(RNG.normal(size=(8, 64, 96)).astype(np.float32), np.eye(4, dtype=np.float32)[[0, 1, 2, 3] * 2])
    n_kept = 2 * n_frozen - 1 if n_frozen else 0
    for k, (layer, weights) in enumerate(zip(layers, before, strict=True)):
        same = [np.array_equal(one, other) for one, other in zip(weights, layer.get_weights(), strict=True)]
        assert all(same) if k < n_kept else not any(same), layer.name


def test_the_pooled_values_are_mean_and_deviation_over_time_of_the_mean_over_bands(unpublished: None) -> None:
    model = built((64, 128))
    values = RNG.normal(size=(2, 64, 128)).astype(np.float32)
    last = [layer for layer in model.layers if isinstance(layer, keras.layers.Activation)][-1]
    outputs = keras.ops.convert_to_numpy(keras.Model(model.input, last.output)(values))
    assert outputs.shape == (2, 128 // 4, 64 // 4, 128)  # time first
    over_time = outputs.mean(axis=2)
    expected = np.concatenate([over_time.mean(axis=1), over_time.std(axis=1)], axis=1)
    np.testing.assert_allclose(pooled(model, values), expected, rtol=1e-3, atol=2e-3)


def test_its_file_contains_only_layers_of_keras(unpublished: None, tmp_path: Path) -> None:
    model = built()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    values = RNG.normal(size=(2, 64, 96)).astype(np.float32)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(again(values)), keras.ops.convert_to_numpy(model(values)), rtol=1e-5
    )


@pytest.mark.parametrize(
    ("shape", "settings", "match"),
    [
        (
            (64, 94),
            {},
            r"64 bands and 96 frames or more, .* shape \(64, 94\); choose -S model\.representation=yamnet_bands",
        ),
        ((40, 256), {}, r"shape \(40, 256\); choose -S model\.representation=yamnet_bands"),
        ((64, 96), {"n_layers": 0}, r"model\.n_layers is 0; YAMNet has 1 to 14"),
        ((64, 96), {"n_layers": 15}, r"model\.n_layers is 15"),
        ((64, 96), {"n_frozen": 4}, r"model\.n_frozen is 4; it must be from 0 to model\.n_layers, which is 3"),
    ],
)
def test_wrong_shapes_and_settings_are_refused_with_the_remedy(
    unpublished: None, shape: tuple[int, int], settings: dict[str, int], match: str
) -> None:
    with pytest.raises(ValueError, match=match):
        built(shape, **settings)


def test_a_missing_published_model_is_an_error_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(handle: str) -> Path:
        raise OSError("no network")

    monkeypatch.setattr(yamnet_weights, "downloaded", unreachable)
    with pytest.raises(yamnet_weights.Unavailable, match=r"set TFHUB_CACHE_DIR .* \(OSError\)"):
        yamnet_weights.weights(HANDLE, n_layers=1)


def test_another_published_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yamnet_weights, "downloaded", lambda _: tmp_path)
    with pytest.raises(yamnet_weights.Unavailable, match="does not have the weights of YAMNet"):
        yamnet_weights.weights(HANDLE, n_layers=1)
