"""`ser stream` and `ser record`: live sound from a pipe or a microphone."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from ser import cli, predict_emotion
from ser.audio import microphone
from ser.audio.raw import FORMATS
from ser.audio.reading import InvalidAudio
from ser.commands import record, stream
from ser.core import extras
from ser.serving import inputs, recognition
from ser.serving.mixed_windows import windowed
from ser.serving.predictions import TimedPrediction
from tests.support.paths import ROOT

DEMO = sorted((ROOT / "data/demo").rglob("*.flac"))
RATE = 16_000  # Hz, of the demo corpus
UTTERANCE = soundfile.read(DEMO[0], dtype="int16")[0]
SPEECH = np.concatenate([UTTERANCE, np.zeros(5 * RATE, np.int16), soundfile.read(DEMO[40], dtype="int16")[0]])

Run = Callable[..., tuple[int, str, str]]


class Pieces(io.RawIOBase):
    """Pipe that delivers one piece at each read."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = list(pieces)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._pieces:
            return 0
        piece = self._pieces.pop(0)
        taken, rest = piece[: len(buffer)], piece[len(buffer) :]
        if rest:
            self._pieces.insert(0, rest)
        buffer[: len(taken)] = taken
        return len(taken)


def pipe(*pieces: bytes) -> io.BufferedReader:
    return io.BufferedReader(Pieces([piece for piece in pieces if piece]))


