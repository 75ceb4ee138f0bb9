"""Live sound over the WebSocket of the service."""

import asyncio
import io
import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from app.http.live_sound import WAITING, Pcm
from app.http.settings import Settings
from app.http.streaming import Session
from ser import predict_emotion
from ser.audio import ffmpeg
from ser.commands import stream
from ser.serving import inputs
from ser.serving.mixed_windows import windowed
from tests.support.paths import ROOT
from tests.support.serving import KEY, KNOWN, PATIENCE, encoded, recognizer, served, speech, wait_until

STOP = json.dumps({"type": "stop"})
SPEECH = (speech(5.3) * 32767).astype("<i2")


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with served(stall_seconds=1.0) as client:
        yield client


def url(client: httpx.Client, query: str = "") -> str:
    return f"ws://127.0.0.1:{client.base_url.port}/v1/stream{query}"


def messages(socket: ClientConnection) -> list[dict[str, Any]]:
    """All messages up to the end of the session."""
    found = []
    try:
        while True:
            found.append(json.loads(socket.recv(timeout=PATIENCE)))
    except ConnectionClosed:
        return found


def talked(
    client: httpx.Client, *sent: bytes | dict[str, Any], query: str = "", **options: Any
) -> tuple[list[dict[str, Any]], int, str]:
    """Messages of the service, and code and reason of its close frame."""
    with connect(url(client, query), compression=None, **options) as socket:
        for one in sent:
            try:
                socket.send(one if isinstance(one, bytes) else json.dumps(one))
            except ConnectionClosed:
                break
        found = messages(socket)
        return found, socket.close_code or 0, socket.close_reason or ""


