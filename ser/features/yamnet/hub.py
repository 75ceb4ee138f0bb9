"""Whether a TensorFlow Hub model can be had, without importing TensorFlow."""

import hashlib
import http.client
import os
import threading
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

CACHE = Path("~/.cache/ser/tfhub")  # TensorFlow Hub's own default is a temporary folder, which is lost


def cache_folder() -> Path:
    """Where TensorFlow Hub keeps models: `TFHUB_CACHE_DIR`, or a folder of the user's cache."""
    return Path(os.environ.get("TFHUB_CACHE_DIR") or CACHE).expanduser()


def folder(handle: str) -> Path:
    """Where the model is, or would be: `handle` itself may be a folder."""
    return Path(handle) if Path(handle).is_dir() else cache_folder() / _key(handle)


def is_cached(handle: str) -> bool:
    """Whether the model is on this machine."""
    return (folder(handle) / "saved_model.pb").is_file()


def failed_downloads(handle: str) -> int:
    """How often loading failed though the host had answered; part of the probe's finding, so that the next run retries.

    Kept in the user's cache: a stage may not write into what DVC watches.
    """
    record = _failures(handle)
    return len(record.read_bytes()) if record.exists() else 0


def record_failed_download(handle: str) -> None:
    """Count one more failure; where the user's cache cannot be written, the user will have to run with `-f`."""
    with suppress(OSError):
        _failures(handle).parent.mkdir(parents=True, exist_ok=True)
        with _failures(handle).open("ab") as record:
            record.write(b".")


def _failures(handle: str) -> Path:
    return CACHE.expanduser() / f"{_key(handle)}.failed"


def _key(handle: str) -> str:
    """TensorFlow Hub names the folders of its cache by the SHA-1 of the handle."""
    return hashlib.sha1(handle.encode(), usedforsecurity=False).hexdigest()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follow nothing: a redirection to the archive is answer enough, and following takes time."""


def is_reachable(handle: str, *, timeout: float = 1.0) -> bool:
    """Whether the host of `handle` offers the model within `timeout` seconds, name resolution included."""
    answers: list[bool] = []

    def ask() -> None:
        opener = urllib.request.build_opener(_NoRedirect)
        try:
            with opener.open(f"{handle}?tf-hub-format=compressed", timeout=timeout):
                answers.append(True)
        except urllib.error.HTTPError as error:
            answers.append(error.code < 400)
        except (OSError, ValueError, http.client.HTTPException):
            answers.append(False)

    # A thread that is left behind, since looking a name up cannot be given a time limit.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout)
    return answers == [True]


def remedy(handle: str) -> str:
    """What to do where the model cannot be had."""
    return (
        f"the model {handle} is neither in {cache_folder()} nor can it be downloaded; set TFHUB_CACHE_DIR to a"
        " TF Hub cache that holds it, or connect to the network, and run again: it is then picked up by itself"
    )
