"""Speech emotion recognition: one package per concern; `docs/map.md` describes them.

`predict_emotion(path)["emotion"]` is the emotion of a recording.
"""

from importlib import import_module
from typing import Any

from ser.core import numba_cache

__all__ = ["__version__", "predict_emotion"]

numba_cache.use()  # before anything imports numba


def __getattr__(name: str) -> Any:
    # Imported at its first use, so that a stage imports, and depends on, only the modules that it needs.
    if name == "__version__":
        return import_module("ser.core.version").version()
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("ser.serving.recognition"), name)
