"""Keras files of other authors: input shapes of earlier systems, files of Keras 2, no execution of their code."""

import json
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tf_keras
import yaml

from ser.features.spectral.librosa import functionals
from ser.features.spectral.log_mel import log_mel
from ser.models.backend import keras
from ser.serving import foreign_input, inputs, keras_files
from tests.support.paths import CONF
from tests.support.synthesis import tone

SETTINGS = yaml.safe_load((CONF / "log_mel/mel_64.yaml").read_text())
NAMES = ["neutral", "happy", "sad"]
LABELS = ",".join(NAMES)
SHAPES = [(64, 94), (64, 94, 1), (94, 64), (94, 64, 1)]
WAVEFORM = tone(700, 1.3) + tone(2100, 1.3, level=0.05)
SPECTROGRAM = log_mel(WAVEFORM, 16_000, **SETTINGS)


def network(shape: tuple[int, ...] = (64, 94), n_labels: int = 3, *, by: Any = keras, cell: str | None = None) -> Any:
    """An untrained network whose output depends on both bands and frames."""
    by.utils.set_random_seed(3)
    layers = by.layers
    inputs_ = layers.Input(shape)
    features = layers.Reshape(shape[:2])(inputs_)
    features = getattr(layers, cell)(8)(features) if cell else layers.Flatten()(features)
    return by.Model(inputs_, layers.Dense(n_labels, activation="softmax")(features))


def saved(folder: Path, suffix: str = ".keras", **changes: Any) -> Path:
    path = folder / f"custom{suffix}"
    save(network(**changes), path)
    return path


