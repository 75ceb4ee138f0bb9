"""Files of a speech encoder of Hugging Face's `transformers`: checks and download, without importing torch."""

import hashlib
import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ser.core import extras

PACKAGES = ("torch", "transformers")
ENCODERS = {  # those of conf/ssl and conf/whisper; a commit is the digest of all files of an encoder
    "facebook/hubert-base-ls960": "dba3bb02fda4248b6e082697eee756de8fe8aa8a",
    "facebook/wav2vec2-base": "0b5b8e868dd84f03fd87d01f9c4ff0f080fecfe8",
    "microsoft/wavlm-base-plus": "4c66d4806a428f2e922ccfa1a962776e232d487b",
    "openai/whisper-base": "e37978b90ca9030d5170a5c07aadb050351a65bb",
    "openai/whisper-small": "973afd24965f72e36ca33b3055d56a652f456b4d",
    "openai/whisper-tiny": "169d4a4341b33bc18d8881c4b69c2e104e1cc0af",
    "packaged/whisper-base-emotion-int8": "9ca481f53a6e038146fab59b8e9179024940a5bd",  # in this package
    "packaged/whisper-tiny-int8": "48de5765f2fe4029b9ccc8bf1ed737068c2b96c4",  # in this package
}
DESCRIPTIONS = ("config.json", "preprocessor_config.json")
WEIGHTS = ("model.safetensors", "pytorch_model.bin")  # the first that exists; torch reads only tensors from the second
COMMIT = re.compile(r"[0-9a-f]{40}")
DIGEST_SIZE = 16  # bytes
PATIENCE = 10.0  # seconds to wait for an answer of the hub
MAX_REASON = 200  # characters of the error of the hub's client
NAME_A_FOLDER = "name a folder with its files by -S ssl.model=/path/to/it"


class Unavailable(ValueError):
    """The encoder or a package that it needs is missing, or the encoder is another one than wanted.

    Examples
    --------
    >>> issubclass(Unavailable, ValueError)
    True
    """


class NotInstalled(Unavailable, extras.Missing):
    """A package that the encoder needs is missing.

    Examples
    --------
    >>> issubclass(NotInstalled, extras.Missing)
    True
    """


def unknown(settings: Mapping[str, Any]) -> list[str]:
    """Name of the encoder of a representation in a list, unless it is one of `ENCODERS`, at its commit.

    Examples
    --------
    >>> model = "openai/whisper-tiny"
    >>> unknown({"model": model, "revision": ENCODERS[model]}), unknown({"model": model, "revision": "main"})
    ([], ['openai/whisper-tiny'])
    """
    model, revision = settings["model"], settings["revision"]
    known = ENCODERS.get(model) == revision and not is_folder(model)
    return [] if known else [model]


def check(model: str, revision: str | None) -> None:
    """Check that the encoder is available, as far as this is possible before a download.

    Raises
    ------
    Unavailable
        If it is not available; the message has the remedy.
    """
    check_installed()
    _check_revision(model, revision)
    if not is_folder(model) and not is_cached(model, str(revision)):
        check_offered(model, str(revision))


def check_installed() -> None:
    """Check that torch and transformers are installed.

    Raises
    ------
    Unavailable
        If they are not.
    """
    if missing := [name for name in PACKAGES if importlib.util.find_spec(name) is None]:
        raise NotInstalled(
            f"the representation ssl needs {' and '.join(PACKAGES)}; not installed: {', '.join(missing)};"
            f" {extras.remedy('ssl')}"
        )


def folder(model: str, revision: str | None) -> Path:
    """Folder of the files of the encoder; they are downloaded first if `model` is a name whose files are not cached.

    Raises
    ------
    Unavailable
        If the files are not available, or not of that revision.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as mine:
    ...     for name in (*DESCRIPTIONS, WEIGHTS[0]):
    ...         _ = Path(mine, name).write_text("{}")
    ...     folder(mine, digest(Path(mine))) == Path(mine)
    True
    """
    _check_revision(model, revision)
    if is_folder(model):
        return Path(model).expanduser()
    cached = is_cached(model, str(revision))
    if not cached:
        check_offered(model, str(revision))  # without a network, a download fails only after half a minute
    try:
        found = _snapshot(model, str(revision), download=not cached)
    except Exception as error:  # httpx and the hub raise errors of many types
        raise Unavailable(remedy(model, str(revision), error)) from error
    _check_whole(found)
    return found


