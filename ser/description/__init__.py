"""What a corpus or a recording is like: measures, tables, texts."""
