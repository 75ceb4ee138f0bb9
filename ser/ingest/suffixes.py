"""Suffixes of recordings. A file with another suffix is a recording if libsndfile can open it."""

import soundfile


def _set(names: str) -> frozenset[str]:
    return frozenset(f".{name}" for name in names.lower().split())


DECODED = _set("aif aifc mp1 mp2 mp3 mpga oga opus snd sph wave " + " ".join(soundfile.available_formats()))
"""Of formats that libsndfile decodes."""

OTHER_AUDIO = _set(
    "3ga aa3 aac aax ac3 adts alac amr ape asf at3 awb dff ds2 dsf dss dts dvf eac3 evrc gsm m4a m4b m4p m4r mka mp+"
    " mpc msv ofr oma qcp ra shn spx tak tta vox weba wma wv"
)
"""Of formats that libsndfile does not decode: those of phones, messengers, voice recorders, music."""

FILMS = _set("3g2 3gp avi divx f4v flv m2ts m4v mkv mov mp4 mpeg mpg mts ogv rm vob webm wmv")

RECORDINGS = DECODED | OTHER_AUDIO | FILMS
