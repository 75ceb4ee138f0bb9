"""Balance the emotions of the training partition of each fold."""

from pathlib import Path

import pandas as pd

from ser import balancing, params, tables
from stages import run

PARAMS = ("balance", "representation.path", "seed")
PARTITIONS = Path("data/partitions.csv")
BALANCED = Path("data/balanced_dataset.csv")


def main() -> None:
    config = params.load(*PARAMS)
    features = tables.read_features(Path(config["representation.path"]))
    partitions = tables.read_partitions(PARTITIONS)
    folds = []
    for fold in sorted(partitions["fold"].unique()):
        rows = balancing.rows_of(features, partitions, fold=fold, partition="train")
        balanced = balancing.balanced(rows, **config["balance"], seed=config["seed"])
        balanced.insert(0, "fold", fold)
        folds.append(balanced)
    rows = pd.concat(folds, ignore_index=True)
    tables.write_balanced(rows if len(folds) == 1 else balancing.referenced(rows), BALANCED)


if __name__ == "__main__":
    run(main)
