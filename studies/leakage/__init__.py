"""The same data and model under six protocols, some honest and some that leak: how much of a score is leakage."""

from pathlib import Path

PROTOCOLS = Path("data/protocols")  # a folder each: tables and models
TABLES = {name: f"{name}.csv" for name in ("utterances", "features", "partitions", "balanced")}
MODELS = "models"
PREDICTIONS = Path("data/predictions")  # a csv each
AUDITS = Path("reports/audits")  # a json each
