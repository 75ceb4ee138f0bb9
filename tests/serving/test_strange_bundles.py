"""Bundles of strangers: no tampered description ends in a traceback or another prediction, and none runs a network."""

import json
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from app.http import answers, loading
from app.page import bundles, words
from ser import cli, predict_emotion
from ser.features.encoders import hugging_face
from ser.features.yamnet import hub, network
from ser.features.yamnet import yamnet as embedding
from ser.models import bundle, bundle_file, bundle_schema, ensembles
from ser.representation import registry
from ser.serving import acceptance, recognition
from ser.serving.recognition import Recognizer
from tests.support.bundles import trained, with_network
from tests.support.paths import CONF, EMBEDDED
from tests.support.recordings import UTTERANCE
from tests.support.tampering import tampered

WAVEFORM = np.random.default_rng(1).normal(0, 0.1, 16_000).astype(np.float32)
OTHER = {  # values that the field may have, so that the bundle is another one
    "('representation', 'settings', 'max_duration') half",
    "('representation', 'settings', 'depth') half",
    "('representation', 'settings', 'level') minus one",
    "('temperature',) half",
}
YAMNET = "https://tfhub.dev/google/yamnet/1"


def embedded(folder: Path) -> dict[str, Any]:
    """A copy of a built-in model; its description, with fewer facts of one kind."""
    shutil.copytree(EMBEDDED, folder)
    content = bundle_file.read(folder)
    short = {"max_epochs": 24, "variation": {"max_gain": 1.5}}
    return content | {"training": short, "metrics": {"epoch": 3, "dev_uar": 0.7}, "versions": {"python": "3.11.7"}}


def classifier(folder: Path) -> dict[str, Any]:
    """A classifier of features that need little time."""
    made = trained()
    settings = {"name": "two", "sample_rate": 8_000, "n_fft": 512, "hop_length": 256}
    entries = [{"name": "mfcc", "n_mfcc": 2, "functionals": ["mean", "std"]}, {"name": "rms", "functionals": ["mean"]}]
    entries.append({"name": "zero_crossing_rate", "functionals": ["mean"]})
    columns = ["MFCC_1", "MFCC_1_Std", "MFCC_2", "MFCC_2_Std", "RMS", "Zero_Crossing_Rate"]
    settings["descriptors"] = entries  # type: ignore[assignment]
    representation = {"name": "librosa", "settings": settings}
    bundle.save(bundle.Bundle(made.model, made.labels, columns, representation, made.description), folder)
    return bundle_file.read(folder)


def tried(folder: Path) -> Recognizer | str:
    """The model of a folder with everything that page and service show of it, or the message of the error."""
    try:
        model = recognition.load(folder)
    except ValueError as error:
        return str(error)
    bundles.facts(model)
    words.meaning(model.description, model.labels)
    answers.model_answer(loading.facts(model), default=True)
    return model


