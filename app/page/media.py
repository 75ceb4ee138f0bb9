"""Sound files for the player of a browser."""

import io

import numpy as np
import soundfile

from ser.audio import containers
from ser.audio.waveforms import Waveform
from ser.serving import inputs
from ser.serving.inputs import Input

PLAYED = 30_000_000  # samples at most that are decoded for the player, ten minutes at 48 kHz
PLAYABLE = (b"fLaC", b"OggS")  # first bytes of files that all browsers play, besides WAV and MP3


def playable(content: bytes) -> bytes:
    """Sound file that browsers play: `content` itself, or its first samples as WAV if they do not play its format.

    Examples
    --------
    >>> playable(b"OggS of a browser")
    b'OggS of a browser'
    """
    is_mp3 = containers.demuxer(io.BytesIO(content)) == containers.MPEG  # and no AAC, which begins alike
    if content.startswith(PLAYABLE) or content[8:12] == b"WAVE" or is_mp3:
        return content
    with inputs.opened(content) as recording:
        rate = recording.sample_rate
        return wav(beginning(recording, PLAYED / rate), rate)


def beginning(recording: Input, duration: float) -> Waveform:
    """First `duration` seconds of a recording; the rest is not decoded.

    Examples
    --------
    >>> recording = Input([np.arange(4, dtype=np.float32)], sample_rate=2, duration=2.0)
    >>> beginning(recording, 1.5).tolist()
    [0.0, 1.0, 2.0]
    """
    wanted = round(duration * recording.sample_rate)
    pieces, n_samples = [np.empty(0, np.float32)], 0
    for block in recording.blocks:
        pieces.append(block)
        n_samples += block.size
        if n_samples >= wanted:
            break
    return np.concatenate(pieces)[:wanted]


def wav(waveform: Waveform, sample_rate: int) -> bytes:
    """Bytes of a WAV file of 16 bit.

    Examples
    --------
    >>> content = wav(np.zeros(100, np.float32), 16_000)
    >>> content[:4], len(content)
    (b'RIFF', 244)
    """
    file = io.BytesIO()
    soundfile.write(file, np.clip(waveform, -1, 1), sample_rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


def media_type(content: bytes) -> str:
    """MIME type of a file that `playable` returns.

    Examples
    --------
    >>> media_type(b"OggS of a browser")
    'audio/ogg'
    """
    types = {b"fLaC": "audio/flac", b"OggS": "audio/ogg", b"RIFF": "audio/wav"}
    return types.get(content[:4], "audio/mpeg")
