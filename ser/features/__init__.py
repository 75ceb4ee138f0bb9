"""Waveform -> descriptors -> functionals, and YAMNet's embedding."""
