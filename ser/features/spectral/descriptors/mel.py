"""Power in mel bands."""

from ser.features.spectral.analysis import Analysis, Array
from ser.features.spectral.descriptors.contract import Descriptor


def mel(analysis: Analysis, *, n_mels: int) -> Array:
    """`librosa.feature.melspectrogram`, power, `(n_mels, n_frames)`.

    Examples
    --------
    >>> import numpy as np
    >>> second = Analysis(np.zeros(8000, np.float32), sample_rate=8000, n_fft=512, hop_length=128)
    >>> mel(second, n_mels=40).shape
    (40, 63)
    """
    return analysis.mel(n_mels)


DESCRIPTOR = Descriptor("Mel", mel, is_smooth=True)