def cut(content: bytes, *, seed: int = 0) -> list[bytes]:
    """Pieces of 1 to 5000 bytes."""
    random, pieces, start = np.random.default_rng(seed), [], 0
    while start < len(content):
        end = start + int(random.integers(1, 5_000))
        pieces.append(content[start:end])
        start = end
    return pieces


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """`ser …` -> exit status, standard output, standard error and the last message."""

    def ran(*arguments: Path | str) -> tuple[int, str, str]:
        code, message = 0, ""
        try:
            cli.main([str(argument) for argument in arguments])
        except SystemExit as left:
            code, message = (1, left.code) if isinstance(left.code, str) else (int(left.code or 0), "")
        found = capsys.readouterr()
        return code, found.out, found.err + message

    return ran


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Function that pipes pieces of bytes into standard input."""
    return lambda *pieces: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(pipe(*pieces)))


def timeline(waveform: np.ndarray = SPEECH, rate: int = RATE, hop: float = 1.0) -> list[TimedPrediction]:
    return list(recognition.load().timeline(inputs.of_waveform(waveform, rate), hop=hop))


def lines(out: str) -> list[Any]:
    return [json.loads(line) for line in out.splitlines()]


# Decoding


@pytest.mark.parametrize("n_channels", [1, 2, 3])
@pytest.mark.parametrize("coding", stream.CODINGS)
@pytest.mark.parametrize("seed", range(3))
def test_raw_audio_in_odd_pieces_equals_libsndfile(n_channels: int, coding: str, seed: int) -> None:
    samples = np.random.default_rng(seed).integers(-(2**15), 2**15, (3_000, n_channels)).astype("<i2")
    content = samples.tobytes() if coding == "s16le" else (samples / 2**15).astype("<f4").tobytes()
    subtype = {"s16le": "PCM_16", "f32le": "FLOAT"}[coding]
    expected, _ = soundfile.read(
        io.BytesIO(content), format="RAW", subtype=subtype, channels=n_channels, samplerate=RATE, always_2d=True
    )
    found = np.concatenate(list(stream.decoded(pipe(*cut(content, seed=seed)), coding, n_channels)))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize(("coding", "n_bytes"), [("s16le", 7), ("s16le", 4), ("f32le", 15), ("f32le", 8)])
def test_an_incomplete_last_sample_is_left_out(coding: str, n_bytes: int) -> None:
    content = bytes(range(n_bytes))
    size = np.dtype(FORMATS[coding]).itemsize * 2
    found = np.concatenate(list(stream.decoded(pipe(content), coding, 2)))
    assert len(found) == n_bytes // size


def test_full_scale_is_one() -> None:
    content = np.array([-(2**15), 0, 2**14], "<i2").tobytes()
    assert np.concatenate(list(stream.decoded(pipe(content), "s16le", 1)))[:, 0].tolist() == [-1, 0, 0.5]


@pytest.mark.parametrize("values", [[np.nan], [np.inf], [1e30], [np.inf, -np.inf], [3e38, 3e38]])
def test_floats_that_are_not_finite_or_too_large_are_refused(values: list[float]) -> None:
    content = np.array(values, "<f4").tobytes()
    blocks = stream.decoded(pipe(content), "f32le", len(values))
    with pytest.raises(InvalidAudio, match=r"NaN or infinite samples|samples of up to [13]e\+3[08], and full scale is"):
        list(windowed(blocks, 16_000, duration=3.0, hop=1.0))


# Output


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_a_stream_is_the_timeline_of_its_samples(
    arguments: tuple[str, ...], run: Run, piped: Callable[..., None]
) -> None:
    piped(*cut(SPEECH.tobytes()))
    code, out, message = run("stream", "--json", *arguments)
    assert (code, message) == (0, "")
    found = lines(out)
    assert found == timeline()
    assert [line["start"] for line in found] == list(range(len(found)))
    emotions = [line["emotion"] for line in found]
    assert emotions[0] != "no speech" != emotions[-1]
    assert "no speech" in emotions


@pytest.mark.parametrize(("coding", "n_channels", "rate", "hop"), [("f32le", 2, 22_050, 0.5), ("s16le", 3, 48_000, 3)])
def test_the_options_for_coding_channels_rate_and_hop_are_used(
    coding: str, n_channels: int, rate: int, hop: float, run: Run, piped: Callable[..., None]
) -> None:
    channels = np.resize(SPEECH, (4 * rate, 1)) * np.ones((1, n_channels), np.int16)
    piped(*cut(channels.tobytes() if coding == "s16le" else (channels / 2**15).astype("<f4").tobytes()))
    arguments = ("--format", coding, "--channels", str(n_channels), "--rate", str(rate), "--hop", str(hop))
    code, out, _ = run("stream", "--json", *arguments)
    assert code == 0
    expected = timeline(channels, rate, hop)
    found = lines(out)
    assert [(line["start"], line["end"], line["emotion"]) for line in found] == [
        (one["start"], one["end"], one["emotion"]) for one in expected
    ]
    for line, one in zip(found, expected, strict=True):
        assert line["probabilities"] == pytest.approx(one["probabilities"], abs=2e-3)


def test_a_line_has_the_time_the_emotion_and_the_next_two(run: Run, piped: Callable[..., None]) -> None:
    piped(SPEECH.tobytes())
    _, out, _ = run("stream")
    found, expected = out.splitlines(), timeline()
    assert len(found) == len(expected)
    ordered = sorted(expected[0]["probabilities"].items(), key=lambda one: -one[1])[:3]
    words = [word for label, share in ordered for word in (label, f"{share:.1%}")]
    assert found[0].split() == ["0.0", "to", "3.0", "s", *words]
    silent = [one["emotion"] for one in expected].index("no speech")
    assert found[silent].split()[:6] == [f"{silent}.0", "to", f"{silent + 3}.0", "s", "no", "speech"]


def test_a_window_is_printed_as_soon_as_it_is_complete() -> None:
    """The pipe stays open after three seconds of speech."""
    command = [sys.executable, "-m", "ser", "stream", "--json"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(np.resize(UTTERANCE, 3 * RATE).tobytes())
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["end"] == 3  # blocks for ever if the line is late
        process.stdin.close()
        assert process.wait(300) == 0


@pytest.mark.parametrize("content", [b"", b"x"])
def test_no_audio_is_an_error_with_an_example(content: bytes, run: Run, piped: Callable[..., None]) -> None:
    piped(content)
    code, out, message = run("stream")
    assert (code, out) == (1, "")
    assert message.startswith("error: no audio came on standard input; pipe raw samples in, as: ffmpeg -i x.wav -f")


def test_less_than_a_tenth_of_a_second_is_too_short(run: Run, piped: Callable[..., None]) -> None:
    piped(SPEECH[:1_599].tobytes())
    code, _, message = run("stream")
    assert (code, message) == (1, "error: 0.0999375 s long, shorter than 0.1 s; record more")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--channels", "0"), "error: --channels is 0; it must be 1 or more"),
        (("--channels", "-2"), "error: --channels is -2; it must be 1 or more"),
        (("--rate", "0"), "error: a sample rate of 0 Hz; record at 4000 to 384000 Hz"),
        (("--hop", "0"), "error: the hop is 0 s; wanted above 0, and at most the 3 s of a window"),
        (("--hop", "inf"), "error: the hop is inf s; wanted above 0, and at most the 3 s of a window"),
    ],
)
def test_options_out_of_range_are_refused(
    arguments: tuple[str, ...], complaint: str, run: Run, piped: Callable[..., None]
) -> None:
    piped(SPEECH.tobytes())
    code, _, message = run("stream", *arguments)
    assert (code, message) == (1, complaint)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--channels", "two"), "argument --channels: invalid int value: 'two'"),
        (("--rate", "16k"), "argument --rate: invalid int value: '16k'"),
        (("--format", "mp3"), "argument --format: invalid choice: 'mp3'"),
        (("file.wav",), "'file.wav' is neither - nor microphone; for a file: ser predict --timeline file.wav"),
    ],
)
def test_a_wrong_number_or_format_is_a_usage_error(
    arguments: tuple[str, ...], complaint: str, run: Run, piped: Callable[..., None]
) -> None:
    piped(b"")
    code, _, message = run("stream", *arguments)
    assert code == 2
    assert complaint in message


def test_a_closed_standard_input_means_the_microphone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(microphone, "blocks", lambda: iter([np.resize(UTTERANCE / 2**15, 3 * RATE)]))
    code, out, _ = run("stream", "--json")
    assert (code, len(lines(out))) == (0, 1)


def test_a_closed_standard_input_is_refused_as_the_source(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    code, _, message = run("stream", "-")
    assert code == 1
    assert message.startswith("error: ")
    assert "standard input" in message


def test_a_microphone_is_streamed_until_ctrl_c(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> Iterator[np.ndarray]:
        for _ in range(41):
            yield np.resize(UTTERANCE / np.float32(2**15), RATE // 10)
        raise KeyboardInterrupt

    monkeypatch.setattr(microphone, "blocks", interrupted)
    code, out, message = run("stream", "microphone", "--json", "--rate", "8000")  # of a pipe, not of a microphone
    assert [(line["start"], line["end"]) for line in lines(out)] == [(0, 3), (1, 4)]
    assert (code, message) == (1, "interrupted")


# Recording


class PortAudioError(Exception):
    """Error with the name of the one of sounddevice."""


class Sound:
    """Stand-in for sounddevice, with a microphone that repeats an utterance, or without one."""

    PortAudioError = PortAudioError

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails
        self.asked: dict[str, Any] = {}
        self.n_read = 0
        self.closed = False

    def InputStream(self, **asked: Any) -> "Sound":  # noqa: N802
        if self.fails:
            raise PortAudioError("Error querying device -1")
        self.asked = asked
        return self

    def __enter__(self) -> "Sound":
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True

    def read(self, n_samples: int) -> tuple[np.ndarray, bool]:
        start, self.n_read = self.n_read, self.n_read + n_samples
        positions = np.arange(start, start + n_samples) % UTTERANCE.size
        return (UTTERANCE[positions, np.newaxis] / np.float32(2**15)).astype(np.float32), False


@pytest.fixture
def sound(monkeypatch: pytest.MonkeyPatch) -> Sound:
    device = Sound()
    monkeypatch.setitem(sys.modules, "sounddevice", device)
    return device


@pytest.mark.parametrize("seconds", [0.1, 0.25, 2.0])
def test_a_recording_is_as_long_as_asked_for(seconds: float, sound: Sound) -> None:
    found, rate = soundfile.read(io.BytesIO(microphone.wav_recording(seconds)), dtype="int16")
    np.testing.assert_array_equal(found, np.resize(UTTERANCE, round(seconds * RATE)))
    assert rate == RATE
    assert sound.asked["samplerate"] == RATE
    assert sound.asked["channels"] == 1
    assert sound.n_read - found.size < RATE / 10  # it stops reading in time


def test_the_microphone_is_closed_after_a_recording(sound: Sound) -> None:
    microphone.wav_recording(0.3)
    assert sound.closed


def test_a_recording_is_predicted(run: Run, sound: Sound) -> None:
    code, out, _ = run("record", "--seconds", "1.5", "--json")
    expected = predict_emotion(np.resize(UTTERANCE, 24_000), RATE)
    assert code == 0
    assert json.loads(out) == [{"path": "microphone", **expected}]


def test_a_recording_lasts_five_seconds_by_default(run: Run, sound: Sound) -> None:
    assert json.loads(run("record", "--json")[1])[0]["duration"] == 5


def test_the_saved_recording_is_the_predicted_one(run: Run, sound: Sound, tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "kept.wav"
    code, out, message = run("record", "--seconds", "1.5", "--save", path)
    assert code == 0
    assert f"recorded {path}" in out + message
    assert soundfile.info(path).format == "WAV"
    np.testing.assert_array_equal(soundfile.read(path, dtype="int16")[0], np.resize(UTTERANCE, 24_000))
    assert predict_emotion(path)["emotion"] in out


@pytest.mark.parametrize("name", ["kept", "kept.txt", "kept.raw", "kept.m4a"])
def test_a_file_that_cannot_be_written_is_refused_before_the_recording(run: Run, sound: Sound, name: str) -> None:
    code, _, message = run("record", "--live", "--save", name)
    assert code == 2
    assert f"{name} has the suffix {Path(name).suffix!r}; give one of wav, flac, " in message


@pytest.mark.parametrize("suffix", record.WRITTEN)
def test_each_format_of_a_recording_can_be_written_and_predicted(suffix: str, tmp_path: Path) -> None:
    record._save(tmp_path / f"kept.{suffix}", np.resize(UTTERANCE, 24_000))
    assert predict_emotion(tmp_path / f"kept.{suffix}")["duration"] == pytest.approx(1.5, abs=0.1)


def test_ten_minutes_are_saved_as_ogg(tmp_path: Path) -> None:
    """In another process: libsndfile's encoder ended it with a signal, when it got all samples at once."""
    save = (
        "from ser.commands import record as r; import numpy as np; r._save(r.Path('a.ogg'), np.zeros(9_600_000, 'i2'))"
    )
    done = subprocess.run([sys.executable, "-c", save], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0
    assert soundfile.info(tmp_path / "a.ogg").duration == 600


def test_saving_a_recording_keeps_the_json_valid(run: Run, sound: Sound, tmp_path: Path) -> None:
    _, out, _ = run("record", "--seconds", "1.5", "--save", tmp_path / "kept.wav", "--json")
    assert json.loads(out)[0]["path"] == str(tmp_path / "kept.wav")


def test_a_recording_is_saved_as_flac_by_its_suffix(run: Run, sound: Sound, tmp_path: Path) -> None:
    run("record", "--seconds", "1.5", "--save", tmp_path / "kept.flac")
    assert soundfile.info(tmp_path / "kept.flac").format == "FLAC"
    np.testing.assert_array_equal(
        soundfile.read(tmp_path / "kept.flac", dtype="int16")[0], np.resize(UTTERANCE, 24_000)
    )


@pytest.mark.parametrize("seconds", [1.5, 7.0, 13.0])
def test_a_live_recording_has_the_prediction_of_its_file(
    seconds: float, run: Run, sound: Sound, tmp_path: Path
) -> None:
    path = tmp_path / "kept.wav"
    code, out, _ = run("record", "--live", "--seconds", str(seconds), "--save", path, "--json")
    (found,) = json.loads(out)
    expected = predict_emotion(path)
    assert code == 0
    assert soundfile.info(path).frames == seconds * RATE
    assert found.pop("probabilities") == pytest.approx(expected.pop("probabilities"), abs=2e-6)  # type: ignore[misc]
    assert found.pop("confidence") == pytest.approx(expected.pop("confidence"), abs=2e-6)  # type: ignore[misc]
    assert found == {"path": str(path), **expected}


def test_a_live_recording_has_the_notes_of_its_file(run: Run, sound: Sound, tmp_path: Path) -> None:
    path = tmp_path / "kept.wav"
    code, _, message = run("record", "--live", "--seconds", "0.6", "--save", path)
    notes = predict_emotion(path)["notes"]
    assert code == 0
    assert notes
    assert all(f"note: {path}: {note}\n" in message for note in notes)


def test_a_live_recording_is_saved_when_the_microphone_fails(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def unplugged() -> Iterator[np.ndarray]:
        yield np.resize(UTTERANCE / np.float32(2**15), RATE // 2)
        raise ValueError("no microphone works (Device unavailable); connect one, or predict a file")

    monkeypatch.setattr(microphone, "blocks", unplugged)
    code, _, message = run("record", "--live", "--save", tmp_path / "kept.wav")
    assert (code, "error: no microphone works" in message) == (1, True)
    assert soundfile.info(tmp_path / "kept.wav").frames == RATE // 2


def test_a_live_recording_without_sound_is_not_saved(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(microphone, "blocks", lambda: iter(()))
    code, _, message = run("record", "--live", "--save", tmp_path / "kept.wav")
    assert (code, message) == (1, "error: 0 s long, shorter than 0.1 s; record more")
    assert list(tmp_path.iterdir()) == []


def test_a_live_recording_shows_a_line_that_moves_and_ends_with_ctrl_c(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> Iterator[np.ndarray]:
        for number in range(35):
            yield np.resize(np.roll(UTTERANCE, -1600 * number) / np.float32(2**15), RATE // 10)
        raise KeyboardInterrupt

    monkeypatch.setattr(microphone, "blocks", interrupted)
    monkeypatch.setattr(record.sys.stderr, "isatty", lambda: True, raising=False)
    code, out, shown = run("record", "--live")
    moves = [one.strip() for one in shown.partition("note: ")[0].split("\r\x1b[K")]
    assert code == 0
    assert moves[1].endswith("listening …")
    assert len(moves) == 37  # each block, and the empty line before the result
    assert "█" in moves[-2]
    assert any(label in moves[-2] for label in recognition.load().labels)
    assert moves[-1] == ""
    assert out.splitlines()[1].split()[0] == "microphone"


@pytest.mark.parametrize("seconds", ["0", "-1", "0.05", "3601", "nan", "inf"])
def test_a_length_out_of_range_is_refused(seconds: str, run: Run, sound: Sound) -> None:
    for command in (
        ("record", "--seconds", seconds),
        ("record", "--live", "--seconds", seconds),
        ("predict", "--record-duration", seconds),
    ):
        code, _, message = run(*command)
        assert code == 1
        assert message == f"error: cannot record {float(seconds)} s; choose 0.1 to 3600 s"


@pytest.mark.parametrize("command", [("record",), ("predict", "--record-duration", "1"), ("stream", "microphone")])
def test_without_sounddevice_the_remedy_is_named(
    command: tuple[str, ...], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    code, out, message = run(*command)
    assert (code, out) == (1, "")
    assert message == f"error: recording needs sounddevice, which is not installed; {extras.remedy('record')}"


@pytest.mark.parametrize("command", [("record",), ("predict", "--record-duration", "1"), ("stream", "microphone")])
def test_without_portaudio_the_remedy_is_named(
    command: tuple[str, ...], run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")  # like the real module
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    code, out, message = run(*command)
    assert (code, out) == (1, "")
    assert message.startswith("error: recording needs PortAudio, which is not installed; on Debian and Ubuntu: apt")


@pytest.mark.parametrize("command", [("record",), ("predict", "--record-duration", "1"), ("stream", "microphone")])
def test_without_a_microphone_the_remedy_is_named(command: tuple[str, ...], run: Run, sound: Sound) -> None:
    sound.fails = True
    code, out, message = run(*command)
    assert (code, out) == (1, "")
    assert message == ("error: no microphone works (Error querying device -1); connect one, or predict a file")


def test_a_failed_recording_is_not_saved(run: Run, sound: Sound, tmp_path: Path) -> None:
    sound.fails = True
    run("record", "--save", tmp_path / "kept.wav")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("head", [b"RIFF\0\0\0\0WAVEfmt ", b"fLaC" + bytes(12), b"\x1aE\xdf\xa3" + bytes(12)])
def test_a_file_is_not_taken_for_raw_samples(head: bytes) -> None:
    with pytest.raises(ValueError, match="standard input is a file of sound; wanted raw samples, as: ffmpeg"):
        next(stream.decoded(pipe(head), "s16le", 1))


@pytest.mark.parametrize("samples", [(-1, -1), (-15, 0)])  # begin as frames of MPEG and of AAC
def test_samples_are_not_taken_for_a_file(samples: tuple[int, int]) -> None:
    content = np.array(samples, "<i2").tobytes()
    assert next(stream.decoded(pipe(content), "s16le", 1)).size == len(samples)
