"""Waveform -> descriptors -> functionals, and what frozen networks make of it."""
