"""Train one model per fold on the balanced training partition."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from ser import balancing, bundle, files, params, tables, training
from stages import run

PARAMS = ("model", "training", "representation", "seed")
UTTERANCES = Path("data/utterances.csv")
PARTITIONS = Path("data/partitions.csv")
BALANCED = Path("data/balanced_dataset.csv")
MODELS = Path("models")


def main() -> None:
    config = params.load(*PARAMS)
    utterances = tables.read_utterances(UTTERANCES)
    partitions = tables.read_partitions(PARTITIONS)
    features = tables.read_features(Path(config["representation"]["path"]))
    balanced = tables.read_balanced(BALANCED)
    train(balanced, features, partitions, utterances, config, MODELS)


def train(
    balanced: pd.DataFrame,
    features: pd.DataFrame,
    partitions: pd.DataFrame,
    utterances: pd.DataFrame,
    config: Mapping[str, Any],
    models: Path,
) -> None:
    """Write the model of every fold to `models`, which appears whole or not at all."""
    lone: set[str] = set()
    with files.replacing(models) as folder:
        folder.mkdir()
        for fold in tqdm(sorted(balanced["fold"].unique()), desc="train", unit="fold", disable=None):
            rows = balancing.dereferenced(balanced[balanced["fold"] == fold], features)
            training_rows = {"": rows}
            if config["training"]["refit"]:
                dev = balancing.rows_of(features, partitions, fold=fold, partition="dev").assign(synthetic=False)
                training_rows = {"": pd.concat([rows, dev], ignore_index=True), bundle.BEFORE_REFIT: rows}
            for name, rows in training_rows.items():
                model = fitted(rows, utterances, config)
                lone |= set(model.description["calibrated_within"])
                bundle.save(model, folder / f"fold_{fold}" / name)
    if lone:
        print(
            f"warning: {', '.join(sorted(lone))} trained some emotion alone: its probabilities are calibrated on that"
            " same voice, and may be too sure of others"
        )


def fitted(rows: pd.DataFrame, utterances: pd.DataFrame, config: Mapping[str, Any]) -> bundle.Bundle:
    """Fit the configured model to `rows`, and keep what prediction and its reader need."""
    settings = {key: value for key, value in config["model"].items() if key != "representation"}
    facts = utterances.set_index("utterance").loc[rows["utterance"]].reset_index()
    model = training.fitted(
        rows,
        facts["speaker"],
        n_calibration_folds=config["training"]["n_calibration_folds"],
        seed=config["seed"],
        **settings,
    )
    return bundle.Bundle(
        model=model,
        labels=[emotion for emotion in tables.EMOTIONS if emotion in model.classes_],
        columns=tables.feature_columns(rows),
        representation={key: config["representation"][key] for key in ("name", "settings")},
        description={
            "model": settings,
            "training": config["training"],
            "seed": config["seed"],
            "corpora": sorted(facts["corpus"].unique()),
            "calibrated_within": sorted(training.lone_speakers(rows, facts["speaker"])),
            "speakers": sorted(facts["speaker"].dropna().unique()),
            "n_rows": len(rows),
            "n_synthetic_rows": int(rows["synthetic"].sum()),
        },
    )


if __name__ == "__main__":
    run(main)
