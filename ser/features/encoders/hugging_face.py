"""Whether a speech encoder of Hugging Face's `transformers` can be had, without importing torch."""

import hashlib
import importlib.util
import re
from pathlib import Path

PACKAGES = ("torch", "transformers")
DESCRIPTIONS = ("config.json", "preprocessor_config.json")
WEIGHTS = (
    "model.safetensors",
    "pytorch_model.bin",
)  # the first that is there; torch takes tensors alone from the other
COMMIT = re.compile(r"[0-9a-f]{40}")
DIGEST_SIZE = 16  # bytes
PATIENCE = 10.0  # seconds to wait for the hub's answer
MAX_REASON = 200  # characters of what the hub's client says


class Unavailable(ValueError):
    """The encoder, or what computes it, is not there, or is not the one that is wanted."""


def check(model: str, revision: str | None) -> None:
    """Make sure that the encoder can be had, as far as that can be known before it is downloaded.

    Raises
    ------
    Unavailable
        If it cannot; the message is the remedy.
    """
    check_installed()
    _check_revision(model, revision)
    if not _is_folder(model) and not is_cached(model, str(revision)):
        _check_offered(model, str(revision))


def check_installed() -> None:
    """Make sure that torch and transformers are installed.

    Raises
    ------
    Unavailable
        If they are not.
    """
    if missing := [name for name in PACKAGES if importlib.util.find_spec(name) is None]:
        raise Unavailable(
            f"the representation ssl needs {' and '.join(PACKAGES)}; not installed: {', '.join(missing)}; run:"
            " pip install 'ser[ssl]'"
        )


def folder(model: str, revision: str | None) -> Path:
    """Folder of the encoder's files, which are downloaded first if `model` is a name whose files are not here.

    Raises
    ------
    Unavailable
        If they cannot be had, or are not of that revision.
    """
    _check_revision(model, revision)
    if _is_folder(model):
        return Path(model).expanduser()
    cached = is_cached(model, str(revision))
    if not cached:
        _check_offered(model, str(revision))  # a download without a network is tried for half a minute
    try:
        found = _snapshot(model, str(revision), download=not cached)
    except Exception as error:  # httpx and the hub raise what they like
        raise Unavailable(remedy(model, str(revision), error)) from error
    _check_whole(found)
    return found


def is_cached(model: str, revision: str) -> bool:
    """Whether all files of the encoder named `model` are on this machine."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return not _missing(_snapshot(model, revision, download=False))
    except (LocalEntryNotFoundError, ValueError):  # nothing of it; or no possible name, as who asks the hub is told
        return False


def digest(folder: Path) -> str:
    """Of the files in `folder` that make an encoder what it is.

    Raises
    ------
    Unavailable
        If one is missing.
    """
    _check_whole(folder)
    found = hashlib.blake2b(digest_size=DIGEST_SIZE)
    for name in (*DESCRIPTIONS, *_weights(folder)):
        with (folder / name).open("rb") as file:
            content = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=DIGEST_SIZE))
        found.update(f"{name} {content.hexdigest()}\n".encode())
    return found.hexdigest()


def remedy(model: str, revision: str, error: Exception) -> str:
    """What to do where the encoder named `model` cannot be had."""
    from huggingface_hub import constants

    reason = f"{type(error).__name__}: {error}".partition("\n")[0][:MAX_REASON]
    return (
        f"the speech encoder {model}, revision {revision}, is neither in {constants.HF_HUB_CACHE} nor can it be"
        f" downloaded ({reason}); connect to the network, set HF_HUB_CACHE to a cache that holds it, or name a folder"
        " with its files by -S ssl.model=/path/to/it"
    )


def _check_revision(model: str, revision: str | None) -> None:
    """Have every encoder named for good: a trained model would not notice a branch that moved, nor other files."""
    if _is_folder(model):
        found = digest(Path(model).expanduser())
        if found != revision:
            raise Unavailable(
                f"ssl.revision is {revision}, and the digest of the files in {model} is {found}; if these are the ones"
                f" that are meant, choose -S ssl.revision={found}"
            )
    elif model.startswith(("/", ".", "~")):
        raise Unavailable(f"ssl.model {model} is not a folder; put the encoder's files there, or name their place")
    elif not COMMIT.fullmatch(revision or ""):
        raise Unavailable(
            f"ssl.revision is {revision}, and wanted is a commit of 40 hexadecimal digits, since names move;"
            f" https://huggingface.co/{model}/commits/main lists those of {model}"
        )


def _check_offered(model: str, revision: str) -> None:
    from huggingface_hub import HfApi

    try:
        HfApi().model_info(model, revision=revision, timeout=PATIENCE)
    except Exception as error:  # httpx and the hub raise what they like
        raise Unavailable(remedy(model, revision, error)) from error


def _check_whole(folder: Path) -> None:
    if missing := _missing(folder):
        raise Unavailable(
            f"{folder} has no {' and no '.join(missing)}, and so is no encoder of transformers; wanted is what"
            " save_pretrained writes of a model and of its feature extractor, or a copy of a repository of"
            " https://huggingface.co"
        )


def _is_folder(model: str) -> bool:
    return Path(model).expanduser().is_dir()


def _missing(folder: Path) -> list[str]:
    """Names of what an encoder's folder lacks."""
    lacking = [name for name in DESCRIPTIONS if not (folder / name).is_file()]
    return lacking if _weights(folder) else [*lacking, " or ".join(WEIGHTS)]


def _weights(folder: Path) -> list[str]:
    """Name of the file that is loaded; none where there is none."""
    return [name for name in WEIGHTS if (folder / name).is_file()][:1]


def _snapshot(model: str, revision: str, *, download: bool) -> Path:
    """The hub's folder of `model` in the cache; of several formats of the weights, one is downloaded."""
    from huggingface_hub import snapshot_download

    for weights in WEIGHTS:
        wanted = [*DESCRIPTIONS, weights]
        found = snapshot_download(model, revision=revision, allow_patterns=wanted, local_files_only=not download)
        if _weights(Path(found)):
            break
    return Path(found)
