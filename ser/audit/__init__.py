"""Audit of a study: checks for leaks in tables, audio and models, and their findings."""
