"""Unusual input of `ser predict` and `predict_emotion`: a correct prediction, or an error in one line."""

import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from app.page import results
from ser import cli
from ser.audio import full_scale, waveforms
from ser.audio.mixing import Mixer
from ser.audio.reading import InvalidAudio, Kind, Recording
from ser.compute import code_digest
from ser.ingest import decoding
from ser.models import packaged
from ser.serving import inputs, recognition
from ser.serving.predictions import Prediction
from ser.serving.recognition import NO_SPEECH
from tests.support.paths import ROOT
from tests.support.synthesis import tone

DEMO = sorted((ROOT / "data/demo").rglob("*.flac"))
RATE = 16_000  # Hz, of the demo corpus
SPEECH = soundfile.read(DEMO[0], dtype="float32")[0]  # 1.7 s
OF_TOLERANCES = "ravdess"  # model for which they were measured; it is surer of the demo corpus than `general`
CUT = "replace it by an intact copy, or remove it"


@cache
def recognizer(model: str | None = None) -> recognition.Recognizer:
    return recognition.load(packaged.resolved(model))


def encoded(waveform: np.ndarray = SPEECH, rate: int = RATE, **options: Any) -> bytes:
    """Bytes of a file; WAV of 16 bit by default."""
    file = io.BytesIO()
    soundfile.write(file, waveform, rate, **{"format": "WAV", **options})
    return file.getvalue()


def predicted(content: bytes, model: str | None = None) -> Prediction:
    with inputs.opened(content) as recording:
        return recognizer(model).predict(recording)


def probabilities(content: bytes, model: str | None = None) -> np.ndarray:
    found = predicted(content, model)
    assert found["emotion"] != NO_SPEECH
    return np.array(list(found["probabilities"].values()))


def resampled(rate: int) -> np.ndarray:
    return waveforms.resampled(SPEECH, sample_rate=RATE, target=rate)


Rows = list[dict[str, Any]]
Predict = Callable[..., tuple[int, Rows, str]]


@pytest.fixture
def predict(capsys: pytest.CaptureFixture[str]) -> Predict:
    """Function that runs `ser predict --json …`: exit status, rows, standard error and exit message."""

    def run(*arguments: Path | str) -> tuple[int, Rows, str]:
        code, message = 0, ""
        try:
            cli.main(["predict", "--json", *map(str, arguments)])
        except SystemExit as left:
            code, message = (1, left.code) if isinstance(left.code, str) else (int(left.code or 0), "")
        found = capsys.readouterr()
        assert "Traceback" not in found.err
        return code, json.loads(found.out) if found.out else [], found.err + message

    return run


def refusal(predict: Predict, path: Path) -> str:
    """Reason why a file cannot be predicted, one line in its row."""
    code, rows, message = predict(path)
    assert code == 1
    assert message.startswith("error: 1 of 1 recording could not be predicted: ")
    assert [set(row) for row in rows] == [{"path", "error"}]
    reason = rows[0]["error"]
    assert isinstance(reason, str)
    assert len(reason.splitlines()) == 1
    return reason


