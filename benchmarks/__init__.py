"""Speed and memory, as ratios to the plain way within one run."""
