"""Names in the keys of tables, apart from `ser.tables` for workers: they need no pandas, which takes long to import."""

ORIGINAL = "original"
"""The variant that was recorded."""
