"""Assign each utterance to train, dev or test of each fold, and check that the model can be trained on them."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ser.core import files, params_file, tables
from ser.core.stage import run
from ser.models import ENSEMBLE, NEURAL
from ser.protocol import adaptation_choice, partitions
from ser.protocol.training_checks import check_trainable

PARAMS = ("partition", "seed")
UTTERANCES = Path("data/utterances.csv")
PARTITIONS = Path("data/partitions.csv")
CHECK = Path("data/partition_check.json")  # extraction waits for it; its content never changes


def main() -> None:
    config = params_file.load(*PARAMS)
    utterances = tables.read_utterances(UTTERANCES)
    table = partitions.partition_table(utterances, **config["partition"], seed=config["seed"])
    check(table, utterances, params_file.everything())  # it decides only the error, so DVC need not know all params
    tables.write(table, PARTITIONS)
    files.write_json(CHECK, {"trainable": True})
    for reason, count in left_out(table, utterances).items():
        print(f"left out: {count} utterances of {reason}")


def check(table: pd.DataFrame, utterances: pd.DataFrame, config: Mapping[str, Any]) -> None:
    """Raise an error now if a later stage would refuse these utterances, after minutes of extraction."""
    if config["adaptation"]["name"] != adaptation_choice.NONE:
        adaptation_choice.check_speakers(utterances.set_index("utterance")["speaker"])
    n_variants = 1 + len(config["augmentation"]["variants"])
    for study in (*config["members"].values(), config):
        is_calibrated = study["model"]["name"] not in (*NEURAL, ENSEMBLE)
        check_trainable(table, utterances, balance=study["balance"], n_variants=n_variants, is_calibrated=is_calibrated)


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
