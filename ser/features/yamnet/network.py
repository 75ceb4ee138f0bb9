"""YAMNet's network in LiteRT's format: converted from the published model once, and kept in the user's cache.

LiteRT starts in a fraction of a second and needs a third of the time for each patch. TensorFlow, which takes seconds to
start, is needed for the conversion only. The conversion has its own process, which runs this module as a script.
"""

import hashlib
import os
import subprocess
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

import numpy as np

from ser.core import extras
from ser.core.quiet import silent_stderr
from ser.features.yamnet import hub
from ser.features.yamnet.patches import N_MELS, PATCH_FRAMES, SAMPLE_RATE, Array, patches

VERSION = 1  # version of the conversion; raise it with every change
CACHE = Path("~/.cache/ser/litert")
BATCH = 8  # patches of a call; more would save 5 % of the time of many utterances, and cost time for a single one
N_EMBEDDINGS = 1024
TOLERANCE = 1e-4  # the largest values of embeddings are about 5
DIGEST_SIZE = 16  # bytes
UNUSED = ("keras", "jax")  # TensorFlow imports them if they exist, which takes longer than the conversion
MAX_REASON = 200  # characters of the error of TensorFlow


class Unavailable(ValueError):
    """The model is not available (not cached, and not downloadable), or not usable.

    Examples
    --------
    >>> issubclass(Unavailable, ValueError)
    True
    """


