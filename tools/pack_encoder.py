"""Write the first layers of an encoder of Whisper with 8-bit weights: the file in ser/features/encoders/packaged.

    python -m tools.pack_encoder whisper_tiny/model.safetensors --layers 3 --name whisper_tiny_int8

LiteRT's converter stores each matrix as whole numbers from -127 to 127 and one scale for each output. LiteRT also turns
the input of each product to 8 bits while it computes, with a scale for each state, and multiplies whole numbers.
"""

import argparse
import hashlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ser.core.quiet import silent_stderr
from ser.features.encoders import whisper_weights
from ser.features.encoders.whisper_files import LITERT, PACKAGED
from ser.features.encoders.whisper_litert import FRAMES, POSITIONS, STATE, sinusoids
from ser.features.encoders.whisper_weights import HEAD_WIDTH, Affine, Layer, Weights

EPSILON = 1e-5  # added to the variance in the normalisations
TOLERANCE = 1e-3  # of the positions, which are published in half precision


def main() -> None:
    """Write the file, and print the SHA-1 of its content, which is the revision in conf/whisper."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path, help="model.safetensors of the encoder, as transformers reads it")
    parser.add_argument("--layers", type=int, required=True, help="the first ones, which are kept")
    parser.add_argument("--name", required=True, help="of its folder in ser/features/encoders/packaged")
    options = parser.parse_args()
    data = converted(whisper_weights.read(options.weights, n_layers=options.layers, setting="--layers"))
    path = PACKAGED / options.name / LITERT
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    print(f"{path}: {len(data)} bytes, SHA-1 {hashlib.sha1(data).hexdigest()}")


def converted(weights: Weights) -> bytes:
    """Network that `ser.features.encoders.whisper_litert` runs, with all layers of `weights`.

    Raises
    ------
    ValueError
        If the positions are others than those of Whisper, which the file does not contain.
    """
    if not np.allclose(weights.positions, sinusoids(*weights.positions.shape), rtol=0, atol=TOLERANCE):
        raise ValueError("the encoder has other positions than Whisper's sinusoids; pack one of Whisper")
    signature = [
        tf.TensorSpec((1, None, weights.n_mels), tf.float32, name=FRAMES),
        tf.TensorSpec((None, weights.width), tf.float32, name=POSITIONS),
    ]
    module = tf.Module()
    module.serve = tf.function(lambda *given: _states(*given, weights), input_signature=signature)
    with tempfile.TemporaryDirectory() as folder, silent_stderr():
        tf.saved_model.save(module, folder, signatures=module.serve)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        return bytes(converter.convert())


# No shape is computed while the network runs: LiteRT then prepares all operations for a length at once.


def _states(frames: Any, positions: Any, weights: Weights) -> dict[str, Any]:
    for stride, kernel in enumerate(weights.convolutions, start=1):
        padded = tf.pad(frames, ((0, 0), (1, 1), (0, 0)))
        frames = _gelu(tf.nn.conv1d(padded, kernel.kernel, stride, "VALID") + kernel.bias)
    found = [tf.reshape(frames, (-1, weights.width)) + positions]
    for layer in weights.layers:
        found.append(_output(found[-1], layer))
    if weights.norm is not None:
        found[-1] = _normal(found[-1], weights.norm)
    return {f"{STATE}{number}": state for number, state in enumerate(found)}


def _output(states: Any, layer: Layer) -> Any:
    states += _product(_attended(_normal(states, layer.attention_norm), layer), layer.output)
    return states + _product(_gelu(_product(_normal(states, layer.dense_norm), layer.expand)), layer.contract)


def _attended(states: Any, layer: Layer) -> Any:
    parts = (_product(states, affine) for affine in (layer.query, layer.key, layer.value))
    query, key, value = (
        tf.transpose(tf.reshape(part, (-1, part.shape[1] // HEAD_WIDTH, HEAD_WIDTH)), (1, 0, 2)) for part in parts
    )
    share = tf.nn.softmax(tf.matmul(query * HEAD_WIDTH**-0.5, key, transpose_b=True))
    return tf.reshape(tf.transpose(share @ value, (1, 0, 2)), (-1, len(layer.value.bias)))


def _product(states: Any, weights: Affine) -> Any:
    return states @ weights.kernel + weights.bias


def _normal(states: Any, weights: Affine) -> Any:
    centred = states - tf.reduce_mean(states, -1, keepdims=True)
    variance = tf.reduce_mean(centred * centred, -1, keepdims=True)
    return centred * tf.math.rsqrt(variance + EPSILON) * weights.kernel + weights.bias


def _gelu(values: Any) -> Any:
    return tf.nn.gelu(values, approximate=False)


if __name__ == "__main__":
    main()
