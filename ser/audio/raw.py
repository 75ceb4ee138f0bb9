"""Raw samples without a header, as bytes that arrive in pieces of any length."""

import numpy as np
import numpy.typing as npt

FORMATS = {"s16le": "<i2", "f32le": "<f4", "f32be": ">f4"}
FULL_SCALE = 2**15


class Raw:
    """Decoder of interleaved samples; an incomplete sample waits for its next bytes.

    Parameters
    ----------
    coding
        A key of `FORMATS`.

    Examples
    --------
    >>> raw = Raw("s16le", n_channels=2)
    >>> content = np.array([0, 16384, 0, -16384], "<i2").tobytes()
    >>> raw(content[:5]).tolist(), raw(content[5:]).tolist()
    ([[0.0, 0.5]], [[0.0, -0.5]])
    """

    def __init__(self, coding: str, *, n_channels: int) -> None:
        self._type, self._n_channels = np.dtype(FORMATS[coding]), n_channels
        self._left = b""

    def __call__(self, piece: bytes) -> npt.NDArray[np.float32]:
        """Samples that the next bytes complete, `(n_samples, n_channels)`, with full scale 1."""
        content = self._left + piece
        size = self._type.itemsize * self._n_channels
        n_bytes = len(content) // size * size
        self._left = content[n_bytes:]
        samples = np.frombuffer(content[:n_bytes], self._type).astype(np.float32)
        if self._type.kind == "i":
            samples = samples / np.float32(FULL_SCALE)
        return samples.reshape(-1, self._n_channels)
