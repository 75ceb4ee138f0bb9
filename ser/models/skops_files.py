"""The library of the files of classifiers, imported in a stage without its search of all of scikit-learn.

At its import, skops imports every module of scikit-learn, and PyTorch where it is installed, to list the types that it
trusts by default. `classifier_reading` names the types that it trusts, so the list is not used. Other programs may use
it, so it stays as it is in every process that is not of a stage.
"""

import sys
from importlib import import_module
from types import ModuleType

from ser.core import stage


def library() -> ModuleType:
    """`skops.io`.

    Examples
    --------
    >>> library().__name__
    'skops.io'
    """
    if stage.is_running() and "skops" not in sys.modules:
        import sklearn.utils

        search, sklearn.utils.all_estimators = sklearn.utils.all_estimators, list
        try:
            import_module("skops.io")
        finally:
            sklearn.utils.all_estimators = search
    return import_module("skops.io")