def pieces(content: bytes, size: int) -> Sequence[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


def streamed(content: bytes, rate: int) -> list[Any]:
    """Predictions of `ser stream --hop 0.5` of the same sound."""
    file = io.BufferedReader(io.BytesIO(content))  # type: ignore[arg-type]
    windows = windowed(stream.decoded(file, "s16le", 1), rate, duration=recognizer().window, hop=0.5)
    return [recognizer().timed(window) for window in windows]


@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_answers_equal_those_of_ser_stream_and_the_summary_that_of_ser_predict(client: httpx.Client, rate: int) -> None:
    content = np.repeat(SPEECH, rate // 16_000).tobytes()
    found, code, _ = talked(client, {"type": "start", "rate": rate}, *pieces(content, 3_333), {"type": "stop"})
    ready, *answers, summary = found
    assert (ready["type"], ready["model"], ready["window"], code) == ("ready", "general", 3.0, 1000)
    assert [one["time"] for one in answers] == [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.3]
    assert [one["early"] for one in answers] == [True] * 4 + [False] * 6
    expected = streamed(content, rate)
    assert [{name: one[name] for name in expected[0]} for one in answers if not one["early"]] == expected
    assert all(one["speech"] == (one["emotion"] != "no speech") and one["latency_ms"] > 0 for one in answers)
    samples = np.frombuffer(content, "<i2").astype(np.float32) / np.float32(2**15)
    whole = recognizer().predict(inputs.of_waveform(samples, rate))
    assert {name: summary[name] for name in whole} == whole
    assert sum(summary["windows"].values()) == len(expected)


def test_the_query_states_the_format_and_sound_may_come_first(client: httpx.Client) -> None:
    query = "?rate=8000&channels=2&model=ravdess"
    stereo = np.repeat(SPEECH[::2], 2).tobytes()
    found, code, _ = talked(client, stereo, {"type": "stop"}, query=query)
    assert (code, found[-1]["type"], found[-1]["duration"]) == (1000, "summary", 5.3)


def test_a_parameter_that_is_given_twice_is_refused(client: httpx.Client) -> None:
    found, code, _ = talked(client, SPEECH.tobytes(), {"type": "stop"}, query="?rate=8000&rate=16000")
    assert (code, found[-1]["detail"]) == (4422, "the address has `rate` more than once; give it once")


def test_long_sound_has_the_mean_of_its_windows_as_its_summary(client: httpx.Client) -> None:
    samples = (speech(16.9) * 32767).astype("<i2")
    found, _, _ = talked(client, {"type": "start"}, *pieces(samples.tobytes(), 2**16), {"type": "stop"})
    whole = recognizer().predict(inputs.of_waveform(samples, 16_000))
    assert found[-1]["emotion"] == whole["emotion"]
    assert found[-1]["probabilities"] == pytest.approx(whole["probabilities"], abs=2e-6)


def webm(samples: npt.NDArray[np.int16], *options: str, codec: str = "libopus") -> bytes:
    """WebM of samples, or Matroska, at 16 kHz unless FFmpeg's `options` have it another rate."""
    raw = ["-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "pipe:0"]
    container = "webm" if codec == "libopus" else "matroska"
    command = ["ffmpeg", "-v", "error", *raw, *options, "-c:a", codec, "-f", container, "pipe:1"]
    return subprocess.run(command, input=samples.tobytes(), check=True, capture_output=True).stdout


@contextmanager
def started(client: httpx.Client, sound: bytes) -> Iterator[ClientConnection]:
    """A session of WebM that has sent all of its sound, but no end."""
    with connect(url(client), compression=None) as socket:
        socket.send(json.dumps({"type": "start", "format": "webm"}))
        socket.send(sound)
        yield socket


needs_ffmpeg = pytest.mark.skipif(ffmpeg.program() is None, reason="not installed: ffmpeg")


@needs_ffmpeg
def test_webm_as_browsers_send_it_has_the_summary_of_its_file(client: httpx.Client) -> None:
    content = webm(SPEECH)
    found, code, _ = talked(client, {"type": "start", "format": "webm"}, *pieces(content, 2_000), {"type": "stop"})
    with inputs.opened(content) as recording:
        whole = recognizer().predict(recording)
    assert (code, found[-1]["emotion"]) == (1000, whole["emotion"])
    assert found[-1]["probabilities"] == pytest.approx(whole["probabilities"], abs=1e-3)
    assert len([one for one in found if one["type"] == "answer"]) >= 9


@needs_ffmpeg
def test_webm_of_which_much_is_decoded_and_not_read_ends_with_its_session() -> None:
    sound = webm(np.resize(SPEECH, 60 * 16_000))
    with served(live_seconds=3.0) as client:
        with started(client, sound) as socket:
            assert messages(socket)[-1]["detail"] == "the session is longer than 3 s; begin a new one"
        with started(client, sound) as socket:  # this client leaves
            assert json.loads(socket.recv(timeout=PATIENCE))["type"] == "ready"
        wait_until(lambda: "ser_live_sessions 0.0" in client.get("/metrics").text)


@needs_ffmpeg
def test_webm_of_more_samples_than_other_sound_may_have_is_refused(client: httpx.Client) -> None:
    eight = "pan=8c|" + "|".join(f"c{k}=c0" for k in range(8))
    sound = webm(np.zeros(16_000, np.int16), "-af", eight, "-ar", "96000", codec="flac")
    assert len(sound) < 20_000  # for 3 MB of samples
    with started(client, sound) as socket:
        found = messages(socket)[-1]
    assert found["detail"] == "96000 Hz of 8 channels are more than 384000 samples in a second; send one channel"


def test_without_ffmpeg_webm_is_refused_with_the_remedy(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg, "program", lambda: None)
    found, code, reason = talked(client, {"type": "start", "format": "webm"})
    assert code == 4422
    assert "FFmpeg is not installed; install FFmpeg" in found[-1]["detail"]
    assert found[-1]["detail"].startswith(reason)


@needs_ffmpeg
def test_sound_that_is_no_webm_is_refused(client: httpx.Client) -> None:
    found, code, _ = talked(client, {"type": "start", "format": "webm"}, bytes(10_000), {"type": "stop"})
    assert (code, found[-1]["detail"][:44]) == (4422, "live sound that FFmpeg cannot read as WebM; ")


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ({"type": "stop"}, "type 'stop'"),
        ({"type": "start", "rate": 100}, "rate '100'"),
        ({"type": "start", "format": "mp3"}, "format 'mp3'"),
        ({"type": "start", "rate": 96_000, "channels": 8}, "96000 Hz of 8 channels are more than 384000 samples"),
        ({"type": "start", "volume": 3}, "volume '3'"),
        ({"type": "start", "model": "x"}, "there is no model 'x'; choose one of general"),
        ({"type": "start", "key": "\ud800"}, "a text message is not a JSON object"),
        ({"type": "start", "x" * 9000: 1}, f"has {'x' * 64} '1'"),
    ],
)
def test_a_wrong_first_message_is_refused(client: httpx.Client, first: dict[str, Any], words: str) -> None:
    found, code, _ = talked(client, first)
    assert code == 4422
    assert words in found[-1]["detail"]


def test_a_text_that_is_no_json_object_and_a_key_in_the_address_are_refused(client: httpx.Client) -> None:
    for query, text in (("", "[1]"), ("", "[" * 4000), ("?key=secret", STOP)):
        with connect(url(client, query)) as socket:
            with suppress(ConnectionClosed):  # the address alone may have ended the session
                socket.send(text)
            (error,) = messages(socket)
            assert (socket.close_code, "secret" in error["detail"]) == (4422, False)


def test_sound_that_is_too_short_and_no_sound_are_refused(client: httpx.Client) -> None:
    for content in (b"", SPEECH[:1_000].tobytes()):
        found, code, _ = talked(client, {"type": "start"}, content, {"type": "stop"})
        assert code == 4422
        assert "shorter than 0.1 s" in found[-1]["detail"]


def test_a_client_that_sends_nothing_is_let_go(client: httpx.Client) -> None:
    found, code, reason = talked(client, {"type": "start"})
    assert (code, reason) == (4408, "no sound came within 1 s")
    assert [one["type"] for one in found] == ["ready", "error"]


def trickle(socket: ClientConnection, content: bytes, *, times: int, pause: float) -> None:
    """Send the same message again and again until the service ends the session."""
    with suppress(ConnectionClosed):
        for _ in range(times):
            socket.send(content)
            time.sleep(pause)


@pytest.mark.parametrize("content", [b"", b"\0"])  # at most 15 bytes, less than a sample of 8 channels
def test_messages_without_a_sample_do_not_keep_a_session(client: httpx.Client, content: bytes) -> None:
    with connect(url(client), compression=None) as socket:
        socket.send(json.dumps({"type": "start", "channels": 8}))
        trickle(socket, content, times=15 if content else 10_000, pause=0.2 if content else 0.001)
    assert (socket.close_code, socket.close_reason) == (4408, "no sound came within 1 s")


def test_a_session_with_slow_sound_ends_by_the_clock() -> None:
    """Which has the longest pause of a client in it: long enough for a busy machine."""
    with served(live_seconds=0.2, stall_seconds=3.0, work_seconds=0.4) as client, connect(url(client)) as socket:
        socket.send(json.dumps({"type": "start"}))
        trickle(socket, b"\0\0", times=2000, pause=0.05)
    assert (socket.close_code, socket.close_reason) == (4413, "the session is longer than 0.2 s; begin a new one")


def test_a_session_needs_the_key_and_takes_it_in_all_three_places() -> None:
    with served(keys=KNOWN) as client:
        for key in ("", "wrong"):
            found, code, _ = talked(client, {"type": "start", "key": key})
            assert (code, "API key" in found[-1]["detail"]) == (4401, True)
        for headers in ({"X-API-Key": KEY}, {"Authorization": f"Bearer {KEY}"}):
            found, code, _ = talked(client, SPEECH.tobytes(), {"type": "stop"}, additional_headers=headers)
            assert (code, found[-1]["type"]) == (1000, "summary")
        found, code, _ = talked(client, {"type": "start", "key": KEY}, SPEECH.tobytes(), {"type": "stop"})
        assert code == 1000


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ({"audio_rate": 2.0}, 4429, "2 seconds of audio in a minute"),
        ({"live_seconds": 3.0}, 4413, "longer than 3 s"),
    ],
)
def test_seconds_of_sound_are_limited(settings: dict[str, Any], code: int, words: str) -> None:
    with served(**settings) as client:
        found, closed, _ = talked(client, {"type": "start"}, *pieces(SPEECH.tobytes(), 500), {"type": "stop"})
        assert closed == code
        assert words in found[-1]["detail"]
        assert "ser_live_sessions 0.0" in client.get("/metrics").text


