"""Weights of the encoder of Whisper, read from a file of safetensors by name, without torch.

References
----------
.. [1] Radford et al. (2023), Robust speech recognition via large-scale weak supervision, ICML; weights under the MIT
   licence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ser.features.encoders.hugging_face import MAX_REASON, Unavailable

Array = npt.NDArray[np.float32]

HEAD_WIDTH = 64  # values of a head of the self-attention, in Whisper of every size
LITERT = ".tflite"  # ending of a file whose weights only LiteRT reads
ROWS = 8  # of a block of a matrix that is transposed
FIRST = "encoder.conv1.weight"  # end of a name; its beginning depends on how the model was saved


class Affine(NamedTuple):
    """Weights and bias of a dense layer or convolution, `(..., n_inputs, n_outputs)`; gain and bias of a normalisation.

    Examples
    --------
    >>> layer = Affine(np.ones((3, 2), np.float32), np.zeros(2, np.float32))
    >>> (np.ones(3, np.float32) @ layer.kernel + layer.bias).tolist()
    [3.0, 3.0]
    """

    kernel: Array
    bias: Array


@dataclass(frozen=True)
class Layer:
    """Weights of a layer: self-attention, then two dense layers, each after a normalisation.

    Examples
    --------
    >>> norm = Affine(np.ones(64, np.float32), np.zeros(64, np.float32))
    >>> dense = Affine(np.zeros((64, 64), np.float32), np.zeros(64, np.float32))
    >>> layer = Layer(norm, dense, dense, dense, dense, norm, expand=dense, contract=dense)
    >>> layer.attention_norm.kernel.shape, layer.query.kernel.shape
    ((64,), (64, 64))
    """

    attention_norm: Affine
    query: Affine
    key: Affine
    value: Affine
    output: Affine
    dense_norm: Affine
    expand: Affine
    contract: Affine


NAMES = {  # field of a layer -> name in the file
    "attention_norm": "self_attn_layer_norm",
    "query": "self_attn.q_proj",
    "key": "self_attn.k_proj",
    "value": "self_attn.v_proj",
    "output": "self_attn.out_proj",
    "dense_norm": "final_layer_norm",
    "expand": "fc1",
    "contract": "fc2",
}


@dataclass(frozen=True)
class Weights:
    """Weights of the encoder, or of its first layers, in single precision.

    Examples
    --------
    >>> kernels = (np.zeros((3, n_inputs, 128), np.float32) for n_inputs in (80, 128))
    >>> first, second = (Affine(kernel, np.zeros(128, np.float32)) for kernel in kernels)
    >>> weights = Weights((first, second), positions=np.zeros((1500, 128), np.float32), layers=(), norm=None)
    >>> weights.n_mels, weights.width, weights.n_heads
    (80, 128, 2)
    """

    convolutions: tuple[Affine, Affine]
    """Kernels `(3, n_mels, width)` and `(3, width, width)`; the second one has a stride of 2."""
    positions: Array
    """Added to the frames, `(n_positions, width)`; a frame has 20 ms."""
    layers: tuple[Layer, ...]
    norm: Affine | None
    """Normalisation after the last layer; None if later layers were not read."""

    @property
    def n_mels(self) -> int:
        """Bands of the spectra that the encoder takes."""
        return int(self.convolutions[0].kernel.shape[1])

    @property
    def width(self) -> int:
        """Values of a frame of a hidden state."""
        return int(self.positions.shape[1])

    @property
    def n_heads(self) -> int:
        """Heads of the self-attention."""
        return self.width // HEAD_WIDTH


def read(path: Path, *, n_layers: int | None = None, setting: str = "whisper.layers") -> Weights:
    """Read the weights of the first `n_layers` layers; None: of all, and of the normalisation after them.

    A hidden state has a number: 0 is the input of the first layer, `k` the output of layer `k`. The last one, whose
    number is that of all layers, is taken after the normalisation.

    Parameters
    ----------
    setting
        Setting of `params.yaml` that chooses `n_layers`, for messages.

    Raises
    ------
    Unavailable
        If the file cannot be read, has no encoder of Whisper, or the encoder has fewer layers.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from safetensors.numpy import save_file
    >>> kernels = {"conv1.weight": (64, 80, 3), "conv2.weight": (64, 64, 3), "embed_positions.weight": (1500, 64)}
    >>> shapes = kernels | dict.fromkeys(("conv1.bias", "conv2.bias", "layer_norm.weight", "layer_norm.bias"), (64,))
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "model.safetensors")
    ...     save_file({f"encoder.{name}": np.zeros(shape, np.float32) for name, shape in shapes.items()}, path)
    ...     weights = read(path)
    >>> weights.n_mels, weights.width, weights.layers
    (80, 64, ())
    """
    from safetensors import SafetensorError, safe_open

    if path.suffix == LITERT:
        raise Unavailable(
            f"{path} holds no weights that can be trained; choose another encoder, as -S whisper_states=tiny"
        )
    try:
        with safe_open(path, framework="numpy") as file:
            return _read(path, list(file.keys()), file.get_tensor, n_layers, setting)
    except (OSError, SafetensorError) as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0][:MAX_REASON]
        raise Unavailable(f"{path} cannot be read ({reason}); fetch it anew") from error


def _read(
    path: Path, names: list[str], tensor: Callable[[str], npt.NDArray[Any]], n_layers: int | None, setting: str
) -> Weights:
    prefix = next((name.removesuffix(FIRST) for name in names if f".{name}".endswith(f".{FIRST}")), None)
    if prefix is None:
        raise Unavailable(
            f"{path} has no {FIRST}, so it holds no encoder of Whisper; fetch the weights of such a model"
        )
    of_layers = f"{prefix}encoder.layers."
    n_present = len({name.removeprefix(of_layers).split(".")[0] for name in names if name.startswith(of_layers)})
    wanted = n_present if n_layers is None else n_layers
    if not 0 <= wanted <= n_present:
        raise Unavailable(
            f"{setting} asks for layer {wanted}, and the encoder in {path} has {n_present}; choose from 0 (the"
            f" input of the first layer) to {n_present}"
        )

    def array(name: str) -> npt.NDArray[Any]:
        if f"{prefix}encoder.{name}" not in names:
            raise Unavailable(f"{path} has no {prefix}encoder.{name}; fetch it anew")
        return tensor(f"{prefix}encoder.{name}")

    def affine(name: str) -> Affine:
        kernel = _transposed(array(f"{name}.weight"))  # in torch, outputs come first, steps of a convolution last
        has_bias = not name.endswith("k_proj")  # a bias of the keys would change nothing
        bias = array(f"{name}.bias") if has_bias else np.zeros(kernel.shape[-1])
        return Affine(kernel, bias.astype(np.float32))

    def layer(k: int) -> Layer:
        return Layer(**{field: affine(f"layers.{k}.{name}") for field, name in NAMES.items()})

    return Weights(
        convolutions=(affine("conv1"), affine("conv2")),
        positions=array("embed_positions.weight").astype(np.float32),
        layers=tuple(layer(k) for k in range(wanted)),
        norm=affine("layer_norm") if wanted == n_present else None,
    )


def _transposed(kernel: npt.NDArray[Any]) -> Array:
    """All axes reversed, in single precision; in blocks of rows, which takes a tenth of the time of one assignment."""
    found = np.empty(kernel.shape[::-1], np.float32)
    for start in range(0, len(kernel), ROWS):
        found[..., start : start + ROWS] = kernel[start : start + ROWS].T
    return found
