"""Recordings that FFmpeg decodes: of phones, messengers, browsers and cameras."""

import errno
import io
import shutil
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser.audio import ffmpeg, reading
from ser.audio import ogg as ogg_pages
from ser.audio.invalid import InvalidAudio, Kind
from ser.serving import inputs
from tests.support.riff_files import mp3_in_wav

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="FFmpeg is not installed")

RATE = 16_000
LOSSLESS = {
    "alac.m4a": "-c:a alac",
    "a.mov": "-c:a pcm_s16le",
    "a.mka": "-c:a flac",
    "a.wv": "-c:a wavpack",
    "a.tta": "-c:a tta",
    "a.avi": "-c:a pcm_s16le",
}
LOSSY = {
    "a.m4a": "-c:a aac",
    "a.mp4": "-c:a aac -movflags +frag_keyframe+empty_moov",
    "a.3gp": "-c:a aac",
    "a.aac": "-c:a aac",
    "a.webm": "-c:a libopus",
    "a.wma": "-c:a wmav2",
    "a.ac3": "-c:a ac3 -ar 48000",
    "a.flv": "-c:a aac -ar 44100",
    "speex.ogg": "-c:a libspeex",
}


def voice() -> np.ndarray:
    """Two seconds of a tone that becomes louder, 16 bit."""
    t = np.arange(2 * RATE) / RATE
    return np.round(20_000 * t / 2 * np.sin(2 * np.pi * 300 * t)).astype(np.int16)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same sound in all formats, as FFmpeg writes them."""
    found = tmp_path_factory.mktemp("formats")
    soundfile.write(found / "a.wav", voice(), RATE)
    for name, options in (LOSSLESS | LOSSY).items():
        encode(found / name, "-i", str(found / "a.wav"), *options.split())
    return found


def encode(path: Path, *options: str) -> Path:
    subprocess.run(["ffmpeg", "-v", "error", *options, str(path)], check=True)
    return path


@pytest.mark.parametrize("name", LOSSLESS)
def test_a_lossless_recording_has_the_samples_of_its_wav(name: str, folder: Path) -> None:
    recording = reading.read(folder / name)
    assert (recording.sample_rate, recording.audio_hash) == (RATE, reading.read(folder / "a.wav").audio_hash)


@pytest.mark.parametrize("name", LOSSY)
def test_a_lossy_recording_is_close_to_its_wav(name: str, folder: Path) -> None:
    recording = reading.read(folder / name)
    plain = reading.read(folder / "a.wav")
    assert recording.duration == pytest.approx(
        plain.duration, abs=0.2
    )  # some containers do not state the delay of their codec
    rms = [np.sqrt(np.mean(one.waveform**2)) for one in (recording, plain)]
    assert rms[0] == pytest.approx(rms[1], rel=0.1)


@pytest.mark.parametrize("name", ["a.m4a", "a.webm"])
def test_an_upload_in_memory_is_decoded_like_the_file(name: str, folder: Path) -> None:
    with inputs.opened((folder / name).read_bytes()) as upload:
        assert np.array_equal(upload.whole(), reading.read(folder / name).waveform)


def test_amr_is_decoded(tmp_path: Path) -> None:
    frame = b"\x3c" + np.random.default_rng(0).bytes(31)  # 20 ms in the mode of 12.2 kbit/s
    (tmp_path / "a.amr").write_bytes(b"#!AMR\n" + 50 * frame)
    recording = reading.read(tmp_path / "a.amr")
    assert (recording.sample_rate, recording.duration) == (8_000, 1.0)


def test_an_mp3_in_a_wav_file_whose_length_is_guessed_far_too_low_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(mp3_in_wav("VARIABLE"))
    assert reading.read(tmp_path / "a.wav").waveform.size >= RATE


def test_a_flac_stream_without_length_has_the_samples_of_the_file(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", voice(), RATE)
    content = bytearray((tmp_path / "a.flac").read_bytes())
    content[21] &= 0xF0  # the 36 bits of STREAMINFO that declare the number of samples; 0: unknown
    content[22:26] = bytes(4)
    (tmp_path / "b.flac").write_bytes(content)
    assert reading.read(tmp_path / "b.flac").audio_hash == reading.read(tmp_path / "a.flac").audio_hash


@pytest.mark.parametrize("name", sorted({*LOSSLESS, *LOSSY} - {"speex.ogg"}))  # which has no mark of its end
def test_a_recording_that_lacks_its_end_is_refused(name: str, folder: Path, tmp_path: Path) -> None:
    whole = (folder / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) * 6 // 10])
    with pytest.raises(InvalidAudio, match=r"damaged or incomplete|truncated"):
        reading.read(tmp_path / name)


def test_a_film_without_sound_is_refused(tmp_path: Path) -> None:
    film = encode(tmp_path / "a.mp4", "-f", "lavfi", "-i", "testsrc=d=0.2:size=64x64", "-c:v", "mpeg4")
    with pytest.raises(InvalidAudio, match="an M4A, MP4 or 3GP file without a sound track"):
        reading.read(film)


def test_a_recording_cut_inside_of_the_list_of_its_tracks_is_incomplete(folder: Path, tmp_path: Path) -> None:
    early = encode(tmp_path / "a.m4a", "-i", str(folder / "a.m4a"), "-c", "copy", "-movflags", "+faststart")
    (tmp_path / "cut.m4a").write_bytes(early.read_bytes()[:100])
    with pytest.raises(InvalidAudio, match="damaged or incomplete"):
        reading.read(tmp_path / "cut.m4a")


def test_no_address_in_a_file_is_followed(tmp_path: Path) -> None:
    """A playlist under the name of a recording, told to be of some containers."""
    asked: list[str] = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        soundfile.write(tmp_path / "secret.wav", voice(), RATE)
        address = f"http://127.0.0.1:{server.server_port}/"
        lists = [
            f"#EXTM3U\n#EXTINF:1,\n{address}a.ts\n",
            f"ffconcat version 1.0\nfile '{tmp_path}/secret.wav'\n",
            f"v=0\nm=audio 5000 RTP/AVP 0\nc=IN IP4 127.0.0.1\na=control:{address}\n",
        ]
        for text in lists:
            for demuxer in ("mov", "wav", "mpeg"):
                with pytest.raises(InvalidAudio):
                    ffmpeg.converted(io.BytesIO(text.encode()), demuxer, name="a list").close()
        server.shutdown()
    assert asked == []


def ogg(sound: np.ndarray, subtype: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, sound, RATE, format="OGG", subtype=subtype)
    return file.getvalue()


def served(path: Path) -> np.ndarray:
    with inputs.opened(path) as recording:
        return recording.whole()


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_recordings_one_behind_the_other_in_an_ogg_file_are_read_to_the_end(subtype: str, tmp_path: Path) -> None:
    """As the capture of a radio stream: libsndfile ends after the first one, without an error."""
    path = tmp_path / "a.ogg"
    path.write_bytes(ogg(voice(), subtype) + ogg(voice()[::-1], subtype))
    for sound in (reading.read(path).waveform, served(path)):
        waveform = sound[:: round(sound.size / (4 * RATE))]  # FFmpeg decodes Opus at 48 kHz
        assert waveform.size == pytest.approx(4 * RATE, abs=400)
        levels = [np.abs(part).max() for part in np.split(waveform[: 4 * RATE - 400], 4)]
        assert levels == pytest.approx([0.3, 0.61, 0.61, 0.3], abs=0.06)


def test_sound_and_pictures_side_by_side_in_an_ogg_file_are_one_recording(tmp_path: Path) -> None:
    pictures = ("-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=2")
    sound = ("-f", "lavfi", "-i", "sine=300:duration=2")
    path = encode(tmp_path / "a.ogv", *pictures, *sound, "-c:v", "libtheora", "-c:a", "libvorbis")
    with path.open("rb") as file:
        assert not ogg_pages.is_chained(file)
    assert reading.read(path).duration == pytest.approx(2, abs=0.05)


def test_a_conversion_that_gives_too_much_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode(tmp_path / "a.m4a", "-f", "lavfi", "-i", "anullsrc=r=8000:d=60", "-c:a", "alac")
    monkeypatch.setattr(ffmpeg, "MAX_OUTPUT", 2**16)
    with pytest.raises(InvalidAudio) as raised:
        reading.read(path)
    assert raised.value.kind == Kind.TOO_LONG


def test_the_size_of_a_conversion_is_limited_by_the_longest_duration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = encode(tmp_path / "a.m4a", "-f", "lavfi", "-i", "anullsrc=r=8000:d=60", "-c:a", "alac")
    with path.open("rb") as file:
        ffmpeg.converted(file, "mov", name="an MP4 file", longest=10).close()
        monkeypatch.setattr(ffmpeg, "MAX_SAMPLES", 4000)
        with pytest.raises(InvalidAudio, match=r"over 4\.0 GiB or 4,000 samples a second; cut it into parts"):
            ffmpeg.converted(file, "mov", name="an MP4 file", longest=10)


def test_a_conversion_that_takes_too_long_is_ended(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\nwhile :; do :; done\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(ffmpeg, "MAX_SECONDS", 1)
    with pytest.raises(InvalidAudio) as raised:
        reading.read(folder / "a.m4a")
    assert raised.value.kind == Kind.TOO_LONG


def test_a_conversion_that_takes_too_long_is_ended_by_ffmpeg_itself(tmp_path: Path) -> None:
    """FFmpeg ends in good order where a program without a handler is ended by the signal."""
    wave = encode(tmp_path / "a.wav", "-f", "lavfi", "-i", "anullsrc=r=8000:d=1")
    endless = ["-stream_loop", "-1", "-i", str(wave), "-loglevel", "level+info", "-f", "null", "-"]
    limits = ("1", "1000000", str(ffmpeg.MAX_MEMORY // 1024))
    command = ["/bin/sh", "-c", ffmpeg.LIMITED, "sh", *limits, "ffmpeg", "-nostdin", *endless]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    with pytest.raises(InvalidAudio) as raised:
        ffmpeg._check(done.returncode, done.stderr, "a file")
    assert raised.value.kind == Kind.TOO_LONG


@pytest.mark.parametrize(
    ("signal", "error", "reason"),
    [
        ("KILL", OSError, "Cannot allocate memory: FFmpeg was killed, as the system does when memory is used up"),
        ("SEGV", InvalidAudio, r"damaged or incomplete \(FFmpeg: SIGSEGV\)"),
        ("XFSZ", InvalidAudio, "or gives over .*; cut it into parts"),
    ],
)
def test_a_conversion_that_a_signal_ends_is_told_by_the_signal(
    signal: str, error: type[Exception], reason: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\nkill -{signal} $$\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(error, match=reason) as raised:
        reading.read(folder / "a.m4a")
    assert getattr(raised.value, "errno", None) == (errno.ENOMEM if signal == "KILL" else None)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_disk_is_no_fault_of_the_recording(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("r+b", buffering=0) as full, tempfile.TemporaryFile() as log:
        files = iter([full, log])
        monkeypatch.setattr(tempfile, "TemporaryFile", lambda: next(files))
        with pytest.raises(OSError, match=r"No space left on device for temporary files in .*; make room"):
            reading.read(folder / "a.m4a")


def test_nothing_is_left_in_the_folder_of_temporary_files(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    reading.read(folder / "a.m4a")
    assert list(tmp_path.iterdir()) == []
