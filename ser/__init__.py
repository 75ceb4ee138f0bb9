"""Speech emotion recognition: one package per concern; `docs/map.md` describes them.

`predict_emotion(path)["emotion"]` is the emotion of a recording; docs/library.md shows the other functions.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from ser.core import numba_cache

MODULES = {  # name -> module that has it
    "predict_emotion": "ser.serving.recognition",
    "Recognizer": "ser.serving.recognition",
    "load": "ser.serving.recognition",
    "features": "ser.api",
    "compare": "ser.api",
    "audit": "ser.api",
}

__all__ = ["Recognizer", "__version__", "audit", "compare", "features", "load", "predict_emotion"]

numba_cache.use()  # before anything imports numba


class _Called(ModuleType):
    """A package whose name is also that of a function: `ser.compare` has modules, `ser.compare(a, b)` compares."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return _function(self)(*arguments, **options)

    @property
    def __signature__(self) -> Any:
        from inspect import signature  # takes time

        return signature(_function(self))


class _Library(ModuleType):
    def __setattr__(self, name: str, value: Any) -> None:
        if name in MODULES and isinstance(value, ModuleType):  # the import of a package sets it here
            value.__class__ = _Called
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Library


def __getattr__(name: str) -> Any:
    # Imported at its first use, so that a stage imports, and depends on, only the modules that it needs.
    if name == "__version__":
        return import_module("ser.core.version").version()
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in ("audit", "compare", "features"):
        return import_module(f"ser.{name}")
    return getattr(import_module(MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _function(package: ModuleType) -> Any:
    name = package.__name__.rpartition(".")[2]
    return getattr(import_module(MODULES[name]), name)
