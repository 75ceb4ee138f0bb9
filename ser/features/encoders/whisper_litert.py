"""Hidden states of an encoder of Whisper by LiteRT, in 8 bits: one recording, of any length, on one core.

Three layers of tiny take 7 ms for 3 s on a core that multiplies 8-bit numbers (AVX512 VNNI); in single precision they
take 26 ms by NumPy. tools/pack_encoder.py writes the file.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np

from ser.core.quiet import silent_stderr
from ser.features.encoders.hugging_face import MAX_REASON, Unavailable
from ser.features.encoders.whisper_weights import Array

FRAMES, POSITIONS, STATE = "frames", "positions", "state_"  # names of the inputs, and beginning of those of the outputs
N_POSITIONS = 1500  # 30 s
PERIOD = 10_000  # longest wavelength of a sinusoid, as a factor of the shortest


class LiteRTStates:
    """Spectra `(n_mels, n_frames)` -> hidden states `(n_states, width)`; a state has 20 ms. Threads take turns.

    Examples
    --------
    >>> from ser.features.encoders.whisper_files import LITERT, PACKAGED
    >>> states = LiteRTStates(PACKAGED / "whisper_tiny_int8" / LITERT, highest=3, setting="whisper.layers")
    >>> (found,) = states(np.zeros((80, 100), np.float32), numbers=[3])  # 1 s
    >>> found.shape
    (50, 384)
    """

    n_positions = N_POSITIONS

    def __init__(self, path: Path, *, highest: int, setting: str) -> None:
        """Read the file of an encoder.

        Parameters
        ----------
        highest
            Number of the last state that will be asked for.
        setting
            Setting of `params.yaml` that names it, for messages.

        Raises
        ------
        Unavailable
            If the file cannot be read, or the encoder has fewer layers.
        """
        from ai_edge_litert.interpreter import Interpreter

        try:
            with silent_stderr():  # it reports its processor
                interpreter = Interpreter(model_path=str(path), num_threads=1)
                interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            reason = str(error).partition("\n")[0][:MAX_REASON]
            raise Unavailable(f"{path} cannot be read ({reason}); install ser anew") from None
        self._run, self._lock = interpreter.get_signature_runner(), Lock()
        n_layers = len(self._run.get_output_details()) - 1
        if highest > n_layers:
            raise Unavailable(
                f"{setting} asks for layer {highest}, and the encoder in {path} has {n_layers}; choose from 0 (the"
                f" input of the first layer) to {n_layers}"
            )
        inputs = self._run.get_input_details()
        self.n_mels, width = (int(inputs[name]["shape"][-1]) for name in (FRAMES, POSITIONS))
        self._positions = sinusoids(N_POSITIONS, width)

    def __call__(self, spectra: Array, numbers: Sequence[int]) -> list[Array]:
        """Hidden states of the given numbers, in that order.

        Parameters
        ----------
        spectra
            Of 20 ms to 30 s.
        numbers
            0 for the input of the first layer, `k` for the output of layer `k`.
        """
        frames = np.ascontiguousarray(spectra.T)[np.newaxis]
        positions = self._positions[: (spectra.shape[1] + 1) // 2]
        with self._lock:
            found = self._run(**{FRAMES: frames, POSITIONS: positions})
        return [found[f"{STATE}{number}"] for number in numbers]


@cache
def sinusoids(n_positions: int, width: int) -> Array:
    """Positions of Whisper's encoder: sines, then cosines, of wavelengths from 1 to 10,000, `(n_positions, width)`.

    Examples
    --------
    >>> sinusoids(2, 4).round(3).tolist()
    [[0.0, 0.0, 1.0, 1.0], [0.8410000205039978, 0.0, 0.5400000214576721, 1.0]]

    References
    ----------
    .. [1] OpenAI (2022), whisper/model.py in github.com/openai/whisper, MIT licence.
    """
    speeds = np.exp(-np.log(PERIOD) / (width // 2 - 1) * np.arange(width // 2))
    angles = np.arange(n_positions)[:, np.newaxis] * speeds
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)
