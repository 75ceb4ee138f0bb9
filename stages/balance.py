"""Balance the emotions of the training partition of each fold."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ser import params
from ser.core import formats, tables
from ser.protocol import balancing
from ser.representation import reading
from stages import run

PARAMS = ("balance", "representation.path", "seed", "tables.format")
PARTITIONS = Path("data/partitions.csv")
BALANCED = Path("data/balanced_dataset.csv")


def main() -> None:
    config = params.load(*PARAMS)
    features = reading.read(Path(config["representation.path"]))
    partitions = tables.read_partitions(PARTITIONS)
    rows = balanced(features.rows, partitions, config)
    rows = rows if rows["fold"].nunique() == 1 else balancing.referenced(rows)
    tables.write_balanced(rows, formats.in_format(BALANCED, config["tables.format"]))


def balanced(features: pd.DataFrame, partitions: pd.DataFrame, config: Mapping[str, Any]) -> pd.DataFrame:
    """Balanced training rows of every fold."""
    folds = []
    for fold in sorted(partitions["fold"].unique()):
        rows = balancing.rows_of(features, partitions, fold=fold, partition="train")
        rows = balancing.balanced(rows, **config["balance"], seed=config["seed"])
        rows.insert(0, "fold", fold)
        folds.append(rows)
    return pd.concat(folds, ignore_index=True)


if __name__ == "__main__":
    run(main)
