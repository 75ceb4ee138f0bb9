"""Files, formats, tables, keys of rows, wording of messages."""
