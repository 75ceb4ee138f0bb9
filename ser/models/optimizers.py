"""Optimizer whose learning rate differs by layer."""

from collections.abc import Mapping, Sequence
from typing import Any

from ser.models.backend import keras


@keras.saving.register_keras_serializable(package="ser")
class LayerwiseAdamW(keras.optimizers.AdamW):  # type: ignore[misc]
    """AdamW with a factor of the learning rate for layers whose names begin with given texts.

    The factor scales the step, and not the gradient: Adam divides each gradient by its size, so a scaled gradient gives
    the same step. The weight decay of a step is a share of its learning rate, so it has the same factor.

    Parameters
    ----------
    multipliers
        Beginning of the name of a layer -> factor; of several that fit, the longest one counts.
    decay
        Share of every weight that a step removes, times the learning rate.
    settings
        Other arguments of Keras's AdamW.

    Examples
    --------
    >>> weight = keras.Variable([1.0], name="whisper_1")
    >>> optimizer = LayerwiseAdamW(0.1, multipliers={"whisper_": 0.5}, decay=0.0)
    >>> optimizer.build([weight])
    >>> optimizer.update_step(keras.ops.ones(1), weight, learning_rate=0.1)
    >>> round(float(weight[0]), 4)
    0.95
    >>> optimizer.get_config()["multipliers"]
    {'whisper_': 0.5}
    """

    def __init__(self, learning_rate: Any, *, multipliers: Mapping[str, float], decay: float, **settings: Any) -> None:
        # Keras's own decay has the same learning rate for all weights.
        super().__init__(learning_rate, **{**settings, "weight_decay": 0.0})
        self.multipliers, self.decay = dict(multipliers), decay

    def build(self, variables: Sequence[Any]) -> None:
        """Note the factor of each variable: later, the backend gives variables without the names of their layers."""
        self._factors = [factor(variable.path, self.multipliers) for variable in variables]
        super().build(variables)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Change a variable by one step."""
        rate = learning_rate * self._factors[self._get_variable_index(variable)]
        self.assign_sub(variable, variable * keras.ops.cast(rate * self.decay, variable.dtype))
        super().update_step(gradient, variable, rate)

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, by which Keras saves the optimizer."""
        return {**super().get_config(), "multipliers": self.multipliers, "decay": self.decay}


def factor(name: str, multipliers: Mapping[str, float]) -> float:
    """Factor of the longest text with which a name begins; 1 if there is none.

    Examples
    --------
    >>> factor("whisper_3_expand/kernel", {"whisper_": 0.1, "whisper_3_": 0.05})
    0.05
    """
    fitting = [text for text in multipliers if name.startswith(text)]
    return multipliers[max(fitting, key=len)] if fitting else 1.0


def of_layers(model: keras.Model, learning_rate: float, *, decay: float, multipliers: Mapping[str, float]) -> Any:
    """AdamW for a network, with a factor of the learning rate for some of its layers.

    Raises
    ------
    ValueError
        If a text begins no name of a layer with weights that are trained.

    Examples
    --------
    >>> inputs = keras.Input((2,))
    >>> model = keras.Model(inputs, keras.layers.Dense(1, name="head")(inputs))
    >>> type(of_layers(model, 0.1, decay=0.0, multipliers={"head": 2.0})).__name__
    'LayerwiseAdamW'
    """
    if not multipliers:
        return keras.optimizers.AdamW(learning_rate, weight_decay=decay)
    names = sorted({variable.path.partition("/")[0] for variable in model.trainable_variables})
    for text in multipliers:
        if not any(name.startswith(text) for name in names):
            raise ValueError(f"training.multipliers has {text!r}, which begins no name of {', '.join(names)}")
    return LayerwiseAdamW(learning_rate, multipliers=multipliers, decay=decay)
