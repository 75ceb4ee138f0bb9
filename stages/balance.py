"""Balance the emotions of the training partition of each fold."""

from pathlib import Path

from ser.core import params_file, tables
from ser.core.stage import run
from ser.core.table_suffixes import in_format
from ser.protocol import balancing, consistency, references
from ser.representation import reading

PARAMS = ("balance", "representation.path", "seed", "tables.format")
UTTERANCES = Path("data/utterances.csv")
PARTITIONS = Path("data/partitions.csv")
BALANCED = Path("data/balanced_dataset.csv")


def main() -> None:
    config = params_file.load(*PARAMS)
    features = reading.read(Path(config["representation.path"]))
    utterances, partitions = tables.read_utterances(UTTERANCES), tables.read_partitions(PARTITIONS)
    consistency.check(utterances, partitions, features.rows)
    rows = balancing.balanced_folds(features.rows, partitions, balance=config["balance"], seed=config["seed"])
    if rows["fold"].nunique() > 1:
        rows = references.referenced(rows, copies=config["balance"]["name"] == balancing.BY_CORPUS)
    tables.write_balanced(rows, in_format(BALANCED, config["tables.format"]))


if __name__ == "__main__":
    run(main)
