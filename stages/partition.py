"""Assign each utterance to the training, dev or test partition of each fold."""

from collections import Counter
from pathlib import Path

import pandas as pd

from ser.core import params, tables
from ser.core.stage import run
from ser.protocol import partitions

PARAMS = ("partition", "seed")
UTTERANCES = Path("data/utterances.csv")
PARTITIONS = Path("data/partitions.csv")


def main() -> None:
    config = params.load(*PARAMS)
    utterances = tables.read_utterances(UTTERANCES)
    table = partitions.partition_table(utterances, **config["partition"], seed=config["seed"])
    tables.write(table, PARTITIONS)
    for reason, count in left_out(table, utterances).items():
        print(f"left out: {count} utterances of {reason}")


def left_out(table: pd.DataFrame, utterances: pd.DataFrame) -> dict[str, int]:
    """Number of utterances that are in no partition of a fold, by reason, summed over the folds."""
    counts: Counter[str] = Counter()
    for _, rows in table.groupby("fold"):
        within = utterances["utterance"].isin(rows["utterance"])
        corpora, emotions = (set(utterances.loc[within, column]) for column in ("corpus", "emotion"))
        for row in utterances[~within].itertuples():
            if row.corpus not in corpora:
                counts[f"{row.corpus}: the corpus is in no partition"] += 1
            elif row.emotion not in emotions:
                counts[f"{row.corpus} with {row.emotion}: the training or test corpora lack the emotion"] += 1
            else:
                counts[f"{row.corpus}: their audio is in another partition as well"] += 1
    return dict(sorted(counts.items()))


if __name__ == "__main__":
    run(main)
