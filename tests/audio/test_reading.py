import os
import pickle
import struct
import threading
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from ser.audio import ffmpeg, reading, waveforms
from ser.audio.reading import Kind
from tests.support.synthesis import speech_like, tone

CONTAINERS = ("wav", "flac", "aiff", "au", "w64", "rf64", "caf")
DATA_SIZE = 40  # offset of the data chunk's size in the canonical 44-byte header of a PCM wav


def written(
    path: Path, waveform: np.ndarray, *, sample_rate: int = 16_000, container: str = "wav", subtype: str = "PCM_16"
) -> Path:
    soundfile.write(path, waveform, sample_rate, format=container.upper(), subtype=subtype)
    return path


def with_data_size(path: Path, size: int) -> Path:
    content = bytearray(path.read_bytes())
    assert content[DATA_SIZE - 4 : DATA_SIZE] == b"data"
    content[DATA_SIZE : DATA_SIZE + 4] = struct.pack("<I", size)
    path.write_bytes(content)
    return path


def cut_in_half(path: Path) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_lossless_container_gives_the_same_samples(tmp_path: Path, container: str) -> None:
    samples = np.round(tone(440, 0.2) * 2**15) / 2**15  # exact in 16 bits
    recording = reading.read(written(tmp_path / "a", samples, container=container))
    np.testing.assert_array_equal(recording.waveform, samples.astype(np.float32))
    assert recording.waveform.dtype == np.float32
    assert (recording.sample_rate, recording.channels, recording.duration) == (16_000, 1, 0.2)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_samples_are_those_that_soundfile_reads_as_floats(tmp_path: Path, container: str, subtype: str) -> None:
    noise = np.random.default_rng(0).uniform(-1.1, 1.1, (3200, 2))  # some of them clipped
    path = written(tmp_path / "a", noise, container=container, subtype=subtype)
    np.testing.assert_array_equal(reading.read(path).waveform, soundfile.read(path, dtype="float32")[0].mean(axis=1))


def test_a_format_in_which_nothing_can_be_sought_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", tone(440, 0.2), sample_rate=8_000, subtype="GSM610")
    with soundfile.SoundFile(path) as sound:
        assert not sound.seekable()
        expected = sound.read(sound.frames, dtype="float32")
    np.testing.assert_array_equal(reading.read(path).waveform, expected)