class Network:
    """Patches `(n_patches, 96, 64)` -> their embeddings `(n_patches, 1024)`. Threads take turns.

    All calls of the network have one shape, padded with zeros, and run on one core. So the bits of an embedding depend
    neither on the other patches nor on their number.
    """

    def __init__(self, content: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with silent_stderr():  # it reports its processor
            self._interpreter = Interpreter(model_content=content, num_threads=1)
            self._interpreter.allocate_tensors()
        self._taken = self._interpreter.get_input_details()[0]["index"]
        self._given = self._interpreter.get_output_details()[0]["index"]
        self._lock = Lock()

    def __call__(self, patches: Array) -> Array:
        """Embed any number of patches."""
        embeddings = np.empty((len(patches), N_EMBEDDINGS), np.float32)
        for start in range(0, len(patches), BATCH):
            batch = patches[start : start + BATCH, ..., np.newaxis]
            full = np.pad(batch, ((0, BATCH - len(batch)), (0, 0), (0, 0), (0, 0)))
            with self._lock:
                self._interpreter.set_tensor(self._taken, full)
                self._interpreter.invoke()
                embeddings[start : start + BATCH] = self._interpreter.get_tensor(self._given)[: len(batch)]
        return embeddings


@cache
def loaded(handle: str) -> Network:
    """Load the network, once in a process; at first use, download and convert the model.

    Raises
    ------
    Unavailable
        If the model is not available or not usable; the message has the remedy.
    ser.core.extras.Missing
        If TensorFlow is not installed.
    """
    return Network(_content(handle))


def _content(handle: str) -> bytes:
    extras.check("tensorflow")
    if hub.is_cached(handle) and (kept := _kept(_place(handle))):
        return kept
    content = _converted_elsewhere(handle)
    _keep(content, _place(handle))
    return content


def _place(handle: str) -> Path:
    """File of the network of a cached model, named by the content of the model, because a folder may change."""
    digest = hashlib.blake2b(f"{VERSION} {BATCH} {version('tensorflow')}".encode(), digest_size=DIGEST_SIZE)
    folder = hub.folder(handle)
    for path in (folder / "saved_model.pb", *hub.variables(folder)):
        digest.update(path.read_bytes())
    return CACHE.expanduser() / f"{digest.hexdigest()}.tflite"


def _keep(content: bytes, path: Path) -> None:
    """Write `content` and its digest, whole or not at all; do nothing if the cache is not writable."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent, prefix=".partial.") as folder:  # several processes may write at once
            temporary = Path(folder) / path.name
            temporary.write_bytes(content + _digest(content))
            temporary.replace(path)


def _kept(path: Path) -> bytes | None:
    """Content that `_keep` wrote; None if there is no file or it is damaged."""
    try:
        whole = path.read_bytes()
    except OSError:
        return None
    content, digest = whole[:-DIGEST_SIZE], whole[-DIGEST_SIZE:]
    return content if _digest(content) == digest else None


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=DIGEST_SIZE).digest()


def _converted_elsewhere(handle: str) -> bytes:
    """Convert in another process, which frees the memory and the threads of TensorFlow, and uses no GPU."""
    code = [str(Path(__file__).parents[3]), *filter(None, [os.environ.get("PYTHONPATH")])]
    with TemporaryDirectory() as folder:
        target = Path(folder) / "network.tflite"
        finished = subprocess.run(
            [sys.executable, "-m", __name__, handle, str(target)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(code), "CUDA_VISIBLE_DEVICES": "-1"},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if finished.returncode == 0:
            return target.read_bytes()
    reason = finished.stderr.rstrip().rpartition("\n")[2] or f"exit status {finished.returncode}"
    if not hub.is_cached(handle):
        raise Unavailable(f"{hub.remedy(handle)} ({reason})")
    raise Unavailable(
        f"the model {handle} in {hub.folder(handle)} cannot be used ({reason}); remove that folder, and run again: it"
        " is then downloaded again"
    )


def main(handle: str, target: str) -> None:
    """Convert a model to the file `target`; the last line on standard error is the reason of a failure."""
    try:
        Path(target).write_bytes(_converted(downloaded(handle)))
    except Exception as error:  # urllib, tarfile and TensorFlow raise errors of many types
        sys.exit(f"{type(error).__name__}: {error}".partition("\n")[0][:MAX_REASON])


def downloaded(handle: str) -> Path:
    """Folder of a model; the first time, it is downloaded by TensorFlow Hub, which imports TensorFlow.

    Raises
    ------
    ValueError
        If it is not the model that the handle stands for.

    Examples
    --------
    >>> with TemporaryDirectory() as mine:
    ...     Path(mine, "saved_model.pb").touch()
    ...     downloaded(mine) == Path(mine)  # a handle may be a folder
    True
    """
    folder = hub.folder(handle)
    if not hub.is_cached(handle):
        os.environ["TFHUB_CACHE_DIR"] = str(hub.cache_folder())
        import tensorflow_hub

        folder = Path(tensorflow_hub.resolve(handle))
    hub.check(handle, folder)
    return folder


def _converted(folder: Path) -> bytes:
    """Convert the part of a model between the patches and their embeddings to LiteRT's format.

    Raises
    ------
    ValueError
        If the model has no such part, or the converted part has other embeddings.
    """
    sys.modules |= dict.fromkeys(UNUSED)  # type: ignore[arg-type] # makes their import fail, as if not installed
    import tensorflow
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    model = tensorflow.saved_model.load(str(folder))
    whole = convert_variables_to_constants_v2(model.__call__.concrete_functions[0])
    tensors = [tensor for operation in whole.graph.get_operations() for tensor in operation.outputs]
    taken, given = _first(tensors, [None, PATCH_FRAMES, N_MELS, 1]), _first(whole.outputs, [None, N_EMBEDDINGS])
    shape = tensorflow.TensorSpec((BATCH, *taken.shape[1:]), tensorflow.float32)
    part = tensorflow.Module()
    part.network = tensorflow.function(whole.prune(taken, given), input_signature=[shape])
    converter = tensorflow.lite.TFLiteConverter.from_concrete_functions([part.network.get_concrete_function()], part)
    content: bytes = converter.convert()
    _check(content, model)
    return content


def _first(tensors: list[Any], shape: list[int | None]) -> Any:
    for tensor in tensors:
        if tensor.shape.rank is not None and tensor.shape.as_list() == shape:
            return tensor
    raise ValueError(f"it is not YAMNet: nothing in it has the shape {shape}")


def _check(content: bytes, model: Any) -> None:
    """Compare with the whole model on noise of rising level: six patches, so that the batch is not full."""
    waveform = np.random.default_rng(0).uniform(-1, 1, 3 * SAMPLE_RATE).astype(np.float32)
    waveform *= np.linspace(0, 1, waveform.size, dtype=np.float32)
    difference = np.abs(Network(content)(patches(waveform)) - model(waveform)[1].numpy()).max()
    if not difference <= TOLERANCE:
        raise ValueError(f"it is not YAMNet: on YAMNet's patches of noise, its embeddings are {difference:.3g} off")


if __name__ == "__main__":
    main(*sys.argv[1:])
