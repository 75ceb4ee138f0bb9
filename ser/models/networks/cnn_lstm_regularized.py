"""Convolutions and an LSTM with L2 penalties and more dropout: the fourth network of system B."""

from ser.models.networks.contract import SPECTROGRAM, Network
from ser.models.networks.layers import convolutional_recurrent

NETWORK = Network(convolutional_recurrent, takes=SPECTROGRAM)
