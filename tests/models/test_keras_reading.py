"""Keras files of any author: the outputs of files of Keras 2 and 3, and files that are larger than they seem."""

import io
import json
import logging
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tf_keras

from ser.core import bounds
from ser.models import keras_reading
from ser.models.backend import keras

SHAPE = (12, 8)
VALUES = np.random.default_rng(0).normal(size=(3, *SHAPE)).astype(np.float32)
VALUES[:, 9:] = VALUES[0, 2] = 0.5  # frames that a mask leaves out
Layers = Any


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Without Keras 3's warning about HDF5."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(level)


def chain(*layers: Any) -> Callable[[Any], Any]:
    """Function that calls layers one after the other."""

    def called(features: Any) -> Any:
        for layer in layers:
            features = layer(features)
        return features

    return called


def recurrent(k: Layers) -> Callable[[Any], Any]:
    return chain(
        k.LSTM(6, return_sequences=True, go_backwards=True, unroll=True),
        k.GRU(5, return_sequences=True, reset_after=False, use_bias=False),
        k.SimpleRNN(4, dropout=0.2, recurrent_dropout=0.1),
    )


def hard(k: Layers) -> Callable[[Any], Any]:
    """Keras 3 has another hard sigmoid."""
    return chain(k.LSTM(6, recurrent_activation="hard_sigmoid"), k.Dense(3, activation="hard_sigmoid"))


def both_directions(k: Layers) -> Callable[[Any], Any]:
    return chain(
        k.Bidirectional(k.LSTM(3, return_sequences=True), merge_mode="mul"),
        k.Bidirectional(k.GRU(4), backward_layer=k.GRU(4, go_backwards=True, reset_after=False)),
    )


def masks(k: Layers) -> Callable[[Any], Any]:
    masked = [k.Bidirectional(k.LSTM(3, return_sequences=True)), k.GRU(3, return_sequences=True)]
    return chain(k.Masking(0.5), *masked, k.GlobalAveragePooling1D())


def cells(k: Layers) -> Callable[[Any], Any]:
    return chain(
        k.RNN([k.GRUCell(4), k.SimpleRNNCell(3)], return_sequences=True),
        k.RNN(k.StackedRNNCells([k.LSTMCell(4), k.LSTMCell(3)])),
    )


def distributed(k: Layers) -> Callable[[Any], Any]:
    parts = [k.Conv2D(3, 2), k.BatchNormalization(), k.Flatten()]
    return chain(k.Reshape((12, 4, 2, 1)), *map(k.TimeDistributed, parts), k.LSTM(3))


def convolutions(k: Layers) -> Callable[[Any], Any]:
    return chain(
        *(k.Conv1D(4, 3, padding="causal", dilation_rate=2), k.BatchNormalization(), k.Activation("swish")),
        *(
            k.MaxPooling1D(2),
            k.SpatialDropout1D(0.2),
            k.SeparableConv1D(3, 2),
            k.UpSampling1D(2),
            k.Reshape((10, 3, 1)),
        ),
        *(k.Conv2D(4, 2, groups=1, activation="gelu"), k.DepthwiseConv2D(2), k.SeparableConv2D(3, 2, padding="same")),
        *(k.Conv2DTranspose(3, 2), k.ZeroPadding2D(1), k.Cropping2D(1), k.Permute((2, 1, 3)), k.LeakyReLU()),
        *(k.PReLU(), k.AveragePooling2D(2), k.Flatten(), k.RepeatVector(3), k.LayerNormalization(), k.Dense(4)),
        *(k.Flatten(), k.ELU(), k.Softmax()),
    )


def branches(k: Layers) -> Callable[[Any], Any]:
    """Layers that are called twice, states that are passed on, attention, and merges."""

    def called(features: Any) -> Any:
        shared = k.Dense(8)
        sequence, *state = k.LSTM(4, return_state=True, return_sequences=True)(shared(shared(features)))
        first, second = k.LSTM(4)(sequence, initial_state=state), k.LSTM(4)(sequence)
        attended = k.GlobalMaxPooling1D()(k.MultiHeadAttention(2, 4)(sequence, features))
        merges = [k.Add(), k.Subtract(), k.Multiply(), k.Average(), k.Maximum(), k.Minimum(), k.Dot(1)]
        return k.Concatenate()([attended, *(merge([first, second]) for merge in merges)])

    return called


