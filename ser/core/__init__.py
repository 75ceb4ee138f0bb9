"""Files, formats, tables and their keys, provenance, wording of numbers."""