# input without speech or sound


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", f"0 bytes; {CUT}"),
        (b"RIFF", "not readable as audio"),
        (b"<html>404: Not Found</html>", "not readable as audio (Format not recognised)"),
        (b"version https://git-lfs.github.com/spec/v1\n", "fetch the audio with `git lfs pull`"),
        (encoded(np.zeros(0)), "0 s long, shorter than 0.1 s; record more"),
        (encoded(np.full(1, 0.5)), "6.25e-05 s long, shorter than 0.1 s; record more"),
        (encoded(SPEECH[:1_599]), "0.0999375 s long, shorter than 0.1 s; record more"),
        (encoded(np.append(SPEECH, np.nan), subtype="FLOAT"), f"NaN or infinite samples; {CUT}"),
        (encoded(np.append(SPEECH, np.inf), subtype="DOUBLE"), f"NaN or infinite samples; {CUT}"),
        (encoded(np.append(SPEECH, 1e10), subtype="FLOAT"), "samples of up to 1e+10, and full scale is 1"),
        (encoded(rate=3_999), "a sample rate of 3999 Hz; record at 4000 to 384000 Hz"),
        (encoded()[:20_000], "truncated: 9978 samples, fewer than its header declares"),
        (encoded()[:44], "truncated: 0 samples, fewer than its header declares"),
        (encoded(format="FLAC")[:8_000], "not readable as audio"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not readable as audio"),
        (b"PK\x03\x04" + bytes(100), "not readable as audio"),
        (bytes(100_000), "not readable as audio"),
    ],
)
def test_content_that_is_no_recording_is_refused_in_one_line(
    content: bytes, reason: str, predict: Predict, tmp_path: Path
) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    assert reason in refusal(predict, tmp_path / "a.wav")


def test_a_declared_length_of_4_gib_takes_no_memory_and_the_actual_length_counts(
    predict: Predict, tmp_path: Path
) -> None:
    resource = pytest.importorskip("resource")  # not on Windows
    content = bytearray(encoded(SPEECH[:500]))
    content[4:8], content[40:44] = struct.pack("<I", 0xFFFFFE24), struct.pack("<I", 0xFFFFFE00)
    (tmp_path / "a.wav").write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "0.03125 s long, shorter than 0.1 s" in refusal(
        predict, tmp_path / "a.wav"
    )  # the length that a stream declares
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB


