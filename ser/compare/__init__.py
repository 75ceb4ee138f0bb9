"""Comparison of two runs: differences, their intervals, the page of differences, a rerun of an older revision."""
