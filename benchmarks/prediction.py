"""Time predictions: a cold start (compared with TensorFlow, Keras and librosa), warm utterances, and a live stream.

Run as: python -m benchmarks.prediction
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import cycle
from math import inf
from pathlib import Path

import numpy as np
import soundfile
import yaml

from ser.audio import waveforms
from ser.audio.waveforms import Waveform
from ser.serving import inputs, recognition

RECORDINGS, CONF = Path("data/demo"), Path("conf")
SAMPLE_RATE = 48_000  # Hz, as in RAVDESS
UTTERANCE = 3.0  # seconds
STREAM = 120.0  # seconds
MAX_COLD = 0.8  # seconds
MIN_COLD_RATIO = 4.0
MAX_WARM = 25.0  # milliseconds
MIN_STREAM_RATIO = 20.0  # times real time
N_WARM = 200

OURS = "from ser.cli import main; main()"
PLAIN = """\
import sys
import keras, librosa, numpy as np
waveform, rate = librosa.load(sys.argv[2], sr=16000)
waveform = librosa.util.fix_length(waveform, size=48000)
mel = librosa.feature.melspectrogram(y=waveform, sr=rate, n_fft=2048, hop_length=512, n_mels=64, fmax=8000)
level = librosa.power_to_db(mel, ref=np.max)
scaled = (level - level.min()) / (level.max() - level.min())
from ser.models.networks import custom_layers
network = keras.saving.load_model(sys.argv[1], custom_layers(), compile=False)
print(network.predict(scaled[np.newaxis], verbose=0))
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prediction", description=__doc__)
    parser.add_argument("--runs", type=int, default=7, metavar="N", help="pairs of cold starts")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "one.wav"
        soundfile.write(recording, speech(UTTERANCE), SAMPLE_RATE)
        met = [cold_goal(recording, given.runs), warm_goal(recording), stream_goal()]
    if not all(met):
        sys.exit("goal missed")


def speech(duration: float) -> Waveform:
    """Recordings of the demo corpus in sequence, `duration` seconds at 48 kHz."""
    pieces: list[Waveform] = []
    for path in cycle(sorted(RECORDINGS.rglob("*.flac"))):
        with inputs.opened(path) as recording:
            rate = recording.sample_rate
            pieces.append(waveforms.resampled(recording.whole(), sample_rate=rate, target=SAMPLE_RATE))
        if sum(piece.size for piece in pieces) >= duration * SAMPLE_RATE:
            break
    return np.concatenate(pieces)[: round(duration * SAMPLE_RATE)]


def cold_goal(recording: Path, n_runs: int) -> bool:
    """Print the times of a cold start; return True if they meet the goals."""
    network = recording.with_name("model.keras")
    write_network(network)
    pairs = [
        (seconds(OURS, "predict", str(recording)), seconds(PLAIN, str(network), str(recording)))
        for _ in range(n_runs + 1)
    ][1:]  # the first one reads everything from disk
    ours, plain = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(theirs / own for own, theirs in pairs)
    print(f"cold start: ser predict {ours:.2f} s (goal {MAX_COLD}), TensorFlow, Keras and librosa {plain:.2f} s")
    print(f"  median ratio of {len(pairs)} pairs {ratio:.1f} (goal {MIN_COLD_RATIO:g})")
    return ours <= MAX_COLD and ratio >= MIN_COLD_RATIO


def write_network(path: Path) -> None:
    """Write a network of other projects as a Keras file, in another process: this one avoids TensorFlow."""
    settings = yaml.safe_load((CONF / "model/cnn_lstm.yaml").read_text(encoding="utf-8"))["model"]
    del settings["representation"]
    code = (
        "import json, sys; from ser.models.networks import network;"
        " network(**json.loads(sys.argv[2]), input_shape=(64, 94), n_labels=8, standardisation=None).save(sys.argv[1])"
    )
    subprocess.run([sys.executable, "-c", code, str(path), json.dumps(settings)], check=True, capture_output=True)


def seconds(code: str, *arguments: str) -> float:
    """Wall time of a Python process."""
    start = time.perf_counter()
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, env=environment)
    return time.perf_counter() - start


def warm_goal(recording: Path) -> bool:
    """Print the time per utterance after loading; return True if it meets the goal."""
    recognizer = recognition.load()
    times = []
    for _ in range(N_WARM):
        start = time.perf_counter()
        with inputs.opened(recording) as opened:
            recognizer.predict(opened)
        times.append(1e3 * (time.perf_counter() - start))
    middle, worst = statistics.median(times[1:]), statistics.quantiles(times[1:], n=100)[98]
    print(f"warm: {middle:.1f} ms an utterance of {UTTERANCE:g} s (goal {MAX_WARM:g}), 99 % below {worst:.1f} ms")
    return middle <= MAX_WARM


def stream_goal() -> bool:
    """Print how many times faster than real time a stream is predicted; return True if it meets the goal."""
    recognizer = recognition.load()
    waveform = speech(STREAM)
    blocks = np.array_split(waveform, round(10 * STREAM))
    start = time.process_time()
    n_windows = sum(1 for _ in recognizer.timeline(inputs.Input(blocks, SAMPLE_RATE, inf)))
    ratio = STREAM / (time.process_time() - start)
    print(f"stream: {ratio:.0f} times real time on one core, {n_windows} windows (goal {MIN_STREAM_RATIO:g})")
    return ratio >= MIN_STREAM_RATIO


if __name__ == "__main__":
    main()
