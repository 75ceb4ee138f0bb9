"""Make the embedded demo corpus: 360 synthetic emotional utterances in RAVDESS's design [1]_.

The voices are espeak-ng's; the emotions are prosody rules, so scores on this corpus only show that the
pipeline works. Directions in `RULES` follow the tables of [2]_ (anger, happiness, sadness, fear, disgust),
[3]_ and [4]_; calm follows tenderness in [4]_, surprise follows [6]_; [5]_ reviews all of it. Where they
differ (fear's pitch range: wide in [2]_, narrow in [4]_) the later review is followed. Sizes are ours, as
are the random spreads, which keep the classes overlapping as real ones do. That rules of this kind carry
emotion in rule-based synthesis was shown in [6]_ and [7]_.

References
----------
.. [1] S. R. Livingstone & F. A. Russo (2018). The Ryerson Audio-Visual Database of Emotional Speech and Song
   (RAVDESS). PLoS ONE 13(5), e0196391.
.. [2] I. R. Murray & J. L. Arnott (1993). Toward the simulation of emotion in synthetic speech: a review of
   the literature on human vocal emotion. J. Acoust. Soc. Am. 93(2), 1097-1108.
.. [3] R. Banse & K. R. Scherer (1996). Acoustic profiles in vocal emotion expression. J. Pers. Soc. Psychol.
   70(3), 614-636.
.. [4] P. N. Juslin & P. Laukka (2003). Communication of emotions in vocal expression and music performance:
   different channels, same code? Psychol. Bull. 129(5), 770-814.
.. [5] K. R. Scherer (2003). Vocal communication of emotion: a review of research paradigms. Speech
   Communication 40(1-2), 227-256.
.. [6] J. E. Cahn (1990). The generation of affect in synthesized speech. J. Am. Voice I/O Soc. 8, 1-19.
.. [7] F. Burkhardt & W. F. Sendlmeier (2000). Verification of acoustical correlates of emotional speech using
   formant-synthesis. Proc. ISCA Workshop on Speech and Emotion, Newcastle (Northern Ireland), 151-156.
"""

import argparse
import io
import itertools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d
from scipy.signal import resample_poly
from tqdm import tqdm

Waveform = NDArray[np.float64]

SAMPLE_RATE = 16_000  # Hz
NOISE_FLOOR = -65.0  # dBFS; real recordings are never digitally silent
PEAK_LIMIT = 0.89  # full scale = 1; about -1 dBFS leaves headroom for the noise floor
STATEMENTS = {1: "Kids are talking by the door", 2: "Dogs are sitting by the door"}
INTENSITY_SCALE = {1: 1.0, 2: 1.5}  # strong acting exaggerates the same cues


class Voice(NamedTuple):
    """An espeak-ng voice; `pitch` in semitones and `rate` as a ratio, both relative to that voice's own."""

    name: str
    pitch: float
    rate: float


# Place in the list + 1 is the actor's number: odd male, even female, as in RAVDESS. British
# English is "en": espeak-ng 1.51 silently ignores the variant after its alias "en-gb".
VOICES = [
    Voice("en-us+m3", 0.0, 1.04), Voice("en-us+f2", -1.0, 1.00),
    Voice("en+m1", 1.0, 1.10), Voice("en+f1", 0.5, 1.06),
    Voice("en-gb-scotland+m2", 1.0, 0.98), Voice("en-gb-x-rp+f5", -2.0, 0.97),
    Voice("en-gb-x-rp+m7", -1.0, 1.02), Voice("en-us-nyc+f3", 1.0, 1.12),
    Voice("en-gb-x-gbclan+m4", -1.5, 1.00), Voice("en-gb-scotland+f4", -1.0, 1.03),
    Voice("en-029+m6", 2.0, 1.08), Voice("en-gb-x-gbcwmd+f2", 2.0, 1.01),
]  # fmt: skip


