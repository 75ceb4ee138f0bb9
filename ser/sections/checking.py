"""Check of all sections of `params.yaml`, whose success is kept: the functions that take them are slow to import."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ser.compute import cache
from ser.core.discovery import ROOT
from ser.reporting import tracking


def check(config: Mapping[str, Any]) -> None:
    """Raise an error if a section or a setting is unknown or missing, or has a value of another type.

    Parameters
    ----------
    config
        Content of `params.yaml`.

    Raises
    ------
    ValueError
        If something does not fit; the message has a line for each finding.
    Missing
        If the library of the tracker is not installed; a whole study would run before the tracker said so.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch.dict("os.environ", SER_CACHE_GB="0"):  # no cache
    ...     check({"seed": 0})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: params.yaml does not fit:
      tables is missing; give it a value, as conf/ has
      ...
    """
    _check_sections(config)
    tracking.check(config["tracking"]["name"])  # each time: libraries come and go


def _check_sections(config: Mapping[str, Any]) -> None:
    key = _key(config)
    with cache.opened() as store:
        if store.read([key]) != [None]:
            return
        from ser.sections import table

        if found := table.findings(config):
            raise ValueError("\n  ".join(["params.yaml does not fit:", *found]))
        store.write({key: b""})


def _key(config: Mapping[str, Any]) -> str:
    """Key of the cache: the settings, and all sources, because any of them may change what a function takes."""
    digest = hashlib.blake2b(json.dumps(config, sort_keys=True, default=str).encode(), digest_size=16)
    for path in sorted((ROOT / "ser").rglob("*.py")):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return cache.key("sections", digest.hexdigest())
