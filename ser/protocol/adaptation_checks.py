"""Check, before extraction, that the settings of adaptation and model fit together."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

NO_ADAPTATION = "none"


def check(config: Mapping[str, Any]) -> None:
    """Raise an error if the adaptation does not fit the features of the model.

    Parameters
    ----------
    config
        Parameters adaptation, representation, model, members and paths.extracted.

    Raises
    ------
    ValueError
        If the features of the model have another adaptation, are arrays, or are those of several members.

    Examples
    --------
    >>> features = {"representation": {"name": "log_mel", "adaptation": "speaker"}, "paths.extracted": "data/log_mel"}
    >>> check({"adaptation": {"name": "speaker"}, **features, "model": {"name": "cnn"}, "members": {}})
    ... # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: adaptation=speaker needs a feature table, but the log_mel of model cnn are arrays; choose ...
    """
    name, of_features = config["adaptation"]["name"], config["representation"].get("adaptation", NO_ADAPTATION)
    if name != of_features:
        raise ValueError(
            f"adaptation.name is {name}, but the model reads features with the adaptation {of_features}; choose a"
            " file of conf/adaptation: -S adaptation=speaker or -S adaptation=none"
        )
    if name == NO_ADAPTATION:
        return
    if config["members"]:
        raise ValueError(
            f"adaptation={name} needs a model of one feature table, but {config['model']['name']} has members with"
            " different features; choose -S adaptation=none, or a single model, such as -S model=svm"
        )
    if not Path(config["paths.extracted"]).suffix:
        raise ValueError(
            f"adaptation={name} needs a feature table, but the {config['representation']['name']} of model"
            f" {config['model']['name']} are arrays; choose -S adaptation=none, or a model of feature tables, such as"
            " -S model=svm"
        )


def check_speakers(speaker: "pd.Series") -> None:
    """Check that the speakers are known.

    Parameters
    ----------
    speaker
        Utterance (index) -> its speaker.

    Raises
    ------
    ValueError
        If one is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> check_speakers(pd.Series({"a": "savee/DC", "b": None}))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: adaptation=speaker needs the speaker of every utterance, but 1 of 2 have none, the first is b; set ...
    """
    if speaker.isna().any():
        unknown = speaker.index[speaker.isna()].unique()
        raise ValueError(
            f"adaptation=speaker needs the speaker of every utterance, but {len(unknown)} of"
            f" {speaker.index.nunique()} have none, the first is {unknown[0]}; set corpus.speaker_pattern or"
            " add a speakers.csv to the root of the corpus, or choose -S adaptation=none"
        )
