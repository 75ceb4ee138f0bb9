"""Functionals by openSMILE, audEERING's reference implementation of two published sets: the representation `opensmile`.

Its licence admits research and education alone, of the software, of features made by it, and of models of them. So it
is an extra, and is imported only where it is asked for.
"""

import ctypes
import importlib.util
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ser.audio import waveforms

LIBRARIES = ("opensmile",)  # on whose version the values hang
SETS = ("eGeMAPSv02", "ComParE_2016")
SHORTEST = 0.06  # seconds; openSMILE's longest frame, below which all that it says is NaN
LOUDEST = 1 - 2**-15  # the largest 16-bit integer, which openSMILE computes with: what is above would become negative


def check_installed() -> None:
    """Make sure that openSMILE is installed.

    Raises
    ------
    ValueError
        If it is not.
    """
    if importlib.util.find_spec("opensmile") is None:
        raise ValueError(
            "the representation opensmile needs the package opensmile, for research and education only; not installed;"
            " run: pip install 'ser[opensmile]'"
        )


@cache
def loaded(name: str) -> Any:
    """openSMILE's extractor of the functionals `name`, once in a process.

    Raises
    ------
    ValueError
        If openSMILE is not installed, or `name` is none of `SETS`.
    """
    check_installed()
    if name not in SETS:
        raise ValueError(f"unknown set {name!r}; opensmile.name is one of {', '.join(SETS)}")
    _load_library()
    import opensmile

    return opensmile.Smile(opensmile.FeatureSet[name], opensmile.FeatureLevel.Functionals)


def _load_library() -> None:
    """Load openSMILE's library bound to its own symbols: else, after TensorFlow, it takes that one's, and aborts.

    Only Linux binds them otherwise. What loads the library later gets the same one.
    """
    if hasattr(os, "RTLD_DEEPBIND"):
        spec = importlib.util.find_spec("opensmile")
        for folder in (spec and spec.submodule_search_locations) or []:
            for path in Path(folder).glob("core/bin/*/libSMILEapi.so"):
                ctypes.CDLL(str(path), mode=os.RTLD_DEEPBIND)


def functionals(waveform: waveforms.Waveform, recorded_rate: int, *, name: str, sample_rate: int) -> dict[str, float]:
    """Functionals of the set `name`, under openSMILE's own names.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`, at `recorded_rate` Hz; openSMILE rounds it to 16 bits. What is beyond full scale is
        clipped, and what is shorter than a frame is padded with zeros.
    name
        eGeMAPSv02, 88 functionals [1]_, or ComParE_2016, 6,373 [2]_.
    sample_rate
        Hz, to which the waveform is resampled.

    Raises
    ------
    ValueError
        As `loaded`.

    References
    ----------
    .. [1] Eyben et al. (2016), The Geneva minimalistic acoustic parameter set (GeMAPS) for voice research and affective
       computing, IEEE Transactions on Affective Computing 7(2): 190-202.
    .. [2] Schuller et al. (2016), The INTERSPEECH 2016 computational paralinguistics challenge, Interspeech.
    """
    smile = loaded(name)
    at_rate = waveforms.resampled(waveform, sample_rate=recorded_rate, target=sample_rate)
    whole = waveforms.fitted(at_rate, max(at_rate.size, round(SHORTEST * sample_rate)))
    values = smile(np.clip(whole, -1, LOUDEST), sample_rate)
    return dict(zip(smile.feature_names, values.ravel().tolist(), strict=True))
