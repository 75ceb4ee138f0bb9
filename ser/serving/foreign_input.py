"""Features that a Keras file of another project takes: chosen by a file of settings, in the shape of its input."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ser.representation.registry import REPRESENTATIONS, definition

Values = npt.NDArray[np.float32]
Shape = tuple[int | None, ...]

SAMPLE_RATE = 16_000  # Hz, of the noise whose features show the shape
FITTING: Mapping[Shape, str] = {  # shape of the values of each file, which an installed package does not have
    (36,): "conf/librosa/energy_set.yaml",
    (42,): "conf/librosa/means_42.yaml",
    (51,): "conf/librosa/mfcc_chroma.yaml",
    (120,): "conf/librosa/functionals_120.yaml",
    (130, 62): "conf/frames/frames_62.yaml",
    (64, 94): "conf/log_mel/mel_64.yaml",
}


class FrontEnd(NamedTuple):
    """A representation with the shape of its values.

    Examples
    --------
    >>> FrontEnd("log_mel", {}, [], shape=(64, 94), source="mel spectrograms of 64 bands and 94 frames").shape
    (64, 94)
    """

    name: str
    settings: dict[str, Any]
    columns: list[str]
    """Features in their order; empty for arrays."""
    shape: tuple[int, ...]
    """Shape of the values of one recording."""
    source: str
    """Words for messages."""


class Arrangement(NamedTuple):
    """The way in which a network takes the values of a recording.

    Examples
    --------
    >>> Arrangement((3, 2), transposed=True).of(np.zeros((5, 2, 3), np.float32)).shape
    (5, 3, 2)
    """

    shape: tuple[int, ...]
    """Shape of one input, without None."""
    transposed: bool
    """True if the two axes of the values are exchanged."""

    def of(self, values: Values) -> Values:
        """Batch of inputs of the network, for a batch of values.

        Examples
        --------
        >>> Arrangement((3, 2, 1), True).of(np.zeros((5, 2, 3), np.float32)).shape
        (5, 3, 2, 1)
        """
        turned = values.transpose(0, 2, 1) if self.transposed else values
        return turned.reshape(len(values), *self.shape)


def read(path: Path) -> FrontEnd:
    """Front end of a file of settings, as `conf/librosa/means_42.yaml`: its folder is the name of the representation.

    Raises
    ------
    ValueError
        If there is no such file, its folder is no representation, or a setting is wrong.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> analysis = "name: level\\nsample_rate: 16000\\nn_fft: 2048\\nhop_length: 512\\n"
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "librosa", "level.yaml")  # settings of the representation librosa
    ...     path.parent.mkdir()
    ...     _ = path.write_text(f"{analysis}descriptors: [{{name: rms, functionals: [mean, std]}}]\\n")
    ...     front_end = read(path)
    >>> front_end.columns, front_end.shape
    (['RMS', 'RMS_Std'], (2,))
    """
    import yaml

    from ser.core import yaml_text

    name = path.absolute().parent.name
    if not path.is_file() or name not in REPRESENTATIONS:
        raise ValueError(
            f"--representation is {path}; wanted a file of settings in a folder with the name of a representation, as"
            f" conf/librosa/means_42.yaml; the representations are {', '.join(REPRESENTATIONS)}"
        )
    try:
        settings = yaml_text.loaded(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no file of YAML ({str(error).partition(chr(10))[0]}); correct it") from None
    if not isinstance(settings, dict):
        raise ValueError(f"{path} has no settings; copy those of a file of conf/{name}")
    known = definition(name)
    try:
        known.check_settings(settings)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    noise = np.random.default_rng(0).normal(0, 0.1, 3 * SAMPLE_RATE).astype(np.float32)
    values = known.prepared(settings).function(noise, SAMPLE_RATE)
    columns = list(values) if isinstance(values, dict) else []
    shape = (len(columns),) if columns else values.shape
    return FrontEnd(name, settings, columns, shape, f"the values of {path}")


def arrangement(wanted: Shape, given: FrontEnd, *, free: bool) -> Arrangement:
    """Way to give the values of a front end to a network whose input has the shape `wanted`.

    Parameters
    ----------
    free
        True to accept an axis of any length, which is None in `wanted`.

    Raises
    ------
    ValueError
        If they do not fit; the message names a file of `conf/` that does, or the way to make one.

    Examples
    --------
    >>> mel = FrontEnd("log_mel", {}, [], (64, 94), "mel spectrograms of 64 bands and 94 frames")
    >>> arrangement((94, 64, 1), mel, free=False)
    Arrangement(shape=(94, 64, 1), transposed=True)
    """
    rows = given.shape
    found = {rows: False, (*rows, 1): False}
    if len(rows) == 1:
        found[(1, *rows)] = False
    if len(rows) == 2:
        found |= {shape: True for shape in (rows[::-1], (*rows[::-1], 1)) if shape not in found}
    for shape, transposed in found.items():
        if len(shape) == len(wanted) and all(
            one == other or (free and one is None) for one, other in zip(wanted, shape, strict=True)
        ):
            return Arrangement(shape, transposed)
    listed = f"{rows}, {(*rows, 1)}" + (", or their transposes" if len(rows) == 2 else f" or {(1, *rows)}")
    raise ValueError(f"the network takes inputs of shape {wanted}; wanted {given.source}: {listed}; {_remedy(wanted)}")


def _remedy(wanted: Shape) -> str:
    plain = tuple(size for size in wanted if size != 1)
    for shape in (plain, plain[::-1]):
        if shape in FITTING:
            return f"give its features as: --representation {FITTING[shape]}"
    folder = "conf/librosa" if len(plain) == 1 else "conf/log_mel or conf/frames"
    return (
        f"write the settings of its features to a new file of {folder}, and add: --representation FILE; where no"
        " descriptor gives them, train the network here (docs/map.md)"
    )
