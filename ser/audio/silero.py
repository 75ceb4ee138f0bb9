"""Network of Silero's detector of voice activity by NumPy: the probability of speech in each 32 ms of sound.

Spectra of four frames, four convolutions, an LSTM and a dense layer. NumPy takes a third of the time that a runtime for
networks takes for one chunk after the other, because the convolutions of a block of chunks are one product of matrices;
only the LSTM goes from chunk to chunk. The weights are those of `silero_vad.onnx`, in single
precision: the probabilities differ by 1e-5 at most. `tools/pack_silero.py` writes them.

References
----------
.. [1] Silero Team (2024), Silero VAD: pre-trained enterprise-grade voice activity detector, MIT licence.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from ser.audio.waveforms import Waveform
from ser.core.blas import ONE_BLAS_THREAD

Array = npt.NDArray[np.float32]

SAMPLE_RATE = 16_000  # Hz
CHUNK = 512  # samples, 32 ms
WEIGHTS = Path(__file__).with_name("silero_vad") / "weights.safetensors"
BLOCK = 16  # chunks
CONTEXT = 64  # samples before a chunk that its spectra take
FRAME_LENGTH, HOP_LENGTH = 256, 128  # samples of a spectrum; between the starts of two
N_BINS = FRAME_LENGTH // 2 + 1
WIDTH = 128  # values of the state of the LSTM
HALF = np.float32(0.5)


class Dense(NamedTuple):
    """Weights, `(n_inputs, n_outputs)`, and bias, `(n_outputs,)`; inputs of a convolution are frame by frame.

    Examples
    --------
    >>> layer = Dense(np.ones((3, 2), np.float32), np.zeros(2, np.float32))
    >>> (np.ones(3, np.float32) @ layer.kernel + layer.bias).tolist()
    [3.0, 3.0]
    """

    kernel: Array
    bias: Array


class Weights(NamedTuple):
    """Layers of the network, in their order.

    Of the convolutions, which have three frames, `third` has the last two and `fourth` the middle one: the others meet
    nothing but zeros. `gates` and `recurrent`, `(n_gates, n_states)`, are those of the LSTM: its input gate, forget
    gate, candidate and output gate. The three gates, which are logistic functions, have half their weights, since such
    a function is (1 + tanh(x / 2)) / 2: one call of tanh then serves all four.

    Examples
    --------
    >>> _packaged().first.kernel.shape  # three frames of 129 values
    (387, 128)
    """

    first: Dense
    second: Dense
    third: Dense
    fourth: Dense
    gates: Dense
    recurrent: Array
    output: Dense


def probabilities(waveform: Waveform) -> Iterator[Array]:
    """Probability of speech in each whole chunk, 0 to 1, by blocks of `BLOCK` or fewer; before it is silence.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`, at 16 kHz.

    Examples
    --------
    >>> [block.round(1).tolist() for block in probabilities(np.zeros(3 * CHUNK, np.float32))]
    [[0.0, 0.0, 0.0]]
    """
    weights = _packaged()
    n_chunks = waveform.size // CHUNK
    if not n_chunks:
        return
    # Whole blocks, since the rounding of a product of matrices depends on their size.
    padded = np.zeros(CONTEXT + -(-n_chunks // BLOCK) * BLOCK * CHUNK, np.float32)
    padded[CONTEXT : CONTEXT + n_chunks * CHUNK] = waveform[: n_chunks * CHUNK]
    chunks = sliding_window_view(padded, CONTEXT + CHUNK)[::CHUNK]
    state = cell = np.zeros(WIDTH, np.float32)
    for start in range(0, n_chunks, BLOCK):
        with ONE_BLAS_THREAD:
            gates = _gates(chunks[start : start + BLOCK], weights)
            states = np.zeros((BLOCK, WIDTH), np.float32)
            for number in range(n_found := min(BLOCK, n_chunks - start)):
                state, cell = _next(gates[number] + weights.recurrent @ state, cell)
                states[number] = state
            found = np.maximum(states, 0) @ weights.output.kernel + weights.output.bias
        yield _logistic(found[:n_found, 0])


def _gates(chunks: Array, weights: Weights) -> Array:
    """Part of chunks with their context, `(n_chunks, 576)`, in the gates of the LSTM, `(n_chunks, 512)`."""
    mirrored = np.concatenate([chunks, chunks[:, -2 : -2 - CONTEXT : -1]], axis=1)
    frames = sliding_window_view(mirrored, FRAME_LENGTH, axis=1)[:, ::HOP_LENGTH]
    spectra = np.abs(np.fft.rfft(frames * _window()))
    values = _convolved(_convolved(spectra, weights.first, stride=1), weights.second, stride=2)
    values = values.reshape(len(chunks), -1)
    for layer in (weights.third, weights.fourth):
        values = np.maximum(values @ layer.kernel + layer.bias, 0)
    return values @ weights.gates.kernel + weights.gates.bias


@cache
def _window() -> Array:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME_LENGTH) / FRAME_LENGTH)).astype(np.float32)


def _convolved(values: Array, layer: Dense, *, stride: int) -> Array:
    """Convolution of `values`, `(n_chunks, n_frames, n_values)`, between zeros, 0 where it is negative."""
    n_chunks, n_frames, width = values.shape
    padded = np.zeros((n_chunks, n_frames + 2, width), np.float32)
    padded[:, 1:-1] = values
    rows = sliding_window_view(padded.reshape(n_chunks, -1), 3 * width, axis=1)[:, :: stride * width]
    found: Array = np.maximum(rows.reshape(-1, 3 * width) @ layer.kernel + layer.bias, 0)
    return found.reshape(n_chunks, -1, layer.bias.size)


def _next(gates: Array, cell: Array) -> tuple[Array, Array]:
    """Next state of the LSTM and of its cell, `(128,)` each, from the inputs of its gates, `(512,)`."""
    tanh = np.tanh(gates)
    logistic = HALF + HALF * tanh
    input_gate, forget_gate, output_gate = logistic[:WIDTH], logistic[WIDTH : 2 * WIDTH], logistic[3 * WIDTH :]
    cell = forget_gate * cell + input_gate * tanh[2 * WIDTH : 3 * WIDTH]
    return output_gate * np.tanh(cell), cell


def _logistic(values: Array) -> Array:
    found: Array = HALF + HALF * np.tanh(HALF * values)  # no exponential, which overflows
    return found


@cache
def _packaged() -> Weights:
    from safetensors.numpy import load_file

    values = load_file(WEIGHTS)
    layers = {
        name: Dense(values[f"{name}.kernel"], values[f"{name}.bias"]) for name in Weights._fields if name != "recurrent"
    }
    return Weights(**layers, recurrent=values["recurrent"])
