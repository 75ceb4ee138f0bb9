"""Representations of a waveform: a file has the name of its representation, and defines it in `REPRESENTATION`."""
