"""Speech emotion recognition: one module per noun of the field.

`predict_emotion(path)["emotion"]` is all that many need.
"""

from importlib import import_module
from typing import Any

__all__ = ["predict_emotion"]


def __getattr__(name: str) -> Any:
    # Imported when it is asked for: a stage that needs two modules of `ser` depends on no others, and waits for none.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("ser.serving.recognition"), name)
