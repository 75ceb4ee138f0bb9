"""Models on the Hugging Face Hub: `hf:OWNER/NAME` as the name of a model, and the upload of a bundle.

A downloaded bundle is loaded as any bundle of a stranger: only files of a bundle, of bounded size, with all checks of
`load`.
"""

import json
import re
from fnmatch import fnmatch
from pathlib import Path

from ser.core import bounds, extras, files
from ser.corpora.private_speakers import published
from ser.models import bundle, packaged

PREFIX = "hf:"
NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
OF_A_BUNDLE = (bundle.DESCRIPTION, *bundle.MODELS, bundle.HISTORY)
FILES = (*OF_A_BUNDLE, *(f"members/*/{name}" for name in OF_A_BUNDLE))
CARD = "README.md"
PATIENCE = 10.0  # seconds to wait for an answer of the hub
MAX_REASON = 200  # characters of the error of the hub's client


class Unavailable(ValueError):
    """A model of the hub cannot be downloaded or uploaded.

    Examples
    --------
    >>> issubclass(Unavailable, ValueError)
    True
    """


def resolved(model: str | Path | None = None) -> Path:
    """Folder of a model, downloaded if it is `hf:OWNER/NAME` or `hf:OWNER/NAME@REVISION`; else as `packaged.resolved`.

    Raises
    ------
    ValueError
        If there is no such model.

    Examples
    --------
    >>> resolved("./models/fold_0").as_posix()
    'models/fold_0'
    """
    if isinstance(model, str) and model.startswith(PREFIX):
        name, _, revision = model.removeprefix(PREFIX).partition("@")
        return downloaded(name, revision or None)
    return packaged.resolved(model)


@extras.named()
def downloaded(name: str, revision: str | None = None) -> Path:
    """Folder with the files of a bundle of the hub, from its cache on this machine where that has them.

    Raises
    ------
    Unavailable
        If the hub has no such bundle, it is too large, or there is no answer and no copy in the cache.

    Examples
    --------
    >>> downloaded("mine")
    Traceback (most recent call last):
    ser.serving.hub.Unavailable: the name of the model is 'mine'; wanted OWNER/NAME, as hf:OWNER/NAME
    """
    check_name(name)
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        found = HfApi().model_info(name, revision=revision, timeout=PATIENCE, files_metadata=True)
    except HfHubHTTPError as error:  # the hub has answered
        raise Unavailable(_failed("download", name, error, "check its name, and log in with: hf auth login")) from error
    except Exception as error:  # httpx raises errors of many types
        return _cached(name, revision, error)
    sizes = {file.rfilename: file.size or 0 for file in found.siblings or () if _is_wanted(file.rfilename)}
    if bundle.DESCRIPTION not in sizes:
        raise Unavailable(f"{PREFIX}{name} has no {bundle.DESCRIPTION}; wanted a model that ser push has uploaded")
    bounds.check_size(sum(sizes.values()), f"{PREFIX}{name}")
    try:
        folder = Path(str(snapshot_download(name, revision=found.sha, allow_patterns=sorted(sizes))))
        files.write_text(folder.parents[1] / "refs" / (revision or "main"), str(found.sha))  # for a use without network
        return folder
    except Exception as error:
        raise Unavailable(_failed("download", name, error, "run the command again to go on")) from error


def _cached(name: str, revision: str | None, error: Exception) -> Path:
    """Folder in the cache of the hub.

    Raises
    ------
    Unavailable
        If it is not there.
    """
    from huggingface_hub import snapshot_download

    try:
        return Path(str(snapshot_download(name, revision=revision, allow_patterns=FILES, local_files_only=True)))
    except Exception:
        remedy = "connect to the network, or give the folder of a model"
        raise Unavailable(_failed("download", name, error, remedy)) from error


@extras.named()
def uploaded(name: str, folder: Path, card: str, *, private: bool) -> str:
    """Upload the files of a bundle and its card; return the address of the commit.

    Raises
    ------
    Unavailable
        If the hub refuses.

    Examples
    --------
    >>> uploaded("mine", Path("models/fold_0"), "", private=True)
    Traceback (most recent call last):
    ser.serving.hub.Unavailable: the name of the model is 'mine'; wanted OWNER/NAME, as hf:OWNER/NAME
    """
    check_name(name)
    from huggingface_hub import CommitOperationAdd, HfApi

    paths = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    added = [CommitOperationAdd(place, _content(path)) for place, path in paths.items() if _is_wanted(place)]
    added.append(CommitOperationAdd(CARD, card.encode()))
    api = HfApi()
    try:
        api.create_repo(name, private=private, exist_ok=True)
        done = api.create_commit(name, added, commit_message="Model of ser")
    except Exception as error:  # httpx and the hub raise errors of many types
        raise Unavailable(
            _failed("upload", name, error, "check the network, and log in with a token that can write: hf auth login")
        ) from error
    return str(done.commit_url)


def check_name(name: str) -> None:
    """Check the form of a name.

    Raises
    ------
    Unavailable
        If it is no OWNER/NAME.

    Examples
    --------
    >>> check_name("someone/a-model")
    """
    if not NAME.fullmatch(name):
        raise Unavailable(f"the name of the model is {name!r}; wanted OWNER/NAME, as hf:OWNER/NAME")


def _content(path: Path) -> Path | bytes:
    """A file, or the description of a bundle as others may get it."""
    if path.name != bundle.DESCRIPTION:
        return path
    return json.dumps(published(bundle.read_description(path.parent)), indent=2, ensure_ascii=False).encode()


def _is_wanted(place: str) -> bool:
    return any(fnmatch(place, pattern) for pattern in FILES) and place.count("/") in (0, 2)


def _failed(what: str, name: str, error: Exception, remedy: str) -> str:
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:MAX_REASON]
    return f"cannot {what} {name} ({reason}); {remedy}"
