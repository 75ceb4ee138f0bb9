"""Check that the networks and programs that representations need are there, before any stage does work."""

from collections.abc import Collection, Mapping
from typing import Any

from ser.features import opensmile
from ser.features.encoders import hugging_face, whisper_files


def check(taken: Collection[str], config: Mapping[str, Any]) -> None:
    """Check what the representations `taken` need; nothing else is looked for, which may be gigabytes.

    Parameters
    ----------
    config
        Sections of the representations, as `params.yaml` has them.

    Raises
    ------
    ValueError
        If something is not available; the message has the remedy.

    Examples
    --------
    >>> check({"librosa"}, {})
    >>> check({"whisper"}, {"whisper": {"model": "tiny", "revision": ""}})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ser.features.encoders.hugging_face.Unavailable: whisper.model is tiny; wanted a name at https://huggingface.co, ...
    """
    if "ssl" in taken:
        hugging_face.check(config["ssl"]["model"], config["ssl"]["revision"])
    for section in ("whisper", "whisper_states"):
        if section in taken:
            whisper_files.check(config[section]["model"], config[section]["revision"], section=section)
    if "opensmile" in taken:
        opensmile.check_installed()
