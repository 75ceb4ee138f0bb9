"""The centre of the features of a classifier: the mean of each in its training. A speaker's mean is compared with it.

A trained classifier has it in its scaler, an export in its `bundle.json`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ser.models.bundle import Bundle

Values = npt.NDArray[np.float32]


def of_bundle(model: Bundle) -> Values | None:
    """Mean of each feature in the training, `(n_columns,)`; None if the model has none, as a network.

    Examples
    --------
    >>> description = {"centre": [0.5, 2.0]}
    >>> of_bundle(Bundle(None, ["calm", "sad"], ["RMS", "Pitch"], {"name": "mine", "settings": {}}, description))
    array([0.5, 2. ], dtype=float32)
    """
    stored = model.description.get("centre")
    found = _mean_of_scaler(model.model) if stored is None else stored
    return None if found is None else np.asarray(found, np.float32)


def of_models(models: Sequence[object], *, name: str) -> list[Values]:
    """Mean of each feature in the training of each model, `(n_columns,)`.

    Parameters
    ----------
    name
        Name of the models together, for the message.

    Raises
    ------
    ValueError
        If a model keeps none.

    Examples
    --------
    >>> model = Bundle(None, ["calm", "sad"], ["RMS"], {"name": "mine", "settings": {}}, {"centre": [0.5]})
    >>> of_models([model], name="models/fold_0")
    [array([0.5], dtype=float32)]
    """
    found = [of_bundle(model) if isinstance(model, Bundle) else None for model in models]
    if any(one is None for one in found):
        raise ValueError(
            f"{name} keeps no mean of its training features, which an enrolment is compared with; wanted a classifier"
            " of a table of features (model=logistic_regression or svm), trained here, or exported anew with: ser"
            " export models/fold_0"
        )
    return [one for one in found if one is not None]


def written(centre: Values) -> list[float]:
    """Numbers of a centre for `bundle.json`, with the digits of single precision.

    Examples
    --------
    >>> written(np.array([1 / 3], np.float32))
    [0.333333343]
    """
    return [float(f"{one:.9g}") for one in centre]


def _mean_of_scaler(model: Any) -> Any:
    """Mean of the scaler of a calibrated classifier, whose first step it is."""
    for calibrated in getattr(model, "calibrated_classifiers_", ()):
        for _, step in getattr(calibrated.estimator, "steps", ())[:1]:
            return getattr(step, "mean_", None)
    return None
