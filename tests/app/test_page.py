"""The page's logic, without a browser."""

import json
import shutil
import sys
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import streamlit.config
from starlette.exceptions import HTTPException
from streamlit import net_util
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.testing.v1 import AppTest

from app.page import bundles, exposure, many, results, start, view, voice, words
from ser.serving import inputs, recognition
from tests.support.paths import EMBEDDED, ROOT
from tests.support.recordings import BAD, SILENCE, UTTERANCE, file_of, spoken
from tests.support.serving import encoded

PAGE = ROOT / "app" / "page.py"
MIME = "application/octet-stream"
HEADLINE = 'class="ser-emotion"'


@pytest.fixture(autouse=True)
def nothing_beside_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip Streamlit's search for components in all packages, a quarter of a second; restore the main module.

    Streamlit replaces it by the page, which every process that later tests spawn would import.
    """
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", list)
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    streamlit.config.set_option("server.address", "127.0.0.1")  # as .streamlit/config.toml, from any folder


def opened() -> AppTest:
    """The page in the working folder, before any upload."""
    return AppTest.from_file(str(PAGE), default_timeout=300).run()


@pytest.fixture
def page() -> AppTest:
    """The page of the project."""
    return opened()


def upload(page: AppTest, content: bytes) -> AppTest:
    """Upload a file; return the page."""
    return page.file_uploader[0].set_value(("recording", content, MIME)).run()


def text(page: AppTest) -> str:
    """All text of the page."""
    kinds = ("title", "text", "markdown", "caption", "error", "warning", "info", "subheader", "html")
    elements = [element for kind in kinds for element in page.get(kind)]
    return "\n".join(str(getattr(one, "value", None) or getattr(one.proto, "body", "")) for one in elements)


def choose(page: AppTest, source: str) -> AppTest:
    """Choose a source of recordings; return the page."""
    return page.radio[0].set_value(source).run()


def copied_model(folder: Path, **changes: Any) -> Path:
    """A built-in model, with another description."""
    shutil.copytree(EMBEDDED, folder)
    description = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps(description | changes))
    return folder


def calls(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> list[Any]:
    """A list that grows with every call of a function."""
    made: list[Any] = []
    function: Callable[..., Any] = getattr(module, name)
    monkeypatch.setattr(module, name, lambda *args, **more: (made.append(args), function(*args, **more))[1])
    return made


def test_the_page_appears_and_asks_for_a_recording(page: AppTest) -> None:
    assert not page.exception
    assert not page.error
    assert [one.label for one in page.file_uploader] == ["Audio file", "Audio files", "Recordings of the same person"]
    assert page.radio[0].options == [start.UPLOAD, start.RECORD, start.EXAMPLE]
    assert [one.label for one in page.tabs] == ["One recording", "Many recordings", "Your own voice", "Model card"]


def test_an_uploaded_utterance_gets_the_emotion_that_the_library_predicts(page: AppTest) -> None:
    expected = recognition.predict_emotion(UTTERANCE)
    shown = text(upload(page, UTTERANCE.read_bytes()))
    assert not page.exception
    assert f'<h2 class="ser-emotion">{expected["emotion"]}</h2>' in shown
    assert f"{words.share(expected['confidence'])} confidence" in shown
    assert all(label in shown for label in expected["probabilities"])
    assert words.ESTIMATE in shown
    assert len(page.image) == 5
    assert len(page.get("audio")) == 1


def test_every_picture_has_an_alternative_text(page: AppTest) -> None:
    upload(page, file_of(spoken(4), subtype="PCM_16"))
    texts = [image.alt for element in page.image for image in element.proto.imgs]
    assert len(set(texts)) == 6
    assert all(texts)


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_explained_and_nothing_else_is_shown(kind: str, page: AppTest) -> None:
    content, expected = BAD[kind]
    upload(page, content)
    assert not page.exception
    assert len(page.error) == 1
    assert expected in page.error[0].value
    assert HEADLINE not in text(page)


def test_silence_is_explained_and_not_shown_as_an_emotion(page: AppTest) -> None:
    upload(page, SILENCE)
    assert "No speech found" in text(page)
    assert page.info[0].value == words.NO_SPEECH
    assert 'class="ser-bars"' not in text(page)


def test_a_long_silence_has_no_timeline(page: AppTest) -> None:
    upload(page, file_of(np.zeros(12 * 16_000, np.float32), subtype="PCM_16"))
    assert "No speech found" in text(page)
    assert [one.value for one in page.subheader] == ["Spectrum"]


def test_a_recording_longer_than_the_window_gets_a_timeline(page: AppTest) -> None:
    upload(page, file_of(spoken(12), subtype="PCM_16"))
    assert "Over time" in [one.value for one in page.subheader]
    table = page.dataframe[0].value
    assert table.columns.tolist() == ["from, s", "to, s", "emotion", "confidence, %"]
    assert table["from, s"].tolist() == [float(k) for k in range(10)]
    assert "The average of all parts with speech; 12.0 s in all" in text(page)


@pytest.mark.slow
def test_a_long_recording_is_drawn_in_part_with_a_note(page: AppTest) -> None:
    assert "first 30 s" not in text(upload(page, file_of(spoken(29), subtype="PCM_16")))
    shown = text(upload(page, file_of(spoken(31), subtype="PCM_16")))
    assert "How loud the recording is over time, in its first 30 s." in shown
    assert "The spectra are of the first 30 s of 31.0 s." in shown


def test_nothing_is_analysed_or_drawn_twice(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    analysed, drawn = calls(monkeypatch, results, "result_of"), calls(monkeypatch, view, "_pictures")
    upload(page, UTTERANCE.read_bytes())
    page.run()
    page.run()
    assert (len(analysed), len(drawn)) == (1, 1)
    upload(page, file_of(spoken(2), subtype="PCM_16"))
    assert (len(analysed), len(drawn)) == (2, 2)


def test_an_internal_error_of_the_page_has_a_plain_message(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(results, "result_of", broken)
    upload(page, UTTERANCE.read_bytes())
    assert not page.exception
    assert [one.value for one in page.error] == [words.UNEXPECTED]
    assert "secret detail" not in text(page)


def test_an_example_is_labelled_as_synthetic(page: AppTest) -> None:
    choose(page, start.EXAMPLE)
    assert "synthetic speech" in text(page)
    assert HEADLINE in text(page)
    assert len(page.selectbox[1].options) == 9


def test_a_recording_can_be_made_in_the_browser(page: AppTest) -> None:
    choose(page, start.RECORD)
    assert len(page.get("audio_input")) == 1
    page.audio_input[0].set_value(("voice.wav", file_of(spoken(2), subtype="PCM_16"), "audio/wav")).run()
    assert HEADLINE in text(page)


def test_the_model_card_is_shown(page: AppTest) -> None:
    shown = text(page)
    if (EMBEDDED / "README.md").is_file():
        assert "Model card" in shown
        assert "Licence" in shown
    else:
        assert "no model card" in shown


def test_without_card_and_demo_the_page_still_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied_model(tmp_path / "models" / "mine", corpora=["demo"])
    (tmp_path / "models" / "mine" / "README.md").unlink(missing_ok=True)
    monkeypatch.chdir(tmp_path)
    page = opened()
    assert page.radio[0].options == [start.UPLOAD, start.RECORD]
    page.selectbox[0].set_value("models/mine").run()
    assert "no model card" in text(page)
    assert "Model: logistic_regression\n" in text(page)


def test_the_card_of_a_stranger_is_plain_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copied_model(tmp_path / "models" / "mine")
    card = "# Enter your password\n![](https://example.org/seen.png) <b>now</b> [here](https://example.org)\n"
    (folder / "README.md").write_text(card)
    monkeypatch.chdir(tmp_path)
    page = opened()
    page.selectbox[0].set_value("models/mine").run()
    assert [one.value for one in page.text] == [card.strip()]
    assert not any("example.org" in one.value for one in page.markdown)


@pytest.mark.parametrize("address", [None, "0.0.0.0", "192.168.0.7", "example.org"])
def test_the_page_refuses_an_address_that_others_can_reach_as_the_service_does(
    address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    streamlit.config.set_option("server.address", address)
    page = opened()
    assert "which others can reach" in page.error[0].value
    assert "SER_OPEN=1" in page.error[0].value
    assert not page.file_uploader
    monkeypatch.setenv("SER_OPEN", "1")
    assert exposure.refusal() is None


def test_the_configuration_names_this_machine_and_sends_no_statistics() -> None:
    chosen = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert chosen["server"]["address"] == "127.0.0.1"
    assert chosen["server"]["allowedHosts"] == ["127.0.0.1", "localhost", "::1"]
    assert chosen["browser"]["gatherUsageStats"] is False


def test_the_page_asks_no_host_for_the_address_of_this_machine(page: AppTest) -> None:
    assert net_util.get_external_ip() is None
    assert not page.exception


def test_uploads_of_all_visitors_together_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exposure, "MOST_BYTES", 100)
    manager = MemoryUploadedFileManager("/upload")
    for _ in range(2):  # every visitor's page sets the limit
        exposure.limit_uploads(manager)
    files = [UploadedFileRec(str(k), "a.wav", MIME, bytes(60)) for k in range(3)]
    manager.add_file("first", files[0])
    with pytest.raises(HTTPException, match="all visitors together") as caught:
        manager.add_file("second", files[1])
    assert caught.value.status_code == 413
    manager.remove_session_files("first")
    manager.add_file("second", files[2])
    assert manager.get_files("second", ["2"]) == [files[2]]


def test_a_model_trained_on_synthetic_speech_has_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied_model(tmp_path / "models" / "mine", corpora=["demo"])
    monkeypatch.chdir(tmp_path)
    page = opened()
    assert not page.warning
    page.selectbox[0].set_value("models/mine").run()
    assert "synthetic speech" in page.warning[0].value


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: (folder / "bundle.json").write_text("{"), "damaged"),
        (lambda folder: (folder / "model.tflite").write_bytes(b"no network"), "cannot be loaded"),
        (lambda folder: (folder / "model.tflite").unlink(), "no model"),
    ],
    ids=["description", "network", "missing"],
)
def test_a_model_that_cannot_be_read_gives_an_error_message(
    damage: Callable[[Path], object], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(copied_model(tmp_path / "models" / "mine"))
    monkeypatch.chdir(tmp_path)
    page = opened()
    page.selectbox[0].set_value("models/mine").run()
    assert not page.exception
    assert len(page.error) == 1
    assert "The model cannot be read." in page.error[0].value
    assert page.text[0].value.startswith("models/mine: ")
    assert reason in page.text[0].value
    page.selectbox[0].set_value(next(iter(bundles.choices()))).run()
    assert not page.error


def test_each_of_many_files_has_a_row_and_a_bad_file_has_its_reason(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = calls(monkeypatch, many, "row")
    files = [("good.flac", UTTERANCE.read_bytes()), ("bad.wav", BAD["text"][0]), ("silent.wav", SILENCE)]
    page.file_uploader[1].set_value([(name, content, MIME) for name, content in files]).run()
    page.run()
    table = page.dataframe[0].value
    assert table["file"].tolist() == [name for name, _ in files]
    expected = recognition.predict_emotion(UTTERANCE)
    assert table["emotion"].fillna("").tolist() == [expected["emotion"], "", recognition.NO_SPEECH]
    assert ["not a sound file" in problem for problem in table["problem"]] == [False, True, False]
    assert "2 of 3 files could be used." in text(page)
    assert len(rows) == 3
    assert json.loads(page.dataframe[0].proto.columns)["file"]["width"] >= 200  # so that names differ to the eye
    assert len(page.download_button) == 1


def test_many_files_may_all_be_bad(page: AppTest) -> None:
    files = [(name, content, MIME) for name, (content, _) in BAD.items() if name in ("text", "NaN")]
    page.file_uploader[1].set_value(files).run()
    assert not page.exception
    assert not page.error
    assert "0 of 2 files could be used." in text(page)


def test_the_csv_has_probabilities_and_empty_cells_for_missing_values() -> None:
    model = recognition.load()
    rows = [{"file": name, **many.row(content, model)} for name, content in (("é", SILENCE), ("b", b""), ("c", b"x"))]
    lines = many.csv(many.table_of(rows, model.labels)).decode().split("\n")
    assert lines[0] == "file,emotion,confidence,duration,problem,notes," + ",".join(
        f"p_{label}" for label in model.labels
    )
    assert lines[1] == "é,no speech,1.0,2.0,," + "," * len(model.labels)
    assert lines[2].startswith("b,,,,The file is empty.")
    numbers = pd.DataFrame({"file": ["=1+1", "@a", "-"], "p_calm": [-0.5, 0.5, None]})
    assert many.csv(numbers).decode() == "file,p_calm\n'=1+1,-0.5\n'@a,0.5\n-,\n"
    good = {"file": "d", **many.row(UTTERANCE.read_bytes(), model)}
    probabilities = many.table_of([good], model.labels).filter(like="p_").to_numpy()
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_remarks_on_a_file_are_in_its_row() -> None:
    waveform, rate = soundfile.read(UTTERANCE, dtype="float32")
    middle, length = waveform.size // 2, rate // 4
    word = np.stack([waveform[middle - length : middle + length]] * 2, axis=1) * [1, -1]  # channels that cancel
    row = many.row(encoded(word, rate), recognition.load())
    assert row["notes"].startswith("channels of opposite sign: channel 1, the louder one, is taken; 0.5 s of speech: ")


def test_an_exception_for_one_file_does_not_affect_the_other_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(results, "prediction_of", broken)
    table = pd.DataFrame([many.row(SILENCE, recognition.load())])
    assert table["problem"].tolist() == [words.UNEXPECTED]


# A visitor's own voice


def test_recordings_of_the_same_person_adapt_the_answers_of_the_session(page: AppTest) -> None:
    page.selectbox[0].set_value("ravdess (built-in)").run()
    upload(page, file_of(spoken(4)))
    assert "ransductive" not in text(page)
    own = page.file_uploader[-1]
    assert own.label == "Recordings of the same person"
    own.set_value([("a.wav", file_of(spoken(2)), MIME), ("silent.wav", SILENCE, MIME)]).run()
    protocol = "Transductive: adapted to 1 recording of the same speaker."
    assert protocol in text(page)
    assert [one.value for one in page.success] == [protocol]
    assert "silent.wav is not used. It has no speech." in text(page)
    assert not page.exception


@pytest.mark.parametrize(("n_left", "told"), [(1, "1 more is left out."), (2, "2 more are left out.")])
def test_recordings_beyond_the_limit_are_counted(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, n_left: int, told: str
) -> None:
    monkeypatch.setattr(voice, "MOST", 1)
    page.file_uploader[-1].set_value([(f"{k}.wav", SILENCE, MIME) for k in range(1 + n_left)]).run()
    assert f"Only the first 1 recordings are used; {told}" in text(page)
    assert "0.wav is not used." in text(page)
    assert "1.wav is not used." not in text(page)


def test_below_the_chosen_confidence_the_answer_is_unsure(page: AppTest) -> None:
    upload(page, file_of(spoken(4)))
    neutral, confidence = page.slider
    confidence.set_value(100).run()
    assert f"{HEADLINE}>unsure" in text(page)
    assert neutral.label == "Share of neutral speech, %"


def test_a_prior_and_a_model_that_cannot_be_adapted() -> None:
    model = recognition.load("ravdess")
    assert voice.enrolled(model, [("a", file_of(spoken(2)))])[1] == []
    del model.parts[0][1].description["centre"]
    found, (problem,) = voice.enrolled(replace(model), [("a", file_of(spoken(2)))])
    assert found is None
    assert problem.startswith("This model cannot be adapted to a person.")


def test_a_recording_of_more_than_half_an_hour_is_not_enrolled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "LONGEST", 3)
    found, (problem,) = voice.enrolled(recognition.load("ravdess"), [("a", file_of(spoken(4)))])
    assert found is None
    assert problem.startswith("a is not used.")


def test_the_share_of_neutral_stays_when_the_model_changes(page: AppTest) -> None:
    upload(page, file_of(spoken(2)))
    page.slider[0].set_value(60).run()
    page.selectbox[0].set_value("ravdess (built-in)").run()
    assert page.slider[0].value == 60


def test_a_recording_without_speech_can_be_predicted_anyway(page: AppTest) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 32_000).astype(np.float32)
    upload(page, file_of(noise, subtype="FLOAT"))
    assert "No speech found" in text(page)
    next(one for one in page.button if one.label == "Predict anyway").click().run()
    assert page.warning[-1].value == words.ANYWAY
    emotion = recognition.load(all_speech=True).predict(inputs.of_waveform(noise, 16_000))["emotion"]
    assert f'<h2 class="ser-emotion">{emotion}</h2>' in text(page)


def test_one_click_on_the_start_tries_an_example(page: AppTest) -> None:
    names = [one.label for one in page.button]
    assert names[:3] == [f"A voice that is meant to be {emotion}" for emotion in ("happy", "sad", "angry")]
    page.button[1].click().run()
    assert page.selectbox[1].value.startswith("Meant to be sad")
    assert HEADLINE in text(page)
