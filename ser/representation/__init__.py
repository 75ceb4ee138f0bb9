"""Input of models: the registry of representations, extraction, joining, reading."""
