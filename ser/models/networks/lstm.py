"""LSTMs over the frames of a mel spectrogram: system D."""

from ser.models.networks.contract import SPECTROGRAM, Network
from ser.models.networks.layers import recurrent

NETWORK = Network(recurrent, takes=SPECTROGRAM)
