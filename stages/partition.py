"""Assign each utterance to train, dev or test of each fold, and check that the model can be trained on them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ser.core import files, params_file, tables
from ser.core.stage import run
from ser.core.wording import counted
from ser.models import ENSEMBLE, NEURAL
from ser.protocol import adaptation_checks, partitions
from ser.protocol.left_out import left_out
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
    n_folds = table["fold"].nunique()
    summed = f", summed over {n_folds} folds" if n_folds > 1 else ""
    for reason, count in left_out(table, utterances).items():
        print(f"left out{summed}: {counted(count, 'utterance')} of {reason}")


def check(table: pd.DataFrame, utterances: pd.DataFrame, config: Mapping[str, Any]) -> None:
    """Raise an error now if a later stage would refuse these utterances, after minutes of extraction."""
    if config["adaptation"]["name"] != adaptation_checks.NO_ADAPTATION:
        adaptation_checks.check_speakers(utterances.set_index("utterance")["speaker"])
    n_variants = 1 + len(config["augmentation"]["variants"])
    for study in (*config["members"].values(), config):
        is_classifier = study["model"]["name"] not in (*NEURAL, ENSEMBLE)
        calibration = study["training"].get("calibration", "") if is_classifier else None
        check_trainable(table, utterances, balance=study["balance"], n_variants=n_variants, calibration=calibration)


if __name__ == "__main__":
    run(main)
