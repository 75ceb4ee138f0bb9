"""Checkpoints of a training, by a hash of its inputs.

They lie outside the outputs of DVC, because DVC deletes outputs before a stage runs.
"""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ser.core import files
from ser.models import backend
from ser.models.backend import keras
from ser.models.examples import Examples
from ser.models.progress import Progress, Rules

CHECKPOINTS = Path("checkpoints")  # in the working folder, ignored by Git
STATE, LAST, BEST = "progress.json", "last.keras", "best.keras"
# Exceptions of Keras and Python for a file that is missing, truncated, or of another kind.
DAMAGED = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile)


def key(settings: Mapping[str, Any], *examples: Examples, code: str) -> str:
    """Hash of everything that a training depends on: settings, examples with their values, code, backend.

    Parameters
    ----------
    code
        Digest of the code that trains; see `ser.compute.code_digest`.

    Examples
    --------
    >>> import numpy as np
    >>> one = Examples(np.zeros((2, 3), np.float32), np.arange(2), np.array([0, 1]))
    >>> key({"seed": 0}, one, code="") == key({"seed": 1}, one, code="")
    False
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps([settings, backend.versions(), code], sort_keys=True).encode())
    for part in examples:
        digest.update(part.codes.tobytes())
        for chunk in part.chunks():
            digest.update(chunk.tobytes())
    return digest.hexdigest()


def keep(folder: Path, model: keras.Model, progress: Progress, rules: Rules) -> None:
    """Write the last network, then the figures of all epochs, then the best network, if it is the last one.

    A checkpoint is valid once the figures are written: `resumed` makes up for a best network that is not.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    >>> rules = Rules("last", 20, None, None, reduce_factor=0.5, min_learning_rate=0.0, warm_up=None)
    >>> with TemporaryDirectory() as folder:
    ...     keep(Path(folder), network, Progress([{"loss": 0.5}]), rules)
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['1.last.keras', 'best.keras', 'progress.json']
    """
    folder.mkdir(parents=True, exist_ok=True)
    n_epochs = len(progress.epochs)
    last = folder / f"{n_epochs}.{LAST}"
    with files.replacing(last) as temporary:
        model.save(temporary)
    files.write_json(folder / STATE, progress.epochs)
    _keep_best(folder, progress, rules)
    (folder / f"{n_epochs - 1}.{LAST}").unlink(missing_ok=True)


def _keep_best(folder: Path, progress: Progress, rules: Rules) -> None:
    """Copy the last network to that of the best epoch, if it is this one."""
    n_epochs = len(progress.epochs)
    if progress.best_epoch(rules) == n_epochs - 1:
        with files.replacing(folder / BEST) as temporary:
            shutil.copyfile(folder / f"{n_epochs}.{LAST}", temporary)  # faster than saving it again


def resumed(folder: Path, rules: Rules) -> tuple[Progress, keras.Model] | None:
    """Progress and last network of an interrupted training; None if there is none, or it is damaged.

    Examples
    --------
    >>> rules = Rules("last", 20, None, None, reduce_factor=0.5, min_learning_rate=0.0, warm_up=None)
    >>> resumed(Path("no_such_folder"), rules) is None
    True
    """
    if not (folder / STATE).exists():
        return None
    try:
        progress = Progress(files.read_json(folder / STATE))
        model = keras.saving.load_model(folder / f"{len(progress.epochs)}.{LAST}")
        _keep_best(folder, progress, rules)  # the process may have been killed before
        best(folder)
    except DAMAGED as error:
        print(f"warning: {folder} is damaged and cannot be resumed ({error}); training starts anew")
        shutil.rmtree(folder)
        return None
    return progress, model


def best(folder: Path) -> keras.Model:
    """Network of the best epoch, to predict with; without its optimizer, which is twice as large.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    >>> rules = Rules("last", 20, None, None, reduce_factor=0.5, min_learning_rate=0.0, warm_up=None)
    >>> with TemporaryDirectory() as folder:
    ...     keep(Path(folder), network, Progress([{"loss": 0.5}]), rules)
    ...     best(Path(folder)).output_shape
    (None, 2)
    """
    return keras.saving.load_model(folder / BEST, compile=False)


def discard(run: str) -> None:
    """Remove the checkpoints of a run that is complete, and those of earlier runs of that name.

    Examples
    --------
    >>> from contextlib import chdir
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder, chdir(folder):
    ...     for run in ("first", "second"):
    ...         files.write_json(CHECKPOINTS / run / "fold" / STATE, [])
    ...     discard("first")
    ...     [path.name for path in CHECKPOINTS.iterdir()]
    ['second']
    """
    shutil.rmtree(CHECKPOINTS / run, ignore_errors=True)
