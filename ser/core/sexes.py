"""Sexes of speakers in their order, and the name of what is not known."""

OTHER, UNKNOWN = "other", "unknown"
SEXES = ("female", "male", OTHER, UNKNOWN)
