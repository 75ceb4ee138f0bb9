"""Networks in Keras files (`.keras`, `.h5`) of any author: checked, built in Keras 3, filled with the weights."""

import copy
import io
import math
import warnings
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ser.core import bounds
from ser.models.backend import keras
from ser.models.keras_config import Refused as Refused
from ser.models.keras_config import Rewriter
from ser.models.keras_names import HDF5, OLD_HARD_SIGMOID

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"  # members of a .keras file
MAX_VALUES = 2**27  # outputs of all layers for one recording
OPTIMIZER = "optimizer"  # beginning of the names of parts that are not read


@keras.saving.register_keras_serializable(package="ser", name=OLD_HARD_SIGMOID)  # type: ignore[untyped-decorator]
def hard_sigmoid_of_keras_2(values: Any) -> Any:
    """Activation `hard_sigmoid` of Keras 2, which is steeper than that of Keras 3.

    Examples
    --------
    >>> values = hard_sigmoid_of_keras_2(keras.ops.array([-9.0, 0.0, 1.25]))
    >>> keras.ops.convert_to_numpy(values).tolist()
    [0.0, 0.5, 0.75]
    """
    return keras.ops.clip(0.2 * values + 0.5, 0.0, 1.0)


def network(path: Path, custom_layers: Mapping[str, type] | None = None) -> keras.Model:
    """Network in a file, to predict with. No code of the file runs.

    Parameters
    ----------
    custom_layers
        Classes of layers that are not Keras's own, by name, which the file may hold.

    Raises
    ------
    Exception
        If the file is damaged, too large, or holds a part that is not allowed. A ValueError where this is found before
        Keras builds the network; Keras and h5py raise errors of many types.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> dense = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    >>> with TemporaryDirectory() as folder:
    ...     dense.save(Path(folder, "dense.keras"))
    ...     network(Path(folder, "dense.keras")).output_shape
    (None, 2)
    """
    config, keras_2, n_weights = _of_hdf5(path) if path.suffix in HDF5 else _of_archive(path)
    custom_layers = custom_layers or {}
    names = {name: keras.saving.get_registered_name(layer) for name, layer in custom_layers.items()}
    rewritten = Rewriter(keras_2, names).network(config)
    with ThreadPoolExecutor(1) as apart:  # Keras remembers variables without values, by thread
        apart.submit(_check_size, rewritten, custom_layers, n_weights).result()
    built = _built(rewritten, custom_layers)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        built.load_weights(path)
    if caught:  # Keras warns if it leaves layers without the weights of the file
        raise ValueError(str(caught[0].message))
    return built


def _built(config: Mapping[str, Any], custom_layers: Mapping[str, type]) -> keras.Model:
    config = copy.deepcopy(config)
    return keras.saving.deserialize_keras_object(config, custom_objects=dict(custom_layers), safe_mode=True)


def _check_size(config: Mapping[str, Any], custom_layers: Mapping[str, type], n_weights: int) -> None:
    """Raise a ValueError if the network has more weights than the file, or its layers have too many outputs."""
    with keras.StatelessScope(initialize_variables=False):  # no memory is taken for weights
        model = _built(config, custom_layers)
        wanted = sum(math.prod(weight.shape) for weight in model.weights)
        outputs = _n_outputs(model)
    if wanted > n_weights:
        raise ValueError(f"the network has {wanted} weights, and the file {n_weights}")
    if outputs > MAX_VALUES:
        raise ValueError(f"the layers have {outputs} outputs; the limit is {MAX_VALUES}")


def _n_outputs(model: keras.Model) -> int:
    """Number of values that all layers return for one recording."""
    total = 0
    for layer in model.layers:
        nodes = layer._inbound_nodes
        shapes = [tensor.shape for node in nodes for tensor in node.output_tensors]
        total += sum(math.prod(size or 1 for size in shape) for shape in shapes)
        total += _n_outputs(layer) if isinstance(layer, keras.Model) else 0
    return total


def _of_archive(path: Path) -> tuple[Any, bool, int]:
    """Configuration, whether Keras 2 wrote it, and number of weights of a .keras file."""
    import h5py

    with zipfile.ZipFile(path) as archive:
        bounds.check_archive(archive, path.name)
        other = sorted(set(archive.namelist()) - {CONFIG, METADATA, WEIGHTS})
        if other:
            raise ValueError(f"it holds {other[0]!r}; wanted {CONFIG}, {METADATA} and {WEIGHTS} alone")
        config = bounds.parsed(archive.read(CONFIG), CONFIG)
        metadata = bounds.parsed(archive.read(METADATA), METADATA)
        with h5py.File(io.BytesIO(archive.read(WEIGHTS))) as file:
            return config, _is_keras_2(metadata["keras_version"]), _n_weights(file)


def _of_hdf5(path: Path) -> tuple[Any, bool, int]:
    """Configuration, whether Keras 2 wrote it, and number of weights of an HDF5 file."""
    import h5py

    with h5py.File(path) as file:
        if "model_config" not in file.attrs:
            raise ValueError("it contains weights without a network; save both, by model.save(…)")
        n_weights = _n_weights(file)
        size = file.attrs.get_id("model_config").get_storage_size()
        bounds.check_size(size, "model_config")
        config = bounds.parsed(file.attrs["model_config"], "model_config")
        version = file.attrs.get("keras_version", "2")
        return config, _is_keras_2(version), n_weights


def _is_keras_2(version: Any) -> bool:
    text = version.decode() if isinstance(version, bytes) else str(version)
    return text.partition(".")[0] in ("1", "2")


def _n_weights(file: Any) -> int:
    """Number of values in an HDF5 file.

    Raises
    ------
    ValueError
        If it refers to other files, holds other values than numbers, or unpacks to too many bytes.
    """
    import h5py

    # An exception must not pass through HDF5's functions, so the visits return what they found.
    link = file.visititems_links(lambda name, link: None if isinstance(link, h5py.HardLink) else name)
    if link is not None:
        raise ValueError(f"its part {link!r} is a link to another place")
    found: list[tuple[str, Any]] = []
    file.visititems(lambda name, part: found.append((name, part)) if isinstance(part, h5py.Dataset) else None)
    size = 0
    for name, part in found:
        if part.external or part.is_virtual or part.dtype.kind not in "fiub" or part.shape is None:
            raise ValueError(f"its part {name!r} is not an array of numbers in this file")
        size += max(part.nbytes, math.prod(part.chunks or ()) * part.dtype.itemsize)
    bounds.check_size(size, "it")
    return sum(part.size for name, part in found if not name.startswith(OPTIMIZER))