@pytest.mark.parametrize("duration", [0.1, 3.0, 30.0])
def test_digital_silence_has_a_speech_probability_of_0(duration: float, predict: Predict, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(encoded(np.zeros(round(duration * RATE))))
    code, rows, message = predict(tmp_path / "a.wav")
    silence = {"emotion": NO_SPEECH, "confidence": 1.0, "probabilities": {}, "duration": duration}
    assert (code, rows, message) == (0, [{"path": str(tmp_path / "a.wav"), **silence}], "")


@pytest.mark.parametrize("level", [1e-45, 1e-40, 1e-37, full_scale.LOUDEST / 8])
def test_inaudible_noise_is_no_speech(level: float) -> None:
    noise = np.random.default_rng(0).normal(0, level, RATE)
    found = recognizer().predict(inputs.of_waveform(noise, RATE))
    assert found["emotion"] == NO_SPEECH
    assert 0.5 < found["confidence"] <= 1


@pytest.mark.parametrize("samples", [[np.inf, -np.inf], [3e38, 3e38]])
def test_channels_of_a_file_that_overflow_are_refused_without_a_warning(samples: list[float]) -> None:
    with pytest.raises(InvalidAudio, match="NaN or infinite samples"):
        predicted(encoded(np.array([samples] * RATE), subtype="FLOAT"))


# the same speech in other formats

SAME = {
    **{subtype: {"subtype": subtype} for subtype in ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")},
    **{name: {"format": name} for name in ("AIFF", "AU", "CAF", "FLAC", "NIST", "RF64", "VOC", "W64", "WAVEX")},
    "FLAC of 24 bit": {"format": "FLAC", "subtype": "PCM_24"},
    "big-endian": {"endian": "BIG"},
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_16_bits_in_any_lossless_container_have_the_same_probabilities(name: str) -> None:
    """The demo corpus has 16 bits, and all these containers keep them."""
    np.testing.assert_array_equal(probabilities(encoded(**SAME[name])), probabilities(DEMO[0].read_bytes()))


@pytest.mark.parametrize("n_channels", [2, 3, 4, 6, 8])
def test_equal_speech_on_all_channels_is_predicted_like_one_channel(n_channels: int) -> None:
    """The mean of equal samples differs by at most the last bit of single precision."""
    channels = np.repeat(SPEECH[:, np.newaxis], n_channels, axis=1)
    np.testing.assert_allclose(probabilities(encoded(channels)), probabilities(encoded()), rtol=0, atol=2e-4)


def test_speech_on_one_of_two_channels_is_predicted_like_speech_at_half_the_level() -> None:
    channels = np.column_stack([SPEECH, np.zeros_like(SPEECH)])
    np.testing.assert_array_equal(
        probabilities(encoded(channels, subtype="FLOAT")), probabilities(encoded(SPEECH / 2, subtype="FLOAT"))
    )


def test_channels_of_opposite_sign_are_predicted_like_the_louder_one_and_named(
    predict: Predict, tmp_path: Path
) -> None:
    (tmp_path / "a.wav").write_bytes(encoded(np.column_stack([SPEECH, -0.75 * SPEECH]), subtype="FLOAT"))
    code, rows, message = predict(tmp_path / "a.wav")
    assert code == 0
    assert list(rows[0]["probabilities"].values()) == probabilities(encoded(subtype="FLOAT")).tolist()
    assert rows[0]["notes"] == ["channels of opposite sign: channel 1, the louder one, is taken"]
    note = "channels of opposite sign: channel 1, the louder one, is taken"
    assert message == f"note: {tmp_path}/a.wav: {note}\n"
    assert results.result_of((tmp_path / "a.wav").read_bytes(), recognizer()).notes == (note,)


@pytest.mark.parametrize("offset", [0.02, 0.3])
def test_speech_on_a_constant_offset_has_nearly_the_same_probabilities(offset: float) -> None:
    found = probabilities(encoded(SPEECH + offset, subtype="FLOAT"))
    np.testing.assert_allclose(found, probabilities(encoded()), rtol=0, atol=0.02)


@pytest.mark.parametrize("rate", [22_050, 32_000, 44_100, 48_000, 96_000, 192_000])
def test_speech_at_another_rate_has_nearly_the_same_probabilities(rate: int) -> None:
    """The filters of two resamplers remove the last few hundred Hz below 8 kHz."""
    found = probabilities(encoded(resampled(rate), rate, subtype="FLOAT"), OF_TOLERANCES)
    np.testing.assert_allclose(found, probabilities(encoded(), OF_TOLERANCES), rtol=0, atol=0.02)


@pytest.mark.parametrize(
    ("options", "near"),
    [
        ({"subtype": "ULAW"}, 0.05),  # 14 bits at low levels
        ({"subtype": "ALAW"}, 0.05),
        ({"format": "OGG", "subtype": "VORBIS"}, 0.10),  # inaudible parts are left out, and the features cover 80 dB
        ({"format": "OGG", "subtype": "OPUS"}, 0.15),
        ({"subtype": "PCM_U8"}, 0.25),  # noise 48 dB below full scale fills the pauses
        ({"format": "MP3"}, 0.20),
    ],
)
def test_lossy_speech_has_similar_probabilities(options: dict[str, str], near: float) -> None:
    found = probabilities(encoded(**options), OF_TOLERANCES)
    np.testing.assert_allclose(found, probabilities(encoded(), OF_TOLERANCES), rtol=0, atol=near)


@pytest.mark.parametrize("rate", [4_000, 8_000, 11_025])
def test_telephone_speech_is_speech(rate: int) -> None:
    assert probabilities(encoded(resampled(rate), rate)).sum() == pytest.approx(1, abs=1e-5)


def test_clipped_speech_is_speech() -> None:
    assert probabilities(encoded(np.clip(SPEECH * 20, -1, 1))).sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", ["a.mp3", "a.raw", "a.txt", "a", "a.flac", "a.WAV", "a.wav.zip", "a.vox", "a.gsm"])
def test_the_format_is_recognised_by_content_and_not_by_name(name: str, predict: Predict, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(encoded())
    code, rows, _ = predict(tmp_path / name)
    assert code == 0
    assert rows[0]["probabilities"] == predicted(encoded())["probabilities"]


def test_an_mp3_of_any_length_and_rate_is_decoded_whole() -> None:
    """The encoder pads: the result is the speech and some silence."""
    for rate, duration in ((16_000, 1.0), (44_100, 0.5), (48_000, 12.0), (22_050, 3.3)):
        found = predicted(encoded(np.resize(SPEECH, round(duration * rate)), rate, format="MP3"))
        assert found["duration"] == pytest.approx(duration, abs=0.2)


def test_an_mp3_that_does_not_declare_its_length_is_decoded_to_its_end_or_refused() -> None:
    """Without the first frame, which has LAME's header, libsndfile guesses the length from the first bit rate."""
    content = encoded(np.resize(SPEECH, 5 * RATE), RATE, format="MP3")
    first = content.index(b"Xing")
    headless = content[content.index(content[:2], first) :]
    found = tried(lambda: predicted(headless))
    assert found is None or found["duration"] == pytest.approx(5, abs=0.2)


# bombs


def test_an_archive_is_not_unpacked(predict: Predict, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.wav", bytes(50_000_000))
    assert "not readable as audio" in refusal(predict, tmp_path / "bomb.zip")


PEAK = """
import json, resource, sys, time
from ser import predict_emotion

def timed(path):
    begin = time.process_time()
    found = predict_emotion(path)
    return found, (time.process_time() - begin) / found["duration"]

predict_emotion(sys.argv[2])
_, usual = min((timed(sys.argv[2]) for _ in range(5)), key=lambda one: one[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found, share = timed(sys.argv[1])
print(json.dumps([found, share / usual, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before]))
"""


def long_file(path: Path, waveform: np.ndarray, rate: int, n_channels: int, *, minutes: int, **options: str) -> Path:
    """A file in which the waveform is repeated on every channel."""
    minute = np.resize(np.repeat(waveform[:, np.newaxis], n_channels, axis=1), (60 * rate, n_channels))
    with soundfile.SoundFile(path, "w", rate, n_channels, **options) as file:
        for _ in range(minutes):
            file.write(minute)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("waveform", "rate", "n_channels", "container", "minutes"),
    [
        (np.zeros(RATE, np.float32), 48_000, 2, "FLAC", 60),
        (SPEECH, RATE, 1, "WAV", 20),
        (SPEECH, RATE, 2, "FLAC", 20),
    ],
    ids=["a bomb of zeros", "speech", "speech in stereo"],
)
def test_a_long_recording_takes_little_memory_and_for_a_second_of_sound_no_longer_than_a_short_one(
    waveform: np.ndarray, rate: int, n_channels: int, container: str, minutes: int, tmp_path: Path
) -> None:
    """In memory, 20 minutes of 16 kHz would be 77 MB, in stereo 154 MB; an hour of 48 kHz in stereo 1.4 GB."""
    pytest.importorskip("resource")  # not on Windows
    path = long_file(tmp_path / "long", waveform, rate, n_channels, minutes=minutes, format=container)
    command = [sys.executable, "-c", PEAK, str(path), str(DEMO[0])]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60 * minutes)
    found, times, grown = json.loads(ended.stdout)
    assert found["duration"] == 60 * minutes
    assert (found["emotion"] == NO_SPEECH) == (not waveform.any())
    assert times < 2
    assert grown < 60_000  # KiB


def test_a_minute_is_never_in_memory_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most one piece is decoded ahead of the windows."""
    monkeypatch.setattr(inputs, "BLOCK", RATE)
    decoded = 0

    class Counted(Mixer):
        def __call__(self, samples: np.ndarray) -> np.ndarray:
            nonlocal decoded
            decoded += len(samples)
            return super().__call__(samples)

    monkeypatch.setattr(inputs, "Mixer", Counted)
    with inputs.opened(encoded(np.resize(SPEECH, 60 * RATE))) as recording:
        for window in recording.windows(duration=3.0, hop=3.0):
            assert decoded <= (window.end + 1) * RATE
    assert decoded == 60 * RATE


# names and folders


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("with spaces  and 'quotes\".wav", "with spaces  and 'quotes\".wav"),
        ("😀 Äußerung 語.wav", "😀 Äußerung 語.wav"),
        ("two\nlines.wav", "two\ufffdlines.wav"),
        ("a\x1b[31mred\t.wav", "a\ufffd[31mred\ufffd.wav"),
        (os.fsdecode(b"latin-\xe9.wav"), "latin-?.wav"),
        ("--json.wav", "--json.wav"),
        (f"{'n' * 251}.wav", f"{'n' * 251}.wav"),
    ],
)
@pytest.mark.parametrize("as_folder", [False, True])
def test_any_name_is_found_and_shown_on_one_line(
    name: str, shown: str, as_folder: bool, predict: Predict, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(encoded())
    code, rows, message = predict(tmp_path if as_folder else tmp_path / name)
    assert (code, message) == (0, "")
    assert [row["path"] for row in rows] == [f"{tmp_path}/{shown}"]
    assert rows[0]["probabilities"] == predicted(encoded())["probabilities"]


def test_a_path_with_dots_is_resolved(predict: Predict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "a.wav").write_bytes(encoded())
    monkeypatch.chdir(tmp_path / "below")
    assert [row["path"] for row in predict("../a.wav")[1]] == ["../a.wav"]
    assert [row["path"] for row in predict("..")[1]] == ["../a.wav"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("absent.wav", "no such file; check its path"),
        ("a.wav/below.wav", "Not a directory"),
        ("dangling.wav", "no such file; check its path"),
        ("circle.wav", "Too many levels of symbolic links"),
        (f"{'n' * 300}.wav", "File name too long"),
    ],
)
def test_a_missing_path_is_an_error_in_its_row_and_the_others_are_predicted(
    name: str, reason: str, predict: Predict, tmp_path: Path
) -> None:
    (tmp_path / "a.wav").write_bytes(encoded())
    (tmp_path / "dangling.wav").symlink_to("nowhere.wav")
    (tmp_path / "circle.wav").symlink_to("circle.wav")
    code, rows, message = predict(tmp_path / name, tmp_path / "a.wav")
    failed = f"error: 1 of 2 recordings could not be predicted: {tmp_path / name}; see its row"
    assert (code, message) == (1, failed)
    assert rows[0] == {"path": str(tmp_path / name), "error": reason}
    assert rows[1]["emotion"]


@pytest.mark.parametrize("target", ["nowhere.wav", "bad.wav"], ids=["leads nowhere", "leads to itself"])
def test_the_other_files_of_a_folder_with_a_bad_link_are_predicted(
    target: str, predict: Predict, tmp_path: Path
) -> None:
    (tmp_path / "a.wav").write_bytes(encoded())
    (tmp_path / "bad.wav").symlink_to(target)
    code, rows, _ = predict(tmp_path)
    assert code == 1
    assert ["error" in row for row in rows] == [False, True]
    assert rows[1]["path"].endswith("bad.wav")


def test_cyclic_links_are_not_followed(predict: Predict, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(encoded())
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert len(predict(tmp_path)[1]) == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="Windows and root may read everything")
def test_a_file_without_read_permission_is_an_error_in_its_row(predict: Predict, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(encoded())
    (tmp_path / "a.wav").chmod(0)
    assert refusal(predict, tmp_path / "a.wav") == "Permission denied"


def test_a_folder_without_recordings_is_refused(predict: Predict, tmp_path: Path) -> None:
    wanted = "wanted files in WAV, FLAC, MP3"
    (tmp_path / "empty").mkdir()
    code, rows, message = predict(tmp_path)
    assert (code, rows) == (1, [])
    assert message.startswith(f"error: no recordings in {tmp_path}; {wanted}")
    (tmp_path / "notes.txt").write_text("none")
    assert predict(tmp_path)[2].startswith(f"error: no recordings in {tmp_path}; {wanted}")


def test_a_device_without_end_is_refused_at_once(predict: Predict) -> None:
    assert "0 bytes" in refusal(predict, Path(os.devnull))
    code, rows, _ = predict("/dev/zero")
    assert code == 1
    assert set(rows[0]) == {"path", "error"}


# arbitrary input


def tried(answer: Callable[[], Prediction]) -> Prediction | None:
    """A valid prediction, or None if the recording was refused in one line."""
    try:
        found = answer()
    except (ValueError, OSError) as error:
        assert str(error)  # noqa: PT017
        assert len(str(error).splitlines()) == 1  # noqa: PT017
        return None
    assert 0 <= found["confidence"] <= 1
    json.dumps(found, allow_nan=False)
    if found["emotion"] == NO_SPEECH:
        assert found["probabilities"] == {}
    else:
        assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert found["confidence"] == max(found["probabilities"].values()) == found["probabilities"][found["emotion"]]
    return found


MAGIC = (b"RIFF\xff\xff\xff\xffWAVEfmt ", b"fLaC\0\0\0\x22", b"OggS\0\2", b"FORM\0\0\1\0AIFFCOMM", b".snd", b"ID3", b"")
MAGIC += (
    b"\xff\xfb\x90\x44",
    b"caff\0\1\0\0desc",
    b"RF64",
    b"MATLAB 5.0",
    b"NIST_1A\n",
    b"Creative Voice File\x1a",
    b"PVF1",
)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(MAGIC), st.binary(max_size=400))
def test_arbitrary_bytes_are_refused_or_predicted(magic: bytes, rest: bytes) -> None:
    tried(lambda: predicted(magic + rest))


SHORT = {
    name: encoded(SPEECH[:4_000], format=name)
    for name in ("WAV", "FLAC", "OGG", "AIFF", "AU", "CAF", "MP3", "W64", "VOC", "RF64")
}


@pytest.mark.slow
@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(sorted(SHORT)),
    st.dictionaries(st.integers(0, 80), st.integers(0, 255), min_size=1, max_size=6),
    st.integers(0, 8_000),
)
@example("WAV", {22: 0}, 0)  # no channels
@example("WAV", {22: 255, 23: 255}, 0)
@example("WAV", {24: 0, 25: 0}, 0)  # no rate
@example("WAV", {20: 3}, 0)  # floats of 16 bit
@example("WAV", {34: 0}, 0)  # samples of no bits
@example("WAV", {43: 255, 42: 255}, 0)  # 4 GiB
def test_a_file_with_a_damaged_header_is_refused_or_predicted(name: str, changes: dict[int, int], cut: int) -> None:
    content = bytearray(SHORT[name])
    for position, value in changes.items():
        content[position] = value
    tried(lambda: predicted(bytes(content[: len(content) - cut // 8 * (cut % 8 == 0)])))


ALSO = {"GSM": encoded(SPEECH[:4_000], format="WAV", subtype="GSM610")}
TAG = b"TAG" + bytes(125)


def ingested(path: Path) -> tuple[int, str] | Kind:
    """Rate and digest of the samples that ingest reads, or the kind of its refusal."""
    code = code_digest.digest((decoding.__name__,))
    (found,) = decoding.facts([decoding.Piece(path.name)], root=path.parent, code=code)
    return found.kind if isinstance(found, InvalidAudio) else (found["sample_rate"], found["audio_hash"])


def opened(path: Path) -> tuple[int, str] | Kind:
    """Rate and digest of the samples that a prediction reads, or the kind of its refusal."""
    try:
        with inputs.opened(path) as recording:
            waveform = recording.whole()
            checked = Recording(waveform, recording.sample_rate, channels=1)
            inputs.check_duration(checked.duration)
    except InvalidAudio as error:
        return error.kind
    return checked.sample_rate, checked.audio_hash


@pytest.mark.slow
@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(sorted(SHORT | ALSO)),
    st.dictionaries(st.integers(0, 80), st.integers(0, 255), max_size=6),
    st.integers(0, 8_000),
    st.one_of(st.just(b""), st.just(TAG), st.binary(max_size=300)),
)
@example("FLAC", {}, 1, TAG)
@example("FLAC", dict.fromkeys(range(22, 26), 255), 1, b"")  # 16 GiB
@example("GSM", {}, 1, b"")  # in which nothing can be sought
@example("WAV", {24: 1, 25: 0}, 1, b"")  # 1 Hz
def test_ingest_accepts_the_files_that_prediction_accepts(
    name: str, changes: dict[int, int], cut: int, tail: bytes
) -> None:
    content = bytearray((SHORT | ALSO)[name])
    for position, value in changes.items():
        content[position] = value
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a")
        path.write_bytes(bytes(content[: len(content) - cut // 8 * (cut % 8 == 0)]) + tail)
        found, other = ingested(path), opened(path)
        # A recording without sound is no utterance of a study; a prediction states that there is no speech.
        both_refuse = isinstance(found, Kind) and isinstance(other, Kind)  # one of its faults, in an order of their own
        assert found == other or both_refuse or found is Kind.SILENT


@pytest.mark.parametrize("piped", [False, True])
def test_a_header_that_points_before_the_file_is_refused_without_a_traceback(
    piped: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """libsndfile seeks to a negative position, which files refuse and which `io.BytesIO` makes an exception."""
    content = bytearray(SHORT["AIFF"])
    content[65], content[38], content[37] = 213, 104, 115
    (tmp_path / "a.aiff").write_bytes(content)
    with (
        pytest.raises(InvalidAudio, match="not readable as audio"),
        inputs.opened(bytes(content) if piped else tmp_path / "a.aiff"),
    ):
        pass
    assert capfd.readouterr().err == ""


FINITE = st.one_of(st.floats(-1, 1, width=32), st.floats(allow_nan=False, allow_infinity=False))


@settings(deadline=None, max_examples=150)
@given(
    arrays.arrays(np.float64, arrays.array_shapes(max_dims=2, max_side=12), elements=FINITE),
    st.sampled_from([4_000, 8_000, 11_025, 16_000, 44_100, 384_000]),
    st.integers(1, 3_000),
)
@example(np.array([1e-45]), 16_000, 3_000)
@example(np.array([0.0, 5e-324]), 16_000, 3_000)
@example(np.array([2.0**31, -(2.0**31)]), 16_000, 3_000)
def test_arbitrary_waveforms_are_refused_or_have_probabilities_that_add_up_to_one(
    piece: np.ndarray, rate: int, times: int
) -> None:
    waveform = np.concatenate([piece] * times)
    tried(lambda: recognizer().predict(inputs.of_waveform(waveform, rate)))


@settings(deadline=None, max_examples=60)
@given(arrays.arrays(np.float64, st.integers(1, 40), elements=FINITE), st.floats(0, 20), st.integers(0, 2**16))
def test_speech_with_anything_on_top_has_probabilities_that_add_up_to_one(
    noise: np.ndarray, level: float, seed: int
) -> None:
    """Everything counts as speech, so that features are computed."""
    chosen = recognition.Recognizer(**{**vars(recognizer()), "all_speech": True})
    random = np.random.default_rng(seed)
    with np.errstate(over="ignore"):
        waveform = SPEECH * random.choice([0, 1e-30, 1e-3, 1]) + level * np.resize(noise, SPEECH.size)
    tried(lambda: chosen.predict(inputs.of_waveform(waveform, RATE)))


@pytest.fixture(autouse=True)
def _not_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_tests_have_speech_and_a_sine_is_none() -> None:
    assert predicted(encoded())["emotion"] != NO_SPEECH
    assert predicted(encoded(tone(440, 2.0)))["emotion"] == NO_SPEECH
