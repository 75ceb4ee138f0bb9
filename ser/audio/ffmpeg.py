"""Recordings that libsndfile does not decode, converted by the program FFmpeg where it is installed.

FFmpeg runs as a process of its own, with limits of time, memory and output. It is told the container and may open only
the file that it is given. So it never follows a playlist, or an address inside a file.
"""

import errno
import os
import re
import shutil
import signal
import subprocess
import tempfile
from contextlib import ExitStack
from math import inf
from typing import BinaryIO

import soundfile

from ser.audio.invalid import InvalidAudio, Kind

PROGRAM = "ffmpeg"
INSTALL = "install FFmpeg (apt install ffmpeg, brew install ffmpeg)"
MAX_SECONDS = 600  # of processor time; an hour of sound takes 10 to 20
MAX_MEMORY = 2 * 2**30  # bytes of address space; a conversion takes less than a quarter
MAX_OUTPUT = 4 * 2**30 - 1  # bytes, of any WAV file; three hours in stereo at 48 kHz
MAX_SAMPLES = 384_000  # in a second, of all channels; a small file can have minutes of silence on many channels
SAMPLE_SIZE = 4  # bytes
MAX_LOG = 2**16  # bytes that are searched for errors
BLOCK = 512  # bytes; unit of `ulimit -f`
# The limits are set by a shell because a function that runs between fork and exec is unsafe in a process with threads.
# Where the system has no limit of memory, as macOS, the others hold.
# At the hard limit of time, the system kills, as it does when memory is used up. At the soft one, FFmpeg ends itself.
LIMITED = (
    'ulimit -S -t "$1"; ulimit -H -t "$(($1 + 60))"; ulimit -f "$2"; ulimit -v "$3" 2>/dev/null; shift 3; exec "$@"'
)
FAULT = re.compile(r"\[(?:error|fatal|panic)\] ?(.*)")
DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d\.\d+)")
NO_SOUND = "matches no streams"
STREAM = "Stream #0:"  # of each track, of sound or pictures, that FFmpeg finds
NO_SPACE = "No space left on device"
OUT_OF_TIME = "received signal 24"  # SIGXCPU; FFmpeg's exit status is then 255
TOO_LARGE = ("SIGXCPU", "SIGXFSZ")  # signals of the limits of time and of output
WITH_DURATION = {"asf"}  # containers that declare the duration, and whose missing end FFmpeg does not notice
SURPLUS = 1.0  # seconds by which a recording that is cut is longer than its limit, so that the caller notices
SHORTER = 0.5  # seconds by which the sound may be shorter than declared


def program() -> str | None:
    """Path of the program; None if it is not installed.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, PATH=""): program()
    """
    return shutil.which(PROGRAM) if os.name == "posix" else None


