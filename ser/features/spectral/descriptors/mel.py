"""Power in mel bands."""

from ser.features.spectral.analysis import Analysis, Array
from ser.features.spectral.descriptors.contract import Descriptor


def mel(analysis: Analysis, *, n_mels: int) -> Array:
    """`librosa.feature.melspectrogram`, power."""
    return analysis.mel(n_mels)


DESCRIPTOR = Descriptor("Mel", mel, is_smooth=True)