def save(model: Any, path: Path) -> None:
    """Save without Keras 3's warning about HDF5."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(path)


def probabilities(path: Path, labels: str = LABELS) -> np.ndarray:
    recognizer = keras_files.load(path, labels, all_speech=True)
    assert recognizer.labels == [name.strip() for name in labels.split(",")]
    return recognizer.probabilities(WAVEFORM, 16_000)


def turned(shape: tuple[int, ...]) -> np.ndarray:
    """The spectrogram in the input shape of the network, as a batch of one."""
    plain = SPECTROGRAM if shape[:2] == (64, 94) else SPECTROGRAM.T
    return plain[np.newaxis, ..., np.newaxis] if len(shape) == 3 else plain[np.newaxis]


# predictions


def test_its_features_have_the_settings_of_conf() -> None:
    assert keras_files.LOG_MEL == SETTINGS


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".hdf5"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_network_gets_the_spectrogram_in_its_input_shape(shape: tuple[int, ...], suffix: str, tmp_path: Path) -> None:
    model = network(shape)
    path = tmp_path / f"custom{suffix.lower()}"
    save(model, path)
    path = path.rename(path.with_suffix(suffix))
    expected = np.asarray(model(turned(shape)))[0]
    np.testing.assert_allclose(probabilities(path), expected, atol=1e-6)
    assert np.abs(np.asarray(model(np.zeros((1, *shape), np.float32)))[0] - expected).max() > 1e-3


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("cell", "shape"), [("LSTM", (64, 94)), ("GRU", (94, 64, 1))], ids=str)
def test_hdf5_of_keras_2_with_recurrent_layers_is_read(cell: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    model = network(shape, by=tf_keras, cell=cell)
    path = tmp_path / "older.h5"
    save(model, path)
    with h5py.File(path) as file:
        assert str(file.attrs["keras_version"]).startswith("2")
    np.testing.assert_allclose(probabilities(path), np.asarray(model(turned(shape)))[0], atol=1e-6)


def test_labels_keep_the_given_order_and_may_have_spaces(tmp_path: Path) -> None:
    path = saved(tmp_path)
    recognizer = keras_files.load(path, " sad, neutral ,happy", all_speech=True)
    found = recognizer.predict(inputs.of_waveform(WAVEFORM, 16_000))
    assert list(found["probabilities"]) == ["sad", "neutral", "happy"]
    np.testing.assert_allclose(list(found["probabilities"].values()), probabilities(path), atol=1e-6)
    assert found["confidence"] == max(found["probabilities"].values()) == found["probabilities"][found["emotion"]]


def test_many_spectrograms_are_predicted_like_single_ones(tmp_path: Path) -> None:
    fitted = keras_files.fitted(network((94, 64, 1)), NAMES, keras_files.MEL_64)
    values = np.random.default_rng(0).random((5, 64, 94)).astype(np.float32)
    together = fitted.predict_proba(values)
    for k in range(5):
        np.testing.assert_allclose(fitted.predict_proba(values[k : k + 1])[0], together[k], atol=1e-6)


# inputs and outputs that do not fit


@pytest.mark.parametrize("shape", [(40, 94), (128, 128), (94, 40, 1), (64, 94, 3), (180,)], ids=str)
def test_another_shape_is_refused_with_the_valid_shapes(shape: tuple[int, ...], tmp_path: Path) -> None:
    layers = keras.layers
    model = keras.Sequential([layers.Input(shape), layers.Flatten(), layers.Dense(3, activation="softmax")])
    save(model, tmp_path / "custom.keras")
    found = str(shape).replace("(", r"\(").replace(")", r"\)")
    wanted = r"64 bands and 94 frames: \(64, 94\), \(64, 94, 1\), or their transposes"
    with pytest.raises(ValueError, match=rf"takes inputs of shape {found}; wanted mel spectrograms of {wanted}"):
        keras_files.load(tmp_path / "custom.keras", LABELS)


def dense(shape: tuple[int | None, ...], path: Path, *, activation: str = "softmax", n_outputs: int = 2) -> Path:
    """File of an untrained network, whose output depends on every value."""
    keras.utils.set_random_seed(3)
    layers = keras.layers
    start = layers.Input(shape)
    inner = layers.LSTM(4)(start) if None in shape else layers.Flatten()(start)
    save(keras.Model(start, layers.Dense(n_outputs, activation=activation)(inner)), path)
    return path


def settings(folder: Path, representation: str, content: str) -> Path:
    path = folder / representation / "theirs.yaml"
    path.parent.mkdir()
    path.write_text(content)
    return path


MEANS = """\
{name: theirs, sample_rate: 22050, n_fft: 2048, hop_length: 512, descriptors: [{name: mfcc, n_mfcc: 40, functionals:
[mean]}, {name: chroma, functionals: [mean]}, {name: mel, n_mels: 128, functionals: [mean]}]}
"""


@pytest.mark.parametrize("shape", [(180,), (180, 1), (1, 180)], ids=str)
def test_a_network_on_other_features_gets_those_of_a_file_of_settings(shape: tuple[int, ...], tmp_path: Path) -> None:
    path = dense(shape, tmp_path / "theirs.keras")
    file = settings(tmp_path, "librosa", MEANS)
    loaded = keras_files.load(path, "happy,sad", representation=file, all_speech=True)
    values = np.array(list(functionals(WAVEFORM, 16_000, **yaml.safe_load(MEANS)).values()), np.float32)
    expected = np.asarray(keras.saving.load_model(path)(values.reshape(1, *shape)))[0]
    np.testing.assert_allclose(loaded.probabilities(WAVEFORM, 16_000), expected, atol=1e-5)


def test_a_network_of_a_free_length_gets_the_length_of_a_file_of_settings(tmp_path: Path) -> None:
    path = dense((None, 64), tmp_path / "theirs.keras")
    file = CONF / "log_mel/mel_64.yaml"
    loaded = keras_files.load(path, "happy,sad", representation=file, all_speech=True)
    expected = np.asarray(keras.saving.load_model(path)(SPECTROGRAM.T[np.newaxis]))[0]
    np.testing.assert_allclose(loaded.probabilities(WAVEFORM, 16_000), expected, atol=1e-6)


def test_two_labels_of_a_sigmoid_are_those_of_0_and_1(tmp_path: Path) -> None:
    path = dense((64, 94), tmp_path / "theirs.keras", activation="sigmoid", n_outputs=1)
    output = float(np.asarray(keras.saving.load_model(path)(SPECTROGRAM[np.newaxis]))[0, 0])
    np.testing.assert_allclose(probabilities(path, "calm,angry"), [1 - output, output], atol=1e-6)
    with pytest.raises(ValueError, match=r"has 1 output, and --labels has 3: .* wanted two, first the emotion of"):
        keras_files.load(path, LABELS)
    path = dense((64, 94), tmp_path / "linear.keras", activation="exponential", n_outputs=1)
    keras_model = keras_files.load(path, "calm,angry", all_speech=True)
    keras_model.parts[0][1].model.network.layers[-1].bias.assign([9.0])  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="the last layer must be a sigmoid"):
        keras_model.probabilities(WAVEFORM, 16_000)


@pytest.mark.parametrize("shape", foreign_input.FITTING, ids=str)
def test_the_file_that_fits_has_the_shape(shape: tuple[int, ...]) -> None:
    assert foreign_input.read(CONF.parent / foreign_input.FITTING[shape]).shape == shape


@pytest.mark.parametrize(
    ("shape", "remedy"),
    [
        ((42, 1), "give its features as: --representation conf/librosa/means_42.yaml"),
        ((62, 130, 1), "give its features as: --representation conf/frames/frames_62.yaml"),
        ((40,), "a new file of conf/librosa, and add: --representation FILE"),
        ((216, 30), "a new file of conf/log_mel or conf/frames, and add: --representation FILE"),
    ],
    ids=str,
)
def test_the_refusal_of_another_shape_names_the_features_that_fit(
    shape: tuple[int, ...], remedy: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=remedy):
        keras_files.load(dense(shape, tmp_path / "theirs.keras"), "happy,sad")


@pytest.mark.parametrize(
    ("folder", "content", "reason"),
    [
        ("elsewhere", MEANS, "wanted a file of settings in a folder with the name of a representation"),
        ("librosa", "{", "is no file of YAML"),
        ("librosa", "- 1", "has no settings"),
        ("librosa", MEANS.replace("n_fft", "fft"), "theirs.yaml: settings"),
    ],
)
def test_a_wrong_file_of_settings_is_refused(folder: str, content: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=reason):
        foreign_input.read(settings(tmp_path, folder, content))


def test_a_variable_number_of_frames_is_refused(tmp_path: Path) -> None:
    """The number of frames in training is unknown then."""
    layers = keras.layers
    model = keras.Sequential([layers.Input((None, 64)), layers.LSTM(4), layers.Dense(3, activation="softmax")])
    save(model, tmp_path / "custom.keras")
    with pytest.raises(ValueError, match=r"inputs of shape \(None, 64\); wanted mel spectrograms"):
        keras_files.load(tmp_path / "custom.keras", LABELS)


@pytest.mark.parametrize("labels", ["neutral,happy", "neutral,happy,sad,angry"])
def test_another_number_of_labels_is_refused_with_both(labels: str, tmp_path: Path) -> None:
    count = labels.count(",") + 1
    with pytest.raises(ValueError, match=rf"the network has 3 outputs, and --labels has {count}: neutral, happy"):
        keras_files.load(saved(tmp_path), labels)


@pytest.mark.parametrize("labels", [None, "", ",", "neutral", "neutral,", "neutral,happy,neutral"])
def test_missing_single_or_repeated_labels_are_refused_with_an_example(labels: str | None, tmp_path: Path) -> None:
    names = ", ".join(filter(None, (labels or "").split(",")))
    found = f"; --labels has {names}, wanted two or more, each once" if names else ""
    complaint = f"keras needs the emotions of its outputs, in their order, as: --labels neutral,happy,sad{found}$"
    with pytest.raises(ValueError, match=complaint):
        keras_files.load(saved(tmp_path), labels)


@pytest.mark.parametrize(("activation", "found"), [(None, "from -"), ("sigmoid", "sum"), ("relu", "sum")])
def test_outputs_that_are_no_probabilities_are_refused_with_the_remedy(
    activation: str | None, found: str, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(0)
    layers, low = keras.layers, keras.initializers.Constant(-10.0)
    outputs = layers.Dense(3, activation=activation, bias_initializer=low)
    save(keras.Sequential([layers.Input((64, 94)), layers.Flatten(), outputs]), tmp_path / "custom.keras")
    recognizer = keras_files.load(tmp_path / "custom.keras", LABELS, all_speech=True)
    with pytest.raises(ValueError, match=rf"not probabilities .*{found}.*; the last layer must be a softmax"):
        recognizer.probabilities(WAVEFORM, 16_000)


def test_outputs_that_are_no_numbers_are_refused() -> None:
    model = network()
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    with pytest.raises(ValueError, match=r"not probabilities .*nan"):
        keras_files.fitted(model, NAMES, keras_files.MEL_64).predict_proba(SPECTROGRAM[np.newaxis])


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_a_network_of_several_inputs_or_outputs_is_refused(kind: str, tmp_path: Path) -> None:
    layers = keras.layers
    first, second = layers.Input((64, 94)), layers.Input((64, 94))
    joined = layers.Flatten()(layers.Add()([first, second]) if kind == "inputs" else first)
    outputs = [layers.Dense(3, activation="softmax")(joined) for _ in range(2)]
    model = keras.Model([first, second], outputs[0]) if kind == "inputs" else keras.Model(first, outputs)
    save(model, tmp_path / "custom.keras")
    with pytest.raises(ValueError, match=rf"the network has .*2 {kind}.*; wanted one of each, so save"):
        keras_files.load(tmp_path / "custom.keras", LABELS)


# files that are no networks


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("content", [b"", b"no network", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", "cut"])
def test_a_damaged_file_is_refused_with_the_remedy(suffix: str, content: bytes | str, tmp_path: Path) -> None:
    path = saved(tmp_path, suffix)
    path.write_bytes(path.read_bytes()[:3000] if isinstance(content, str) else content)
    with pytest.raises(ValueError, match=rf"custom{suffix} cannot be read \(.+\); save the whole network anew"):
        keras_files.load(path, LABELS)


def test_weights_alone_are_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "custom.weights.h5"
    network().save_weights(path)
    with pytest.raises(ValueError, match=r"contains weights without a network; save both, by model\.save"):
        keras_files.load(path, LABELS)


def test_a_missing_file_or_one_of_another_kind_is_refused_with_the_wanted_kinds(tmp_path: Path) -> None:
    Path(tmp_path / "NETWORK.H5").write_bytes(b"any")
    with pytest.raises(ValueError, match=r"NETWORK\.H5 has a name that Keras does not read; rename it to end in \.h5"):
        keras_files.load(tmp_path / "NETWORK.H5", "neutral,sad")
    with pytest.raises(ValueError, match=r"there is no .*absent\.h5; give a bundle's folder, or a Keras file"):
        keras_files.load(tmp_path / "absent.h5", LABELS)
    (tmp_path / "model.tflite").write_bytes(b"TFL3")
    with pytest.raises(ValueError, match=r"model\.tflite is not a Keras file \(\.keras, \.h5\); give one of these"):
        keras_files.load(tmp_path / "model.tflite", LABELS)


def test_model_files_and_bundles_are_distinguished(tmp_path: Path) -> None:
    (tmp_path / "folder.h5").mkdir()
    (tmp_path / "plain").touch()
    assert keras_files.is_file_of_model(tmp_path / "plain")
    assert keras_files.is_file_of_model(tmp_path / "absent.H5")
    assert keras_files.is_file_of_model(tmp_path / "absent.pkl")
    assert not keras_files.is_file_of_model(tmp_path / "folder.h5")
    assert not keras_files.is_file_of_model(tmp_path / "models/fold_0")


# files that could run code


class Canary:
    """A pickle that writes a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return write_canary, (str(self.path),)


