"""Speech as other microphones, rooms and lines give it: noise, rooms, codecs, level, channels, silence, parts.

A condition takes and gives waveforms at `RATE`, the telephone 8 kHz. Its random draws depend on the utterance and on
the name of the condition alone.
"""

import io
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import numpy.typing as npt
import pyroomacoustics
import scipy.signal
import soundfile

from ser.audio import ffmpeg, waveforms
from ser.audio.excerpts import speech_span
from ser.audio.waveforms import Waveform
from ser.serving import inputs

RATE = 16_000  # Hz
SPEECH_RANGE = 30.0  # dB below the loudest frame; frames in it are speech, the others are pauses
FRAME = RATE // 50  # samples, 20 ms
LOWEST = 50.0  # Hz; pink noise has as much energy in each octave below speech, where it would mask nothing
N_TALKERS = 5
LINE = (300.0, 3400.0)  # Hz, of a telephone
LINE_RATE = 8_000  # Hz
BIT_RATE = "16k"
CODECS = {  # encoder and container of FFmpeg
    "MP3 16 kbit/s": ("libmp3lame", "mp3"),
    "Opus 16 kbit/s": ("libopus", "ogg"),
}
QUIETER = -30.0  # dB
OVERDRIVE = 12.0  # dB of the peak above full scale
SILENCE = 30.0  # seconds
SHORT = (2.0, 1.0, 0.5)  # seconds


@dataclass(frozen=True)
class Room:
    """A room with six equal walls, in which a microphone stands `distance` metres from the speaker."""

    size: tuple[float, float, float]
    """Metres."""
    absorption: float
    """Share of the energy that a wall absorbs; chosen for the reverberation time in the name of the condition."""
    distance: float
    n_reflections: int = 60
    """Most walls on the way of an echo; later echoes are below -60 dB."""


ROOMS = {
    "room, RT60 0.3 s": Room((4.0, 3.2, 2.5), 0.255, 1.0, 40),
    "room, RT60 0.8 s": Room((8.0, 6.0, 4.0), 0.19, 2.0, 60),
}
N_PLACES = 8  # places of the speaker in a room


@dataclass(frozen=True)
class Speech:
    """An utterance, and what the conditions need of its corpus."""

    waveform: Waveform
    """Mono, at `RATE`."""
    talkers: Callable[[], Sequence[Waveform]]
    """Utterances of `N_TALKERS` other speakers, or fewer, at `RATE`."""


Samples = tuple[npt.NDArray[np.float32], int]  # (n_samples,) or (n_samples, n_channels), and their rate in Hz
Condition = Callable[[Speech, np.random.Generator], Samples]


def available() -> dict[str, Condition]:
    """Conditions by name; without the codecs where FFmpeg is not installed, with a note."""
    if ffmpeg.program() is not None:
        return dict(CONDITIONS)
    print(f"note: {', '.join(CODECS)} are left out: FFmpeg is not installed; {ffmpeg.INSTALL}", file=sys.stderr)
    return {name: condition for name, condition in CONDITIONS.items() if name not in CODECS}


