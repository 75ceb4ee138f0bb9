"""Mean of the frequency, weighted by magnitude."""

from ser.features.spectral.analysis import Analysis, Rows
from ser.features.spectral.descriptors.contract import Descriptor


def spectral_centroid(analysis: Analysis) -> Rows:
    """`librosa.feature.spectral_centroid`, Hz."""
    return analysis.moments[:1]


DESCRIPTOR = Descriptor("Spectral_Centroid", spectral_centroid, is_smooth=True)