@pytest.mark.parametrize(
    ("container", "subtype"),
    [("WAV", "PCM_16"), ("WAV", "FLOAT"), ("FLAC", "PCM_24"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")],
)
def test_a_long_recording_that_is_read_in_pieces_has_the_same_samples(
    tmp_path: Path, container: str, subtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (16_000, 2))
    path = written(tmp_path / "a", noise, container=container, subtype=subtype)
    whole = reading.read(path)
    monkeypatch.setattr(reading, "MOST_AT_ONCE", 3000)
    assert reading.read(path).audio_hash == whole.audio_hash


def test_a_header_that_declares_more_than_any_memory_holds_is_truncated(tmp_path: Path) -> None:
    path = written(tmp_path / "a.flac", tone(440, 0.5), container="flac")
    content = bytearray(path.read_bytes())
    content[21:26] = content[21] | 0xF, 0xFF, 0xFF, 0xFF, 0xFF  # the number of samples has 36 bits: 128 GiB of them
    path.write_bytes(content)
    with pytest.raises(reading.InvalidAudio, match="truncated: 8000 samples, fewer than its header declares"):
        reading.read(path)


def test_the_format_is_recognised_by_content_and_not_by_extension(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", tone(440, 0.2), container="flac")
    assert path.read_bytes()[:4] == b"fLaC"
    assert reading.read(path).waveform.size == 3200


def test_the_channels_are_averaged(tmp_path: Path) -> None:
    left, right = np.round(np.array([tone(440, 0.2), tone(700, 0.2)]) * 2**14) / 2**15
    recording = reading.read(written(tmp_path / "a.wav", np.column_stack([left, right])))
    assert recording.channels == 2
    assert recording.notes == ()
    np.testing.assert_array_equal(recording.waveform, ((left + right) / 2).astype(np.float32))


def test_the_hash_depends_on_the_samples_and_not_on_the_container(tmp_path: Path) -> None:
    samples = np.round(tone(440, 0.2) * 2**15).astype(np.int16)
    as_wav = reading.read(written(tmp_path / "a.wav", samples)).audio_hash
    as_flac = reading.read(written(tmp_path / "a.flac", samples, container="flac")).audio_hash
    samples[7] += 1
    other = reading.read(written(tmp_path / "b.wav", samples)).audio_hash
    assert as_wav == as_flac != other
    assert len(as_wav) == 32


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    with pytest.raises(reading.InvalidAudio, match="0 bytes; replace it by an intact copy") as raised:
        reading.read(tmp_path / "a.wav")
    assert raised.value.kind == Kind.EMPTY


def test_an_error_is_the_same_in_another_process() -> None:
    error = reading.InvalidAudio(Kind.EMPTY, "0 bytes", "record it again")
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.kind, copy.reason, copy.remedy) == (Kind.EMPTY, "0 bytes", "record it again")
    assert str(copy) == str(error) == "0 bytes; record it again"


def test_an_error_without_a_kind_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        reading.InvalidAudio("0 bytes")  # type: ignore[call-arg,arg-type]


def test_text_in_a_file_with_an_audio_suffix_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("<html>404: Not Found</html>")
    with pytest.raises(reading.InvalidAudio, match=r"not readable as audio \(Format not recognised\); replace it"):
        reading.read(tmp_path / "a.wav")


SDS = bytes.fromhex("f07e00010010246803007d00000000000000f7") + bytes(2) + bytes([7]) + bytes(126)
TAG = b"ID3\3\0\0" + bytes(3) + bytes([20]) + bytes(20)  # of 20 bytes


@pytest.mark.parametrize(
    "content",
    [SDS, TAG + SDS, 2 * TAG + SDS, 9 * TAG + SDS, b"MATLAB 5.0" + bytes(200), b"PVF1\n1 8000 16\n"],
    ids=["dump", "tag", "two tags", "nine tags", "Matlab", "PVF"],
)
def test_a_container_of_no_recording_never_reaches_the_decoder(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The decoder of MIDI sample dumps prints its errors to standard output."""
    (tmp_path / "a.wav").write_bytes(content)
    monkeypatch.setattr(soundfile, "SoundFile", lambda *_, **__: pytest.fail("the decoder was called"))
    for source in (content, tmp_path / "a.wav"):
        with pytest.raises(reading.InvalidAudio, match="not readable as audio"), reading.opened(source):
            pass


def test_a_recording_may_begin_with_a_tag(tmp_path: Path) -> None:
    plain = written(tmp_path / "a.flac", tone(440, 0.5), container="flac")
    (tmp_path / "b.flac").write_bytes(TAG + plain.read_bytes())
    assert reading.read(tmp_path / "b.flac").audio_hash == reading.read(plain).audio_hash


@pytest.mark.parametrize("n_tags", [1, 2, 8])
def test_an_mp3_may_begin_with_the_tags_of_several_programs(n_tags: int, tmp_path: Path) -> None:
    plain = written(tmp_path / "a.mp3", tone(440, 0.5), container="mp3", subtype="MPEG_LAYER_III")
    (tmp_path / "b.mp3").write_bytes(n_tags * TAG + plain.read_bytes())
    assert reading.read(tmp_path / "b.mp3").audio_hash == reading.read(plain).audio_hash


@pytest.mark.parametrize(
    ("name", "head", "reason", "command"),
    [
        ("phone.m4a", b"\0\0\0\x20ftypM4A ", "an M4A, MP4 or 3GP file", "ffmpeg -i phone.m4a phone.wav"),
        ("my call.3gp", b"\0\0\0\x18ftyp3gp4", "an M4A, MP4 or 3GP file", "ffmpeg -i 'my call.3gp' 'my call.wav'"),
        ("my calls/a.mkv", b"\x1aE\xdf\xa3", "a WebM or Matroska file", "ffmpeg -i 'my calls/a.mkv' 'my calls/a.wav'"),
        ("a.webm", b"\x1aE\xdf\xa3\x9fB", "a WebM or Matroska file", "ffmpeg -i a.webm a.wav"),
        ("a.aac", b"\xff\xf1\x50\x80", "an AAC file", "ffmpeg -i a.aac a.wav"),
        ("a.amr", b"#!AMR-WB\n", "an AMR file", "ffmpeg -i a.amr a.wav"),
        ("a.wav", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a WMA or WMV file", "ffmpeg -i a.wav converted.wav"),
        ("a\nb.avi", b"RIFF\0\0\0\0AVI LIST", "an AVI film", "ffmpeg -i recording.avi recording.wav"),
        (os.fsdecode(b"\xe9.wv"), b"wvpk", "a WavPack file", "ffmpeg -i recording.wv recording.wav"),
    ],
)
def test_without_ffmpeg_a_format_that_it_reads_is_named_with_the_remedies(
    name: str, head: bytes, reason: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(tmp_path)
    Path("my calls").mkdir()
    Path(name).write_bytes(head + bytes(100))
    with pytest.raises(reading.InvalidAudio) as raised:
        reading.read(Path(name))
    found = raised.value
    assert (found.kind, found.reason) == (Kind.NO_DECODER, f"{reason}, which FFmpeg reads, and FFmpeg is not installed")
    assert found.remedy == f"{ffmpeg.INSTALL}, or convert it elsewhere: {command}"


def test_bytes_of_a_common_format_have_a_name_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with (
        pytest.raises(reading.InvalidAudio, match=r"ffmpeg -i recording\.m4a recording\.wav"),
        reading.opened(b"\0\0\0\x20ftypM4A " + bytes(100)),
    ):
        pass


def test_a_git_lfs_pointer_is_refused_with_the_command_that_fetches_it(tmp_path: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 76844\n"
    (tmp_path / "a.wav").write_text(pointer)
    with pytest.raises(reading.InvalidAudio, match="a Git LFS pointer, not audio; fetch the audio with `git lfs pull`"):
        reading.read(tmp_path / "a.wav")


@pytest.mark.parametrize("container", ["wav", "aiff", "au", "w64", "rf64"])
def test_half_a_file_is_truncated(tmp_path: Path, container: str) -> None:
    path = cut_in_half(written(tmp_path / "a", tone(440, 0.5), container=container))
    with pytest.raises(reading.InvalidAudio, match=r"truncated: 3\d\d\d samples, fewer than its header declares"):
        reading.read(path)


@pytest.mark.parametrize(("container", "subtype"), [("flac", "PCM_16"), ("ogg", "VORBIS"), ("caf", "PCM_16")])
def test_half_a_file_that_cannot_be_decoded_is_refused(tmp_path: Path, container: str, subtype: str) -> None:
    path = cut_in_half(written(tmp_path / "a", tone(440, 0.5), container=container, subtype=subtype))
    with pytest.raises(reading.InvalidAudio, match="not readable as audio"):
        reading.read(path)


@pytest.mark.parametrize("missing_bytes", [1, 2, 100])
def test_a_wav_that_lacks_its_last_bytes_is_truncated(tmp_path: Path, missing_bytes: int) -> None:
    path = written(tmp_path / "a.wav", tone(440, 0.5))
    path.write_bytes(path.read_bytes()[:-missing_bytes])
    with pytest.raises(reading.InvalidAudio, match="truncated: 79"):
        reading.read(path)


@pytest.mark.parametrize("codec", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("share", [0.2, 0.9, 0.999])
def test_an_ogg_file_that_was_cut_is_truncated(tmp_path: Path, codec: str, share: float) -> None:
    path = tmp_path / "a.ogg"
    soundfile.write(path, speech_like(0, 4.0, 16_000), 16_000, format="OGG", subtype=codec)
    assert reading.read(path).waveform.size == 64_000
    path.write_bytes(path.read_bytes()[: round(share * path.stat().st_size)])
    with pytest.raises(reading.InvalidAudio, match=r"truncated: its last page is incomplete|not readable as audio"):
        reading.read(path)


def test_a_wav_whose_header_declares_more_is_truncated(tmp_path: Path) -> None:
    path = with_data_size(written(tmp_path / "a.wav", tone(440, 0.5)), 1_000_000)
    with pytest.raises(reading.InvalidAudio, match="truncated: 8000 samples"):
        reading.read(path)


# Sizes that ffmpeg and old SoX, espeak-ng, and SoX and arecord write into a pipe.
@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000, 0x7FFFFFFF - 36])
def test_a_streamed_wav_of_undeclared_length_is_whole(size: int, tmp_path: Path) -> None:
    whole = reading.read(written(tmp_path / "a.wav", tone(440, 0.5)))
    streamed = reading.read(with_data_size(tmp_path / "a.wav", size))
    assert streamed.audio_hash == whole.audio_hash


@pytest.mark.parametrize(
    ("subtype", "missing", "is_whole"),
    [("MPEG_LAYER_III", 2304, True), ("MPEG_LAYER_III", 2305, False), ("PCM_16", 1, False)],
)
@pytest.mark.parametrize("container", ["MP3", "WAV"])
def test_two_frames_of_an_mp3_may_be_missing_in_any_container(
    container: str, subtype: str, missing: int, is_whole: bool
) -> None:
    sound = SimpleNamespace(format=container, subtype=subtype, frames=48_000, extra_info="")
    with nullcontext() if is_whole else pytest.raises(reading.InvalidAudio, match="truncated"):
        reading.check_length(sound, 48_000 - missing)


def test_without_ffmpeg_recordings_one_behind_the_other_are_not_read_as_the_first_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / f"{k}.ogg" for k in range(3)]
    for path, frequency in zip(paths, (440, 880, 220), strict=True):
        written(path, tone(frequency, 0.5), container="ogg", subtype="VORBIS")
    together = tmp_path / "together.ogg"
    together.write_bytes(b"".join(path.read_bytes() for path in paths))
    monkeypatch.setattr(ffmpeg, "program", lambda: None)
    with pytest.raises(reading.InvalidAudio, match="an Ogg file of several recordings, one behind the other, which FF"):
        reading.read(together)
    assert reading.read(paths[0]).duration == 0.5


def test_without_ffmpeg_a_streamed_flac_of_undeclared_length_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    path = written(tmp_path / "a.flac", tone(440, 0.5), container="flac")
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0  # the 36 bits of STREAMINFO that declare the number of samples; 0: unknown
    content[22:26] = bytes(4)
    path.write_bytes(content)
    with pytest.raises(
        reading.InvalidAudio, match="does not declare its length, which FFmpeg reads, and FFmpeg is not"
    ) as raised:
        reading.read(path)
    assert raised.value.kind == Kind.NO_DECODER


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_sample_that_is_not_finite_is_refused(tmp_path: Path, value: float) -> None:
    waveform = tone(440, 0.2)
    waveform[7] = value
    with pytest.raises(reading.InvalidAudio, match="NaN or infinite samples"):
        reading.read(written(tmp_path / "a.wav", waveform, subtype="FLOAT"))


def test_digital_silence_is_refused_and_one_bit_of_sound_is_not(tmp_path: Path) -> None:
    waveform = np.zeros(3200, np.float32)
    with pytest.raises(reading.InvalidAudio, match="every sample is zero") as raised:
        reading.read(written(tmp_path / "a.wav", waveform))
    assert raised.value.kind == Kind.SILENT
    with pytest.raises(reading.InvalidAudio, match=r"every sample is 0\.25; replace it"):
        reading.read(written(tmp_path / "c.wav", waveform + 0.25))
    waveform[7] = 2**-15
    assert np.count_nonzero(reading.read(written(tmp_path / "b.wav", waveform)).waveform) == 1


def test_the_shortest_recording_lasts_a_tenth_of_a_second(tmp_path: Path) -> None:
    assert reading.read(written(tmp_path / "a.wav", tone(440, 0.1))).waveform.size == 1600
    with pytest.raises(reading.InvalidAudio, match=r"0\.099875 s long, shorter than 0\.1 s; remove it"):
        reading.read(written(tmp_path / "b.wav", tone(440, 0.1)[:-2]))


def test_a_missing_file_raises_an_oserror_and_not_invalid_audio(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        reading.read(tmp_path / "a.wav")


@pytest.mark.parametrize("level", [0.9, 0.009])
def test_resampling_keeps_the_level_and_the_frequency_of_a_tone(level: float) -> None:
    waveform = tone(1000, 1.0, sample_rate=48_000, level=level)
    resampled = waveforms.resampled(waveform, sample_rate=48_000, target=16_000)
    assert resampled.dtype == np.float32
    inner = slice(1000, 15_000)  # the filter rings at the ends
    np.testing.assert_allclose(resampled[inner], tone(1000, 1.0, level=level)[inner], atol=1e-3 * level)


def test_resampling_removes_frequencies_above_half_the_new_rate() -> None:
    resampled = waveforms.resampled(tone(10_000, 1.0, sample_rate=48_000), sample_rate=48_000, target=16_000)
    assert np.abs(resampled[1000:15_000]).max() < 1e-4


def test_resampling_to_the_same_rate_changes_nothing() -> None:
    waveform = tone(440, 0.2)
    np.testing.assert_array_equal(waveforms.resampled(waveform, sample_rate=16_000, target=16_000), waveform)


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    """As `ser predict <(command)` opens one; nothing can be sought in it."""
    soundfile.write(tmp_path / "a.wav", [0.5, -0.5] * 4000, 16_000)
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes((tmp_path / "a.wav").read_bytes()))
    writer.start()
    found = reading.read(tmp_path / "pipe")
    writer.join()
    assert found.audio_hash == reading.read(tmp_path / "a.wav").audio_hash


def test_a_fault_is_named_in_words_about_the_file(tmp_path: Path) -> None:
    waveform = np.tile([0.5, -0.5], 8000)
    for name, change, reason in (
        ("a.mp3", lambda content: content[:300], "damaged, or cut near its beginning"),
        ("a.wav", lambda content: content[:24] + bytes(4) + content[28:], "its header has an impossible sample rate"),
    ):
        soundfile.write(tmp_path / name, waveform, 16_000)
        (tmp_path / name).write_bytes(change((tmp_path / name).read_bytes()))
        with pytest.raises(reading.InvalidAudio, match=rf"not readable as audio \({reason}\); replace it"):
            reading.read(tmp_path / name)
