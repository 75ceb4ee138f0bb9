"""Keras's backend (TensorFlow, JAX or PyTorch, chosen by `KERAS_BACKEND`): seeds, determinism, devices."""

import logging
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib.metadata import version

from ser.core.quiet import silent_stderr

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # warnings and errors only, unless the user has set another level
with silent_stderr():
    import keras as keras  # other modules import it from here
    from keras.src.random import seed_generator

    if keras.backend.backend() == "tensorflow":
        keras.distribution.list_devices()  # starts TensorFlow while its messages are discarded
# TensorFlow warns when several networks in one process are compiled one by one, which is intended here.
logging.getLogger("tensorflow").setLevel(logging.ERROR)

DISTRIBUTIONS = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}


def seed_everything(seed: int, *, deterministic: bool) -> None:
    """Seed Python, NumPy and the backend; if `deterministic`, allow only operations that repeat exactly.

    Any other operation is then an error. TensorFlow cannot undo the choice within a process.

    Examples
    --------
    >>> seed_everything(0, deterministic=False)
    >>> first = random.random()
    >>> seed_everything(0, deterministic=False)
    >>> random.random() == first
    True
    """
    with nullcontext() if "tensorflow" in sys.modules else silent_stderr():
        keras.utils.set_random_seed(seed)  # seeds TensorFlow beside any other backend, so it starts TensorFlow
    if not deterministic:
        return
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()
    elif keras.backend.backend() == "torch":
        import torch

        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # PyTorch requires it for CUDA
        torch.use_deterministic_algorithms(True)


@contextmanager
def initial_weights(seed: int) -> Iterator[None]:
    """Draw the seeds of initial weights within the block from a generator that no other thread can use.

    Keras draws them from the module `random`, which all threads of a process share. A Dask worker or a web page draws
    from it as well, and the initial weights then differ between two runs with equal seeds. The values are those that
    follow `seed_everything(seed)`.

    Examples
    --------
    >>> with initial_weights(0):
    ...     first = keras.initializers.GlorotUniform().seed
    >>> with initial_weights(0):
    ...     keras.initializers.GlorotUniform().seed == first
    True
    """
    shared = seed_generator.python_random
    seed_generator.python_random = random.Random(seed)
    try:
        yield
    finally:
        seed_generator.python_random = shared


def devices() -> str:
    """Backend and its devices, as `tensorflow on gpu:0`.

    Examples
    --------
    >>> devices().split(" on ")[0] == keras.backend.backend()
    True
    """
    backend = keras.backend.backend()
    if backend == "torch":
        import torch

        return f"{backend} on {'cuda' if torch.cuda.is_available() else 'cpu'}"
    return f"{backend} on {', '.join(keras.distribution.list_devices())}"


def on_cpu() -> bool:
    """True if the backend computes on the CPU, because there is no accelerator.

    Examples
    --------
    >>> on_cpu() == ("cpu" in devices())
    True
    """
    return "cpu" in devices()


def versions() -> dict[str, str]:
    """Versions of Keras and of its backend.

    Examples
    --------
    >>> "keras" in versions()
    True
    """
    backend = DISTRIBUTIONS[keras.backend.backend()]
    return {"keras": keras.version(), backend: version(backend)}