def write_canary(path: str) -> None:
    Path(path).write_text("code ran")


def test_the_canary_writes_its_file_when_it_is_read(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Canary(tmp_path / "canary")))
    assert (tmp_path / "canary").exists()


@pytest.mark.parametrize("suffix", [".pkl", ".pickle", ".joblib", ".sav", ".pt", ".pth", ".npy", ".PKL"])
def test_a_pickle_is_recognised_by_name_and_not_read(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(pickle.dumps(Canary(tmp_path / "canary")))
    with pytest.raises(ValueError, match=r"could run code when it is read, so it is refused; train the model here"):
        keras_files.load(path, LABELS)
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".hdf5"])
def test_a_pickle_under_another_name_is_recognised_by_content_and_not_read(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(pickle.dumps(Canary(tmp_path / "canary")))
    with pytest.raises(ValueError, match=r"cannot be read"):
        keras_files.load(path, LABELS)
    assert not (tmp_path / "canary").exists()


def with_lambda(by: Any, canary: str, *, nested: str) -> Any:
    """A network whose Lambda layer writes a file; `nested` in a submodel, a wrapper, or neither."""
    layers = by.layers

    def sing(values: Any) -> Any:
        from pathlib import Path as Written

        Written(canary).write_text("code ran")
        return values

    shape, lambda_ = (64, 94), layers.Lambda(sing)
    if nested == "submodel":
        part = layers.Input(shape)
        lambda_ = by.Model(part, lambda_(part), name="innocent")
    elif nested == "sequential":
        lambda_ = by.Sequential([layers.Input(shape), lambda_], name="innocent")
    elif nested == "wrapper":
        lambda_ = layers.TimeDistributed(layers.Lambda(sing))
    inputs_ = layers.Input(shape)
    outputs = layers.Dense(3, activation="softmax")(layers.Flatten()(lambda_(inputs_)))
    return by.Model(inputs_, outputs)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("nested", ["no", "submodel", "sequential", "wrapper"])
@pytest.mark.parametrize(("by", "suffix"), [(keras, ".keras"), (keras, ".h5"), (tf_keras, ".h5")])
def test_a_lambda_layer_at_any_depth_is_refused_and_its_code_does_not_run(
    by: Any, suffix: str, nested: str, tmp_path: Path
) -> None:
    canary, path = tmp_path / "canary", tmp_path / f"forged{suffix}"
    save(with_lambda(by, str(canary), nested=nested), path)
    assert canary.exists()  # it ran when the network was made
    canary.unlink()
    with pytest.raises(ValueError, match=r"forged\S+ is refused, because it holds Lambda layers.*; save a"):
        keras_files.load(path, LABELS)
    assert not canary.exists()


def changed_config(path: Path, change: Callable[[Any], None]) -> None:
    """Forge the configuration of a saved network."""
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            content = {name: archive.read(name) for name in archive.namelist()}
        config = json.loads(content["config.json"])
        change(config)
        content["config.json"] = json.dumps(config).encode()
        with zipfile.ZipFile(path, "w") as archive:
            for name, value in content.items():
                archive.writestr(name, value)
        return
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        change(config)
        file.attrs["model_config"] = json.dumps(config)


@pytest.mark.parametrize("by", [keras, tf_keras], ids=["3", "2"])
@pytest.mark.parametrize("module", ["os", "subprocess", "builtins"])
def test_a_forged_configuration_that_names_a_function_of_python_runs_no_code(
    by: Any, module: str, tmp_path: Path
) -> None:
    """As in CVE-2025-1550: a layer that is a function of some module, with its argument as configuration."""
    canary = tmp_path / "canary"
    name, argument = {
        "os": ("system", f"touch {canary}"),
        "subprocess": ("getoutput", f"touch {canary}"),
        "builtins": ("eval", f"open({str(canary)!r}, 'w')"),
    }[module]

    def forge(config: Any) -> None:
        layer = config["config"]["layers"][1]
        layer["module"], layer["class_name"] = module, name
        layer["config"] = {"name": "x", "command": argument, "cmd": argument, "source": argument}
        layer["registered_name"] = name

    path = tmp_path / ("forged.keras" if by is keras else "forged.h5")
    save(network(by=by), path)
    changed_config(path, forge)
    with pytest.raises(ValueError, match=r"is refused, because it holds"):
        keras_files.load(path, LABELS)
    assert not canary.exists()


@pytest.mark.parametrize("name", ["Lambda", "keras.layers.Lambda", "keras>Lambda", "Custom>Lambda", "TFOpLambda"])
def test_a_lambda_layer_under_a_longer_name_runs_no_code(name: str, tmp_path: Path) -> None:
    """Names that Keras 2 would accept as a Lambda layer."""
    canary, path = tmp_path / "canary", tmp_path / "forged.h5"
    save(with_lambda(tf_keras, str(canary), nested="no"), path)
    canary.unlink()

    def forge(config: Any) -> None:
        for layer in config["config"]["layers"]:
            if layer["class_name"] == "Lambda":
                layer["class_name"] = name

    changed_config(path, forge)
    with pytest.raises(ValueError, match=r"is refused, because it holds"):
        keras_files.load(path, LABELS)
    assert not canary.exists()


def test_the_weights_of_a_refused_network_are_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "forged.keras"
    save(with_lambda(keras, str(tmp_path / "canary"), nested="submodel"), path)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was loaded")

    monkeypatch.setattr(keras.saving, "deserialize_keras_object", never)
    monkeypatch.setattr(keras.Model, "load_weights", never)
    with pytest.raises(ValueError, match="Lambda"):
        keras_files.load(path, LABELS)


@pytest.mark.filterwarnings("ignore")
def test_a_recurrent_cell_that_contains_a_function_is_refused_and_its_code_does_not_run(tmp_path: Path) -> None:
    """Keras 2 reads a wrapper of cells with its function, which is stored as bytes."""
    from tf_keras.src.layers.rnn.cell_wrappers import ResidualWrapper

    canary, path = tmp_path / "canary", tmp_path / "forged.h5"
    code = f"lambda i, o: (open({str(canary)!r}, 'w').close(), i + o)[1]"
    layers = tf_keras.layers
    cell = ResidualWrapper(layers.SimpleRNNCell(94), residual_fn=eval(code))
    inputs_ = layers.Input((64, 94))
    save(tf_keras.Model(inputs_, layers.Dense(3, activation="softmax")(layers.RNN(cell)(inputs_))), path)
    assert canary.exists()  # it ran when the network was made
    canary.unlink()
    with pytest.raises(ValueError, match=r"forged\.h5 is refused, because it holds ResidualWrapper layers"):
        keras_files.load(path, LABELS)
    assert not canary.exists()


# the command


@pytest.mark.slow
def test_the_command_predicts_with_a_file_of_keras_2(tmp_path: Path) -> None:
    import soundfile

    save(network((94, 64, 1), by=tf_keras, cell="LSTM"), tmp_path / "older.h5")
    soundfile.write(tmp_path / "a.wav", WAVEFORM, 16_000, subtype="FLOAT")
    arguments = ["predict", "--model", "older.h5", "--labels", LABELS, "--all-speech", "--json", "a.wav"]
    script = "import sys; from ser.cli import main; main(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    expected = probabilities(tmp_path / "older.h5")
    np.testing.assert_allclose(list(found["probabilities"].values()), expected, atol=2e-6)
