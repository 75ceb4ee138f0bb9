"""Suffixes of recordings."""

import os
from pathlib import Path

import soundfile

from ser.audio import containers


def _set(names: str) -> frozenset[str]:
    return frozenset(f".{name}" for name in names.lower().split())


DECODED = _set("aif aifc mp1 mp2 mp3 mpga oga opus snd sph wave " + " ".join(soundfile.available_formats()))
"""Of formats that libsndfile decodes."""

OTHER_AUDIO = _set(
    "3ga aa3 aac aax ac3 adts alac amr ape asf at3 awb dff ds2 dsf dss dts dvf eac3 evrc gsm m4a m4b m4p m4r mka mp+"
    " mpc msv ofr oma qcp ra shn spx tak tta vox weba wma wv"
)
"""Of formats that FFmpeg decodes, most of them: those of phones, messengers, voice recorders, music."""

FILMS = _set("3g2 3gp avi divx f4v flv m2ts m4v mkv mov mp4 mpeg mpg mts ogv rm vob webm wmv")

RECORDINGS = DECODED | OTHER_AUDIO | FILMS


def may_be_recording(path: Path) -> bool:
    """True for a file with the suffix of a recording, and for one that libsndfile can open.

    A named pipe is none, because it would never end. A broken link with a suffix is one: it fails when it is opened.

    Examples
    --------
    >>> may_be_recording(Path("a.M4A")), may_be_recording(Path("README.md"))
    (True, False)
    """
    if path.exists() and not path.is_file():
        return False
    return path.suffix.lower() in RECORDINGS or _is_audio(path)


def _is_audio(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            if not containers.is_known(file):
                return False
        soundfile.info(os.fsencode(path))
    except (OSError, soundfile.LibsndfileError, TypeError):
        return False
    return True