class Prosody(NamedTuple):
    """Prosody of one utterance (in a rule: the change from neutral)."""

    pitch: float  # mean pitch, semitones above the voice's own
    pitch_range: float  # ratio to the voice's own
    rate: float  # speech rate, ratio to the voice's own
    level: float  # dBFS (RMS)
    tilt: float  # spectral tilt about 1 kHz, dB per octave; tense voices are brighter
    attack: float  # exponent on the envelope; above 0 = sharp onsets and a wide intensity range
    jitter: float  # irregular voicing: standard deviation of random pitch modulation, ratio
    tremor: float  # depth of the 5-7 Hz amplitude modulation, ratio
    breath: float  # aspiration noise relative to the speech, ratio
    pause: float  # before the last phrase, s
    contour: float  # terminal inflection, semitones from the first to the last word
    formant: float  # formant frequencies, ratio; a smile raises them, lip protrusion lowers them


# fmt: off
#                  pitch  range   rate level  tilt attack jitter tremor breath pause contour formant
NEUTRAL = Prosody(  0.0,  0.90,  1.00, -29,  0.0,  0.00, 0.004,  0.03,  0.03,  0.00,  0.0,  1.000)
RULES = {  # RAVDESS's emotion code: change from neutral at normal intensity
    1: Prosody(     0.0,  0.00,  0.00, 0.0,  0.0,  0.00, 0.000,  0.00,  0.00,  0.00,  0.0,  0.000),  # neutral
    2: Prosody(    -0.9, -0.22, -0.12,-2.8, -1.0, -0.13, 0.000,  0.00,  0.06,  0.03, -1.1,  0.010),  # calm
    3: Prosody(     3.5,  0.50,  0.07, 3.3,  0.7,  0.15, 0.001,  0.00,  0.02, -0.03,  1.6,  0.033),  # happy
    4: Prosody(    -1.4, -0.33, -0.16,-4.9, -1.5, -0.17, 0.004,  0.11,  0.09,  0.10, -2.0, -0.016),  # sad
    5: Prosody(     2.4,  0.38,  0.09, 6.5,  1.6,  0.30, 0.006,  0.00,  0.00,  0.00, -0.5,  0.005),  # angry
    6: Prosody(     4.2, -0.22,  0.18,-0.5, -0.3,  0.05, 0.013,  0.17,  0.05,  0.02,  0.9, -0.010),  # fearful
    7: Prosody(    -2.0,  0.16, -0.15,-0.5,  0.3,  0.11, 0.011,  0.02,  0.00,  0.07, -2.8, -0.033),  # disgust
    8: Prosody(     4.2,  0.65,  0.02, 2.2,  0.2,  0.11, 0.002,  0.00,  0.08,  0.00,  4.0,  0.016),  # surpr.
}
# Standard deviation of what neither emotion nor voice explains, and limits that keep speech speech-like.
SPREAD = Prosody(   1.0,  0.17,  0.05, 1.7,  0.6,  0.08, 0.003,  0.04,  0.03,  0.03,  0.9,  0.011)
LOWEST = Prosody(  -5.0,  0.15,  0.68, -40, -3.5, -0.45, 0.001,  0.00,  0.00,  0.00, -6.0,  0.920)
HIGHEST = Prosody( 10.0,  1.90,  1.35, -17,  3.5,  0.60, 0.030,  0.50,  0.35,  0.25,  7.0,  1.080)
# fmt: on


class Utterance(NamedTuple):
    """One recording of the design, by RAVDESS's codes."""

    actor: int
    emotion: int
    intensity: int
    statement: int

    @property
    def path(self) -> Path:
        """Path of the file inside the corpus."""
        codes = f"03-01-{self.emotion:02}-{self.intensity:02}-{self.statement:02}-01-{self.actor:02}"
        return Path(f"Actor_{self.actor:02}", f"{codes}.flac")


def list_utterances() -> Iterator[Utterance]:
    """Yield the design: every emotion at both intensities, but neutral at normal intensity only."""
    actors = range(1, len(VOICES) + 1)
    for codes in itertools.product(actors, RULES, INTENSITY_SCALE, STATEMENTS):
        utterance = Utterance(*codes)
        if utterance.emotion != 1 or utterance.intensity == 1:
            yield utterance


