"""Encoder of Whisper, from a waveform to hidden states; each process loads it once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from ser.audio import waveforms
from ser.features.encoders import whisper_files
from ser.features.encoders.whisper_spectra import HOP_LENGTH, SAMPLE_RATE, log_mel_spectra
from ser.features.encoders.whisper_weights import Array

if TYPE_CHECKING:
    from ser.features.encoders import whisper_layers, whisper_litert

    States = whisper_layers.NumpyStates | whisper_litert.LiteRTStates

SAMPLES_A_STATE = 2 * HOP_LENGTH  # 20 ms


class Encoder:
    """Waveform -> hidden states of the given numbers, `(n_states, width)` each, one for every 20 ms.

    Examples
    --------
    >>> import numpy as np
    >>> from ser.features.encoders.hugging_face import ENCODERS
    >>> model = "packaged/whisper-tiny-int8"
    >>> encoder = loaded(model, ENCODERS[model], 3, "whisper.layers")
    >>> first, last = encoder(np.zeros(SAMPLE_RATE // 10, np.float32), [1, 3], padded=False)
    >>> first.shape, last.shape, encoder.limit
    ((5, 384), (5, 384), 30.0)
    """

    def __init__(self, states: States) -> None:
        self._states = states
        self.limit: float = states.n_positions * SAMPLES_A_STATE / SAMPLE_RATE
        """Duration of the longest waveform that the encoder takes, in seconds."""

    def __call__(self, waveform: waveforms.Waveform, layers: Sequence[int], *, padded: bool) -> list[Array]:
        """Encode a waveform at 16 kHz; even an empty one has one state.

        Parameters
        ----------
        layers
            0 for the input of the first layer, `k` for the output of layer `k`.
        padded
            True: zeros up to `limit` follow the recording, as in the training of Whisper, and their states are left
            out. False: only the recording is computed, which takes a tenth of the time.
        """
        n_samples = round(self.limit * SAMPLE_RATE) if padded else None
        spectra = log_mel_spectra(waveform, n_mels=self._states.n_mels, n_samples=n_samples)
        states = self._states(spectra, layers)
        n_recorded = max(1, -(-waveform.size // SAMPLES_A_STATE))  # an incomplete one counts
        return [state[:n_recorded] for state in states] if padded else states


@cache
def loaded(model: str, revision: str, n_layers: int, setting: str) -> Encoder:
    """Load the first `n_layers` layers, once in a process; download the weights first if they are not on this machine.

    Parameters
    ----------
    setting
        Setting of `params.yaml` that names the layers, for messages, as `whisper.layers`.

    Raises
    ------
    Unavailable
        If they are not available or not usable; the message has the remedy.

    Examples
    --------
    >>> from ser.features.encoders.hugging_face import ENCODERS
    >>> model = "packaged/whisper-tiny-int8"
    >>> loaded(model, ENCODERS[model], 3, "whisper.layers").limit  # seconds
    30.0
    """
    path = whisper_files.path(model, revision, section=setting.partition(".")[0])
    if path.name == whisper_files.LITERT:
        from ser.features.encoders import whisper_litert

        return Encoder(whisper_litert.LiteRTStates(path, highest=n_layers, setting=setting))
    from ser.features.encoders import whisper_layers, whisper_weights

    return Encoder(whisper_layers.NumpyStates(whisper_weights.read(path, n_layers=n_layers, setting=setting)))
