"""WAV files with chunks in unusual order or number: read if their meaning is clear, else named exactly."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser.audio import reading, sound_files
from ser.audio.reading import InvalidAudio
from tests.support.riff_files import chunk, mp3_in_wav, wav
from tests.support.synthesis import tone

SAMPLES = np.round(tone(440, 0.2) * 2**15).astype("<i2")
FORM = struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16)
MARK = b"\xef\xbb\xbf"
TAGS = b"INFOISFT" + struct.pack("<I", 5) + b"Lavf\0"  # of odd length


FMT, DATA = chunk(b"fmt ", FORM), chunk(b"data", SAMPLES.tobytes())
UNPADDED = chunk(b"LIST", TAGS, padded=False)


def encoded(container: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, SAMPLES, 16_000, format=container)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        wav(FMT, DATA),
        wav(FMT, chunk(b"LIST", TAGS), DATA),
        wav(FMT, UNPADDED, DATA),
        wav(UNPADDED, FMT, DATA),
        wav(FMT, DATA, UNPADDED),
        wav(DATA, FMT),
        wav(UNPADDED, DATA, FMT),
        wav(FMT, FMT, DATA),
        wav(FMT, chunk(b"data", b""), DATA),
        wav(FMT, DATA, chunk(b"data", b"")),
        wav(DATA, FMT) + b"\0\1 anything",
        wav(FMT, chunk(b"data", b"")) + SAMPLES.tobytes(),
        MARK + wav(FMT, DATA),
        MARK + wav(DATA, FMT),
        MARK + encoded("FLAC"),
    ],
)
def test_samples_whose_meaning_is_clear_are_read(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    found = reading.read(tmp_path / "a.wav")
    np.testing.assert_array_equal(found.waveform, SAMPLES / np.float32(2**15))
    assert found.sample_rate == 16_000
    with reading.opened(content) as sound:
        assert sound.frames == SAMPLES.size


def test_a_file_that_is_too_long_to_mend_is_not_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_files, "MAX_MENDED", 1000)
    (tmp_path / "a.wav").write_bytes(wav(FMT, chunk(b"data", b"")) + SAMPLES.tobytes())
    with pytest.raises(InvalidAudio, match="a WAV file of more than 1000 bytes, with an unusual header"):
        reading.read(tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (wav(FMT, DATA, DATA), "a WAV file with 2 chunks of samples (data), of 6400 and 6400 bytes, instead of one"),
        (
            wav(FMT, chunk(b"fmt ", FORM.replace(b"\x80\x3e", b"\x40\x1f")), DATA),
            "a WAV file with 2 descriptions of its samples (chunk fmt), instead of one",
        ),
        (wav(DATA), "a WAV file without a description of its samples (chunk fmt)"),
        (wav(FMT, chunk(b"LIST", TAGS)), "a WAV file without samples (chunk data)"),
        (wav(FMT, DATA) * 2, "two WAV files, one behind the other"),
        (wav(DATA, *[chunk(b"junk", b"")] * 10_000, FMT), "a WAV file of more than 10000 chunks"),
    ],
)
def test_what_is_not_clear_is_named(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(InvalidAudio) as raised:
        reading.read(tmp_path / "a.wav")
    remedy = "write it anew with the program that recorded it, or with `ffmpeg`"
    assert (raised.value.reason, raised.value.remedy) == (reason, remedy)


@pytest.mark.parametrize(
    "content", [wav(UNPADDED, FMT, DATA)[:-100], wav(DATA, FMT)[:3000], (MARK + wav(FMT, DATA))[:-2]]
)
def test_a_mended_file_that_lacks_samples_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(InvalidAudio, match=r"truncated: 3\d+ samples|without a description"):
        reading.read(tmp_path / "a.wav")


def test_an_mp3_in_a_wav_file_is_read_to_its_end(tmp_path: Path) -> None:
    """libsndfile guesses more samples than there are."""
    (tmp_path / "a.wav").write_bytes(mp3_in_wav("CONSTANT"))
    with reading.opened(tmp_path / "a.wav") as sound:
        assert (sound.format, sound.subtype) == ("WAV", "MPEG_LAYER_III")
    assert 16_000 <= reading.read(tmp_path / "a.wav").waveform.size < sound.frames


def test_an_mp3_is_opened_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once to find its end, which moves the decoder, and once to read it."""
    soundfile.write(tmp_path / "a.mp3", np.sin(np.arange(16_000) / 5), 16_000, format="MP3")
    n_opened, open_file = [], soundfile.SoundFile.__init__
    monkeypatch.setattr(soundfile.SoundFile, "__init__", lambda *a, **k: n_opened.append(1) or open_file(*a, **k))
    assert reading.read(tmp_path / "a.mp3").duration == pytest.approx(1, abs=0.1)
    assert len(n_opened) == 2


def test_without_ffmpeg_an_mp3_in_a_wav_file_whose_length_is_guessed_far_too_low_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    (tmp_path / "a.wav").write_bytes(mp3_in_wav("VARIABLE"))
    with pytest.raises(InvalidAudio, match="an MP3 stream that does not declare its length, which FFmpeg reads"):
        reading.read(tmp_path / "a.wav")
