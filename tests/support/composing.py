"""A cache of compositions of `conf/`: Hydra takes a fifth of a second for each, and many tests need the same."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from ser.core import files
from ser.core.params_file import PARAMS
from ser.params import CONF


def kept(compose: Callable[..., None]) -> Callable[..., None]:
    """`ser.params.compose`, which composes equal overrides of equal files once."""
    known: dict[tuple[bytes, tuple[str, ...]], str] = {}

    def composed(overrides: list[str], *, conf: Path = CONF, path: Path = PARAMS) -> None:
        kept_out = () if any("experiment" in one for one in overrides) else ("experiment",)
        key = content_digest(conf, *kept_out), tuple(overrides)
        if key in known:
            files.write_text(path, known[key])
        else:
            compose(overrides, conf=conf, path=path)
            known[key] = path.read_text(encoding="utf-8")

    return composed


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
