"""Functionals by openSMILE, the reference implementation of two published sets: the representation `opensmile`.

The licence of openSMILE permits research and education only, for the software, for its features and for models that
are trained on them. Therefore it is an extra, and is imported only if the model asks for it.
"""

import ctypes
import importlib.util
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ser.audio import waveforms
from ser.core import extras
from ser.features.definition import Definition

SETS = ("eGeMAPSv02", "ComParE_2016")
SHORTEST = 0.06  # seconds; the longest frame of openSMILE: shorter recordings have NaN only
LOUDEST = 1 - 2**-15  # the largest 16-bit integer; openSMILE would turn larger samples into negative ones


def check_installed() -> None:
    """Check that openSMILE is installed.

    Raises
    ------
    ValueError
        If it is not.
    """
    if importlib.util.find_spec("opensmile") is None:
        raise extras.Missing(
            "the representation opensmile needs the package opensmile, for research and education only; not installed;"
            f" {extras.remedy('opensmile')}"
        )


@cache
def loaded(name: str) -> Any:
    """Load openSMILE's extractor of the functionals `name`, once in a process.

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
    """Load openSMILE's library bound to its own symbols: after TensorFlow, it would use those of TensorFlow, and abort.

    Only Linux needs this. A later import uses the library that is loaded here.
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
        Mono, `(n_samples,)`, at `recorded_rate` Hz. openSMILE rounds it to 16 bits. Samples beyond full scale are
        clipped, and a waveform shorter than a frame is padded with zeros.
    name
        eGeMAPSv02, 88 functionals [1]_, or ComParE_2016, 6,373 [2]_.
    sample_rate
        Sample rate of the analysis in Hz.

    Raises
    ------
    ValueError
        If openSMILE is not installed, or `name` is unknown.

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


REPRESENTATION = Definition(functionals, prepare=lambda settings: loaded(settings["name"]), libraries=("opensmile",))
