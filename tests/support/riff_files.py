"""WAV files written chunk by chunk."""

import io
import struct

import numpy as np
import soundfile


def chunk(name: bytes, content: bytes, *, padded: bool = True) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2 * padded)


def wav(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def mp3_in_wav(bitrate_mode: str) -> bytes:
    """MP3 without the first frame, which has the length, as ffmpeg writes it into a WAV file."""
    file = io.BytesIO()
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000)
    soundfile.write(file, noise, 16_000, format="MP3", bitrate_mode=bitrate_mode, compression_level=0.6)
    frames = file.getvalue()
    second = frames.index(frames[:3], 4)
    form = struct.pack("<HHIIHHHHIHHH", 0x55, 1, 16_000, 8_000, 1, 0, 12, 1, 2, 288, 1, 0)
    return wav(chunk(b"fmt ", form), chunk(b"data", frames[second:]))