NETWORKS = (recurrent, hard, both_directions, masks, cells, distributed, convolutions, branches)


def nested(by: Any) -> Any:
    """A network that calls networks, of which one is called twice, and one is frozen in part."""
    k = by.layers
    outer, inner = k.Input(SHAPE), k.Input(SHAPE)
    frozen = k.BatchNormalization(trainable=False)
    first = by.Model(inner, k.LSTM(8, return_sequences=True)(frozen(k.Conv1D(8, 1)(inner))))
    second = by.Sequential([k.Input(SHAPE), k.Conv1D(8, 3, padding="same")])
    features = k.LSTM(3)(k.Add()([first(second(first(outer))), second(outer)]))
    last = k.Input((3,))
    return by.Model(outer, by.Model(last, k.Dense(2)(last))(features))


def model(by: Any, make: Callable[[Any], Callable[[Any], Any]]) -> Any:
    start = by.layers.Input(SHAPE)
    return by.Model(start, make(by.layers)(start))


def check_equal(made: Any, path: Path) -> None:
    """Save the network with weights that all matter; compare its outputs with those of the file."""
    drawn = np.random.default_rng(1)
    for weight in made.weights:
        if "float" in str(weight.dtype):
            weight.assign(drawn.uniform(0.1 if "variance" in weight.name else -0.6, 0.6, weight.shape))
    made.save(path)
    expected = np.asarray(made(VALUES, training=False))
    assert np.ptp(expected, axis=0).max() > 1e-4  # the outputs depend on the inputs
    np.testing.assert_allclose(keras_reading.network(path)(VALUES, training=False), expected, atol=1e-6)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", NETWORKS)
def test_a_file_of_keras_2_gives_the_outputs_of_keras_2(make: Any, tmp_path: Path) -> None:
    check_equal(model(tf_keras, make), tmp_path / "older.h5")


@pytest.mark.parametrize(("make", "suffix"), [(masks, ".h5"), (masks, ".keras"), (branches, ".keras")])
def test_a_file_of_keras_3_gives_its_outputs(make: Any, suffix: str, tmp_path: Path) -> None:
    check_equal(model(keras, make), tmp_path / f"newer{suffix}")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("by", "suffix"), [(tf_keras, ".h5"), (keras, ".h5"), (keras, ".keras")])
def test_networks_inside_networks_get_their_own_weights(by: Any, suffix: str, tmp_path: Path) -> None:
    check_equal(nested(by), tmp_path / f"nested{suffix}")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", [".h5", ".keras"])
@pytest.mark.parametrize("by", [tf_keras, keras])
def test_a_sequence_of_layers_may_leave_its_input_to_the_first_layer(by: Any, suffix: str, tmp_path: Path) -> None:
    made = by.Sequential([by.layers.LSTM(3, input_shape=SHAPE), by.layers.Dense(2)])
    check_equal(made, tmp_path / f"sequence{suffix}")
    late = by.Sequential([by.layers.GRU(3), by.layers.Dense(2)])
    late(VALUES)
    check_equal(late, tmp_path / f"late{suffix}")


