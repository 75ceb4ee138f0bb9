"""Unfitted models by name."""
