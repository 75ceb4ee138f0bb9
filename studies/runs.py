"""Training and prediction of one partition, where a study compares many."""

import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from ser import study
from ser.models.settings import Settings
from ser.protocol import balancing, partitions
from ser.representation.reading import Representation


def transferred(
    utterances: pd.DataFrame, features: Representation, config: Mapping[str, Any], *, run: str
) -> pd.DataFrame:
    """Train the models of one partition, and predict its test partition."""
    table = partitions.partition_table(utterances, **config["partition"], seed=config["seed"])
    balanced = balancing.balanced_folds(features.rows, table, balance=config["balance"], seed=config["seed"])
    given = study.Study(utterances, table, features, balanced, Settings.of(config))
    tested = table[table["partition"] == "test"]
    with tempfile.TemporaryDirectory() as folder:
        models, curves = Path(folder) / "models", Path(folder) / "learning_curves"
        study.write_models(given, models, curves=curves, run=run)
        return study.predicted(tested, utterances, features, partial(study.saved_model, models))
