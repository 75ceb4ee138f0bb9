"""Sound files opened for decoding; formats are recognised by content and not by extension.

libsndfile decodes most of them. What it does not decode is converted by FFmpeg first, where that is installed.
"""

import io
import re
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, BinaryIO

import numpy.typing as npt
import soundfile

from ser.audio import cells, containers, ffmpeg, ogg, riff
from ser.audio.invalid import InvalidAudio, Kind

UNKNOWN_FRAMES = 2**63 - 1  # libsndfile's SF_COUNT_MAX
LFS_POINTER = b"version https://git-lfs"
OF_MANY_CODECS = ("ogg", "wav", "caf")
UNKNOWN_BYTES = 0x7FFF0000  # or more: the size that ffmpeg, SoX and espeak-ng declare when they write into a pipe
MAY_BE_WAV = (b"RIFF", containers.BYTE_ORDER_MARK)
MAX_MENDED = 2**30  # bytes, nine hours of 16 kHz and 16 bit
MP3_SLACK = 2 * 1152  # samples, two frames
MEANING = {  # of codes of libsndfile whose text is about its own functions
    7: "damaged, or cut near its beginning",  # "File does not exist or is not a regular file", of an MP3 without frames
    24: "its header has an impossible sample rate",  # "SF_INFO struct incomplete"
}
MAX_TAGS = 0.1  # largest share of an MP3 file that may follow the audio

File = BinaryIO | io.FileIO


class _Bytes(io.BytesIO):
    """A file in memory that tolerates positions before its start: libsndfile seeks them in damaged files."""

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        try:
            return super().seek(offset, whence)
        except (ValueError, OverflowError):
            return self.tell()


@contextmanager
def opened(source: Path | bytes, *, longest: float | None = None) -> Iterator[soundfile.SoundFile]:
    """Open a file, a recording in a Parquet file, or bytes, for decoding; the format is recognised by content.

    Parameters
    ----------
    longest
        Seconds of sound that the caller accepts; of a longer recording, FFmpeg converts only a little more.

    Raises
    ------
    InvalidAudio
        If it is empty, a Git LFS pointer, not audio, or of undeclared length, or if decoding it fails. If only FFmpeg
        could decode it, and FFmpeg is not installed.
    OSError
        If the file cannot be opened.

    Examples
    --------
    >>> with opened(b"<html>404: Not Found</html>"): pass  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ser.audio.invalid.InvalidAudio: not readable as audio (Format not recognised); ...
    """
    if not isinstance(source, bytes) and (cell := cells.found(source)) is not None:
        source = cells.content(cell)
    with ExitStack() as stack:
        file: File = stack.enter_context(_Bytes(source) if isinstance(source, bytes) else _file(source))
        head = file.read(len(LFS_POINTER))
        if not head:
            raise InvalidAudio(Kind.EMPTY, "0 bytes")
        if head == LFS_POINTER:
            remedy = "fetch the audio with `git lfs pull`"
            raise InvalidAudio(Kind.LFS_POINTER, "a Git LFS pointer, not audio", remedy)
        try:
            path = PurePath() if isinstance(source, bytes) else source
            yield _Opening(file, stack, path, longest).sound()
        except soundfile.LibsndfileError as error:
            found = MEANING.get(error.code, error.error_string.rstrip("."))
            reason = f"not readable as audio ({found})"
            raise InvalidAudio(Kind.NOT_AUDIO, reason) from None


def _file(path: Path) -> File:
    """A file; a pipe, in which nothing can be sought, is read into memory."""
    file = path.open("rb", buffering=0)
    if file.seekable():
        return file
    with file:
        return _Bytes(file.readall())


@dataclass(frozen=True)
class _Opening:
    """A file that is to be decoded; `stack` closes what is opened."""

    file: File
    stack: ExitStack
    path: PurePath
    longest: float | None

    def sound(self) -> soundfile.SoundFile:
        """Decoder of the file, or of what FFmpeg makes of it."""
        if not containers.is_known(self.file):
            foreign = containers.foreign(self.file)
            if foreign is None:
                raise InvalidAudio(Kind.NOT_AUDIO, "not readable as audio (Format not recognised)")
            return self.converted(foreign.demuxer, foreign.name, suffix=foreign.suffix)
        try:
            return self.whole(*self.by_libsndfile())
        except soundfile.LibsndfileError as error:
            found = self.by_ffmpeg_instead()
            if found is None:
                raise error from None
            return found

    def whole(self, sound: soundfile.SoundFile, decoded: File) -> soundfile.SoundFile:
        """The decoder of libsndfile if it reads the file to its end, or else that of what FFmpeg makes of the file."""
        if sound.format == "OGG" and ogg.is_cut(decoded):
            raise InvalidAudio(Kind.TRUNCATED, "truncated: its last page is incomplete")
        if sound.format == "OGG" and ogg.is_chained(decoded):
            return self.converted("ogg", "an Ogg file of several recordings, one behind the other", chained=True)
        if sound.frames == UNKNOWN_FRAMES:  # whose end libsndfile cannot find
            return self.converted("flac", "a FLAC stream that does not declare its length")
        if not _is_mp3(sound):
            return sound
        if _is_cut(sound, decoded):
            name = "an MP3 stream that does not declare its length"
            return self.converted(str(containers.demuxer(self.file)), name)
        return self.by_libsndfile()[0]  # anew, because the decoder was moved

    def by_libsndfile(self) -> tuple[soundfile.SoundFile, File]:
        """Decoder of the file, and the file that it reads, which is a mended copy if libsndfile finds no samples."""
        self.file.seek(0)
        # Not the path: libsndfile takes a file named `x.raw` to have no header.
        nameless = self.file if isinstance(self.file, io.BytesIO) else self.file.fileno()
        failure: soundfile.LibsndfileError | None = None
        try:
            sound = self.stack.enter_context(soundfile.SoundFile(nameless, closefd=False))
            if sound.frames:
                return sound, self.file
        except soundfile.LibsndfileError as error:
            failure = error
        plain = _mended(self.file)
        if plain is not None:
            return self.stack.enter_context(soundfile.SoundFile(self.stack.enter_context(plain))), plain
        if failure is not None:
            raise failure
        return sound, self.file  # of no samples

    def by_ffmpeg_instead(self) -> soundfile.SoundFile | None:
        """Decoder of a file whose codec libsndfile may not know, as Speex in Ogg; None if FFmpeg fails, too."""
        demuxer = containers.demuxer(self.file)
        if demuxer not in OF_MANY_CODECS:
            return None
        try:
            return self.converted(demuxer, "a file")
        except InvalidAudio:
            return None

    def converted(self, demuxer: str, name: str, *, suffix: str = "", chained: bool = False) -> soundfile.SoundFile:
        """Decoder of what FFmpeg makes of the file; `suffix` is the usual one of the container."""
        try:
            made = ffmpeg.converted(self.file, demuxer, name=name, longest=self.longest, chained=chained)
            wav = self.stack.enter_context(made)
        except InvalidAudio as error:
            if error.kind != Kind.NO_DECODER:
                raise
            remedy = f"{error.remedy}, or convert it elsewhere: {_command(self.path, suffix)}"
            raise InvalidAudio(error.kind, error.reason, remedy) from None
        return self.stack.enter_context(soundfile.SoundFile(wav.fileno(), closefd=False))


