"""Write the first layers of an encoder of Whisper with 8-bit weights: the file in ser/features/encoders/packaged.

    python -m tools.pack_encoder whisper_tiny/model.safetensors --layers 3 --seconds 30

Each matrix is stored as whole numbers from -127 to 127 and one scale for each output, so that a weight is off by half
a step at most. The rest, which is small, is stored in half precision.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from ser.features.encoders.whisper_files import FILE, PACKAGED
from ser.features.encoders.whisper_weights import SCALE, Array

STATES_A_SECOND = 50
LARGEST = 127  # of a weight in 8 bits


def main() -> None:
    """Write the file, and print the SHA-1 of its content, which is the revision in conf/whisper."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path, help="model.safetensors of the encoder, as transformers reads it")
    parser.add_argument("--layers", type=int, required=True, help="the first ones, which are kept")
    parser.add_argument("--seconds", type=int, required=True, help="of the longest recording that the encoder takes")
    parser.add_argument("--to", type=Path, default=PACKAGED / "whisper_tiny_int8" / FILE)
    options = parser.parse_args()
    content = packed(load_file(options.weights), n_layers=options.layers, n_states=options.seconds * STATES_A_SECOND)
    options.to.parent.mkdir(parents=True, exist_ok=True)
    save_file(content, options.to)
    data = options.to.read_bytes()
    print(f"{options.to}: {len(data)} bytes, SHA-1 {hashlib.sha1(data).hexdigest()}")


def packed(tensors: dict[str, Array], *, n_layers: int, n_states: int) -> dict[str, np.ndarray]:
    """Tensors of the first layers under their names from `encoder` on, and the scale of each matrix.

    Parameters
    ----------
    tensors
        By the names of `transformers`.
    n_states
        Number of positions that are kept; a state has 20 ms.
    """
    found: dict[str, np.ndarray] = {}
    for full, tensor in tensors.items():
        name = full[full.index("encoder.") :] if "encoder." in full else f"encoder.{full}"
        if not _is_kept(name, n_layers):
            continue
        if name.endswith("embed_positions.weight"):
            found[name] = tensor[:n_states].astype(np.float16)
        elif tensor.ndim > 1:
            found[name], found[f"{name}{SCALE}"] = quantised(tensor)
        else:
            found[name] = tensor.astype(np.float16)
    return dict(sorted(found.items()))


def _is_kept(name: str, n_layers: int) -> bool:
    parts = name.split(".")
    if parts[1] == "layers":
        return int(parts[2]) < n_layers
    return parts[1] != "layer_norm"  # it follows the last layer, which is not kept


def quantised(matrix: Array) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers and the scale of each output, which is the first axis.

    Examples
    --------
    >>> numbers, scale = quantised(np.array([[1.0, -0.5], [0.0, 2.54]], np.float32))
    >>> numbers.tolist()
    [[127, -64], [0, 127]]
    >>> scale.round(4).tolist()
    [0.007899999618530273, 0.019999999552965164]
    """
    flat = matrix.reshape(len(matrix), -1).astype(np.float32)
    scale = np.maximum(np.abs(flat).max(axis=1), np.finfo(np.float32).tiny) / LARGEST
    numbers = np.rint(flat / scale[:, np.newaxis]).astype(np.int8)
    return numbers.reshape(matrix.shape), scale.astype(np.float32)


if __name__ == "__main__":
    main()
