"""Recordings from the microphone; they need the optional library sounddevice."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import soundfile

from ser.audio.waveforms import Waveform
from ser.core import extras

SAMPLE_RATE = 16_000  # Hz
SECONDS = (0.1, 3600.0)  # shortest and longest recording
BLOCK = 0.1  # seconds


def wav_recording(seconds: float) -> bytes:
    """Content of a WAV file recorded from the microphone.

    Raises
    ------
    ValueError
        If there is no microphone, or the length is out of range.
    """
    check_seconds(seconds)
    n_samples, n_recorded, pieces = round(seconds * SAMPLE_RATE), 0, []
    for piece in blocks():
        pieces.append(piece)
        n_recorded += piece.size
        if n_recorded >= n_samples:
            break
    file = io.BytesIO()
    soundfile.write(file, np.concatenate(pieces)[:n_samples], SAMPLE_RATE, format="WAV", subtype="PCM_16")
    return file.getvalue()


def check_seconds(seconds: float) -> None:
    """Raise `ValueError` if no recording may have this length.

    Examples
    --------
    >>> check_seconds(0)
    Traceback (most recent call last):
    ValueError: cannot record 0 s; choose 0.1 to 3600 s
    """
    if not SECONDS[0] <= seconds <= SECONDS[1]:
        raise ValueError(f"cannot record {seconds} s; choose {SECONDS[0]} to {SECONDS[1]:g} s")


def blocks() -> Iterator[Waveform]:
    """Blocks of 0.1 s from the default microphone at 16 kHz, without end.

    Raises
    ------
    ValueError
        If there is no microphone, or a library for recording is not installed.
    """
    library = _library()
    length = round(BLOCK * SAMPLE_RATE)
    try:
        with library.InputStream(samplerate=SAMPLE_RATE, channels=1, dtype="float32", blocksize=length) as stream:
            while True:
                samples, _ = stream.read(length)
                yield np.ascontiguousarray(samples[:, 0])
    except library.PortAudioError as error:
        raise ValueError(f"no microphone works ({error}); connect one, or predict a file") from None


def _library() -> Any:
    try:
        import sounddevice
    except ImportError:
        missing = f"recording needs sounddevice, which is not installed; {extras.remedy('record')}"
        raise ValueError(missing) from None
    except OSError:
        remedy = "on Debian and Ubuntu: apt install libportaudio2"
        raise ValueError(f"recording needs PortAudio, which is not installed; {remedy}") from None
    return sounddevice
