"""What a model reads: the registry of representations, reading, extraction, joining."""
