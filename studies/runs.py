"""Training and prediction of one partition, where a study compares many."""

import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from ser.models.settings import Settings
from ser.protocol import balancing, partitions
from ser.representation.reading import Representation
from ser.study import Study, predictions_of_rows, saved_model, write_models


def predictions_of_test(
    utterances: pd.DataFrame, features: Representation, config: Mapping[str, Any], *, run: str
) -> pd.DataFrame:
    """Train the models of one partition, and predict its test partition."""
    table = partitions.partition_table(utterances, **config["partition"], seed=config["seed"])
    balanced = balancing.balanced_folds(features.rows, table, balance=config["balance"], seed=config["seed"])
    study = Study(utterances, table, features, balanced, Settings.of(config))
    tested = table[table["partition"] == "test"]
    with tempfile.TemporaryDirectory() as folder:
        models, curves = Path(folder) / "models", Path(folder) / "learning_curves"
        write_models(study, models, curves=curves, run=run)
        return predictions_of_rows(tested, utterances, features, partial(saved_model, models))
