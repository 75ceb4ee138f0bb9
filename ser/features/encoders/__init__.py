"""Frozen speech encoders."""
