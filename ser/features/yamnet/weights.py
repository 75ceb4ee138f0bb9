"""Weights of the published YAMNet, for networks that begin with its layers."""

from collections.abc import Sequence

from ser.features.yamnet import hub
from ser.features.yamnet.network import Unavailable, downloaded
from ser.features.yamnet.patches import Array

VARIABLE = "_yamnet/layer_with_weights-{}/{}/.ATTRIBUTES/VARIABLE_VALUE"
NORMALISATION = ("beta", "moving_mean", "moving_variance")
MAX_REASON = 200  # characters of the error of TensorFlow


def weights(handle: str, *, n_layers: int) -> list[list[Array]]:
    """Weights of the first layers in order: a kernel, then shift, mean and variance of a normalisation, and so on.

    Parameters
    ----------
    n_layers
        The first layer is a convolution and its normalisation. Each further layer is a depthwise and a plain
        convolution, each with its normalisation.

    Raises
    ------
    Unavailable
        If the model is not available or not usable; the message has the remedy.
    """
    try:
        folder = downloaded(handle)
    except Exception as error:  # urllib and tarfile raise errors of many types
        raise Unavailable(f"{hub.remedy(handle)} ({type(error).__name__})") from error
    import tensorflow

    try:
        variables = tensorflow.train.load_checkpoint(str(folder / "variables/variables"))
        return [[variables.get_tensor(VARIABLE.format(k, name)) for name in _names(k)] for k in range(4 * n_layers - 2)]
    except (ValueError, tensorflow.errors.OpError) as error:
        reason = str(error).partition("\n")[0][:MAX_REASON]
        raise Unavailable(
            f"the model {handle} in {folder} does not have the weights of YAMNet ({reason}); remove that folder, and"
            " run again: it is then downloaded again"
        ) from error


def _names(k: int) -> Sequence[str]:
    """Variables of YAMNet's `k`-th layer with weights."""
    if k % 2:
        return NORMALISATION
    return ("depthwise_kernel",) if k % 4 == 2 else ("kernel",)
