"""Benchmarks of speed and memory: ratios to the plain way, measured in the same run."""
