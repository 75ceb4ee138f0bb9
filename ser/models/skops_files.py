"""The library of the files of classifiers, imported in a stage without its search of all of scikit-learn.

At its import, skops imports every module of scikit-learn to list the types that it trusts by default. Two of these
modules would import PyTorch and Dask where they are installed. They take longer than all others and have no such type,
so they are left out. `classifier_reading` names the types that it trusts, so the list is not used. Other programs may
use it, so it stays as it is in every process that is not of a stage.
"""

import sys
from importlib import import_module
from types import ModuleType

from ser.core import stage
from ser.core.hidden import hidden

LEFT_OUT = ("sklearn.externals.array_api_compat.dask", "sklearn.externals.array_api_compat.torch")


def library() -> ModuleType:
    """`skops.io`.

    Examples
    --------
    >>> library().__name__
    'skops.io'
    """
    if "skops" in sys.modules:
        return import_module("skops.io")
    import sklearn.utils

    search = sklearn.utils.all_estimators
    try:
        if stage.is_running():
            sklearn.utils.all_estimators = list
        with hidden(*LEFT_OUT):
            return import_module("skops.io")
    finally:
        sklearn.utils.all_estimators = search
