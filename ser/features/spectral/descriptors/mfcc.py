"""Mel-frequency cepstral coefficients."""

from ser.features.spectral.analysis import Analysis, Array
from ser.features.spectral.descriptors.contract import Descriptor


def mfcc(analysis: Analysis, *, n_mfcc: int) -> Array:
    """`librosa.feature.mfcc`."""
    return analysis.mfcc(n_mfcc)


DESCRIPTOR = Descriptor("MFCC", mfcc, is_smooth=True)
