"""The HTTP service: predictions of the recognizer, and refusals with plain messages."""

import asyncio
import json
import logging
import struct
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from app.http import logs, prediction, workers
from benchmarks import service as benchmark
from ser import predict_emotion
from ser.audio.reading import InvalidAudio, Kind
from ser.models import packaged
from ser.serving import inputs, recognition
from tests.support import served_models, serving
from tests.support.paths import EMBEDDED, ROOT
from tests.support.serving import DEMO, PREDICT, encoded, served, speech
from tests.support.synthesis import tone

SPEECH = DEMO[0].read_bytes()


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with served() as client:
        yield client


def sent(client: httpx.Client, content: bytes, *, name: str = "speech.wav", query: str = "") -> httpx.Response:
    return client.post(PREDICT + query, files={"file": (name, content)})


def predicted(content: bytes) -> dict[str, Any]:
    with inputs.opened(content) as recording:
        return dict(serving.recognizer().predict(recording))


@pytest.mark.parametrize("path", DEMO[::60], ids=lambda path: path.stem)
def test_the_service_returns_the_prediction_of_the_recognizer(client: httpx.Client, path: Any) -> None:
    response = sent(client, path.read_bytes())
    assert response.status_code == 200
    assert response.json() == predicted(path.read_bytes())


def test_the_field_may_be_called_audio(client: httpx.Client) -> None:
    response = client.post(PREDICT, files={"audio": ("speech.wav", SPEECH)})
    assert response.json() == predicted(SPEECH)


def test_other_fields_do_not_matter(client: httpx.Client) -> None:
    response = client.post(PREDICT, files={"file": ("a", SPEECH), "other": ("b", b"x" * 1000)}, data={"note": "hello"})
    assert response.json() == predicted(SPEECH)


@pytest.mark.parametrize("query", ["?priors=neutral%3D0.6", "?timelin=true", "?enrolment=x"])
def test_a_misspelt_parameter_is_refused(client: httpx.Client, query: str) -> None:
    response = sent(client, SPEECH, query=query)
    assert response.status_code == 422
    assert "wanted model, timeline, prior, unsure" in response.json()["detail"]


@pytest.mark.parametrize("query", ["?model=general&model=ravdess", "?timeline=true&timeline=false"])
def test_a_parameter_that_is_given_twice_is_refused(client: httpx.Client, query: str) -> None:
    response = sent(client, SPEECH, query=query)
    assert response.status_code == 422
    assert response.json()["detail"].endswith("is given more than once; give it once")


@pytest.mark.parametrize("name", ["prior", "unsure", "model", "timeline"])
def test_a_parameter_in_the_form_is_refused_and_not_ignored(client: httpx.Client, name: str) -> None:
    response = client.post(PREDICT, files={"file": ("a", SPEECH)}, data={name: "neutral=0.6"})
    assert response.status_code == 422
    assert response.json()["detail"].startswith(f"{name} is a field of the form; put it into the address")


def test_what_was_changed_in_the_sound_is_named(client: httpx.Client) -> None:
    channels = np.column_stack([speech(2), -0.75 * speech(2)])
    answer = sent(client, encoded(channels, subtype="FLOAT")).json()
    assert answer["notes"] == ["channels of opposite sign: channel 1, the louder one, is taken"]
    assert "notes" not in sent(client, SPEECH).json()


def test_a_timeline_has_one_window_per_second(client: httpx.Client) -> None:
    content = encoded(speech(12))
    response = sent(client, content, query="?timeline=true")
    timeline = response.json().pop("timeline")
    with inputs.opened(content) as recording:
        assert timeline == list(serving.recognizer().timeline(recording))
    assert [one["start"] for one in timeline] == list(range(len(timeline)))
    assert "timeline" not in sent(client, content).json()


def test_a_recording_without_speech_has_none(client: httpx.Client) -> None:
    answer = sent(client, encoded(tone(440, 2))).json()
    assert answer["emotion"] == recognition.NO_SPEECH
    assert answer["probabilities"] == {}