def draw_prosody(utterance: Utterance, seed: int) -> Prosody:
    """Draw the prosody of one utterance: its rule, scaled, plus habits of the actor and chance."""
    spread, rule = np.array(SPREAD), np.array(RULES[utterance.emotion])
    of_actor = np.random.default_rng([seed, utterance.actor])
    expressiveness = of_actor.lognormal(sigma=0.25)
    habit = of_actor.normal(scale=0.5 * spread)
    # People act the same emotion differently, which makes unseen speakers harder than seen ones.
    of_style = np.random.default_rng([seed, utterance.actor, utterance.emotion])
    style = of_style.normal(scale=0.65 * spread)
    chance = np.random.default_rng([seed, *utterance]).normal(scale=spread)
    change = expressiveness * INTENSITY_SCALE[utterance.intensity] * rule
    return Prosody(*np.clip(np.array(NEUTRAL) + change + habit + style + chance, LOWEST, HIGHEST).tolist())


def mark_up(statement: str, prosody: Prosody, voice: Voice) -> str:
    """Write the statement as SSML: a pitch for each word, and a pause before the last phrase.

    Measured: espeak-ng's pitch scale has 0.18 semitones a step, and raising the range ratio by 1 also lifts
    the mean pitch by about 2 semitones, which is taken off again so that the two cues stay independent.
    """
    words = statement.split()
    # Squared, so that most of the movement falls on the end, where terminal inflections are heard.
    shape = np.linspace(0, 1, len(words)) ** 2
    semitones = voice.pitch + prosody.pitch - 2 * (prosody.pitch_range - 1)
    steps = 50 + (semitones + prosody.contour * (shape - shape.mean())) / 0.18
    spoken = [
        f'<prosody pitch="{2 * step:.0f}%" range="{100 * prosody.pitch_range:.0f}%">{word}</prosody>'
        for word, step in zip(words, np.clip(steps, 0, 99), strict=True)
    ]
    if prosody.pause > 0.02:  # s; even a break too short to hear makes espeak-ng start a new clause
        spoken.insert(3, f'<break time="{1000 * prosody.pause:.0f}ms"/>')
    return f"<speak>{' '.join(spoken)}.</speak>"


def synthesize(text: str, voice: str, rate: float) -> tuple[Waveform, int]:
    """Speak SSML at `rate` words a minute; return the trimmed waveform and its sample rate in Hz."""
    command = ["espeak-ng", "-m", "-z", "-v", voice, "-s", f"{rate:.0f}", "--stdout", text]
    wav = subprocess.run(command, check=True, capture_output=True).stdout
    waveform, sample_rate = soundfile.read(io.BytesIO(wav), dtype="float64")
    audible = np.flatnonzero(np.abs(waveform) > 0.005)  # full scale = 1
    return waveform[audible[0] : audible[-1]], sample_rate


def bend_time(waveform: Waveform, sample_rate: int, prosody: Prosody, chance: np.random.Generator) -> Waveform:
    """Play faster or slower: by a constant to move the formants, at random (below about 40 Hz) for jitter."""
    drift = gaussian_filter1d(chance.normal(size=len(waveform)), sample_rate / (2 * np.pi * 40))
    speed = prosody.formant * (1 + prosody.jitter * drift / drift.std())
    times = np.cumsum(speed)
    bent: Waveform = CubicSpline(np.arange(len(waveform)), waveform)(times[times < len(waveform) - 1])
    return bent


def tilt_spectrum(waveform: Waveform, tilt: float) -> Waveform:
    """Change the spectral slope by `tilt` dB per octave between 125 Hz and 8 kHz, leaving 1 kHz as it is."""
    frequencies = np.fft.rfftfreq(len(waveform), 1 / SAMPLE_RATE)
    gain = tilt * np.log2(np.clip(frequencies, 125, 8000) / 1000)
    return np.fft.irfft(np.fft.rfft(waveform) * 10 ** (gain / 20), len(waveform))