def _command(path: PurePath, suffix: str) -> str:
    """Command line that converts a file."""
    source = path if str(path).isprintable() and path.suffix else PurePath(f"recording{suffix or '.wav'}")
    target = source.with_suffix(".wav")
    if target == source:  # an M4A file named .wav, for example
        target = source.with_name("converted.wav")
    return shlex.join(["ffmpeg", "-i", str(source), str(target)])


def _mended(file: File) -> _Bytes | None:
    """A WAV file with its chunks in order; None if it is another file."""
    file.seek(0)
    if not file.read(4).startswith(MAY_BE_WAV):
        return None
    file.seek(0)
    try:
        plain = riff.mended(file.read(MAX_MENDED))
        if plain is not None and file.read(1):
            raise ValueError(f"a WAV file of more than {MAX_MENDED} bytes, with an unusual header")
    except ValueError as error:
        remedy = "write it anew with the program that recorded it, or with `ffmpeg`"
        raise InvalidAudio(Kind.NOT_AUDIO, str(error), remedy) from None
    return None if plain is None else _Bytes(plain)


def _is_mp3(sound: soundfile.SoundFile) -> bool:
    """True for MP3 in any container, such as WAV."""
    return str(sound.subtype).startswith("MPEG_LAYER")


def _is_cut(sound: soundfile.SoundFile, file: File) -> bool:
    """True if libsndfile would end before the end of an MP3 file, because it guesses the length by the first frames.

    A decoder that was moved gives other last digits, so `sound` is not used further.
    """
    sound.seek(sound.frames)
    end = file.tell()
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return size - end > MAX_TAGS * size


def pieces(sound: soundfile.SoundFile, *, length: int, dtype: str) -> Iterator[npt.NDArray[Any]]:
    """Samples of a sound in pieces of at most `length`, `(n_samples, n_channels)`, no more than its header declares.

    What follows the sound, such as a tag behind that of FLAC, would be an error of the decoder. A damaged header can
    declare more than any memory holds, so `length` bounds what is read at once.

    Examples
    --------
    >>> file = io.BytesIO()
    >>> soundfile.write(file, [0.0] * 5, 16_000, format="WAV")
    >>> _ = file.seek(0)
    >>> with soundfile.SoundFile(file) as sound:
    ...     [len(piece) for piece in pieces(sound, length=2, dtype="float32")]
    [2, 2, 1]
    """
    # Otherwise soundfile seeks after each read: an MP3 decoder then lacks bits of earlier frames, and GSM has no seek.
    sound.seekable = lambda: False
    left = sound.frames
    while left > 0 and (piece := sound.read(min(length, left), dtype=dtype, always_2d=True)).size:
        left -= len(piece)
        yield piece


def check_length(sound: soundfile.SoundFile, n_samples: int) -> None:
    """Raise `InvalidAudio` if the header declares more than the `n_samples` that the whole file contains.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> check_length(SimpleNamespace(frames=100, subtype="PCM_16", extra_info=""), 90)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ser.audio.invalid.InvalidAudio: truncated: 90 samples, fewer than its header declares; ...
    """
    guessed = MP3_SLACK if _is_mp3(sound) else 0  # ffmpeg writes no length into a pipe, nor into a WAV file
    if n_samples < sound.frames - guessed or _is_truncated(sound.extra_info):
        raise InvalidAudio(Kind.TRUNCATED, f"truncated: {n_samples} samples, fewer than its header declares")


def _is_truncated(log: str) -> bool:
    """True if libsndfile's log states that the data of a RIFF, RF64, W64, AIFF or AU file is longer than the file.

    Streams of unknown length declare 0 bytes, or about the largest number of the field, signed or not; they are whole.
    """
    declared = r"^\s*(?:data|SSND|Data Size|Riff size|riff)\s*:\s*(\d+)\s*\(should be (\d+)\)"
    found = re.search(declared, log, re.MULTILINE)
    return found is not None and int(found[2]) < int(found[1]) < UNKNOWN_BYTES