NAMES = (
    "../../etc/passwd",
    "two words.wav",
    "\N{GRINNING FACE}.wav",
    "speech.txt",
    'a"b.wav',
    "a;b=c.wav",
    "",
    "x" * 300,
)


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_the_file_does_not_matter(client: httpx.Client, name: str) -> None:
    assert sent(client, SPEECH, name=name).json() == predicted(SPEECH)


ENCODINGS = (
    *(("WAV", subtype) for subtype in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")),
    *(("FLAC", "PCM_16"), ("FLAC", "PCM_24"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")),
    *(("AIFF", "PCM_16"), ("AU", "PCM_16"), ("CAF", "PCM_16"), ("W64", "PCM_16"), ("RF64", "PCM_16")),
)


@pytest.mark.parametrize(("kind", "subtype"), ENCODINGS)
def test_every_format_is_predicted(client: httpx.Client, kind: str, subtype: str) -> None:
    content = encoded(speech(2), format=kind, subtype=subtype)
    response = sent(client, content)
    assert response.status_code == 200
    assert response.json() == predicted(content)
    assert response.json()["duration"] == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("sample_rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_every_sample_rate_is_predicted(client: httpx.Client, sample_rate: int) -> None:
    content = encoded(speech(2, sample_rate), sample_rate)
    response = sent(client, content)
    assert response.status_code == 200
    assert response.json()["duration"] == pytest.approx(2)


@pytest.mark.parametrize("channels", range(1, 9))
def test_every_number_of_channels_is_predicted(client: httpx.Client, channels: int) -> None:
    content = encoded(np.tile(speech(2)[:, np.newaxis], channels))
    assert sent(client, content).json() == predicted(content)


def riff(samples: bytes, *, declared: int, rate: int = 16_000) -> bytes:
    """A WAV file of 16 bit with any values in its header."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate & 0xFFFFFFFF, 2, 16)
    data = struct.pack("<4sI", b"data", declared) + samples
    return struct.pack("<4sI4s", b"RIFF", (36 + declared) & 0xFFFFFFFF, b"WAVE") + form + data


NAN = np.full(16_000, np.nan, np.float32)
BAD = {
    "0 bytes": (b"", "0 bytes"),
    "1 byte": (b"\0", "not readable"),
    "1 sample": (encoded(np.zeros(1)), "shorter than 0.1 s"),
    "NaN": (encoded(NAN, subtype="FLOAT"), "NaN"),
    "infinite": (encoded(NAN * 0 + np.inf, subtype="DOUBLE"), "NaN or infinite"),
    "beyond full scale": (encoded(np.full(16_000, 1e30), subtype="DOUBLE"), "full scale"),
    "2 GB in 1 KB": (riff(bytes(1000), declared=2 * 10**9), "truncated"),
    "4 GiB in 1 KB": (
        riff(bytes(1000), declared=2**32 - 1000),
        "shorter than 0.1 s",
    ),  # the length that a stream declares
    "truncated WAV": (encoded(speech(2))[:20_000], "truncated"),
    "truncated FLAC": (SPEECH[: len(SPEECH) // 2], ""),
    "header only": (riff(b"", declared=0), "shorter than 0.1 s"),
    "text": (b"hello, I am no sound\n" * 100, "not readable"),
    "zeros": (bytes(10_000), "not readable"),
    "MP3's first bytes": (b"\xff\xfb\x90\x00" + bytes(100), ""),
    "zip": (b"PK\x03\x04" + bytes(1000), "not readable"),
    "1 Hz": (riff(bytes(32_000), declared=32_000, rate=1), "sample rate of 1 Hz"),
    "4 GHz": (riff(bytes(32_000), declared=32_000, rate=2**30), "sample rate"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_audio_is_refused_with_a_message_and_a_remedy(client: httpx.Client, kind: str) -> None:
    content, words = BAD[kind]
    response = sent(client, content)
    assert response.status_code == 422
    assert list(response.json()) == ["detail"]
    detail = response.json()["detail"]
    assert words in detail
    assert "; " in detail  # and a remedy
    assert "corpus" not in detail
    assert "/" not in detail  # no path


def test_many_seconds_in_few_bytes_are_refused_by_the_header(client: httpx.Client) -> None:
    bomb = encoded(np.zeros((8_000 * 700, 1), np.int16), 8_000, format="FLAC")
    assert len(bomb) < 100_000
    response = sent(client, bomb)
    assert response.status_code == 413
    assert "longer than 600 s" in response.json()["detail"]


def test_each_kind_of_invalid_audio_has_its_status() -> None:
    with served(served_models.refusing, models=dict.fromkeys(map(str, Kind), EMBEDDED)) as client:
        for kind in Kind:
            response = sent(client, SPEECH, query=f"?model={kind}")
            assert response.status_code == (413 if kind == Kind.TOO_LONG else 422)
            assert response.json() == {"detail": "found; wanted"}


def test_a_recording_with_too_long_a_declared_length_is_not_decoded() -> None:
    with pytest.raises(InvalidAudio, match="longer than 1 s; send parts of it") as caught:
        prediction.predicted(
            serving.recognizer(),
            encoded(speech(2)),
            timeline=False,
            max_seconds=1,
            is_wanted=lambda: pytest.fail("asked when a part has been decoded"),
        )
    assert caught.value.kind == Kind.TOO_LONG


def test_a_header_with_too_short_a_declared_length_does_not_evade_the_limit() -> None:
    content = encoded(speech(3))
    with inputs.opened(content) as recording:
        blocks = prediction._at_most(recording.blocks, recording.sample_rate, max_seconds=1)
        shorter = replace(recording, blocks=blocks, duration=1.0)
        with pytest.raises(InvalidAudio, match="longer than 1 s"):
            serving.recognizer().predict(shorter)


def test_decoding_ends_when_the_client_has_left() -> None:
    asked = iter([True, False])
    with pytest.raises(prediction.Abandoned):
        prediction.predicted(
            serving.recognizer(),
            encoded(speech(100)),
            timeline=False,
            max_seconds=600,
            is_wanted=lambda: next(asked),
        )


def test_a_recording_may_have_the_largest_size_and_no_byte_more() -> None:
    content = encoded(speech(1))
    for most, status in ((len(content), 200), (len(content) - 1, 413)):
        with served(max_bytes=most) as client:
            response = sent(client, content)
            assert response.status_code == status
    assert f"larger than {len(content) - 1} bytes" in response.json()["detail"]


def test_a_body_far_too_large_is_refused_by_its_declared_length() -> None:
    with served(max_bytes=1000) as client:
        assert sent(client, bytes(200_000)).status_code == 413


def test_the_size_of_other_fields_counts() -> None:
    with served(max_bytes=50_000) as client:
        response = client.post(PREDICT, data={"note": "x" * 200_000}, files={"file": ("a", SPEECH)})
        assert response.status_code == 413


TYPE = f"multipart/form-data; boundary={serving.BOUNDARY}"
WRONG = {
    "nothing": (b"", TYPE, 400, "ends before its last boundary"),
    "no form": (b"x" * 100, TYPE, 400, "not multipart"),
    "cut off": (serving.body(SPEECH)[:-20], TYPE, 400, "ends before its last boundary"),
    "audio itself": (SPEECH, "audio/flac", 415, "audio/flac"),
    "JSON": (b"{}", "application/json", 415, "application/json"),
    "no type": (SPEECH, "", 415, "missing"),
    "no boundary": (serving.body(SPEECH), "multipart/form-data", 400, "no boundary"),
    "long boundary": (serving.body(SPEECH), f"multipart/form-data; boundary={'x' * 71}", 400, "boundary"),
    "another field": (serving.body(SPEECH, field="sound"), TYPE, 422, "no fields with a recording"),
    "two": (serving.body(SPEECH)[: -len(serving.BOUNDARY) - 6] + serving.body(SPEECH), TYPE, 422, "2 fields"),
    "many": (serving.body(b"x")[: -len(serving.BOUNDARY) - 6] * 17 + serving.body(b"x"), TYPE, 400, "more than 16"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_form_is_refused_with_a_message(client: httpx.Client, kind: str) -> None:
    content, content_type, status, words = WRONG[kind]
    response = client.post(PREDICT, content=content, headers={"Content-Type": content_type})
    assert response.status_code == status
    assert list(response.json()) == ["detail"]
    assert words in response.json()["detail"]


def test_an_unknown_model_is_refused_and_the_known_ones_named(client: httpx.Client) -> None:
    response = sent(client, SPEECH, query="?model=mine")
    assert response.status_code == 422
    assert response.json() == {"detail": f"there is no model 'mine'; choose one of {', '.join(packaged.folders())}"}
    assert sent(client, SPEECH, query="?model=ravdess").status_code == 200


def test_an_invalid_parameter_is_refused_in_one_sentence(client: httpx.Client) -> None:
    response = sent(client, SPEECH, query="?timeline=perhaps")
    assert response.status_code == 422
    assert "timeline is 'perhaps'" in response.json()["detail"]


def test_the_first_model_is_the_default_and_each_has_its_name() -> None:
    folder = EMBEDDED
    with served(models={"one": folder, "two": folder}) as client:
        models = client.get("/v1/models").json()["models"]
        assert [(model["name"], model["default"]) for model in models] == [("one", True), ("two", False)]
        assert sent(client, SPEECH, query="?model=two").json() == sent(client, SPEECH).json()


def test_models_are_described_without_their_paths(client: httpx.Client) -> None:
    models = client.get("/v1/models").json()["models"]
    assert [one["name"] for one in models] == list(packaged.folders())
    (model,) = [one for one in models if one["name"] == "ravdess"]
    recognizer = recognition.load("ravdess")
    assert model["labels"] == recognizer.labels
    assert model["corpora"] == ["ravdess"]
    assert model["network"] == recognizer.description["model"]["name"]
    assert model["n_speakers"] == len(recognizer.description["speakers"])
    assert model["note"] == recognizer.note == packaged.NOTES[model["name"]]
    assert "/" not in json.dumps(model)


def test_a_model_trained_on_synthetic_speech_has_a_warning_with_its_public_name() -> None:
    with served(served_models.synthetic, models={"mine": EMBEDDED}) as client:
        (model,) = client.get("/v1/models").json()["models"]
        assert "mine was trained on the demo corpus" in model["warnings"][0]
        assert sent(client, SPEECH).status_code == 200


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", PREDICT, 405)])
def test_errors_of_wrong_addresses_and_methods_have_the_common_shape(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    response = client.request(method, path)
    assert response.status_code == status
    assert list(response.json()) == ["detail"]
    assert "/docs" in response.json()["detail"]


FAILING: dict[str, Any] = {
    "models": dict.fromkeys(("ravdess", "broken", "full", "crashing", "hanging", "slow", "out_of_memory"), EMBEDDED),
    "work_seconds": 5.0,
}


@pytest.fixture(scope="module")
def failing() -> Iterator[httpx.Client]:
    with served(served_models.failing, **FAILING) as client:
        yield client


def test_a_process_survives_any_exception_of_a_model(failing: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "app"):
        for _ in range(3):
            response = sent(failing, SPEECH, query="?model=broken")
            assert response.status_code == 500
            assert list(response.json()) == ["detail"]
            assert "secret" not in response.text
            assert response.headers["X-Request-ID"] in response.json()["detail"]
        assert sent(failing, SPEECH).json() == predicted(SPEECH)
    assert "/secret/path" in caplog.text


@pytest.mark.parametrize(
    ("model", "reason"),
    [("full", "the disk for temporary files is full"), ("out_of_memory", "the memory of the service is used up")],
)
def test_a_machine_without_room_is_told_and_the_client_may_try_again(
    model: str, reason: str, failing: httpx.Client
) -> None:
    response = sent(failing, SPEECH, query=f"?model={model}")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert response.json() == {"detail": f"{reason}; try again in a second"}


def test_a_crash_of_native_code_ends_one_request_and_not_the_service(failing: httpx.Client) -> None:
    for _ in range(2):
        response = sent(failing, SPEECH, query="?model=crashing")
        assert response.status_code == 500
        assert "do not send this recording again" in response.json()["detail"]
        assert sent(failing, SPEECH).json() == predicted(SPEECH)
    assert failing.get("/healthz").status_code == 200


def test_work_that_hangs_is_ended_and_other_recordings_wait_no_longer_than_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workers, "STOP_SECONDS", 0.2)
    with served(served_models.failing, **FAILING | {"work_seconds": 2.0, "queue": 1}) as client:
        response = sent(client, SPEECH, query="?model=hanging")
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "1"
        assert "within 2 s" in response.json()["detail"]
        begin = time.monotonic()
        while sent(client, SPEECH).status_code != 200:
            assert time.monotonic() - begin < 60
        assert client.get("/healthz").status_code == 200


def test_a_long_recording_may_take_longer_than_the_limit_as_long_as_there_is_progress() -> None:
    """A block of 4 kHz has four minutes of sound; the steps are shorter."""
    with served(served_models.failing, **FAILING | {"work_seconds": 1.0}) as client:
        begin = time.monotonic()
        response = sent(client, encoded(speech(120, 4_000), 4_000), query="?model=slow")
        assert (response.status_code, response.json()["duration"]) == (200, 120)
        assert time.monotonic() - begin > 2 * 1.0


def test_metrics_count_what_happened() -> None:
    with served() as client:
        emotion = sent(client, SPEECH).json()["emotion"]
        sent(client, b"")
        client.request("PROPFIND", "/pot")
        text = client.get("/metrics").text
    lines = text.splitlines()
    assert f'ser_predictions_total{{emotion="{emotion}"}} 1.0' in lines
    assert 'ser_requests_total{method="POST",route="/v1/predict",status="200"} 1.0' in lines
    assert 'ser_requests_total{method="POST",route="/v1/predict",status="422"} 1.0' in lines
    assert 'ser_requests_total{method="other",route="other",status="404"} 1.0' in lines
    assert 'ser_request_seconds_count{method="POST",route="/v1/predict"} 2.0' in lines
    assert f"ser_audio_seconds_total {predicted(SPEECH)['duration']}" in lines
    assert "ser_queue_depth 0.0" in lines
    assert "ser_upload_bytes 0.0" in lines


def test_a_request_is_one_line_of_log_without_its_file_name(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "app"), served() as client:
        response = client.post(
            PREDICT, files={"file": ("private.wav", SPEECH)}, headers={"X-Request-ID": "my-request.1"}
        )
    assert response.headers["X-Request-ID"] == "my-request.1"
    (record,) = (record for record in caplog.records if record.name.startswith("app"))  # uvicorn logs the start
    line = logs.JsonFormatter().format(record)
    assert "private" not in line
    assert "\n" not in line
    facts = json.loads(line)
    assert facts["message"] == "request"
    assert facts["status"] == 200
    assert facts["route"] == PREDICT
    assert facts["bytes"] == len(SPEECH)
    assert facts["audio_seconds"] == response.json()["duration"]
    assert facts["emotion"] == response.json()["emotion"]
    assert facts["milliseconds"] > 0


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", '"}'])
def test_an_invalid_request_id_is_replaced(client: httpx.Client, given: str) -> None:
    assert len(client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"]) == 32


def test_an_error_is_one_line_of_log_with_its_trace() -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError as error:
        record = logging.LogRecord("app", logging.ERROR, "", 0, "failed", (), (type(error), error, None))
    line = logs.JsonFormatter().format(record)
    assert "\n" not in line
    assert "first\nsecond" in json.loads(line)["trace"]


def test_the_client_of_the_documentation_predicts_many_recordings(client: httpx.Client, tmp_path: Path) -> None:
    page = (ROOT / "docs/how-to/deploy.md").read_text(encoding="utf-8")
    found: dict[str, Any] = {"__name__": "client"}
    exec(page.partition("```python\n")[2].partition("```")[0], found)  # the page is our own
    (bad := tmp_path / "bad.wav").write_bytes(b"no sound")
    (good := tmp_path / "good.wav").write_bytes(SPEECH)
    (first, answer), (_, problem), *_, (last, again) = found["predicted"]([good, bad, good, good], str(client.base_url))
    assert (first, last) == (good, good)
    assert answer == again == predicted(SPEECH)
    assert list(problem) == ["detail"]


def test_the_benchmark_sends_the_stated_requests_and_gets_answers() -> None:
    content = benchmark.recording()
    with inputs.opened(content) as recording:
        assert recording.duration == benchmark.DURATION
    assert predicted(content)["emotion"] != recognition.NO_SPEECH
    with served() as client:
        port = client.base_url.port or 0
        milliseconds, seconds = asyncio.run(benchmark.asked(port, benchmark.prediction_request(content), 20))
        assert len(milliseconds) == 20
        assert 0 < max(milliseconds) / 1000 <= seconds
        assert 'route="/v1/predict",status="200"} 20.0' in client.get("/metrics").text
    with served(rate=1) as client, pytest.raises(RuntimeError, match="429"):
        asyncio.run(benchmark.asked(client.base_url.port or 0, benchmark.prediction_request(content), 20))


# Adjustment to a speaker and to a place


def form(content: bytes, token: str = "") -> dict[str, Any]:
    """Parts of a request with a recording and an enrolment."""
    return {"files": {"file": content}, "data": {"enrolment": token} if token else {}}


def test_recordings_are_enrolled_one_by_one_and_predictions_are_adapted_to_them(client: httpx.Client) -> None:
    token = ""
    for number, path in enumerate(DEMO[:2], start=1):
        answer = client.post("/v1/enrol?model=ravdess", **form(path.read_bytes(), token))
        assert answer.status_code == 200, answer.text
        assert answer.json()["n_recordings"] == number
        token = answer.json()["enrolment"]
    found = client.post(f"{PREDICT}?model=ravdess&timeline=true", **form(DEMO[2].read_bytes(), token)).json()
    expected = predict_emotion(DEMO[2], model="ravdess", enrol=DEMO[:2])
    assert found["protocol"] == "transductive: adapted to 2 recordings of the same speaker"
    assert {key: found[key] for key in expected} == expected
    assert found["timeline"][0]["protocol"] == found["protocol"]
    assert "protocol" not in client.post(PREDICT, **form(DEMO[2].read_bytes())).json()


def test_priors_and_a_threshold_are_parameters(client: httpx.Client) -> None:
    found = client.post(f"{PREDICT}?model=ravdess&prior=neutral=0.6,sad=0.1&unsure=1", **form(SPEECH)).json()
    expected = predict_emotion(DEMO[0], model="ravdess", prior={"neutral": 0.6, "sad": 0.1}, unsure=1)
    assert found == expected
    assert found["emotion"] == "unsure"


@pytest.mark.parametrize(
    ("address", "token", "status", "reason"),
    {
        "damaged": (PREDICT, "ser1.x", 422, "the enrolment is damaged: 'ser1.x'; send it as /v1/enrol has returned it"),
        "long": (PREDICT, "x" * 50_000, 413, "the enrolment is over 49152 bytes"),
        "other model": (PREDICT, "ser1.1.1.0123456789abcdef.AAAAAA", 422, "made with another model"),
        "to enrol": ("/v1/enrol", "ser1.1.1.0123456789abcdef.AAAAAA", 422, "made with another model"),
        "prior": (f"{PREDICT}?prior=bored=0.5", "", 422, "names 'bored', which the model does not know"),
        "no number": (f"{PREDICT}?prior=x", "", 422, "the prior is 'x'; wanted an emotion and a number"),
        "threshold": (f"{PREDICT}?unsure=2", "", 422, "the parameter unsure is '2'"),
        "model": ("/v1/enrol?model=none", "", 422, "there is no model 'none'"),
    }.values(),
    ids=str,
)
def test_a_wrong_adjustment_is_refused_in_one_sentence(
    address: str, token: str, status: int, reason: str, client: httpx.Client
) -> None:
    answer = client.post(address, **form(SPEECH, token))
    assert (answer.status_code, reason in answer.json()["detail"]) == (status, True), answer.text


def test_a_recording_without_speech_is_not_enrolled(client: httpx.Client) -> None:
    answer = client.post("/v1/enrol", **form(encoded(np.zeros(16_000))))
    assert answer.status_code == 422
    assert "has no speech, so it is not enrolled" in answer.json()["detail"]


def test_the_seconds_of_a_recording_that_is_not_enrolled_count() -> None:
    silence = form(encoded(np.zeros(32_000)))  # 2 s
    with served(audio_rate=3) as client:
        statuses = [client.post("/v1/enrol", **silence).status_code for _ in range(3)]
    assert statuses == [422, 422, 429]
