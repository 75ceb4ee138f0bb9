"""Say which utterance trains, develops and tests in which fold."""

from pathlib import Path

from ser import params, partitions, tables
from stages import run

PARAMS = ("partition", "seed")
UTTERANCES = Path("data/utterances.csv")
PARTITIONS = Path("data/partitions.csv")


def main() -> None:
    config = params.load(*PARAMS)
    utterances = tables.read_utterances(UTTERANCES)
    table = partitions.partition_table(utterances, **config["partition"], seed=config["seed"])
    tables.write(table, PARTITIONS)
    n_left_out = table["fold"].nunique() * len(utterances) - len(table)
    if n_left_out:
        print(f"warning: {n_left_out} rows left out: their audio is a copy of another partition's")


if __name__ == "__main__":
    run(main)
