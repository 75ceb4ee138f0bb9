"""Configurations of Keras networks of other authors: known layers with plain values, and nothing else.

A configuration is not handed to Keras as it is, because Keras can be told to import and call what a file names. It is
written anew, in the form of Keras 3, from the parts that are allowed here. The same is done for files of Keras 2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ser.models.keras_names import (
    ACTIVATIONS,
    DIVIDED,
    DROPPED,
    DTYPES,
    KNOWN,
    LAYERS,
    MODELS,
    OLD_HARD_SIGMOID,
    ONLY_FALSE,
    OPERATIONS,
    PARTS,
    RECURRENT,
)


class Refused(ValueError):
    """A configuration holds a part that is not allowed, or is damaged.

    Examples
    --------
    >>> issubclass(Refused, ValueError)
    True
    """


@dataclass(frozen=True)
class Rewriter:
    """Writes configurations anew.

    Examples
    --------
    >>> Rewriter(keras_2=False, own={}).network({"class_name": "Lambda", "config": {}})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ser.models.keras_config.Refused: its network is of class 'Lambda'; wanted ...
    """

    keras_2: bool
    """True if Keras 2 wrote the configuration."""
    own: Mapping[str, str]
    """Names of own layers, each with the name that it is registered by."""

    def network(self, config: Any) -> dict[str, Any]:
        """Configuration of a whole network in the form of Keras 3.

        Raises
        ------
        Refused
            If a part of it is not allowed.
        """
        try:
            if _text(_field(config, "class_name")) not in MODELS:
                raise Refused(f"its network is of class {config['class_name']!r}; wanted {' or '.join(MODELS)}")
            found = self._network(config)
        except (TypeError, KeyError, IndexError, AttributeError) as error:
            raise Refused(f"its configuration is damaged ({type(error).__name__}: {error})") from None
        for end in ("input_layers", "output_layers"):
            if end in found["config"]:
                found["config"][end] = _alone(found["config"][end])
        return found

    def _network(self, config: Any) -> dict[str, Any]:
        inner = config["config"]
        if config["class_name"] == "Sequential":
            return self._sequential(inner)
        layers = [self._node_of_graph(one) for one in _list(inner["layers"])]
        names = [one["name"] for one in layers]
        if len(set(names)) < len(names):
            raise Refused("two of its layers have the same name")
        # Keras 2 counts a nested network's own graph as its first call.
        nested = [one["name"] for one in layers if self.keras_2 and one["class_name"] in ("Model", "Sequential")]
        for one, given in zip(layers, inner["layers"], strict=True):
            calls = [self._call(call, one["class_name"], nested) for call in _list(given["inbound_nodes"])]
            one["inbound_nodes"] = calls
        shifted = [one["name"] for one in layers if one["name"] in nested and one["class_name"] == "Sequential"]
        ends = {
            "input_layers": _tensors(inner["input_layers"], ()),
            "output_layers": _tensors(inner["output_layers"], shifted),
        }
        if self.keras_2:
            ends = {key: _alone(value) for key, value in ends.items()}
        content = {"name": _text(inner["name"]), "trainable": inner.get("trainable", True) is True}
        return _object("keras", "Model", {**content, "layers": layers, **ends})

    def _sequential(self, inner: Any) -> dict[str, Any]:
        inner = {"layers": inner} if isinstance(inner, list) else inner  # before Keras 2.2.3
        given = _list(inner["layers"])
        layers = [self.layer(one) for one in given]
        if layers and layers[0]["class_name"] != "InputLayer":
            first = _field(given[0], "config")
            shape = first.get("batch_input_shape") or first.get("batch_shape") or inner.get("build_input_shape")
            if shape is not None:
                layers.insert(0, _object("keras.layers", "InputLayer", {"batch_shape": _plain(shape, "its input")}))
        return _object("keras", "Sequential", {"name": _text(inner.get("name", "sequential")), "layers": layers})

    def _node_of_graph(self, config: Any) -> dict[str, Any]:
        return self.layer(config) | {"name": _text(config["name"])}

    def layer(self, config: Any) -> dict[str, Any]:
        """Configuration of one layer, operation or nested network in the form of Keras 3.

        Raises
        ------
        Refused
            If it is not allowed.

        Examples
        --------
        >>> dense = {"class_name": "Dense", "module": "keras.layers", "config": {"units": 8, "activation": "relu"}}
        >>> Rewriter(keras_2=False, own={}).layer(dense)["config"]["units"]
        8
        """
        name, module = _text(_field(config, "class_name")), config.get("module")
        root = str(module or "keras").partition(".")[0]
        if name in self.own:
            content = {key: _plain(value, key) for key, value in config["config"].items() if key != "dtype"}
            return _object(None, name, content) | {"registered_name": self.own[name]}
        if config.get("registered_name") not in (None, name) or root not in ("keras", "tf_keras"):
            raise Refused(f"it holds {config.get('registered_name') or name} of {module}, which is not part of Keras")
        if name in MODELS:
            return self._network(config)
        if name in OPERATIONS and (name not in LAYERS or str(module).startswith("keras.src.ops")):
            return _object("keras.src.ops.numpy", name, _plain_values(config["config"]))
        if name not in LAYERS:
            raise Refused(f"it holds {name} layers, which are not among the layers that are read here")
        content = self._settings(name, config["config"])
        return _object("keras.layers", name, content)

    def _settings(self, layer: str, config: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in config.items():
            where = f"{layer}.{key}"
            end = next((end for end in KNOWN if key.endswith(end)), None)
            if key.endswith("_fn") or "function" in key:
                raise Refused(f"it has {where}, which could be code")
            if end is not None:
                _check_known(value, end, where)
                if end == "_initializer" and not (key == "kernel_initializer" and layer.startswith(DIVIDED)):
                    found[key] = "zeros"  # the weights are read from the file, so the fastest values will do
            elif key.endswith("activation"):
                found[key] = self._activation(value, where)
            elif key == "dtype":
                found[key] = _dtype(value, where)
            elif key in PARTS and value is not None:
                found[key] = self.layer(value)
            elif key == "cells":
                found[key] = [self.layer(one) for one in _list(value)]
            elif not _is_dropped(layer, key, value):
                found[key] = _plain(value, where)
        return self._of_keras_2(layer, config, found) if self.keras_2 else found

    @staticmethod
    def _of_keras_2(layer: str, config: Any, found: dict[str, Any]) -> dict[str, Any]:
        """Add what Keras 2 leaves out or writes in another way."""
        if layer == "InputLayer" and "batch_input_shape" in config:
            found["batch_shape"] = _plain(config["batch_input_shape"], "its input")
        if layer == "BatchNormalization" and isinstance(found.get("axis"), list):
            (found["axis"],) = found["axis"]
        if layer in ("GRU", "GRUCell"):
            found.setdefault("reset_after", False)  # before Keras 2.1.3
        return found

    def _activation(self, value: Any, where: str) -> Any:
        if isinstance(value, dict) and value.get("class_name") in LAYERS:
            return self.layer(value)
        if isinstance(value, dict) and value.get("class_name") == "function":
            value = value.get("config")
        if value is None:
            return "linear"
        if not isinstance(value, str) or value not in ACTIVATIONS:
            raise Refused(f"{where} is {str(value)[:60]!r}; wanted one of {', '.join(sorted(ACTIVATIONS))}")
        if value == "hard_sigmoid" and self.keras_2:
            return _object(None, "function", f"ser>{OLD_HARD_SIGMOID}")
        return value

    def _call(self, call: Any, layer: str, nested: Sequence[str]) -> dict[str, Any]:
        """Inputs of a layer where it is called, in the form of Keras 3."""
        if isinstance(call, dict):
            return {
                "args": [_argument(one, ()) for one in _list(call["args"])],
                "kwargs": {_text(key): _argument(one, ()) for key, one in call["kwargs"].items()},
            }
        tensors = [_tensor(one[:3], nested) for one in _list(call)]
        keywords = call[0][3] if len(call[0]) > 3 else {}
        named = {_text(key): _argument(one, nested) for key, one in keywords.items() if one is not None}
        if layer in (*RECURRENT, "Bidirectional") and len(tensors) > 1:
            named["initial_state"], tensors = tensors[1:], tensors[:1]
        return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": named}


def _object(module: str | None, name: str, config: Any) -> dict[str, Any]:
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def _field(config: Any, name: str) -> Any:
    if not isinstance(config, dict) or name not in config:
        raise Refused(f"its configuration is damaged: a part without {name}")
    return config[name]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Refused(f"its configuration is damaged: {str(value)[:60]!r} is not a name")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Refused(f"its configuration is damaged: {str(value)[:60]!r} is not a list")
    return value


def _plain(value: Any, where: str) -> Any:
    """The value, if it is a number, a word, or a list of these."""
    if isinstance(value, list):
        return [_plain(one, where) for one in value]
    if isinstance(value, dict):
        raise Refused(f"{where} is an object of class {value.get('class_name')!r}; wanted a plain value")
    return value


def _plain_values(config: Mapping[str, Any]) -> dict[str, Any]:
    return {_text(key): _plain(value, key) for key, value in config.items()}


def _is_dropped(layer: str, key: str, value: Any) -> bool:
    """True if a setting need not be kept; Refused if Keras 3 has no equal."""
    wanted: Any = False
    if key == "groups" and (layer.startswith(DIVIDED) or layer.endswith("Transpose")):
        wanted = 1
    elif key not in ONLY_FALSE:
        return key in DROPPED or (key == "trainable" and layer.startswith("SpatialDropout"))
    if value != wanted:
        raise Refused(f"{layer}.{key} is {_plain(value, key)!r}; wanted {wanted}")
    return True


def _check_known(value: Any, end: str, where: str) -> None:
    name = value.get("class_name") if isinstance(value, dict) else value
    if name is not None and str(name).replace("_", "").lower() not in KNOWN[end]:
        raise Refused(f"{where} is {str(name)[:60]!r}, which is not part of Keras")


def _dtype(value: Any, where: str) -> str:
    name = _field(_field(value, "config"), "name") if isinstance(value, dict) else value
    if name not in DTYPES:
        raise Refused(f"{where} is {str(name)[:60]!r}; wanted one of {', '.join(DTYPES)}")
    return str(name)


def _is_tensor(value: Any) -> bool:
    return isinstance(value, list) and [type(one) for one in value] == [str, int, int]


def _history(value: Any, nested: Sequence[str]) -> list[Any]:
    """Name of a layer, number of its call, number of its output."""
    if not _is_tensor(value):
        raise Refused(f"its configuration is damaged: {str(value)[:60]!r} does not name the output of a layer")
    name, call, output = value
    return [name, call - 1 if name in nested else call, output]


def _tensor(value: Any, nested: Sequence[str]) -> dict[str, Any]:
    # Keras takes the shape and type from the layer.
    content = {"shape": [], "dtype": "float32", "keras_history": _history(value, nested)}
    return {"class_name": "__keras_tensor__", "config": content}


def _tensors(value: Any, nested: Sequence[str]) -> list[Any]:
    return _history(value, nested) if _is_tensor(value) else [_tensors(one, nested) for one in _list(value)]


def _alone(value: list[Any]) -> list[Any]:
    """The only element of a list of one, else the list."""
    return value[0] if len(value) == 1 and isinstance(value[0], list) else value


def _argument(value: Any, nested: Sequence[str]) -> Any:
    """An argument of a layer's call: a tensor, a plain value, or a list of these."""
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        return _tensor(value["config"]["keras_history"], nested)
    if _is_tensor(value):
        return _tensor(value, nested)
    if isinstance(value, list):
        return [_argument(one, nested) for one in value]
    return _plain(value, "an argument of a layer")
