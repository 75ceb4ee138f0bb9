"""Names in the keys of tables, apart from `ser.core.tables`: workers need no pandas, which takes long to import."""

ORIGINAL = "original"
"""The variant that was recorded."""
