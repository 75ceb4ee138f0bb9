"""Availability of a TensorFlow Hub model, without importing TensorFlow."""

import hashlib
import http.client
import os
import threading
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

GRAPHS = {  # SHA-256 of the file saved_model.pb, which is all of a model that runs: variables are numbers
    "https://tfhub.dev/google/yamnet/1": "7418c69ca93f3dc7c3a08b763a1809c35525353782734c80498e1c6e1724b6db",
}
CACHE = Path("~/.cache/ser/tfhub")  # the default of TensorFlow Hub is a temporary folder


def cache_folder() -> Path:
    """Folder in which TensorFlow Hub keeps models: `TFHUB_CACHE_DIR`, or a folder of the user's cache.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, TFHUB_CACHE_DIR="tfhub"):
    ...     cache_folder().as_posix()
    'tfhub'
    """
    return Path(os.environ.get("TFHUB_CACHE_DIR") or CACHE).expanduser()


def folder(handle: str) -> Path:
    """Folder of the model, which need not exist; `handle` itself may be a folder.

    Examples
    --------
    >>> folder("https://tfhub.dev/google/yamnet/1").name
    '9616fd04ec2360621642ef9455b84f4b668e219e'
    """
    return Path(handle) if Path(handle).is_dir() else cache_folder() / _key(handle)


def is_cached(handle: str) -> bool:
    """True if the model is on this machine.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, TFHUB_CACHE_DIR="no_such_folder"):
    ...     is_cached("https://tfhub.dev/google/yamnet/1")
    False
    """
    return (folder(handle) / "saved_model.pb").is_file()


def check(handle: str, folder: Path) -> None:
    """Check that a model in `folder` has the graph that its handle stands for; any graph is right for other handles.

    Raises
    ------
    ValueError
        If the graph of a known handle is another one, which could do anything.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "saved_model.pb").write_bytes(b"another graph")
    ...     check("https://tfhub.dev/google/yamnet/1", Path(folder))
    Traceback (most recent call last):
    ValueError: its saved_model.pb has the SHA-256 d72f78e81a8a8daa…; wanted 7418c69ca93f3dc7…
    """
    wanted = GRAPHS.get(handle)
    if wanted is None:
        return
    found = hashlib.sha256((folder / "saved_model.pb").read_bytes()).hexdigest()
    if found != wanted:
        raise ValueError(f"its saved_model.pb has the SHA-256 {found[:16]}…; wanted {wanted[:16]}…")


def variables(folder: Path) -> list[Path]:
    """Files of the weights of a model in `folder`, by name; systems leave files of their own beside them.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     Path(folder, "variables").mkdir()
    ...     for name in ("variables.index", "variables.data-00000-of-00001", "Thumbs.db"):
    ...         Path(folder, "variables", name).touch()
    ...     [path.name for path in variables(Path(folder))]
    ['variables.data-00000-of-00001', 'variables.index']
    """
    return sorted(folder.glob("variables/variables.*"))


def weights(handle: str) -> str | None:
    """SHA-256 of the variables of a model on this machine, which its handle does not pin; None if it is not there.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     Path(folder, "variables").mkdir()
    ...     Path(folder, "saved_model.pb").touch()
    ...     weights(folder)[:8], weights("no_such_model")
    ('e3b0c442', None)
    """
    if not is_cached(handle):
        return None
    digest = hashlib.sha256()
    for path in variables(folder(handle)):
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def failed_downloads(handle: str) -> int:
    """Number of failed downloads after the host had answered. The probe records it, so that the next run tries again.

    The record is in the user's cache, because a stage may not write into a dependency of DVC.

    Examples
    --------
    >>> failed_downloads("https://tfhub.dev/nobody/no_such_model/1")
    0
    """
    record = _failures(handle)
    return len(record.read_bytes()) if record.exists() else 0


def record_failed_download(handle: str) -> None:
    """Count one more failure. If the user's cache is not writable, only a run with `-f` tries again.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from unittest.mock import patch
    >>> with TemporaryDirectory() as folder, patch.dict(os.environ, HOME=folder):
    ...     record_failed_download("https://tfhub.dev/google/yamnet/1")
    ...     record_failed_download("https://tfhub.dev/google/yamnet/1")
    ...     failed_downloads("https://tfhub.dev/google/yamnet/1")
    2
    """
    with suppress(OSError):
        _failures(handle).parent.mkdir(parents=True, exist_ok=True)
        with _failures(handle).open("ab") as record:
            record.write(b".")


def _failures(handle: str) -> Path:
    return CACHE.expanduser() / f"{_key(handle)}.failed"


def _key(handle: str) -> str:
    """SHA-1 of the handle: the name of its folder in the cache of TensorFlow Hub."""
    return hashlib.sha1(handle.encode(), usedforsecurity=False).hexdigest()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follow no redirection: it shows that the archive exists, and the download would take time."""


def is_reachable(handle: str, *, timeout: float = 1.0) -> bool:
    """True if the host of `handle` offers the model within `timeout` seconds, including name resolution.

    Examples
    --------
    >>> is_reachable("my_folder/yamnet")  # no address
    False
    """
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

    # A thread, because name resolution has no time limit; it may outlive this call.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout)
    return answers == [True]


def remedy(handle: str) -> str:
    """Message for a model that is not available: the remedies.

    Examples
    --------
    >>> remedy("https://tfhub.dev/google/yamnet/1").rpartition("; ")[2].partition(",")[0]
    'set TFHUB_CACHE_DIR to a TF Hub cache that contains it'
    """
    return (
        f"the model {handle} is not in {cache_folder()}, and cannot be downloaded; set TFHUB_CACHE_DIR to a"
        " TF Hub cache that contains it, or connect to the network, and run again"
    )