def live_command(demuxer: str) -> list[str]:
    """Command that decodes sound from standard input while it arrives: AU in single precision, on standard output.

    Raises
    ------
    InvalidAudio
        If FFmpeg is not installed.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, PATH=""): live_command("matroska")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ser.audio.invalid.InvalidAudio: live sound as WebM, which FFmpeg reads, and FFmpeg is not installed; install ...
    """
    found = program()
    if found is None:
        reason = "live sound as WebM, which FFmpeg reads, and FFmpeg is not installed"
        raise InvalidAudio(Kind.NO_DECODER, reason, f"{INSTALL}, or send 16-bit samples")
    limits = (str(MAX_SECONDS), str(MAX_OUTPUT // BLOCK), str(MAX_MEMORY // 1024))
    # Not -fflags nobuffer, which drops the packets that are read to find out what they are.
    at_once = ("-probesize", "4096", "-analyzeduration", "0")
    reading = ("-protocol_whitelist", "pipe", *at_once, "-f", demuxer, "-i", "pipe:0")
    writing = ("-map", "0:a:0", "-c:a", "pcm_f32be", "-flush_packets", "1", "-f", "au", "pipe:1")
    options = ("-hide_banner", "-nostats", "-loglevel", "level+error", "-threads", "1")
    return ["/bin/sh", "-c", LIMITED, "sh", *limits, found, *options, *reading, *writing]


def converted(
    file: BinaryIO, demuxer: str, *, name: str, longest: float | None = None, chained: bool = False
) -> BinaryIO:
    """First sound track of a file as WAV in single precision, in a temporary file without a name.

    Parameters
    ----------
    file
        With a descriptor, or in memory.
    demuxer
        FFmpeg's name of the container.
    name
        The container in words, for messages.
    longest
        Seconds after which the sound is cut, if it is longer; it may then have `MAX_SAMPLES` a second.
    chained
        True for recordings one behind the other, whose times overlap: they get those of their samples.

    Raises
    ------
    InvalidAudio
        If FFmpeg is not installed, reports an error, or exceeds a limit.
    OSError
        If the disk for temporary files is full, or FFmpeg is killed, as when the memory of the machine is used up.

    Examples
    --------
    >>> import io
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, PATH=""): converted(io.BytesIO(), "mov", name="an MP4 file")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ser.audio.invalid.InvalidAudio: an MP4 file, which FFmpeg reads, and FFmpeg is not installed; install FFmpeg ...
    """
    found = program()
    if found is None:
        raise InvalidAudio(Kind.NO_DECODER, f"{name}, which FFmpeg reads, and FFmpeg is not installed", INSTALL)
    with ExitStack() as failed, ExitStack() as temporary:
        output = failed.enter_context(tempfile.TemporaryFile())
        log = temporary.enter_context(tempfile.TemporaryFile())
        own = _with_descriptor(file, temporary)
        status = _run(found, demuxer, own, output, log, longest=longest, chained=chained)
        log.seek(0)
        messages = log.read(MAX_LOG).decode(errors="replace")
        _check(status, messages, name)
        output.seek(0)
        if demuxer in WITH_DURATION:
            _check_duration(output, messages, name, longest=longest)
        failed.pop_all()  # the caller closes the output
    return output


def _with_descriptor(file: BinaryIO, temporary: ExitStack) -> BinaryIO:
    """The file itself, or a temporary copy of a file in memory; at its start."""
    file.seek(0)
    try:
        file.fileno()
    except OSError:
        copy = temporary.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 -- a context of the caller
        shutil.copyfileobj(file, copy)
        copy.seek(0)
        return copy
    return file


def _run(
    program: str, demuxer: str, file: BinaryIO, output: BinaryIO, log: BinaryIO, *, longest: float | None, chained: bool
) -> int:
    """Exit status of the conversion; negative: number of the signal that ended it."""
    most = MAX_OUTPUT
    if longest is not None:
        most = min(most, round((longest + SURPLUS) * MAX_SAMPLES * SAMPLE_SIZE))
    limits = (str(MAX_SECONDS), str(most // BLOCK), str(MAX_MEMORY // 1024))
    reading = ("-protocol_whitelist", "file", "-f", demuxer, "-i", "file:/dev/fd/0")
    cut = () if longest is None else ("-t", str(longest + SURPLUS))
    timed = ("-af", "asetpts=N/SR/TB") if chained else ()
    writing = ("-map", "0:a:0", *timed, "-c:a", "pcm_f32le", "-f", "wav", "pipe:1")
    options = ("-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+info", "-xerror", "-threads", "1")
    command = ["/bin/sh", "-c", LIMITED, "sh", *limits, program, *options, *reading, *cut, *writing]
    try:
        return subprocess.run(
            command, stdin=file, stdout=output, stderr=log, check=False, timeout=2 * MAX_SECONDS
        ).returncode
    except subprocess.TimeoutExpired as error:
        raise _too_large() from error


def _too_large() -> InvalidAudio:
    size = f"{MAX_OUTPUT / 2**30:.1f} GiB or {MAX_SAMPLES:,} samples a second"
    reason = f"converting it takes FFmpeg over {MAX_SECONDS} s, or gives over {size}"
    return InvalidAudio(Kind.TOO_LONG, reason, "cut it into parts")


def _check(status: int, messages: str, name: str) -> None:
    if NO_SPACE in messages:
        where = f"for temporary files in {tempfile.gettempdir()}; make room, or set TMPDIR to another folder"
        raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)} {where}")
    ended_by = signal.Signals(-status).name if status < 0 else ""
    if ended_by in TOO_LARGE or OUT_OF_TIME in messages:
        raise _too_large()
    if ended_by == "SIGKILL":
        why = "FFmpeg was killed, as the system does when memory is used up; free some, or use fewer processes"
        raise OSError(errno.ENOMEM, f"{os.strerror(errno.ENOMEM)}: {why}")
    if NO_SOUND in messages and STREAM in messages:
        raise InvalidAudio(Kind.NOT_AUDIO, f"{name} without a sound track")
    if NO_SOUND in messages:  # no track at all: the file is cut inside of the list of its tracks
        raise InvalidAudio(Kind.NOT_AUDIO, f"{name} that is damaged or incomplete (FFmpeg: no track is found)")
    faults = FAULT.findall(messages)
    if status or faults:
        fault = ended_by or (faults[0] if faults else f"exit status {status}")
        raise InvalidAudio(Kind.NOT_AUDIO, f"{name} that is damaged or incomplete (FFmpeg: {fault})")


def _check_duration(output: BinaryIO, messages: str, name: str, *, longest: float | None) -> None:
    declared = DURATION.search(messages)
    duration = soundfile.info(output).duration
    output.seek(0)
    if declared is None:
        return
    hours, minutes, seconds = (float(part) for part in declared.groups())
    wanted = min(3600 * hours + 60 * minutes + seconds, longest or inf)
    if duration < wanted - SHORTER:
        raise InvalidAudio(Kind.TRUNCATED, f"truncated: {name} of {duration:.1f} s, and its header declares {wanted} s")
