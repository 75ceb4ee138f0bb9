"""A cache of compositions of `conf/`: Hydra takes a quarter of a second for each, and many tests need the same."""

import hashlib
import os
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from ser.core import files
from ser.core.params_file import PARAMS
from ser.params import CONF
from tests.support.paths import ROOT


def kept(compose: Callable[..., None], folder: Path) -> Callable[..., None]:
    """`ser.params.compose`, which composes equal overrides of equal files once; `folder` has what is known."""

    def composed(overrides: list[str], *, conf: Path = CONF, path: Path = PARAMS) -> None:
        kept_out = () if any("experiment" in one for one in overrides) else ("experiment",)
        digest = digest_of_own if conf.resolve() == ROOT / "conf" else partial(content_digest, conf)
        key = hashlib.sha256(digest(*kept_out) + repr(overrides).encode()).hexdigest()
        known = folder / f"{key}.yaml"
        if known.exists():
            files.write_text(path, known.read_text(encoding="utf-8"))
        else:
            compose(overrides, conf=conf, path=path)
            _write_whole(known, path.read_bytes())

    return composed


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file that other processes of the tests may write at the same time, with the same content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    own = path.with_suffix(f".{os.getpid()}")
    own.write_bytes(content)
    own.replace(path)


@cache
def digest_of_own(*kept_out: str) -> bytes:
    """Digest of the repository's own `conf/`, which no test changes."""
    return content_digest(ROOT / "conf", *kept_out)


def content_digest(folder: Path, *kept_out: str) -> bytes:
    """Digest of the names and contents of all files in a folder, but those of some of its folders."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.yaml")):
        if path.relative_to(folder).parts[0] in kept_out:
            continue
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder)}\n{len(content)}\n".encode())
        digest.update(content)
    return digest.digest()
