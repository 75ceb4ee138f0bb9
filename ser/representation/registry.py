"""Representations by name, and the functions that extract them.

A representation is imported when it is asked for: librosa, numba, TensorFlow and torch take seconds.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ser.audio import waveforms
from ser.core import discovery
from ser.features.definition import Definition

REPRESENTATIONS: Mapping[str, Definition] = discovery.Registry("ser.features", "REPRESENTATION")

Array = npt.NDArray[np.float32]
Extractor = Callable[[waveforms.Waveform, int], Array]
"""Waveform, `(n_samples,)`, and its sample rate in Hz -> one row of the input of a model."""


def definition(name: str) -> Definition:
    """Definition of the representation `name`.

    Raises
    ------
    ValueError
        If there is no such representation.

    Examples
    --------
    >>> definition("log_mel").time_axis
    2
    """
    if name not in REPRESENTATIONS:
        raise ValueError(
            f"unknown representation {name!r}; it is one of {', '.join(REPRESENTATIONS)}: choose one of them, or train"
            " the model anew"
        )
    return REPRESENTATIONS[name]


def weights(representation: Mapping[str, Any]) -> dict[str, str]:
    """SHA-256 of the network weights on this machine, by network; only of networks whose revision does not fix them.

    Parameters
    ----------
    representation
        Name and settings of the extraction.

    Examples
    --------
    >>> weights({"name": "librosa", "settings": {}})
    {}
    """
    of_settings = definition(representation["name"]).weights
    return dict(of_settings(representation["settings"])) if of_settings else {}


def extractor(name: str, settings: Mapping[str, Any], columns: Sequence[str]) -> Extractor:
    """Function that extracts the row that a model takes: an array, or the features `columns` in their order.

    Raises
    ------
    ValueError
        If there is no such representation, or a network that it needs is not available.

    Examples
    --------
    >>> settings = {"name": "small", "sample_rate": 8000, "duration": 1.0, "n_fft": 512, "hop_length": 160}
    >>> row = extractor("log_mel", settings | {"n_mels": 20, "fmax": 4000.0}, columns=[])
    >>> row(np.ones(8000, np.float32), 8000).shape
    (20, 51)
    """
    known = definition(name)
    values = known.prepared(settings).function
    if known.time_axis is not None:
        return values

    def row(waveform: waveforms.Waveform, recorded_rate: int) -> Array:
        features = values(waveform, recorded_rate)
        if missing := [column for column in columns if column not in features]:
            raise ValueError(
                f"the representation {name} lacks {len(missing)} of the model's {len(columns)} columns, the first is"
                f" {missing[0]}; train the model anew"
            )
        return np.array([features[column] for column in columns], np.float32)

    return row
