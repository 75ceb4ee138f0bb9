"""Checks of a bundle of anybody before it serves: its settings, the networks that it names, and one prediction."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ser.audio.waveforms import Waveform
from ser.core import extras
from ser.core.file_checks import Invalid
from ser.models import bundle_file
from ser.representation import registry

TRIED = 16_000  # samples, and samples a second, of the noise that is predicted
SIMILAR = 1e-3  # largest difference from 1 of the sum of probabilities
MAX_REASON = 400  # characters of the message of a library


def check_representation(path: Path, representation: Mapping[str, Any], networks: Collection[str]) -> None:
    """Check the settings of the extraction, before anything that they name is loaded.

    Parameters
    ----------
    path
        Description of the bundle, for the message.
    representation
        Its entry `representation`.
    networks
        Networks that the user allows, beside those that this project knows by their content.

    Raises
    ------
    ValueError
        If the representation is unknown, a setting is wrong, or another network is named.

    Examples
    --------
    >>> opensmile = {"name": "opensmile", "settings": {"name": "eGeMAPSv02", "sample_rate": 16_000}}
    >>> check_representation(Path("bundle.json"), opensmile, networks=())
    >>> opensmile["settings"]["sample_rate"] = 0
    >>> check_representation(Path("bundle.json"), opensmile, networks=())  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: bundle.json is damaged: representation.settings.sample_rate is 0; wanted a number from 1000 to ...
    """
    settings = representation["settings"]
    try:
        known = registry.definition(representation["name"])
        known.check_settings(settings)
    except ValueError as error:
        reason = f"representation.{error}" if isinstance(error, Invalid) else error
        raise ValueError(f"{path} is damaged: {reason}; {bundle_file.REMEDY}") from None
    found = known.unknown_networks(settings) if known.unknown_networks else ()
    if unknown := [one for one in found if one not in networks]:
        raise ValueError(
            f"{path} names the network {unknown[0]}, which is none that ser knows by its content, so that it could run"
            f" any code; if you trust it, name it too: --network {unknown[0]}, or for service and page"
            f" SER_NETWORKS={unknown[0]}"
        )


def check_weights(
    path: Path, representation: Mapping[str, Any], description: Mapping[str, Any], networks: Collection[str]
) -> None:
    """Check that the networks of this machine have the weights that the model was trained with.

    A handle, such as that of YAMNet, may stand for other weights on another machine: a restored copy, a later release.
    The answers of the model would be worse, with no other sign.

    Parameters
    ----------
    path
        Description of the bundle, for the message.
    representation
        Its entry `representation`.
    description
        The rest of it; `weights` has the digests.
    networks
        Networks that the user allows; with any weights, too.

    Raises
    ------
    ValueError
        If the weights of a network are others.

    Examples
    --------
    >>> check_weights(Path("bundle.json"), {"name": "librosa", "settings": {}}, {}, networks=())
    """
    recorded: Mapping[str, str] = description.get("weights", {})
    found = registry.weights(representation) if recorded else {}
    for network, wanted in recorded.items():
        if network not in networks and found.get(network, wanted) != wanted:
            raise ValueError(
                f"{path} was trained with weights of the network {network} with the SHA-256 {wanted[:16]}…, and this"
                f" machine has {found[network][:16]}…: answers would be others; get the same weights (TFHUB_CACHE_DIR),"
                f" train anew, or accept these: --network {network}, or for service and page SER_NETWORKS={network}"
            )


def try_out(name: str, probabilities: Callable[[Waveform, int], npt.NDArray[np.float64]]) -> None:
    """Predict noise, so that settings that do not fit the model are found before the first recording.

    Raises
    ------
    ValueError
        If the prediction fails, has no probabilities, or needs a library that is not installed.

    Examples
    --------
    >>> try_out("fair", lambda waveform, sample_rate: np.array([0.5, 0.5]))
    >>> try_out("broken", lambda waveform, sample_rate: np.array([0.5, 0.9]))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: broken predicts [0.5, 0.9], which are no probabilities; ...
    """
    noise = np.random.default_rng(0).normal(0, 0.1, TRIED).astype(np.float32)
    try:
        with extras.named():
            found = probabilities(noise, TRIED)
    except extras.Missing:
        raise
    except Exception as error:  # libraries of features and of models raise errors of many types
        reason = f"{type(error).__name__}: {error}".partition("\n")[0][:MAX_REASON]
        raise ValueError(f"{name} cannot predict ({reason}); {bundle_file.REMEDY}") from error
    if not np.isfinite(found).all() or (found < 0).any() or abs(found.sum() - 1) > SIMILAR:
        raise ValueError(f"{name} predicts {found.tolist()}, which are no probabilities; {bundle_file.REMEDY}")