# files that are larger than they seem, or refer to other files


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one small network in both formats."""
    folder = tmp_path_factory.mktemp("plain")
    made = model(keras, lambda k: chain(k.Flatten(), k.Dense(3)))
    made.save(folder / "net.keras")
    made.save(folder / "net.h5")
    return folder


def copied(path: Path, folder: Path) -> Path:
    (folder / path.name).write_bytes(path.read_bytes())
    return folder / path.name


def with_members(path: Path, **members: bytes) -> Path:
    """Rewrite a .keras file with some of its parts replaced or added."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in (content | members).items():
            archive.writestr(name, value)
    return path


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_is_read(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = with_members(copied(plain / "net.keras", tmp_path), **{"model.weights.h5": bytes(2**22)})
    assert path.stat().st_size < 10_000
    monkeypatch.setattr(bounds, "MAX_SIZE", 2**21)
    monkeypatch.setattr(zipfile.ZipFile, "read", None)
    with pytest.raises(ValueError, match=r"net\.keras holds 4 MiB when it is unpacked; the limit is 2 MiB"):
        keras_reading.network(path)


def test_other_members_of_an_archive_are_refused(plain: Path, tmp_path: Path) -> None:
    path = with_members(copied(plain / "net.keras", tmp_path), **{"assets/vocabulary.txt": b"a"})
    with pytest.raises(ValueError, match=r"holds 'assets/vocabulary\.txt'; wanted config\.json, metadata\.json"):
        keras_reading.network(path)


def test_a_deep_configuration_is_refused(plain: Path, tmp_path: Path) -> None:
    deep = b'{"config": ' * 100_000
    with pytest.raises(ValueError, match=r"config\.json has more than 100 objects inside each other"):
        keras_reading.network(with_members(copied(plain / "net.keras", tmp_path), **{"config.json": deep}))
    path = copied(plain / "net.h5", tmp_path)
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = deep[:60_000].decode()
    with pytest.raises(ValueError, match="model_config has more than 100 objects inside each other"):
        keras_reading.network(path)


def declares_much(file: h5py.File) -> None:
    file.create_dataset("model_weights/more", shape=(2**40,), dtype="f4", chunks=(1024,))


def has_a_large_chunk(file: h5py.File) -> None:
    file.create_dataset("more", shape=(1,), maxshape=(None,), chunks=(2**29,), dtype="f4", compression="gzip")


def links_to_a_file(file: h5py.File) -> None:
    file["more"] = h5py.ExternalLink("other.h5", "/")


def links_to_itself(file: h5py.File) -> None:
    file["more"] = h5py.SoftLink("/model_weights")


def stores_values_outside(file: h5py.File) -> None:
    file.create_dataset("more", shape=(4,), dtype="u1", external="/etc/hostname")


def is_virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "a", (4,))
    file.create_virtual_dataset("more", layout)


def holds_text(file: h5py.File) -> None:
    file["more"] = "text"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (declares_much, "holds 4194304 MiB when it is unpacked"),
        (has_a_large_chunk, "holds 2048 MiB when it is unpacked"),
        (links_to_a_file, "its part 'more' is a link"),
        (links_to_itself, "its part 'more' is a link"),
        (stores_values_outside, "its part 'more' is not an array of numbers in this file"),
        (is_virtual, "its part 'more' is not an array of numbers in this file"),
        (holds_text, "its part 'more' is not an array of numbers in this file"),
    ],
)
def test_hdf5_that_is_larger_than_it_seems_or_reads_other_files_is_refused(
    change: Callable[[h5py.File], None], named: str, plain: Path, tmp_path: Path
) -> None:
    path = copied(plain / "net.h5", tmp_path)
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(ValueError, match=named):
        keras_reading.network(path)
    inner = io.BytesIO()
    with h5py.File(inner, "w") as file:
        change(file)
    path = with_members(copied(plain / "net.keras", tmp_path), **{"model.weights.h5": inner.getvalue()})
    with pytest.raises(ValueError, match=named):
        keras_reading.network(path)


def with_setting(path: Path, **changes: Any) -> Path:
    """Change settings of the layers of a .keras file that have them."""
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
    for layer in config["config"]["layers"]:
        layer["config"] |= {key: value for key, value in changes.items() if key in layer["config"]}
    return with_members(path, **{"config.json": json.dumps(config).encode()})


def test_layers_that_need_more_weights_than_the_file_has_take_no_memory(plain: Path, tmp_path: Path) -> None:
    """10^13 weights would take 39 TB."""
    path = with_setting(copied(plain / "net.keras", tmp_path), units=10**11)
    with pytest.raises(ValueError, match="the network has 9700000000000 weights, and the file 291"):
        keras_reading.network(path)


@pytest.mark.parametrize("units", [2, 4])
def test_weights_of_another_shape_are_refused(units: int, plain: Path, tmp_path: Path) -> None:
    path = with_setting(copied(plain / "net.keras", tmp_path), units=units)
    with pytest.raises(ValueError, match=r"weights|shape"):
        keras_reading.network(path)


def test_layers_with_too_many_outputs_are_refused(tmp_path: Path) -> None:
    made = model(keras, lambda k: chain(k.UpSampling1D(2), k.GlobalMaxPooling1D()))
    made.save(tmp_path / "net.keras")
    path = with_setting(tmp_path / "net.keras", size=10**9)
    with pytest.raises(ValueError, match=r"the layers have \d{11} outputs; the limit is 134217728"):
        keras_reading.network(path)
