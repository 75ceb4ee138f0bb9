"""Sets of descriptors of `conf/librosa`, and waveforms at the edge of what they take."""

import numpy as np
import yaml

from ser.audio import waveforms
from tests.support.paths import ROOT
from tests.support.synthesis import speech_like, tone

CONF = ROOT / "conf" / "librosa"
SETS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(CONF.glob("*.yaml"))}

RATE = 22050


def with_pauses(seed):
    waveform = speech_like(seed, 1.5)
    waveform[5000:15000] = 0
    waveform[-6000:] = 0
    return waveform


EDGE_CASES = {
    "speech": speech_like(6),
    "digital silence between and after": with_pauses(7),
    "digital silence alone": np.zeros(RATE, np.float32),
    "shorter than a frame": speech_like(8, 1500 / RATE),
    "shorter than nine frames": speech_like(9, 0.15),
    "clipped": np.clip(30 * speech_like(10), -1, 1),
    "recorded at 8 kHz": waveforms.resampled(speech_like(11, 1.3, 8000), sample_rate=8000, target=RATE),
    "a single line": tone(40 * RATE / 2048, 0.5, sample_rate=RATE),
    "hardly above nothing": (1e-9 * speech_like(12)).astype(np.float32),
}
