"""Place of the weights of Whisper's encoder: this package, a local folder, the hub's cache, or a download of a file."""

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ser.features.encoders import hugging_face
from ser.features.encoders.hugging_face import Unavailable

FILE = "model.safetensors"
LITERT = "model.tflite"  # of an encoder that this package contains
FOLDERS = "SER_ENCODERS"  # variable of the environment: the folder of all encoders of this machine
PACKAGED = Path(__file__).parent / "packaged"  # folder of the encoders that this package contains
PRETRAINING_CORPORA = {"packaged/whisper-base-emotion-int8": ("crema_d",)}  # whose emotions it was tuned on
NAME = re.compile(r"[\w.-]+/[\w.-]+")


def check(model: str, revision: str, *, section: str = "whisper") -> None:
    """Check that the weights are available, as far as this is possible before a download.

    Parameters
    ----------
    section
        Section of `params.yaml` that has model and revision, for messages.

    Raises
    ------
    Unavailable
        If they are not; the message has the remedy.

    Examples
    --------
    >>> check("tiny", "")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ser.features.encoders.hugging_face.Unavailable: whisper.model is tiny; wanted a name at https://huggingface.co, ...
    """
    _check_names(model, revision, section)
    if found(model, revision) is None:
        hugging_face.check_offered(model, revision, otherwise=_otherwise(model))


def path(model: str, revision: str, *, section: str = "whisper") -> Path:
    """File of the weights; it is downloaded first if it is not on this machine, and a bar shows the progress.

    Parameters
    ----------
    section
        As `check` takes it.

    Raises
    ------
    Unavailable
        If it is not available; the message has the remedy.

    Examples
    --------
    >>> model = "packaged/whisper-tiny-int8"
    >>> path(model, hugging_face.ENCODERS[model]).relative_to(PACKAGED).as_posix()
    'whisper_tiny_int8/model.tflite'
    """
    check(model, revision, section=section)
    return found(model, revision) or _downloaded(model, revision)


def found(model: str, revision: str) -> Path | None:
    """File of the weights on this machine; None if there is none.

    This package comes first, then a local folder, then the hub's cache. Local files are not compared with the revision.

    Examples
    --------
    >>> found("packaged/whisper-tiny-int8", "").relative_to(PACKAGED).as_posix()
    'whisper_tiny_int8/model.tflite'
    """
    packaged = PACKAGED / folder_name(model) / LITERT
    if packaged.is_file():
        return packaged
    here = local(model)
    if here is not None and here.is_file():
        return here
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(model, FILE, revision=revision)
    return Path(cached) if isinstance(cached, str) else None


def weights(settings: Mapping[str, Any]) -> dict[str, str]:
    """SHA-256 of the weights of an encoder of `SER_ENCODERS`, which its revision does not pin; empty for any other.

    Examples
    --------
    >>> settings = {"model": "packaged/whisper-tiny-int8", "revision": "48de5765f2fe4029b9ccc8bf1ed737068c2b96c4"}
    >>> weights(settings)
    {}
    """
    file = local(settings["model"])
    if file is None or found(settings["model"], settings["revision"]) != file:
        return {}
    with file.open("rb") as content:
        return {settings["model"]: hashlib.file_digest(content, "sha256").hexdigest()}


def pretraining_corpora(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Corpora whose emotions the encoder of these settings was trained on.

    Examples
    --------
    >>> pretraining_corpora({"model": "packaged/whisper-base-emotion-int8"})
    ('crema_d',)
    >>> pretraining_corpora({"model": "openai/whisper-base"})
    ()
    """
    return PRETRAINING_CORPORA.get(settings["model"], ())


def local(model: str) -> Path | None:
    """Place of the weights below `SER_ENCODERS`, which need not exist; None if the variable is not set.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, {FOLDERS: "encoders"}):
    ...     local("openai/whisper-base").as_posix()
    'encoders/whisper_base/model.safetensors'
    """
    folders = os.environ.get(FOLDERS)
    return Path(folders).expanduser() / folder_name(model) / FILE if folders else None


def folder_name(model: str) -> str:
    """Name of the folder of an encoder below `SER_ENCODERS`.

    Examples
    --------
    >>> folder_name("openai/whisper-base")
    'whisper_base'
    """
    return model.rpartition("/")[2].replace("-", "_")


def _check_names(model: str, revision: str, section: str) -> None:
    if not NAME.fullmatch(model):
        raise Unavailable(
            f"{section}.model is {model}; wanted a name at https://huggingface.co, as openai/whisper-base; weights of"
            f" your own belong in a folder of {FOLDERS}: mine/whisper-own is read from whisper_own/{FILE}"
        )
    if not hugging_face.COMMIT.fullmatch(revision or ""):
        raise Unavailable(
            f"{section}.revision is {revision}; wanted a commit of 40 hexadecimal digits, because the files behind a"
            f" name can change; https://huggingface.co/{model}/commits/main lists those of {model}"
        )


def _downloaded(model: str, revision: str) -> Path:
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(model, FILE, revision=revision))
    except Exception as error:  # httpx and the hub raise errors of many types
        raise Unavailable(hugging_face.remedy(model, revision, error, otherwise=_otherwise(model))) from error


def _otherwise(model: str) -> str:
    return f"put its {FILE} into the folder {folder_name(model)} of a folder that {FOLDERS} names"
