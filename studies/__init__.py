"""Whole comparisons: one dvc.yaml each, over the same stage functions."""
