"""Leakage study: scores of the same data and model under six protocols, two leak-free and four that leak."""

from pathlib import Path

PROTOCOLS = Path("data/protocols")  # one folder per protocol, with its tables and models
TABLES = {name: f"{name}.csv" for name in ("utterances", "features", "partitions", "balanced")}
MODELS = "models"
PREDICTIONS = Path("data/predictions")  # one csv per protocol
AUDITS = Path("reports/audits")  # one json per protocol