def colour_voice(waveform: Waveform, prosody: Prosody, chance: np.random.Generator) -> Waveform:
    """Apply spectral tilt, attack, breathiness and tremor to a waveform at `SAMPLE_RATE`."""
    waveform = tilt_spectrum(waveform, prosody.tilt)
    envelope = gaussian_filter1d(np.abs(waveform), 0.008 * SAMPLE_RATE)
    # The floor keeps a compressing exponent from lifting the closures of stops to the level of speech.
    envelope = np.maximum(envelope / envelope.max(), 0.03)
    # Aspiration noise is strongest at high frequencies.
    noise = tilt_spectrum(chance.normal(size=len(waveform)), tilt=3.0)
    waveform = waveform / waveform.std() + prosody.breath * envelope * noise / noise.std() / envelope.std()
    times = np.arange(len(waveform)) / SAMPLE_RATE
    tremor = np.sin(2 * np.pi * (chance.uniform(5, 7) * times + chance.uniform()))
    coloured: Waveform = waveform * envelope**prosody.attack * (1 + prosody.tremor * tremor)
    return coloured


def record(waveform: Waveform, level: float, chance: np.random.Generator) -> NDArray[np.int16]:
    """Set the level (dBFS RMS, lower where peaks would clip), add quiet before and after, and quantize."""
    waveform = waveform / waveform.std() * 10 ** (level / 20)
    waveform = waveform * min(1.0, PEAK_LIMIT / np.abs(waveform).max())
    before, after = (chance.uniform(0.06, 0.18, size=2) * SAMPLE_RATE).astype(int)
    waveform = np.pad(waveform, (before, after))
    floor = chance.normal(scale=10 ** (NOISE_FLOOR / 20), size=len(waveform))
    return np.round(32767 * (waveform + floor)).astype(np.int16)


def make_utterance(utterance: Utterance, seed: int) -> NDArray[np.int16]:
    """Make the samples of one utterance, 16 bit mono at `SAMPLE_RATE`."""
    prosody, voice = draw_prosody(utterance, seed), VOICES[utterance.actor - 1]
    # Bending time changes pitch and rate; this is undone beforehand, so that only the formants move.
    aimed = prosody._replace(pitch=prosody.pitch - 12 * float(np.log2(prosody.formant)))
    rate = 208 * voice.rate * prosody.rate / prosody.formant
    text = mark_up(STATEMENTS[utterance.statement], aimed, voice)
    waveform, sample_rate = synthesize(text, voice.name, rate)
    chance = np.random.default_rng([seed, *utterance, 1])
    waveform = bend_time(waveform, sample_rate, prosody, chance)
    waveform = resample_poly(waveform, SAMPLE_RATE, sample_rate)
    return record(colour_voice(waveform, prosody, chance), prosody.level, chance)


def make_corpus(output: Path, seed: int) -> None:
    """Write the corpus below `output`, replacing its `Actor_NN` folders only once all files are made."""
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=output) as scratch:
        for utterance in tqdm(list(list_utterances()), unit="utterance"):
            path = scratch / utterance.path
            path.parent.mkdir(exist_ok=True)
            soundfile.write(path, make_utterance(utterance, seed), SAMPLE_RATE, subtype="PCM_16")
        for folder in sorted(Path(scratch).iterdir()):
            shutil.rmtree(output / folder.name, ignore_errors=True)
            folder.rename(output / folder.name)


def main() -> None:
    """Run the tool from the command line."""
    parser = argparse.ArgumentParser(description="Make the synthetic demo corpus.")
    parser.add_argument("--output", type=Path, default=Path("data/demo"), help="folder to write to")
    parser.add_argument("--seed", type=int, default=0, help="seed of all random variation, 0 or more")
    options = parser.parse_args()
    if options.seed < 0:
        parser.error("--seed must be 0 or more")
    if shutil.which("espeak-ng") is None:
        sys.exit("error: espeak-ng is not installed; install it first (on Debian: apt-get install espeak-ng)")
    make_corpus(options.output, options.seed)


if __name__ == "__main__":
    main()
