"""Facts about a network, as each module of this package states them in its variable `NETWORK`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Input:
    """Kind of input of a network.

    Examples
    --------
    >>> TABLE.n_axes, SPECTROGRAM.n_axes
    (1, 2)
    """

    description: str
    """Noun phrase for messages, with the axes of an utterance's values."""
    n_axes: int
    representation: str | None = None
    """The array representation that is this kind of input; None: any feature table."""


TABLE = Input("utterance-level features", 1)
SPECTROGRAM = Input("a mel spectrogram (bands, frames)", 2, "log_mel")
FRAMES = Input("frames (frames, features)", 2, "frames")
YAMNET_SPECTRA = Input("YAMNet's spectra (bands, frames)", 2, "yamnet_bands")
WHISPER_STATES = Input("states of Whisper (states, values)", 2, "whisper_states")


@dataclass(frozen=True)
class Network:
    """A network: the layers before its softmax, and the input that they take.

    Examples
    --------
    >>> Network(lambda inputs: inputs, takes=TABLE).takes.description
    'utterance-level features'
    """

    layers: Callable[..., Any]
    """Symbolic input, `(n_rows, ...)`, and settings of conf/model as keywords -> features, `(n_rows, n_features)`."""
    takes: Input
    passes_settings_to: tuple[Callable[..., Any], ...] = ()
    """Functions to which `layers` passes settings as keywords, so that these settings are checked as well."""
    custom_layers: tuple[type, ...] = ()
    """Classes of layers that are not Keras's own."""
