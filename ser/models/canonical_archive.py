"""Archives of skops in one form: equal models give equal bytes.

skops names the members of an archive by addresses in memory or at random, and gives them the time of the day. The file
then differs after every training, also if the model is equal.
"""

import io
import json
import zipfile
from pathlib import PurePosixPath
from typing import Any

import numpy as np

SCHEMA = "schema.json"
IDENTITY, MEMBER = "__id__", "file"  # keys of a node of the schema: which object it is, and where its values are
TIME = (1980, 1, 1, 0, 0, 0)  # the first that an archive can state


def canonical(archive: bytes) -> bytes:
    """Archive of the same model, with numbers for names in the order of the schema, and one time for all members.

    Bytes between the fields of a table, which have no meaning, become 0.

    Examples
    --------
    >>> archive = io.BytesIO()
    >>> with zipfile.ZipFile(archive, "w") as file:
    ...     file.writestr(SCHEMA, json.dumps({"__id__": 140_001_234_567_890}))
    >>> with zipfile.ZipFile(io.BytesIO(canonical(archive.getvalue()))) as file:
    ...     json.loads(file.read(SCHEMA))
    {'__id__': 0}
    """
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        schema = json.loads(source.read(SCHEMA))
        members: dict[str, str] = {}
        _renumber(schema, identities={}, members=members)
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as new:
            for old, name in members.items():
                new.writestr(zipfile.ZipInfo(name, TIME), _without_padding(name, source.read(old)))
            new.writestr(zipfile.ZipInfo(SCHEMA, TIME), json.dumps(schema, indent=2))
    return target.getvalue()


def _renumber(node: Any, *, identities: dict[int, int], members: dict[str, str]) -> None:
    """Replace identities and names of members, in place, by the number of their first appearance."""
    if isinstance(node, list):
        for child in node:
            _renumber(child, identities=identities, members=members)
    if not isinstance(node, dict):
        return
    if isinstance(node.get(IDENTITY), int):
        node[IDENTITY] = identities.setdefault(node[IDENTITY], len(identities))
    if "__loader__" in node and isinstance(node.get(MEMBER), str):
        node[MEMBER] = members.setdefault(node[MEMBER], f"{len(members)}{PurePosixPath(node[MEMBER]).suffix}")
    for child in node.values():
        _renumber(child, identities=identities, members=members)


def _without_padding(name: str, content: bytes) -> bytes:
    if not name.endswith(".npy"):
        return content
    values = np.load(io.BytesIO(content), allow_pickle=False)
    if values.dtype.names is None:
        return content
    clean = np.zeros(values.shape, values.dtype)  # zeros_like leaves the bytes between fields as they are
    for field in values.dtype.names:
        clean[field] = values[field]
    written = io.BytesIO()
    np.save(written, clean, allow_pickle=False)
    return written.getvalue()