def test_sessions_are_limited() -> None:
    with served(live=2, rate=3) as client, connect(url(client)) as first:
        first.send(json.dumps({"type": "start"}))
        assert json.loads(first.recv())["type"] == "ready"
        found, code, _ = talked(client, {"type": "start"})
        assert (code, found[-1]["detail"]) == (4503, "2 live sessions run already; try again later")
        assert talked(client, {"type": "start"})[1] == 4503
        assert talked(client, {"type": "start"})[1] == 4429


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"additional_headers": {"Host": "evil.example"}}, 421),
    ],
)
def test_a_page_of_another_site_cannot_open_a_session(
    client: httpx.Client, options: dict[str, Any], status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(url(client), **options):
        pass
    assert refused.value.response.status_code == status


def test_a_client_that_is_faster_than_the_service_has_to_wait() -> None:
    async def fed() -> int:
        decoder, n = Pcm(16_000, 1), 0
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                while True:
                    await decoder.feed(b"")
                    n += 1
        return n

    assert asyncio.run(fed()) == WAITING


def test_the_clients_of_the_documentation_work(client: httpx.Client, tmp_path: Path) -> None:
    page = (ROOT / "docs/live.md").read_text(encoding="utf-8")
    found: dict[str, Any] = {"__name__": "client"}
    exec(page.partition("```python\n")[2].partition("```")[0], found)  # the page is our own
    path = tmp_path / "speech.wav"
    soundfile.write(path, SPEECH, 16_000)
    summary = found["live"](path, url(client))
    assert summary["emotion"] == predict_emotion(path)["emotion"]
    own = (ROOT / "app/http/live_files/client.js").read_text(encoding="utf-8")
    assert page.partition("```js\n")[2].partition("```")[0] == own


def test_a_session_whose_client_waits_can_be_ended() -> None:
    class Talking:
        """WebSocket of a client that never stops."""

        async def receive(self) -> dict[str, Any]:
            return {"type": "websocket.receive", "bytes": b"\0\0"}

    async def ended() -> list[Any]:
        session: Any = Session(Talking(), Settings(), None, None)  # type: ignore[arg-type]
        decoder = Pcm(16_000, 1)
        reading = asyncio.create_task(session._read(decoder))
        while not decoder._queue.full():
            await asyncio.sleep(0)
        reading.cancel()
        async with asyncio.timeout(5):
            return await asyncio.gather(reading, return_exceptions=True)

    (error,) = asyncio.run(ended())
    assert isinstance(error, asyncio.CancelledError)


# Adjustment to a speaker and to a place


def enrolled(client: httpx.Client, samples: Any) -> str:
    """Enrolment of one recording."""
    answer = client.post("/v1/enrol", files={"file": encoded(samples)})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["enrolment"])


