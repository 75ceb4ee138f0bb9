"""Every network of `conf/model`: its layers, its input and its refusals."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ser.features.yamnet import hub
from ser.models import ENSEMBLE, NEURAL, classifiers
from ser.models.backend import keras
from ser.models.networks import NETWORKS, network
from tests.support.network_names import ON_LOG_MEL
from tests.support.paths import ROOT
from tests.support.small_corpora import composed

SHAPES = {"log_mel": (64, 94), "frames": (130, 62), "librosa": (120,), "yamnet_bands": (64, 256)}
N_LABELS = 8
L2 = {
    **dict.fromkeys((*ON_LOG_MEL, "dnn", "tuned_yamnet"), 0),
    "cnn_lstm_regularized": 0.001,
    "conv_bilstm": 0.001,
    "attention": 0.0001,
}


def settings(name: str, *overrides: str) -> dict[str, Any]:
    """Arguments of `network` from a composed model."""
    model = composed(f"model={name}", *overrides)["model"]
    return {key: value for key, value in model.items() if key != "representation"}


def built(name: str, shape: tuple[int, ...], *overrides: str, **changes: Any) -> Any:
    given = {"n_labels": N_LABELS, "standardisation": None, **settings(name, *overrides), **changes}
    if name == "tuned_yamnet" and not hub.is_cached(given["handle"]):
        pytest.skip("TFHUB_CACHE_DIR is not set, or has no YAMNet")
    return network(input_shape=shape, **given)


@cache
def whole(name: str) -> Any:
    """A network with the settings of its YAML file, for its own representation."""
    return built(name, SHAPES[composed(f"model={name}")["model"]["representation"]])


def of(model: Any, *kinds: str) -> list[Any]:
    """Layers of some kinds in their order."""
    return [layer for layer in model.layers if type(layer).__name__ in kinds]


def kinds(model: Any) -> list[str]:
    """Kinds of the layers, without those that only reorder or scale."""
    plain = ("InputLayer", "Normalization", "Reshape", "Permute", "Flatten")
    return [type(layer).__name__ for layer in model.layers if type(layer).__name__ not in plain]


def units(model: Any, kind: str) -> list[int]:
    return [layer.units for layer in of(model, kind)]


def rates(model: Any) -> list[float]:
    return [layer.rate for layer in of(model, "Dropout")]


def penalty(layer: Any) -> float:
    return float(layer.kernel_regularizer.l2) if layer.kernel_regularizer else 0.0


def shapes(model: Any, kind: str) -> list[tuple[int, ...]]:
    return [tuple(layer.output.shape[1:]) for layer in of(model, kind)]


def test_neural_has_the_names_of_all_network_files_in_conf_model() -> None:
    files = {path.stem for path in (ROOT / "conf/model").glob("*.yaml")}
    others = {ENSEMBLE, "best", "best_small", "known_speakers", "whisper_discriminant", "whisper_linear"}
    assert set(NEURAL) == set(NETWORKS) == files - others - set(classifiers.MODELS)
    assert set(L2) <= set(NEURAL)
    assert all(composed(f"model={name}")["model"]["name"] == name for name in NEURAL)


@pytest.mark.parametrize("name", L2)
def test_a_network_gives_probabilities_of_every_label_for_its_own_representation(name: str) -> None:
    model = whole(name)
    values = np.random.default_rng(0).random((3, *model.input_shape[1:])).astype(np.float32)
    probability = keras.ops.convert_to_numpy(model(values))
    assert probability.shape == (3, N_LABELS)
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-5)
    assert (probability > 0).all()
    assert np.ptp(probability, axis=0).max() > 0  # the input matters
    assert model.layers[-1].activation is keras.activations.softmax
    assert model.name == name


@pytest.mark.parametrize("name", L2)
def test_every_l2_and_no_other_is_in_the_loss(name: str) -> None:
    model = whole(name)
    found = {round(penalty(layer), 8) for layer in of(model, "Conv2D", "Conv1D", "Dense")}
    assert found - {0.0} == ({L2[name]} if L2[name] else set())
    assert len(model.losses) == sum(penalty(layer) > 0 for layer in of(model, "Conv2D", "Conv1D", "Dense"))


@pytest.mark.parametrize(("name", "cell"), [("cnn_gru", "GRU"), ("cnn_lstm", "LSTM"), ("cnn_lstm_regularized", "LSTM")])
def test_system_b_s_networks_have_two_convolutions_one_recurrent_layer_over_23_steps_and_one_dense(
    name: str, cell: str
) -> None:
    model = whole(name)
    block = ["Conv2D", "BatchNormalization", "MaxPooling2D", "Dropout"]
    assert kinds(model) == [*block, *block, cell, "Dense", "Dropout", "Dense"]
    assert [(layer.filters, layer.kernel_size) for layer in of(model, "Conv2D")] == [(32, (3, 3)), (64, (3, 3))]
    assert [layer.pool_size for layer in of(model, "MaxPooling2D")] == [(2, 2), (2, 2)]
    assert shapes(model, "MaxPooling2D") == [(32, 47, 32), (16, 23, 64)]
    assert rates(model) == [0.3, 0.3, 0.3]
    (recurrent,) = of(model, cell)
    assert (recurrent.units, recurrent.return_sequences) == (128, False)
    assert tuple(recurrent.input.shape[1:]) == (23, 16 * 64)
    assert recurrent.dropout == (0.3 if name == "cnn_lstm_regularized" else 0)
    assert units(model, "Dense") == [64 if name == "cnn_lstm_regularized" else 128, N_LABELS]


def test_the_steps_of_the_recurrent_layer_are_in_time_and_not_bands() -> None:
    """A change of only the last frames does not change the first steps."""
    model = whole("cnn_lstm")
    (recurrent,) = of(model, "LSTM")
    steps = keras.Model(model.input, recurrent.input)
    values = np.random.default_rng(0).random((1, 64, 94)).astype(np.float32)
    later = values.copy()
    later[:, :, 80:] = 0
    first, second = (keras.ops.convert_to_numpy(steps(x))[0] for x in (values, later))
    same = (first == second).all(axis=1)
    assert same[:19].all()  # of 4 frames each; a convolution reaches 3 frames
    assert not same[20:].any()


def test_the_regularized_network_has_l2_on_both_convolutions_and_on_dense_64() -> None:
    model = whole("cnn_lstm_regularized")
    assert [round(penalty(layer), 8) for layer in of(model, "Conv2D", "Dense")] == [0.001, 0.001, 0.001, 0]


def test_the_compact_network_has_70_steps_of_32_averaged_and_a_tenth_of_the_parameters() -> None:
    model = whole("cnn_lstm_compact")
    block = ["Conv2D", "BatchNormalization", "MaxPooling2D", "Dropout"]
    assert kinds(model) == [*block, *block, "LSTM", "GlobalAveragePooling1D", "Dense", "Dropout", "Dense"]
    assert [layer.filters for layer in of(model, "Conv2D")] == [16, 32]
    assert [layer.pool_size for layer in of(model, "MaxPooling2D")] == [(3, 3), (3, 3)]
    (lstm,) = of(model, "LSTM")
    assert tuple(lstm.input.shape[1:]) == (70, 32)
    assert (lstm.units, lstm.return_sequences) == (64, True)
    assert units(model, "Dense") == [32, N_LABELS]
    assert rates(model) == [0.3, 0.3, 0.3]
    assert model.count_params() < whole("cnn_lstm").count_params() / 10


def test_system_c_s_network_has_convolutions_over_time_a_bidirectional_lstm_and_three_penalised_layers() -> None:
    model = whole("conv_bilstm")
    block, dense = ["Conv1D", "BatchNormalization", "MaxPooling1D", "Dropout"], ["Dense", "Dropout"]
    assert kinds(model) == [*block, *block, "Bidirectional", "BatchNormalization", *dense * 3, "Dense"]
    assert [layer.filters for layer in of(model, "Conv1D")] == [64, 128]
    assert shapes(model, "MaxPooling1D") == [(65, 64), (32, 128)]  # of 130 frames: time is pooled
    (both,) = of(model, "Bidirectional")
    assert type(both.forward_layer).__name__ == "LSTM"
    assert both.forward_layer.units == both.backward_layer.units == 128
    assert tuple(both.output.shape[1:]) == (256,)
    assert units(model, "Dense") == [256, 128, 128, N_LABELS]
    assert [round(penalty(layer), 8) for layer in of(model, "Dense")] == [0.001, 0.001, 0.001, 0]
    assert rates(model) == [0.2] * 5


def test_system_e_s_network_has_four_dense_layers_with_their_own_dropouts() -> None:
    model = whole("dnn")
    assert kinds(model) == [*["Dense", "BatchNormalization", "Dropout"] * 4, "Dense"]
    assert units(model, "Dense") == [512, 256, 128, 64, N_LABELS]
    assert rates(model) == [0.4, 0.4, 0.3, 0.2]


def test_the_plain_cnn_has_no_recurrent_layer() -> None:
    assert set(kinds(whole("cnn"))) == {"Conv2D", "BatchNormalization", "MaxPooling2D", "Dropout", "Dense"}


@pytest.mark.parametrize(("name", "cell"), [("lstm", "LSTM"), ("gru", "GRU")])
def test_a_plain_recurrent_network_reads_the_frames_in_time_and_has_no_convolution(name: str, cell: str) -> None:
    model = whole(name)
    assert set(kinds(model)) == {cell, "Dropout", "Dense"}
    first, *others = of(model, cell)
    assert tuple(first.input.shape[1:]) == (94, 64)
    assert first.return_sequences
    assert not others[-1].return_sequences


def test_attention_masks_convolves_and_attends_over_time() -> None:
    model = whole("attention")
    found = kinds(model)
    assert found[0] == "TimeFrequencyMask"
    assert found.index("Conv2D") < found.index("MultiHeadAttention")
    assert found.count("MultiHeadAttention") == composed("model=attention")["model"]["n_blocks"]
    attending = of(model, "MultiHeadAttention")[0]
    n_steps, n_units = attending.output.shape[1:]
    assert n_units == composed("model=attention")["model"]["dense_units"]
    assert n_steps in (94, 47, 23)  # number of frames, halved or not; bands would give other numbers


@pytest.mark.parametrize(
    ("name", "shape", "kind"),
    [
        *[(name, (120,), r"a mel spectrogram \(bands, frames\)") for name in ON_LOG_MEL],
        ("conv_bilstm", (120,), r"frames \(frames, features\)"),
        ("dnn", (64, 94), "utterance-level features"),
        ("cnn", (64, 94, 3), "a mel spectrogram"),
    ],
)
def test_a_representation_of_another_kind_is_refused_with_both_kinds_and_the_remedy(
    name: str, shape: tuple[int, ...], kind: str
) -> None:
    found = str(shape).replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(ValueError, match=rf"model={name} takes {kind}.*shape {found}; leave model\.representation as"):
        built(name, shape)


def test_an_unknown_network_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown network 'resnet'; it is one of attention, .*tuned_yamnet"):
        network("resnet", input_shape=(64, 94), n_labels=2, standardisation=None)


def test_a_mask_wider_than_the_spectrogram_is_refused_by_its_setting() -> None:
    with pytest.raises(ValueError, match=r"model\.max_time_mask is 94; it must be from 0 to 93"):
        built("attention", (64, 94), "model.max_time_mask=94")
    with pytest.raises(ValueError, match=r"model\.max_band_mask is 70; it must be from 0 to 63"):
        built("attention", (64, 94), "model.max_band_mask=70")


@pytest.mark.parametrize("name", ["conv_bilstm", "dnn"])
def test_the_standardisation_is_part_of_the_network_and_of_its_file(name: str, tmp_path: Path) -> None:
    shape = {"conv_bilstm": (20, 5), "dnn": (5,)}[name]
    mean, variance = np.array([0, 10, -3, 1e3, 0.5], np.float32), np.array([1, 4, 0.01, 1e4, 1], np.float32)
    keras.utils.set_random_seed(0)
    given = {**settings(name), "dense_units": [4, 4], "n_labels": 3}
    given |= {"dropouts": [0.1, 0.1]} if name == "dnn" else {"filters": [4], "recurrent_units": 4}
    model = network(input_shape=shape, standardisation=(mean, variance), **given)
    plain = network(input_shape=shape, standardisation=None, **given)
    plain.set_weights(model.get_weights()[-len(plain.get_weights()) :])
    values = (np.random.default_rng(0).normal(size=(6, *shape)) * np.sqrt(variance) + mean).astype(np.float32)
    expected = keras.ops.convert_to_numpy(plain(((values - mean) / np.sqrt(variance)).astype(np.float32)))
    result = keras.ops.convert_to_numpy(model(values))
    np.testing.assert_allclose(result, expected, atol=1e-5)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(again(values)), result)


def test_a_setting_of_the_command_line_reaches_the_layers() -> None:
    model = built("dnn", (7,), "model.dense_units=[9,8]", "model.dropouts=[0.1,0.2]")
    assert units(model, "Dense") == [9, 8, N_LABELS]
    assert rates(model) == [0.1, 0.2]
    model = built("cnn_lstm", (16, 20), "model.dropout=0.1", "model.l2=0.5", "model.cell=gru", "model.filters=[2]")
    assert rates(model) == [0.1, 0.1]
    assert [penalty(layer) for layer in of(model, "Conv2D", "Dense")] == [0.5, 0.5, 0]
    assert len(of(model, "GRU")) == 1
