"""Descriptors of the short-time spectrum, their functionals, and spectrograms."""