@pytest.mark.parametrize("duration", [5.3, 13.0])
def test_enrolment_priors_and_threshold_are_those_of_the_commands(client: httpx.Client, duration: float) -> None:
    samples, own = speech(duration), speech(3.0)[::-1]
    sent = (samples * 32767).astype("<i2")
    wanted = {"prior": "neutral=0.6,sad=0.1", "unsure": 0.7}
    start = {"type": "start", "enrolment": enrolled(client, own), **wanted}
    found, code, _ = talked(client, start, *pieces(sent.tobytes(), 2**14), {"type": "stop"})
    heard = inputs.of_waveform(soundfile.read(io.BytesIO(encoded(own)), dtype="float32")[0], 16_000)
    adjusted = recognizer().adjusted(
        enrolment=recognizer().enrolment_of(heard), prior={"neutral": 0.6, "sad": 0.1}, unsure=0.7
    )
    whole = adjusted.predict(inputs.of_waveform(sent, 16_000))
    summary = found[-1]
    assert (code, summary["type"], summary["emotion"]) == (1000, "summary", whole["emotion"])
    assert summary["probabilities"] == pytest.approx(whole["probabilities"], abs=2e-6)
    assert summary["protocol"] == whole["protocol"] == "transductive: adapted to 1 recording of the same speaker"
    answers = [one for one in found if one["type"] == "answer"]
    for one in (part for answer in answers for part in (answer, answer["smoothed"])):
        assert (one["emotion"] == "unsure") == (bool(one["probabilities"]) and one["confidence"] < 0.7)
    windows = windowed([sent.astype(np.float32) / np.float32(2**15)], 16_000, duration=3.0, hop=0.5)
    expected = [adjusted.timed(window) for window in windows]
    assert [{name: one[name] for name in expected[0]} for one in answers if not one["early"]] == expected


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ({"enrolment": "ser1.x"}, "the enrolment is damaged: 'ser1.x'"),
        ({"enrolment": "x" * 50_000}, "enrolment 'xxx"),
        ({"prior": "bored=0.5"}, "the prior names 'bored', which the model does not know"),
        ({"unsure": 2}, "unsure '2'"),
    ],
    ids=["damaged", "long", "prior", "threshold"],
)
def test_a_wrong_adjustment_is_refused_at_once(client: httpx.Client, first: dict[str, Any], words: str) -> None:
    found, code, _ = talked(client, {"type": "start", **first})
    assert (code, len(found)) == (4422, 1)
    assert words in found[-1]["detail"]


def test_an_enrolment_of_another_model_is_refused_with_the_first_answer(client: httpx.Client) -> None:
    start = {"type": "start", "model": "ravdess", "enrolment": enrolled(client, speech(2.0))}
    found, code, _ = talked(client, start, SPEECH.tobytes())
    assert (code, found[-1]["detail"]) == (4422, "the enrolment was made with another model; make the enrolment anew")


def test_the_address_may_have_priors_but_no_enrolment(client: httpx.Client) -> None:
    found, code, _ = talked(client, SPEECH.tobytes(), {"type": "stop"}, query="?prior=neutral=1&unsure=0.5")
    assert (code, found[-1]["emotion"]) == (1000, "neutral")
    found, code, _ = talked(client, query="?enrolment=ser1.secret")
    assert (code, "secret" in found[-1]["detail"]) == (4422, False)