def speech_power(waveform: Waveform) -> float:
    """Mean power of the frames of 20 ms that are at most 30 dB below the loudest one: pauses do not count."""
    n_frames = max(1, waveform.size // FRAME)
    power = (
        np.square(waveforms.fitted(waveform, n_frames * FRAME).astype(np.float64)).reshape(n_frames, -1).mean(axis=1)
    )
    return float(power[power >= power.max() * 10 ** (-SPEECH_RANGE / 10)].mean())


def pink(speech: Speech, random: np.random.Generator, *, snr: float) -> Samples:
    """Add pink noise from 50 Hz on, `snr` dB below the speech."""
    n_samples = speech.waveform.size
    frequency = np.fft.rfftfreq(n_samples, 1 / RATE)
    shape = np.divide(1, np.sqrt(frequency), out=np.zeros_like(frequency), where=frequency >= LOWEST)
    return _added(speech.waveform, np.fft.irfft(np.fft.rfft(random.normal(size=n_samples)) * shape, n_samples), snr)


def babble(speech: Speech, random: np.random.Generator, *, snr: float) -> Samples:
    """Add the sum of other speakers, each as loud as the others, `snr` dB below the speech."""
    n_samples = speech.waveform.size
    noise = np.zeros(n_samples)
    talkers = speech.talkers()
    if not talkers:
        raise ValueError("there is no other utterance for the babble; give at least two of the corpus")
    for talker in talkers:
        moved = np.roll(talker, random.integers(talker.size))
        noise += np.resize(moved, n_samples) / np.sqrt(speech_power(talker))
    return _added(speech.waveform, noise, snr)


def _added(waveform: Waveform, noise: npt.NDArray[np.float64], snr: float) -> Samples:
    power = np.square(noise).mean()
    wanted = speech_power(waveform) * 10 ** (-snr / 10)
    return (waveform + noise * np.sqrt(wanted / power)).astype(np.float32), RATE


def in_room(speech: Speech, random: np.random.Generator, *, name: str) -> Samples:
    """Speech in a room of `ROOMS`, at one of `N_PLACES` places, as loud as before and as long."""
    response = impulse_response(name, int(random.integers(N_PLACES)))
    start = int(np.abs(response).argmax())  # the direct sound
    wet = scipy.signal.oaconvolve(speech.waveform, response)[start : start + speech.waveform.size]
    gain = np.sqrt(np.square(speech.waveform).mean(dtype=np.float64) / np.square(wet).mean())
    return (wet * gain).astype(np.float32), RATE


@cache
def impulse_response(name: str, place: int) -> npt.NDArray[np.float64]:
    """Impulse response of a room by image sources [1]_, `(n_samples,)`.

    References
    ----------
    .. [1] Allen and Berkley (1979), Image method for efficiently simulating small-room acoustics, JASA 65(4): 943-950.
    """
    room = ROOMS[name]
    size, random = np.array(room.size), np.random.default_rng(place)
    margin = 0.5  # metres to the walls
    centre = size / 2 + random.uniform(-1, 1, 3) * (size / 2 - room.distance - margin).clip(0, size / 8)
    angle = random.uniform(0, 2 * np.pi)
    half = room.distance / 2 * np.array([np.cos(angle), np.sin(angle), 0])
    box = pyroomacoustics.ShoeBox(
        room.size, fs=RATE, materials=pyroomacoustics.Material(room.absorption), max_order=room.n_reflections
    )
    box.add_source(centre + half)
    box.add_microphone(centre - half)
    box.compute_rir()
    return np.asarray(box.rir[0][0], np.float64)


def telephone(speech: Speech, random: np.random.Generator) -> Samples:
    """Speech of 300 to 3400 Hz at 8 kHz, in the mu-law of G.711."""
    band = scipy.signal.butter(10, LINE, "bandpass", fs=RATE, output="sos")
    filtered = scipy.signal.sosfilt(band, speech.waveform).astype(np.float32)
    at_rate = waveforms.resampled(filtered, sample_rate=RATE, target=LINE_RATE)
    file = io.BytesIO()
    soundfile.write(file, at_rate, LINE_RATE, format="WAV", subtype="ULAW")
    return soundfile.read(io.BytesIO(file.getvalue()), dtype="float32")[0], LINE_RATE


def coded(speech: Speech, random: np.random.Generator, *, name: str) -> Samples:
    """Speech as a codec of `CODECS` gives it at 16 kbit/s, read as `ser predict` reads such a file."""
    program = ffmpeg.program()
    if program is None:
        raise ValueError(f"FFmpeg is not installed; {ffmpeg.INSTALL}")
    encoder, container = CODECS[name]
    source = ("-f", "f32le", "-ar", str(RATE), "-ac", "1", "-i", "pipe:0")
    target = ("-c:a", encoder, "-b:a", BIT_RATE, "-f", container, "pipe:1")
    command = [program, "-hide_banner", "-loglevel", "error", "-threads", "1", *source, *target]
    done = subprocess.run(command, input=speech.waveform.tobytes(), capture_output=True, check=False)
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip()
        raise ValueError(f"FFmpeg does not encode {name}: {reason}; install one with {encoder}")
    with inputs.opened(done.stdout) as recording:
        return recording.whole(), recording.sample_rate


def quieter(speech: Speech, random: np.random.Generator) -> Samples:
    """Speech 30 dB quieter, in the steps of 16 bits."""
    return (np.round(speech.waveform * 10 ** (QUIETER / 20) * 2**15) / 2**15).astype(np.float32), RATE


def clipped(speech: Speech, random: np.random.Generator) -> Samples:
    """Speech whose peak is 12 dB above full scale, and is cut there."""
    peak = float(np.abs(speech.waveform).max())
    return np.clip(speech.waveform * np.float32(10 ** (OVERDRIVE / 20) / peak), -1, 1), RATE


def cancelling(speech: Speech, random: np.random.Generator) -> Samples:
    """Two channels of opposite sign, `(n_samples, 2)`: their mean is silence."""
    return np.column_stack([speech.waveform, -speech.waveform]), RATE


def late(speech: Speech, random: np.random.Generator) -> Samples:
    """Speech after 30 s of silence."""
    return np.pad(speech.waveform, (round(SILENCE * RATE), 0)), RATE


def part(speech: Speech, random: np.random.Generator, *, seconds: float) -> Samples:
    """Some of the speech, without the silence around it; all of it where it is shorter."""
    start, end = speech_span(speech.waveform, FRAME, depth=SPEECH_RANGE)
    length = round(seconds * RATE)
    begin = random.integers(start, max(start, end - length), endpoint=True)
    return speech.waveform[begin : min(begin + length, end)], RATE


SNRS = (20, 10, 5)  # dB
CONDITIONS: Mapping[str, Condition] = {
    **{f"pink noise, {snr} dB": partial(pink, snr=snr) for snr in SNRS},
    **{f"babble, {snr} dB": partial(babble, snr=snr) for snr in SNRS},
    **{name: partial(in_room, name=name) for name in ROOMS},
    "telephone": telephone,
    **{name: partial(coded, name=name) for name in CODECS},
    "30 dB quieter": quieter,
    "clipped": clipped,
    "channels cancel": cancelling,
    "30 s of silence first": late,
    **{f"{seconds:g} s of speech": partial(part, seconds=seconds) for seconds in SHORT},
}
