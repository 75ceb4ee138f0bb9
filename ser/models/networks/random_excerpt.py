"""Random excerpts of sequences in training."""

from typing import Any

from ser.models.backend import keras

ops = keras.ops


@keras.saving.register_keras_serializable(package="ser")
class RandomExcerpt(keras.layers.Layer):  # type: ignore[misc]
    """Keep a random stretch of each row in training; in prediction, change nothing.

    Parameters
    ----------
    length
        Steps of the stretch.

    Examples
    --------
    >>> excerpt = RandomExcerpt(length=12)
    >>> excerpt.build((None, 20, 128))
    >>> ops.shape(excerpt.call(ops.ones((2, 20, 128)), training=True))
    (2, 12, 128)
    >>> excerpt.compute_output_shape((None, 20, 128))
    (None, 20, 128)
    >>> excerpt.get_config()["length"]
    12
    """

    def __init__(self, *, length: int, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.length, self.seed = length, seed
        self.generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Check the length against `(n_rows, n_steps, width)`.

        Raises
        ------
        ValueError
            If the rows are shorter.
        """
        n_steps = input_shape[1]
        if n_steps is None or not 1 <= self.length <= n_steps:
            raise ValueError(
                f"model.excerpt is {self.length}; it must be from 1 to {n_steps or 1}, the number of states, or null"
            )
        super().build(input_shape)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return `(n_rows, length, width)` in training, else the inputs."""
        if not training:
            return inputs
        n_starts = inputs.shape[1] - self.length + 1
        share = keras.random.uniform((ops.shape(inputs)[0], 1, 1), seed=self.generator)
        starts = ops.cast(ops.floor(share * n_starts), "int32")
        steps = ops.reshape(ops.arange(self.length, dtype="int32"), (1, self.length, 1))
        return ops.take_along_axis(inputs, starts + steps, axis=1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape in prediction."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, by which Keras saves the layer."""
        return {**super().get_config(), "length": self.length, "seed": self.seed}
