"""Keras's backend (TensorFlow, JAX or PyTorch, as `KERAS_BACKEND` says): seeds, determinism, what runs where."""

import logging
import os
from importlib.metadata import version

from ser.core.quiet import silent_stderr

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # no reports that all is well, unless someone asks for them
with silent_stderr():
    import keras as keras  # all else takes it from here

    if keras.backend.backend() == "tensorflow":
        keras.distribution.list_devices()  # starts it here, where nobody hears its reports
# It warns that several networks in one process are compiled one by one, as they must be.
logging.getLogger("tensorflow").setLevel(logging.ERROR)

DISTRIBUTIONS = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}


def seed_everything(seed: int, *, deterministic: bool) -> None:
    """Seed Python, NumPy and the backend; where `deterministic`, ask the backend for operations that repeat exactly.

    An operation that cannot repeat exactly is an error then. TensorFlow cannot take the demand back in one process.
    """
    keras.utils.set_random_seed(seed)
    if not deterministic:
        return
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()
    elif keras.backend.backend() == "torch":
        import torch

        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what PyTorch asks for, for CUDA
        torch.use_deterministic_algorithms(True)


def devices() -> str:
    """What the backend computes on, as `tensorflow on gpu:0`."""
    backend = keras.backend.backend()
    if backend == "torch":
        import torch

        return f"{backend} on {'cuda' if torch.cuda.is_available() else 'cpu'}"
    return f"{backend} on {', '.join(keras.distribution.list_devices())}"


def on_cpu() -> bool:
    """Whether the backend computes on cores of the processor: there is no accelerator."""
    return "cpu" in devices()


def versions() -> dict[str, str]:
    """Versions of Keras and of its backend."""
    backend = DISTRIBUTIONS[keras.backend.backend()]
    return {"keras": keras.version(), backend: version(backend)}
