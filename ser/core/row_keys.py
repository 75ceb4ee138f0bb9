"""Values of the key columns of tables.

This module is separate from `ser.core.tables` because workers need it without pandas, which is slow to import.
"""

ORIGINAL = "original"
"""Variant of the recording itself, without augmentation."""