def is_cached(model: str, revision: str) -> bool:
    """True if all files of the encoder named `model` are on this machine.

    Examples
    --------
    >>> is_cached("nobody/no-such-encoder", "0" * 40)
    False
    """
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return not _missing(_snapshot(model, revision, download=False))
    except (LocalEntryNotFoundError, ValueError):  # no file of it, or a name that the hub refuses later
        return False


def digest(folder: Path) -> str:
    """Digest of the files in `folder` that define an encoder.

    Raises
    ------
    Unavailable
        If a file is missing.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     for name in (*DESCRIPTIONS, WEIGHTS[0]):
    ...         _ = Path(folder, name).write_text("{}")
    ...     len(digest(Path(folder)))
    32
    """
    _check_whole(folder)
    found = hashlib.blake2b(digest_size=DIGEST_SIZE)
    for name in (*DESCRIPTIONS, *_weights(folder)):
        with (folder / name).open("rb") as file:
            content = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=DIGEST_SIZE))
        found.update(f"{name} {content.hexdigest()}\n".encode())
    return found.hexdigest()


def check_offered(model: str, revision: str, *, otherwise: str = NAME_A_FOLDER) -> None:
    """Check that the hub offers the encoder named `model`.

    Raises
    ------
    Unavailable
        If it does not, or does not answer; the message has the remedies, of which `otherwise` is the last one.
    """
    from huggingface_hub import HfApi

    try:
        HfApi().model_info(model, revision=revision, timeout=PATIENCE)
    except Exception as error:  # httpx and the hub raise errors of many types
        raise Unavailable(remedy(model, revision, error, otherwise=otherwise)) from error


def remedy(model: str, revision: str, error: Exception, *, otherwise: str = NAME_A_FOLDER) -> str:
    """Message for an encoder named `model` that is not available: the reason and the remedies.

    Examples
    --------
    >>> print(remedy("openai/whisper-tiny", "main", OSError("offline")))  # doctest: +ELLIPSIS
    the speech encoder openai/whisper-tiny, ..., and cannot be downloaded (OSError: offline); ...
    """
    from huggingface_hub import constants

    reason = f"{type(error).__name__}: {error}".partition("\n")[0][:MAX_REASON]
    return (
        f"the speech encoder {model}, revision {revision}, is not in {constants.HF_HUB_CACHE}, and cannot be"
        f" downloaded ({reason}); connect to the network, set HF_HUB_CACHE to a cache that contains it, or {otherwise}"
    )


def _check_revision(model: str, revision: str | None) -> None:
    """Check that the revision identifies the files: a trained model could not detect other files."""
    if is_folder(model):
        found = digest(Path(model).expanduser())
        if found != revision:
            raise Unavailable(
                f"ssl.revision is {revision}, and the digest of the files in {model} is {found}; if these are the right"
                f" files, choose -S ssl.revision={found}"
            )
    elif model.startswith(("/", ".", "~")):
        raise Unavailable(f"ssl.model {model} is not a folder; put the encoder's files there, or name their place")
    elif not COMMIT.fullmatch(revision or ""):
        raise Unavailable(
            f"ssl.revision is {revision}; wanted a commit of 40 hexadecimal digits, because the files behind a name can"
            f" change; https://huggingface.co/{model}/commits/main lists those of {model}"
        )


def _check_whole(folder: Path) -> None:
    if missing := _missing(folder):
        raise Unavailable(
            f"{folder} has no {' and no '.join(missing)}, so it is no encoder of transformers; put the files"
            " there that save_pretrained writes for a model and for its feature extractor, or a copy of a repository of"
            " https://huggingface.co"
        )


def is_folder(model: str) -> bool:
    """True if `model` is a folder, and not a name.

    Examples
    --------
    >>> is_folder("openai/whisper-tiny"), is_folder(".")
    (False, True)
    """
    return Path(model).expanduser().is_dir()


def _missing(folder: Path) -> list[str]:
    """Names of the files that the folder of an encoder lacks."""
    lacking = [name for name in DESCRIPTIONS if not (folder / name).is_file()]
    return lacking if _weights(folder) else [*lacking, " or ".join(WEIGHTS)]


def _weights(folder: Path) -> list[str]:
    """Name of the file of weights that is loaded; an empty list if there is none."""
    return [name for name in WEIGHTS if (folder / name).is_file()][:1]


def _snapshot(model: str, revision: str, *, download: bool) -> Path:
    """Folder of `model` in the cache of the hub; of several formats of the weights, one is downloaded."""
    from huggingface_hub import snapshot_download

    for weights in WEIGHTS:
        wanted = [*DESCRIPTIONS, weights]
        found = snapshot_download(model, revision=revision, allow_patterns=wanted, local_files_only=not download)
        if _weights(Path(found)):
            break
    return Path(found)
