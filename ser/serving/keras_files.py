"""Keras files of other projects, also HDF5 files of Keras 2."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ser.core import extras
from ser.core.wording import counted
from ser.models import bundle, calibration
from ser.models.keras_names import HDF5
from ser.serving import foreign_input
from ser.serving.foreign_input import Arrangement, FrontEnd
from ser.serving.recognition import Recognizer, of_bundles

LOG_MEL = {  # equal to `conf/log_mel/mel_64.yaml`, which is not part of the installed package
    "name": "mel_64",
    "sample_rate": 16_000,
    "duration": 3.0,
    "n_fft": 2048,
    "hop_length": 512,
    "n_mels": 64,
    "fmax": 8000.0,
}
MEL_64 = FrontEnd("log_mel", LOG_MEL, [], (64, 94), "mel spectrograms of 64 bands and 94 frames")
KERAS = ".keras"
PICKLES = (".pkl", ".pickle", ".joblib", ".sav", ".pt", ".pth", ".npy")
MAX_REASON = 200  # characters of a message of Keras

Values = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ForeignClassifier:
    """A network of another project, with the interface of a scikit-learn classifier.

    Examples
    --------
    >>> sigmoid = ForeignClassifier(lambda values, training: [[0.75]], ["calm", "angry"], Arrangement((2,), False))
    >>> sigmoid.predict_proba(np.zeros((1, 2), np.float32)).tolist()
    [[0.25, 0.75]]
    """

    network: Any
    classes_: list[str]
    """Emotions, in the order of the network's output; for a single output, those of 0 and of 1."""
    arranged: Arrangement
    """Way in which the network takes the values of a recording."""

    def predict_proba(self, values: Values) -> Probabilities:
        """Probability of each of `classes_`, `(n_rows, n_labels)`.

        Raises
        ------
        ValueError
            If the outputs of the network are not probabilities.
        """
        outputs = np.asarray(self.network(self.arranged.of(values), training=False), np.float64)
        if outputs.shape[1] == 1:
            if not ((outputs >= 0) & (outputs <= 1)).all():
                raise ValueError(
                    f"the model's output is no probability ({outputs.flat[0]:.3g}); the last layer must be a sigmoid"
                )
            outputs = np.hstack([1 - outputs, outputs])
        calibration.check_probabilities(outputs)
        probabilities: Probabilities = outputs / outputs.sum(axis=1, keepdims=True)
        return probabilities


def is_file_of_model(path: Path) -> bool:
    """True if `path` is a file or has the name of a model's file, and is not the folder of a bundle.

    Examples
    --------
    >>> is_file_of_model(Path("theirs.h5")), is_file_of_model(Path("models/fold_0"))
    (True, False)
    """
    return path.is_file() or (not path.is_dir() and path.suffix.lower() in (*HDF5, KERAS, *PICKLES))


@extras.named()
def load(path: Path, labels: str | None, *, representation: Path | None = None, all_speech: bool = False) -> Recognizer:
    """Read a Keras file that returns the probabilities of `labels` (`neutral,happy,…`).

    Parameters
    ----------
    representation
        Settings of the features that it takes, as `conf/librosa/means_42.yaml`; it gets their values as they are, not
        standardised. By default those of `conf/log_mel/mel_64.yaml`: 64 bands and 94 frames of 3 s at 16 kHz.

    Raises
    ------
    ValueError
        If the file does not exist, is not a Keras file, could run code, or does not fit `labels` or the features, or a
        library is not installed.
    """
    if not path.is_file():
        raise ValueError(f"there is no {path}; give a bundle's folder, or a Keras file (.keras, .h5)")
    suffix = path.suffix.lower()
    if suffix in PICKLES:
        raise ValueError(
            f"{path} could run code when it is read, so it is refused; train the model here (dvc repro train), or save"
            " the network as .keras or .h5"
        )
    if suffix not in (*HDF5, KERAS):
        raise ValueError(f"{path} is not a Keras file (.keras, .h5); give one of these, or a bundle's folder")
    if path.suffix != suffix:
        raise ValueError(f"{path} has a name that Keras does not read; rename it to end in {suffix}")
    names = [name.strip() for name in (labels or "").split(",") if name.strip()]
    if len(names) < 2 or len(set(names)) < len(names):
        found = f"; --labels has {', '.join(names)}, wanted two or more, each once" if names else ""
        raise ValueError(
            f"{path} needs the emotions of its outputs, in their order, as: --labels neutral,happy,sad{found}"
        )
    front_end = MEL_64 if representation is None else foreign_input.read(representation)
    model = fitted(_network(path), names, front_end, free=representation is not None)
    extraction = {"name": front_end.name, "settings": front_end.settings}
    one = bundle.Bundle(model, names, front_end.columns, extraction, {})
    return of_bundles(str(path), [one], {"model": {"name": path.name}, "labels": names}, all_speech=all_speech)


def fitted(network: Any, labels: list[str], front_end: FrontEnd, *, free: bool = False) -> ForeignClassifier:
    """The network as a classifier of `labels`, with the arrangement of its input.

    Parameters
    ----------
    free
        True to accept an input of any length: the user has chosen the front end.

    Raises
    ------
    ValueError
        If its input is not that of the front end, or it has another number of outputs than `labels`.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> network = SimpleNamespace(inputs=["x"], outputs=["y"], input_shape=(None, 64, 94, 1), output_shape=(None, 2))
    >>> fitted(network, ["calm", "angry"], MEL_64).arranged
    Arrangement(shape=(64, 94, 1), transposed=False)
    """
    if len(network.inputs) != 1 or len(network.outputs) != 1:
        raise ValueError(
            f"the network has {counted(len(network.inputs), 'input')} and {counted(len(network.outputs), 'output')};"
            " wanted one of each, so save the part from one input to one output"
        )
    arranged = foreign_input.arrangement(tuple(network.input_shape[1:]), front_end, free=free)
    n_outputs, listed = network.output_shape[-1], ", ".join(labels)
    if n_outputs == 1 and len(labels) != 2:
        raise ValueError(
            f"the network has 1 output, and --labels has {len(labels)}: {listed}; wanted two, first the emotion of the"
            " output 0, then that of 1"
        )
    if n_outputs not in (1, len(labels)):
        raise ValueError(
            f"the network has {n_outputs} outputs, and --labels has {len(labels)}: {listed}; name one emotion for each"
            " output, in their order, as: --labels neutral,happy,sad"
        )
    return ForeignClassifier(network, labels, arranged)


def _network(path: Path) -> Any:
    """Network of a file of Keras 2 or 3.

    Raises
    ------
    ValueError
        If the file is damaged, or could run code.
    """
    from ser.models import keras_reading

    try:
        return keras_reading.network(path)
    except keras_reading.Refused as error:
        raise ValueError(f"{path} is refused, because {error}; save a network of Keras's own layers") from None
    except Exception as error:  # Keras and h5py raise errors of many types
        reason = str(error).strip().partition("\n")[0][:MAX_REASON]
        raise ValueError(f"{path} cannot be read ({reason}); save the whole network anew, as .keras") from None
