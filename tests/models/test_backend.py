"""The backend of Keras: what it prints."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.support.paths import ROOT

SEED = """
import sys
from ser.models import backend
backend.seed_everything(0, deterministic=False)
print(backend.keras.backend.backend(), "tensorflow" in sys.modules)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jax", "torch"])
def test_another_backend_does_not_print_the_messages_of_tensorflow(name: str) -> None:
    """Keras seeds TensorFlow too if it is installed, and TensorFlow prints lines when it starts."""
    pytest.importorskip(name)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
    done = subprocess.run(
        [sys.executable, "-c", SEED],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment | {"KERAS_BACKEND": name, "JAX_PLATFORMS": "cpu"},
        timeout=300,
        check=True,
    )
    assert done.stdout.split() == [name, str(find_spec("tensorflow") is not None)]
    assert done.stderr == ""
