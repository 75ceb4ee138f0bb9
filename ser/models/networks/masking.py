"""Random masks on spectrograms in training."""

from typing import Any

from ser.models.backend import keras

ops = keras.ops


@keras.saving.register_keras_serializable(package="ser")
class TimeFrequencyMask(keras.layers.Layer):  # type: ignore[misc]
    """Set random bands and random stretches of time to the mean of the row; in prediction, change nothing.

    Parameters
    ----------
    max_time, max_bands
        Widest mask, in frames and in bands; 0: no mask.
    n_masks
        Masks of each kind in a row.

    References
    ----------
    .. [1] Park et al. (2019), SpecAugment, Interspeech, without time warping.

    Examples
    --------
    >>> mask = TimeFrequencyMask(max_time=20, max_bands=8, n_masks=2)
    >>> ops.shape(mask(ops.ones((1, 64, 94))))
    (1, 64, 94)
    >>> mask.get_config()["max_time"]
    20
    """

    def __init__(self, *, max_time: int, max_bands: int, n_masks: int, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_time, self.max_bands, self.n_masks, self.seed = max_time, max_bands, n_masks, seed
        self.generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Check the masks against `(batch, n_bands, n_frames)`.

        Raises
        ------
        ValueError
            If a mask could cover a whole axis.

        Examples
        --------
        >>> TimeFrequencyMask(max_time=94, max_bands=8, n_masks=2).build((None, 64, 94))
        Traceback (most recent call last):
        ValueError: model.max_time_mask is 94; it must be from 0 to 93
        """
        for setting, width, size in zip(
            ("max_band_mask", "max_time_mask"), (self.max_bands, self.max_time), input_shape[1:], strict=True
        ):
            if size is None or not 0 <= width < size:
                raise ValueError(f"model.{setting} is {width}; it must be from 0 to {(size or 1) - 1}")
        super().build(input_shape)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return `(batch, n_bands, n_frames)` with masks.

        Examples
        --------
        >>> ops.shape(TimeFrequencyMask(max_time=20, max_bands=8, n_masks=2)(ops.ones((1, 64, 94)), training=True))
        (1, 64, 94)
        """
        if not training:
            return inputs
        hidden = self._hidden(inputs, axis=1, width=self.max_bands) | self._hidden(inputs, axis=2, width=self.max_time)
        mean = ops.mean(inputs, axis=(1, 2), keepdims=True)
        return ops.where(hidden, mean, inputs)

    def _hidden(self, inputs: Any, *, axis: int, width: int) -> Any:
        """True where a cell of an axis is masked; the shape broadcasts to that of the inputs."""
        n_rows, size = ops.shape(inputs)[0], inputs.shape[axis]
        lengths = keras.random.randint((n_rows, self.n_masks, 1), 0, width + 1, seed=self.generator)
        share = keras.random.uniform((n_rows, self.n_masks, 1), seed=self.generator)
        starts = ops.cast(ops.floor(share * ops.cast(size - lengths + 1, share.dtype)), "int32")
        lengths = ops.cast(lengths, "int32")
        positions = ops.reshape(ops.arange(size, dtype="int32"), (1, 1, size))
        hidden = ops.any((positions >= starts) & (positions < starts + lengths), axis=1)
        return ops.expand_dims(hidden, 3 - axis)

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, by which Keras saves the layer."""
        own = {"max_time": self.max_time, "max_bands": self.max_bands, "n_masks": self.n_masks, "seed": self.seed}
        return {**super().get_config(), **own}