def same_or_refused(folder: Path, content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Write each tampered description; yield its name and message if it is refused, else compare its prediction."""
    expected = recognition.load(folder).probabilities(WAVEFORM, 16_000)
    for name, text in tampered(content):
        (folder / bundle_file.NAME).write_text(text)
        found = tried(folder)
        if isinstance(found, str):
            yield name, found
        elif name not in OTHER:
            np.testing.assert_array_equal(found.probabilities(WAVEFORM, 16_000), expected, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("make", [embedded, classifier])
def test_a_tampered_description_is_refused_or_changes_no_prediction(
    make: Callable[[Path], dict[str, Any]], tmp_path: Path
) -> None:
    content = make(tmp_path / "bundle")
    refused = dict(same_or_refused(tmp_path / "bundle", content))
    assert len(refused) > 300
    for name, message in refused.items():
        assert str(tmp_path / "bundle") in message, name
        assert len(message) < 1000, name
        assert "\n" not in message, name


def test_a_tampered_field_is_named_with_its_file_and_the_remedy(tmp_path: Path) -> None:
    """Without predictions, which take longer."""
    content, messages = classifier(tmp_path / "bundle"), {}
    for name, text in tampered(content):
        (tmp_path / "bundle" / bundle_file.NAME).write_text(text)
        with suppress(Read):
            messages[name] = refusal(tmp_path / "bundle")
    assert len(messages) > 150
    for name, message in messages.items():
        assert message.startswith(str(tmp_path / "bundle")), name
        assert "train anew" in message, name


class Read(Exception):
    """A description was read."""


def refusal(folder: Path) -> str:
    """Message of the error with which a description is refused."""
    try:
        bundle_file.read(folder)
    except ValueError as error:
        return str(error)
    raise Read


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": -1.0}, "temperature is -1.0; wanted a number from 0.01 to 100"),
        ({"temperature": float("nan")}, "is damaged (expected value"),
        ({"temperature": None}, "temperature is missing"),
        ({"labels": ["happy", "happy"]}, "labels is ['happy', 'happy']; wanted at most 100 different items"),
        ({"labels": ["happy", "<b>"]}, "labels.1 is '<b>'; wanted a name of at most 60"),
        ({"labels": ["happy"]}, "labels is ['happy']; wanted two or more"),
        ({"corpora": [7]}, "corpora.0 is 7; wanted a valid string"),
        ({"metrics": {"dev_uar": 7}}, "metrics.dev_uar is 7; wanted a number from 0 to 1"),
        ({"hook": "os.system"}, "hook is not a known field"),
        ({"seed": True}, "seed is True; wanted a valid integer"),
        ({"representation": {"name": "log_mel"}}, "representation.settings is missing"),
        ({"representation": {"name": "cepstra", "settings": {}}}, "unknown representation 'cepstra'"),
        (
            {"representation": {"name": "log_mel", "settings": {"n_fft": 512}}},
            "representation.settings.name is missing",
        ),
        ({"representation": {"name": "opensmile", "settings": {"name": "x", "sample_rate": 1e9}}}, "sample_rate"),
    ],
)
def test_command_and_service_end_with_one_message_and_the_page_shows_it(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    folder = tmp_path / "theirs"
    (folder).mkdir()
    content = json.loads((EMBEDDED / bundle_file.NAME).read_text()) | change
    (folder / bundle_file.NAME).write_text(json.dumps(content))
    (folder / bundle.LITERT).symlink_to(EMBEDDED / bundle.LITERT)
    with pytest.raises(SystemExit) as ended:
        cli.main(["predict", "--model", str(folder), str(UTTERANCE)])
    assert str(ended.value).startswith("error: ")
    assert message in str(ended.value)
    with pytest.raises(ValueError, match="SER_MODELS has theirs: ") as caught:
        loading.loaded({"theirs": folder})
    assert message in str(caught.value)


def mel_settings(**changes: Any) -> dict[str, Any]:
    mel = {"name": "m", "sample_rate": 16_000, "duration": 3.0, "n_fft": 512, "hop_length": 256, "n_mels": 24}
    return mel | {"fmax": 8_000.0} | changes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fmax": 9_000.0}, r"settings\.fmax is 9000\.0; wanted at most half of sample_rate, 8000"),
        ({"hop_length": 1, "n_fft": 4096}, r"settings\.hop_length is 1, .* 1\.97e\+08 values; wanted at most"),
        ({"duration": 1e6}, r"settings\.duration is 1000000\.0; wanted a number from 0\.1 to 60"),
        ({"n_mels": 2.0}, r"settings\.n_mels is 2\.0; wanted a whole number"),
        ({"window": "hann"}, r"settings has no setting window"),
        ({}, r"theirs cannot predict \(ValueError: .*the model was trained on \(24, 30\)"),
    ],
)
def test_settings_that_would_take_all_memory_or_do_not_fit_are_refused(
    changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    made = with_network("cnn", filters=[4], dense_units=8)
    made.representation.update(name="log_mel", settings=mel_settings(**changes))
    bundle.save(made, tmp_path / "theirs")
    with pytest.raises(ValueError, match=message):
        recognition.load(tmp_path / "theirs")


@pytest.mark.parametrize("name", ["../theirs", "/tmp", ".", "a/b", ""])
def test_a_member_of_an_ensemble_is_no_path(name: str, tmp_path: Path) -> None:
    content = {"format": 1, "labels": ["happy", "sad"], "members": [name], "model": {"name": "ensemble"}}
    (tmp_path / bundle_file.NAME).write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"members is .*; wanted names of letters, digits, '_' and '-'"):
        ensembles.load(tmp_path)


def test_labels_and_columns_agree_with_the_classifier(tmp_path: Path) -> None:
    content = classifier(tmp_path / "theirs")
    for change, message in (
        (
            {"labels": ["neutral", "happy", "sad", "calm"]},
            r"labels is .*, and the model has happy, neutral, sad, verträumt",
        ),
        ({"labels": content["labels"][:3]}, r"labels is .*, and the model has happy, neutral, sad, verträumt"),
        ({"columns": content["columns"][:3]}, "columns has 3 items, and the model takes 6 features"),
    ):
        (tmp_path / "theirs" / bundle_file.NAME).write_text(json.dumps(content | change))
        with pytest.raises(ValueError, match=message):
            bundle.load(tmp_path / "theirs")


def test_the_embedded_model_which_is_not_checked_when_it_is_read_fits_the_schema() -> None:
    content = bundle_file.read(EMBEDDED)
    bundle_schema.check(content)
    acceptance.check_representation(EMBEDDED / bundle_file.NAME, content["representation"], ())


def test_what_serving_refuses_is_not_written(tmp_path: Path) -> None:
    made = trained()
    wrong = bundle.Bundle(made.model, made.labels, made.columns, made.representation, {"n_rows": -1})
    with pytest.raises(ValueError, match="n_rows is -1; wanted a number from 0 to"):
        bundle.save(wrong, tmp_path / "fold_0")
    assert list(tmp_path.iterdir()) == []


# networks that a bundle names


@pytest.fixture
def isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection, a conversion or a download fails the test."""

    def refused(*_: Any, **__: Any) -> Any:
        pytest.fail("something was fetched or executed")

    monkeypatch.setattr(socket, "socket", refused)
    monkeypatch.setattr(network, "_converted_elsewhere", refused)
    monkeypatch.setattr(hugging_face, "folder", refused)
    monkeypatch.setattr(hugging_face, "check_installed", refused)


def naming(folder: Path, representation: str, settings: dict[str, Any]) -> Path:
    """A classifier's bundle that names a network."""
    made = trained()
    given = {"name": representation, "settings": settings}
    bundle.save(bundle.Bundle(made.model, made.labels, made.columns, given, {}), folder)
    return folder


LIBROSA = {"name": "two", "sample_rate": 8_000, "n_fft": 512, "hop_length": 256}
LIBROSA["descriptors"] = [{"name": "rms", "functionals": ["mean"]}]  # type: ignore[assignment]
WHISPER = {"layers": [1], "pooling": ["mean"], "extent": "recording", "max_duration": 10.0}
ENCODER = {"layers": None, "weights": None, "max_duration": 10.0}


@pytest.mark.usefixtures("isolated")
@pytest.mark.parametrize(
    ("representation", "settings", "named"),
    [
        ("yamnet", {"handle": "{folder}", "max_duration": 10.0}, "{folder}"),
        ("yamnet", {"handle": "http://127.0.0.1:9/yamnet", "max_duration": 10.0}, "http://127.0.0.1:9/yamnet"),
        ("yamnet", {"handle": f"{YAMNET}?x", "max_duration": 10.0}, f"{YAMNET}?x"),
        ("yamnet_librosa", {"yamnet": {"handle": "x", "max_duration": 9.0}, "librosa": LIBROSA}, "x"),
        ("ssl", {"model": "someone/encoder", "revision": "0" * 40, **ENCODER}, "someone/encoder"),
        ("ssl", {"model": "{folder}", "revision": "0" * 32, **ENCODER}, "{folder}"),
        ("ssl", {"model": "openai/whisper-base", "revision": "0" * 40, **ENCODER}, "openai/whisper-base"),
        ("whisper", {"model": "a/b", "revision": "0" * 40, **WHISPER}, "a/b"),
    ],
)
def test_a_bundle_names_only_networks_whose_content_is_known(
    representation: str, settings: dict[str, Any], named: str, tmp_path: Path
) -> None:
    theirs = tmp_path / "network"
    theirs.mkdir()
    (theirs / "saved_model.pb").write_bytes(b"a graph that writes files")
    given = {key: str(theirs) if value == "{folder}" else value for key, value in settings.items()}
    folder = naming(tmp_path / "fold_0", representation, given)
    with pytest.raises(ValueError, match="names the network ") as caught:
        recognition.load(folder)
    place = named.format(folder=theirs)
    assert f"{folder}/bundle.json names the network {place}, which is none that ser knows" in str(caught.value)
    assert f"--network {place}, or for service and page SER_NETWORKS={place}" in str(caught.value)


def test_a_network_that_the_user_names_too_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def loaded(handle: str) -> Any:
        asked.append(handle)
        return lambda patches: np.tile(np.arange(6, dtype=np.float32), (len(patches), 1))

    monkeypatch.setattr(embedding, "loaded", loaded)
    made = trained()
    columns = [f"YAMNet_{k}" for k in range(1, 7)]
    given = {"name": "yamnet", "settings": {"handle": "mine", "max_duration": 10.0, "required": False}}
    folder = tmp_path / "fold_0"
    bundle.save(bundle.Bundle(made.model, made.labels, columns, given, {}), folder)
    with pytest.raises(ValueError, match="names the network mine"):
        predict_emotion(UTTERANCE, model=folder)
    assert asked == []
    expected = made.of_values(np.arange(6, dtype=np.float32)[np.newaxis])[0]
    found = predict_emotion(UTTERANCE, model=folder, networks=["mine"])
    np.testing.assert_allclose(list(found["probabilities"].values()), expected, atol=1e-6)
    cli.main(["predict", "--model", str(folder), "--network", "other", "--network", "mine", str(UTTERANCE)])
    models = loading.loaded({"mine": folder}, networks=["mine"])
    assert models["mine"].labels == made.labels
    monkeypatch.setenv("SER_NETWORKS", "other, mine")
    assert bundles.recognizer(folder, 0).labels == made.labels


def test_the_graph_of_a_known_handle_is_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder in the cache, or in the working folder under the name of the handle, is not trusted by its name."""
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
    folder = hub.folder(YAMNET)
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(b"another graph")
    with pytest.raises(ValueError, match=r"saved_model\.pb has the SHA-256 \w{16}…; wanted 7418c69ca93f3dc7…"):
        network.downloaded(YAMNET)
    assert network.downloaded(str(folder)) == folder  # named by the user as a folder


@pytest.fixture
def on_yamnet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle on YAMNet, trained with the weights `b"numbers"` that are in the cache."""
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
    variables = hub.folder(YAMNET) / "variables"
    variables.mkdir(parents=True)
    (variables.parent / "saved_model.pb").touch()
    (variables / "variables.index").write_bytes(b"numbers")

    def given(patches: np.ndarray) -> np.ndarray:
        return np.tile(np.arange(6, dtype=np.float32), (len(patches), 1))

    monkeypatch.setattr(embedding, "loaded", lambda _: given)
    made, folder = trained(), tmp_path / "fold_0"
    settings = {"handle": YAMNET, "max_duration": 10.0, "required": False}
    representation = {"name": "yamnet", "settings": settings}
    columns = [f"YAMNet_{k}" for k in range(1, 7)]
    about = {"weights": registry.weights(representation)}
    bundle.save(bundle.Bundle(made.model, made.labels, columns, representation, about), folder)
    return folder


def test_a_model_is_not_served_with_other_weights_than_those_of_its_training(on_yamnet: Path) -> None:
    """The handle of YAMNet stands for a graph, and not for numbers."""
    assert len(bundle.read_description(on_yamnet)["weights"][YAMNET]) == 64
    assert recognition.load(on_yamnet).labels
    (hub.folder(YAMNET) / "variables/variables.index").write_bytes(b"others!")
    with pytest.raises(
        ValueError, match=r"was trained with weights of the network .*/yamnet/1 with the SHA-256"
    ) as found:
        recognition.load(on_yamnet)
    assert f"--network {YAMNET}, or for service and page SER_NETWORKS={YAMNET}" in str(found.value)
    assert recognition.load(on_yamnet, networks=[YAMNET]).labels


def test_what_a_system_leaves_beside_the_weights_does_not_change_them(on_yamnet: Path) -> None:
    variables = hub.folder(YAMNET) / "variables"
    for name in (".DS_Store", "._variables.index", "Thumbs.db"):
        (variables / name).write_bytes(b"icons")
    (variables / "temporary").mkdir()
    assert recognition.load(on_yamnet).labels


@pytest.mark.parametrize("digest", ["", "numbers", "A" * 64, 1], ids=repr)
def test_a_digest_of_weights_has_its_form(on_yamnet: Path, digest: object) -> None:
    path = on_yamnet / bundle.DESCRIPTION
    path.write_text(json.dumps({**json.loads(path.read_text()), "weights": {YAMNET: digest}}))
    with pytest.raises(ValueError, match=r"bundle\.json is damaged: weights"):
        bundle.read_description(on_yamnet)


def test_the_networks_of_conf_are_those_that_a_bundle_may_name() -> None:
    files = [path for folder in ("ssl", "whisper", "whisper_states") for path in (CONF / folder).glob("*.yaml")]
    chosen = [yaml.safe_load(path.read_text()) for path in files]
    assert {one["model"]: one["revision"] for one in chosen} == hugging_face.ENCODERS
    assert {yaml.safe_load((CONF / "yamnet/hub.yaml").read_text())["handle"]} == set(hub.GRAPHS)
