"""Find the representations that a run makes, and check that what they need is there, before any stage does work."""

from collections.abc import Collection, Mapping
from typing import Any

ALL = "all"
EXTRACT = ("needed", ALL)
"""Values of the setting `extract`: the representations that the model needs, or all that can be made here."""


def needed(config: Mapping[str, Any]) -> set[str]:
    """Representations that the model or one of its members takes, or whose section requires them.

    Parameters
    ----------
    config
        Parameters model, members and the sections of representations.

    Examples
    --------
    >>> config = {"model": {"representation": "log_mel"}, "members": {}, "ssl": {"required": True}}
    >>> sorted(needed(config | {"whisper": {"required": False}}))
    ['log_mel', 'ssl']
    """
    models = [config["model"], *(member["model"] for member in config["members"].values())]
    required = {name for name in ("ssl", "whisper") if config[name]["required"]}
    return {model["representation"] for model in models} | required


def has_yamnet(taken: Collection[str], yamnet: Mapping[str, Any]) -> bool:
    """True if YAMNet is on this machine, or its host offers it; else a warning has the remedy.

    DVC may restore the empty table of its features without a run of their stage, which then warns of nothing.

    Parameters
    ----------
    taken
        Representations that the model or one of its members takes.
    yamnet
        Section of the configuration.

    Raises
    ------
    ValueError
        If it is neither, and a model or the section requires it.

    Examples
    --------
    >>> has_yamnet({"librosa"}, {"handle": "my_folder/yamnet", "required": False})  # doctest: +ELLIPSIS
    warning: YAMNet features are marked unavailable: the model my_folder/yamnet is not in ...
    False
    """
    from ser.features.yamnet import hub

    handle = yamnet["handle"]
    if hub.is_cached(handle) or hub.is_reachable(handle):
        return True
    if yamnet["required"] or any("yamnet" in name for name in taken):
        raise ValueError(hub.remedy(handle))
    print(f"warning: YAMNet features are marked unavailable: {hub.remedy(handle)}")
    return False


def others(names: Collection[str], config: Mapping[str, Any]) -> set[str]:
    """Representations of `names` that are made although no model takes them: with `extract` all, those that can be.

    A warning names each that cannot be made, and the remedy.

    Examples
    --------
    >>> others(["frames"], {"extract": "needed"}), others(["frames"], {"extract": "all"})
    (set(), {'frames'})
    """
    if config["extract"] != ALL:
        return set()
    found = set(names)
    for name in sorted(names):
        try:
            check({name}, config)
        except ValueError as error:
            print(f"warning: the representation {name} is not made: {error}")
            found.remove(name)
    return found


def state(name: str, is_wanted: bool, config: Mapping[str, Any]) -> dict[str, Any]:
    """Content of `data/<name>_availability.json`: if a stage makes its representation, or what it needs is missing.

    It also has the digest of weights that the settings do not pin, so that the stage runs again after they changed.

    Examples
    --------
    >>> state("ssl", False, {"extract": "needed"}), state("ssl", False, {"extract": "all"})
    ({'wanted': False}, {'wanted': False, 'missing': True})
    """
    is_missing = config["extract"] == ALL and not is_wanted
    found: dict[str, Any] = {"wanted": is_wanted} | ({"missing": True} if is_missing else {})
    if is_wanted and name in ("whisper", "whisper_states"):
        from ser.features.encoders import whisper_files

        weights = whisper_files.weights(config[name])
        found |= {"weights": weights} if weights else {}
    return found


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
    # Imported where it is asked for: every run checks, and most take none of these.
    if "ssl" in taken:
        from ser.features.encoders import hugging_face

        hugging_face.check(config["ssl"]["model"], config["ssl"]["revision"])
    for section in ("whisper", "whisper_states"):
        if section in taken:
            from ser.features.encoders import whisper_files

            whisper_files.check(config[section]["model"], config[section]["revision"], section=section)
    if "opensmile" in taken:
        from ser.features import opensmile

        opensmile.check_installed()
