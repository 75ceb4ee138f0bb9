"""Check of the choice of `adaptation` against the chosen model, before anything is extracted."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

NONE = "none"


def check(config: Mapping[str, Any]) -> None:
    """Raise a `ValueError` if the features of the model have another adaptation, or cannot be adapted.

    Parameters
    ----------
    config
        The sections `adaptation`, `representation`, `model`, `members` and `paths.extracted` of the parameters.
    """
    name, taken = config["adaptation"]["name"], config["representation"].get("adaptation", NONE)
    if name != taken:
        raise ValueError(
            f"adaptation.name is {name}, and the model reads features with the adaptation {taken}; choose a file of"
            " conf/adaptation: -S adaptation=speaker or -S adaptation=none"
        )
    if name == NONE:
        return
    if config["members"]:
        raise ValueError(
            f"adaptation={name} is for a model of one feature table, and {config['model']['name']} has members, each"
            " with features of its own; choose -S adaptation=none, or one of them, as -S model=svm"
        )
    if not Path(config["paths.extracted"]).suffix:
        raise ValueError(
            f"adaptation={name} takes a feature table, and the {config['representation']['name']} of model"
            f" {config['model']['name']} are arrays; choose -S adaptation=none, or a model of tables, as -S model=svm"
        )
