"""Benchmarks: speed and memory as ratios to the plain way in the same run; models on corpora not trained on."""
