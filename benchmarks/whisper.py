"""Share of a core's rate of matrix products that the extraction of `whisper` reaches, and where the rest goes.

The rate is that of NumPy's product of two square matrices in single precision, measured in turns with the extraction.
Only multiplications and additions of products count as work: convolutions, projections, attention.

Run as: SER_CORPORA=/path/to/corpora SER_ENCODERS=/path/to/encoders python -m benchmarks.whisper
"""

import argparse
import sys
from pathlib import Path
from statistics import median

import numpy as np
import yaml
from threadpoolctl import threadpool_limits

from benchmarks.extraction import CONF, utterances
from benchmarks.timing import fastest, goal_cell
from ser.audio import reading
from ser.features.encoders import whisper_files, whisper_layers, whisper_spectra, whisper_weights
from ser.features.encoders.speech_excerpt import encodable

SIZE, PRODUCTS = 1024, 4
MIN_SHARE = 0.85
Array = whisper_weights.Array


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.whisper", description=__doc__)
    parser.add_argument("--utterances", type=int, default=60, metavar="N")
    paths = utterances(parser.parse_args().utterances)
    settings = yaml.safe_load((CONF.parent / "params.yaml").read_text())["whisper"]
    weights = whisper_weights.read(
        whisper_files.path(settings["model"], settings["revision"]),
        n_layers=max(settings["layers"]),
        setting="whisper.layers",
    )
    states = whisper_layers.NumpyStates(weights)
    with threadpool_limits(1):
        shares = [shares_of(path, states, weights, settings) for path in paths]
    encoder, whole, spectra = (median(values) for values in zip(*shares, strict=True))
    print("| whisper, medians of recordings | share of the rate of matrix products | goal |\n|---|---|---|")
    print(
        f"| encoder, {len(weights.layers)} layers | {encoder:.2f} | {goal_cell(MIN_SHARE, met=encoder >= MIN_SHARE)} |"
    )
    print(f"| with its spectra, which take {spectra:.1%} of the time | {whole:.2f} | |")
    if encoder < MIN_SHARE:
        sys.exit("goal missed")


def shares_of(
    path: Path, states: whisper_layers.NumpyStates, weights: whisper_weights.Weights, settings: dict[str, object]
) -> tuple[float, float, float]:
    """Share of the rate that the encoder, and the encoder with its spectra, reach; share of time of the spectra."""
    recording = reading.read(path)
    limits = {"max_duration": 10.0, "limit": 30.0}
    waveform = encodable(
        recording.waveform,
        recording.sample_rate,
        sample_rate=whisper_spectra.SAMPLE_RATE,
        section="whisper",
        **limits,
    )
    layers = settings["layers"]
    spectra = whisper_spectra.log_mel_spectra(waveform, n_mels=states.n_mels)
    square = np.random.default_rng(0).standard_normal((SIZE, SIZE)).astype(np.float32)
    rate = 2 * SIZE**3 / fastest(lambda: square @ square, n_calls=PRODUCTS)
    of_encoder = fastest(lambda: states(spectra, layers), n_calls=PRODUCTS)  # type: ignore[arg-type]
    of_spectra = fastest(lambda: whisper_spectra.log_mel_spectra(waveform, n_mels=states.n_mels), n_calls=PRODUCTS)
    work = operations(spectra.shape[1], weights)
    whole = of_encoder + of_spectra
    return work / of_encoder / rate, work / whole / rate, of_spectra / whole


def operations(n_frames: int, weights: whisper_weights.Weights) -> float:
    """Multiplications and additions of the products of an encoder, for spectra of `n_frames`."""
    (first, _), (second, _) = weights.convolutions
    n_states, width = (n_frames + 1) // 2, weights.positions.shape[1]
    of_input = 2 * n_frames * first.size + 2 * n_states * second.size
    of_layer = 2 * n_states * 12 * width**2 + 2 * 2 * n_states**2 * width
    return float(of_input + len(weights.layers) * of_layer)


if __name__ == "__main__":
    main()
