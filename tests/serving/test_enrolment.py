"""Enrolment of recordings of the same speaker: features, tokens, and what cannot be enrolled."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from ser import predict_emotion
from ser.models import bundle, centre, packaged
from ser.models.bundle_schema import check
from ser.serving import enrolling, enrolment, export, inputs, recognition
from ser.serving.enrolment import Enrolment
from ser.serving.recognition import Recognizer
from tests.support.bundles import trained, with_network
from tests.support.paths import EMBEDDED, ROOT

DEMO = sorted((ROOT / "data/demo").rglob("*.flac"))
RATE = 16_000  # Hz, of the demo corpus
DIGEST = "0123456789abcdef"
SPEECH, OTHER = (soundfile.read(DEMO[k], dtype="float32")[0] for k in (0, 40))


class Dot:
    """A model of one feature whose sign decides."""

    def predict_proba(self, values: np.ndarray) -> np.ndarray:
        share = 1 / (1 + np.exp(-values[:, :1].astype(np.float64)))
        return np.hstack([1 - share, share])

    classes_ = ("calm", "sad")


def dot(middle: float | None = 2.0) -> Recognizer:
    """Recognizer whose only feature is the mean magnitude of the samples, times ten."""
    described = {} if middle is None else {"centre": [middle]}
    one = bundle.Bundle(Dot(), ["calm", "sad"], ["mean"], {"name": "librosa", "settings": {}}, described)

    def extract(waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        assert sample_rate == RATE
        return np.array([10 * np.abs(waveform).mean()], np.float32)

    return Recognizer("dot", [(extract, one)], 3.0, True, {}, all_speech=True)


def of(level: float, seconds: float = 1.0) -> inputs.Input:
    return inputs.of_waveform(np.tile([-level, level], round(seconds * RATE / 2)).astype(np.float32), RATE)


@pytest.fixture(scope="module")
def embedded() -> Recognizer:
    return recognition.load()


# values


def test_features_are_shifted_by_the_share_of_the_difference_from_the_centre() -> None:
    model = dot()
    found = [one for one in map(model.enrolment_of, (of(0.01), of(0.02), of(0.03))) if one]
    together = enrolment.merged(found)
    assert (together.n_recordings, together.n_utterances) == (3, 3)
    assert together.means[0] == pytest.approx([0.2])
    moved = together.shifted(np.array([[1.0]], np.float32), model.centres[0], part=0)
    assert moved == pytest.approx(1 - 3 / 7 * (0.2 - 2))


@pytest.mark.parametrize("n", [1, 4, 20])
def test_the_weight_of_n_recordings_is_n_of_n_and_four(n: int) -> None:
    model = dot()
    one = Enrolment(n, n, enrolment.model_of(model.centres), (np.array([5.0], np.float32),))
    waveform = np.full(RATE, 0.1, np.float32)  # feature 1
    (_, share) = model.adjusted(enrolment=one).probabilities(waveform, RATE)
    assert share == pytest.approx(1 / (1 + np.exp(-(1 - n / (n + 4) * (5 - 2)))), abs=1e-6)


def test_an_enrolment_at_the_centre_changes_nothing() -> None:
    model = dot()
    at_centre = Enrolment(9, 9, enrolment.model_of(model.centres), (np.array([2.0], np.float32),))
    waveform = np.full(RATE, 0.1, np.float32)
    found = model.adjusted(enrolment=at_centre).probabilities(waveform, RATE)
    assert found.tolist() == model.probabilities(waveform, RATE).tolist()


def test_a_long_recording_is_enrolled_by_its_windows() -> None:
    found = dot().enrolment_of(of(0.01, seconds=12.0))
    assert found is not None
    assert (found.n_recordings, found.n_utterances) == (1, 4)


def test_the_order_of_recordings_does_not_matter(embedded: Recognizer) -> None:
    forth = enrolling.enrolled_from(embedded, [DEMO[0], DEMO[40]]).enrolment
    back = enrolling.enrolled_from(embedded, [(OTHER, RATE), (SPEECH, RATE)]).enrolment
    np.testing.assert_array_equal(forth.means[0], back.means[0])


def test_predictions_with_an_enrolment_say_so_and_others_are_as_before(embedded: Recognizer) -> None:
    found = enrolling.enrolled_from(embedded, DEMO[:3]).enrolment
    before, after = predict_emotion(DEMO[0]), predict_emotion(DEMO[0], enrol=DEMO[:3])
    assert "protocol" not in before
    assert after["protocol"] == "transductive: adapted to 3 recordings of the same speaker"
    assert after["probabilities"] != before["probabilities"]
    assert after == predict_emotion(DEMO[0], enrol=found)
    assert "protocol" not in predict_emotion(np.zeros(RATE), RATE, enrol=found)  # no speech: nothing is adapted
    window = next(iter(embedded.adjusted(enrolment=found).timeline(inputs.of_waveform(SPEECH, RATE))))
    assert window["protocol"] == after["protocol"]


def test_the_members_of_an_ensemble_are_adapted_each_by_its_own_features() -> None:
    first, second = dot(1.0), dot(3.0)
    both = Recognizer("both", [*first.parts, *second.parts], 3.0, True, {"model": {"mean": "arithmetic"}}, True)
    found = both.enrolment_of(of(0.2))
    assert found is not None
    assert np.concatenate(found.means) == pytest.approx([2.0, 2.0])
    shifted = both.adjusted(enrolment=found).probabilities(np.full(RATE, 0.1, np.float32), RATE)[1]
    expected = np.mean([1 / (1 + np.exp(-(1 - 1 / 5 * (2 - middle)))) for middle in (1.0, 3.0)])
    assert shifted == pytest.approx(expected, abs=1e-6)


# what is left out


def test_a_folder_is_enrolled_without_what_has_no_speech_or_is_damaged(tmp_path: Path, embedded: Recognizer) -> None:
    (tmp_path / "below").mkdir()
    shutil.copy(DEMO[0], tmp_path / "below/a.flac")
    soundfile.write(tmp_path / "silent.wav", np.zeros(RATE), RATE)
    (tmp_path / "empty.wav").touch()
    (tmp_path / "notes.txt").touch()
    found = enrolling.enrolled_from(embedded, tmp_path)
    assert found.used == [str(tmp_path / "below/a.flac")]
    reasons = {Path(name).name: reason for name, reason in found.left_out.items()}
    assert reasons["silent.wav"] == "no speech"
    assert reasons["empty.wav"].startswith("0 bytes")
    assert reasons["notes.txt"] == "it is no recording, by its name and content"


def test_a_file_a_waveform_and_a_folder_in_a_list_are_enrolled(tmp_path: Path, embedded: Recognizer) -> None:
    shutil.copy(DEMO[0], tmp_path / "a.flac")
    expected = enrolling.enrolled_from(embedded, [DEMO[0]]).enrolment.means[0]
    for source in (DEMO[0], (SPEECH, RATE), [tmp_path], [(SPEECH, RATE)]):
        found = enrolling.enrolled_from(embedded, source)
        assert len(found.used) == 1
        np.testing.assert_allclose(found.enrolment.means[0], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "the name of the folder to enrol is empty"),
        ([DEMO[0], " "], "the name of the folder to enrol is empty"),
        ([SPEECH], "waveform 1 to enrol has no sample rate"),
        (SPEECH, "waveform 1 to enrol has no sample rate"),
    ],
    ids=["empty", "empty in a list", "no rate in a list", "no rate"],
)
def test_what_names_no_recording_is_refused(source: Any, message: str, embedded: Recognizer) -> None:
    with pytest.raises(ValueError, match=message):
        enrolling.enrolled_from(embedded, source)


def test_the_library_names_what_is_not_enrolled(caplog: pytest.LogCaptureFixture) -> None:
    predict_emotion(DEMO[0], enrol=[DEMO[0], "no_such_file.wav"])
    assert "not enrolled: no_such_file.wav: " in caplog.text


@pytest.mark.parametrize("prior", ["neutral=0.6", [0.6]])
def test_a_prior_of_another_type_is_refused_with_its_form(prior: Any) -> None:
    with pytest.raises(ValueError, match=r"wanted a number for each emotion, as \{'neutral': 0.6\}"):
        predict_emotion(DEMO[0], prior=prior)


def test_nothing_to_enrol_is_an_error_with_the_first_reason(tmp_path: Path, embedded: Recognizer) -> None:
    with pytest.raises(ValueError, match="there is no file or folder"):
        enrolling.enrolled_from(embedded, tmp_path / "none")
    soundfile.write(tmp_path / "silent.wav", np.zeros(RATE), RATE)
    with pytest.raises(ValueError, match=r"no recording with speech is left to enrol.*silent.wav: no speech"):
        enrolling.enrolled_from(embedded, tmp_path)


@pytest.mark.parametrize("made", [dot(None), "network"], ids=["old export", "network"])
def test_a_model_without_a_centre_is_not_adapted(made: Recognizer | str) -> None:
    model = recognition.of_bundles("cnn", [with_network("dnn")], {}) if isinstance(made, str) else made
    with pytest.raises(ValueError, match=r"keeps no mean of its training features.*ser export"):
        enrolling.enrolled_from(model, [DEMO[0]])


# the centre


def test_the_centre_of_a_classifier_is_the_mean_of_its_scaler_and_is_exported(tmp_path: Path) -> None:
    made = trained()
    expected = made.model.calibrated_classifiers_[0].estimator.steps[0][1].mean_.astype(np.float32)
    found = centre.of_bundle(made)
    assert found is not None
    np.testing.assert_array_equal(found, expected)
    described = {"format": 1, "labels": made.labels, "columns": made.columns, "representation": made.representation}
    for folder in export.exported(made, described, tmp_path).values():
        np.testing.assert_array_equal(centre.of_bundle(bundle.load(folder)), expected)


@pytest.mark.parametrize("name", packaged.folders())
def test_packaged_models_have_a_centre_of_the_right_size(name: str) -> None:
    described = json.loads((packaged.resolved(name) / "bundle.json").read_text())
    assert len(described["centre"]) == len(described["columns"])
    check(described)


@pytest.mark.parametrize(
    ("wrong", "message"),
    {
        "too few": ([0.5], "centre has 1 numbers; wanted one for each of 1536 columns"),
        "no list": (0.5, "centre is 0.5"),
        "text": (["a"] * 1536, "centre.0 is 'a'"),
        "infinite": ([1e300] * 1536, "wanted a number from"),
    }.values(),
)
def test_a_wrong_centre_is_refused(wrong: object, message: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(packaged.resolved("ravdess"), folder)
    described = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps(described | {"centre": wrong}))
    with pytest.raises(ValueError, match=message):
        bundle.read_description(folder)


# tokens


def test_a_token_gives_the_same_predictions_in_a_length_that_a_form_can_have(embedded: Recognizer) -> None:
    found = enrolling.enrolled_from(embedded, DEMO[:2]).enrolment
    again = embedded.adjusted(enrolment=enrolment.of_token(found.token))
    assert len(found.token) < 10_000
    assert again.predict(inputs.of_waveform(SPEECH, RATE)) == predict_emotion(SPEECH, RATE, enrol=found)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        f"ser1.0.0.{DIGEST}.AAAAAA",
        f"ser1.3.2.{DIGEST}.AAAAAA",
        f"ser1.9999999.9999999.{DIGEST}.AAAAAA",
        f"ser1.1.1.{DIGEST}.AACAfw",  # infinite
        f"ser1.1.1.{DIGEST}.5rFhfw",  # 3e38
        f"ser1.1.1.{DIGEST}.A",
        f"ser1.1.1.{DIGEST}.AAA!",
    ],
)
def test_a_damaged_token_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="the enrolment is damaged"):
        enrolment.of_token(token)


def test_an_enrolment_of_another_model_is_refused(embedded: Recognizer) -> None:
    made = dot().enrolment_of(of(0.1))
    assert made is not None
    for model in (embedded, dot(3.0)):
        with pytest.raises(ValueError, match="made with another model; make the enrolment anew"):
            model.adjusted(enrolment=enrolment.of_token(made.token))
    other = dot(3.0).enrolment_of(of(0.1))
    assert other is not None
    with pytest.raises(ValueError, match="of several models"):
        enrolment.merged([made, other])


def test_the_default_model_can_be_adapted() -> None:
    assert centre.of_bundle(bundle.load(EMBEDDED)) is not None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_named_pipe_in_a_folder_is_no_recording_and_a_broken_link_keeps_its_row(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    os.mkfifo(tmp_path / "without_suffix")
    (tmp_path / "link.wav").symlink_to("nowhere.wav")
    pipes = [tmp_path / "pipe.wav", tmp_path / "without_suffix"]
    assert enrolling.recordings_in(tmp_path) == ([tmp_path / "link.wav"], pipes)
