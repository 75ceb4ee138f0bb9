"""Train on one corpus, predict all the others; and, in folds of speakers, the corpus itself."""

import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from ser import params
from ser.core import files, tables
from ser.models.prediction import rounded
from ser.protocol import partitions
from ser.representation import reading
from ser.representation.reading import Representation
from stages import balance, evaluate, run, train
from studies.cross_corpus import ACROSS, PREDICTIONS, WITHIN

PARAMS = ("balance", "model", "partition", "representation", "training", "seed")
UTTERANCES = Path("data/utterances.csv")
N_FOLDS = 5  # of speakers, within a corpus; fewer where it has fewer
MIN_SPEAKERS_ACROSS = 2  # train and dev
MIN_SPEAKERS_WITHIN = 3  # train, dev and test


def main(corpus: str) -> None:
    config = params.load(*PARAMS)
    utterances = comparable(tables.read_utterances(UTTERANCES))
    features = reading.read(Path(config["representation"]["path"]))
    with files.replacing(PREDICTIONS / corpus) as folder:
        folder.mkdir()
        found = runs(corpus, utterances, config["partition"])
        if not found:
            print(f"{corpus} trains nothing: {reason(corpus, utterances)}")
            files.write_text(folder / "nothing.txt", reason(corpus, utterances) + "\n")
        for name, (rows, partition) in found.items():
            predictions = transferred(rows, features, {**config, "partition": partition}, run=f"cross_corpus/{corpus}")
            tables.write(rounded(predictions), folder / name)


def comparable(utterances: pd.DataFrame) -> pd.DataFrame:
    """Utterances with an emotion that every corpus has: a UAR over other classes could not be compared.

    Raises
    ------
    ValueError
        If the corpora share less than two emotions.
    """
    n_corpora = utterances.groupby("emotion")["corpus"].transform("nunique")
    shared = utterances[n_corpora == utterances["corpus"].nunique()]
    if shared["emotion"].nunique() < 2:
        raise ValueError(
            f"{', '.join(sorted(utterances['corpus'].unique()))} share {shared['emotion'].nunique()} emotion(s), and a"
            " classifier needs two; choose another labels, or leave a corpus out with corpus.corpora"
        )
    return shared


def runs(
    corpus: str, utterances: pd.DataFrame, settings: Mapping[str, Any]
) -> dict[str, tuple[pd.DataFrame, dict[str, Any]]]:
    """File name -> utterances and settings of the partition; nothing of a corpus with too few speakers, or none."""
    own = utterances[utterances["corpus"] == corpus]
    others = sorted(set(utterances["corpus"]) - {corpus})
    n_speakers = own["speaker"].nunique()
    found: dict[str, tuple[pd.DataFrame, dict[str, Any]]] = {}
    if others and n_speakers >= MIN_SPEAKERS_ACROSS:
        found[ACROSS] = utterances, {**settings, "train_corpora": [corpus], "test_corpora": others}
    if n_speakers >= MIN_SPEAKERS_WITHIN:
        found[WITHIN] = own, {"name": "speaker_folds", "n_folds": min(N_FOLDS, n_speakers)}
    return found


def reason(corpus: str, utterances: pd.DataFrame) -> str:
    """Why a corpus has no run."""
    own = utterances[utterances["corpus"] == corpus]
    if own.empty:
        return "it is not there; `ser corpora` lists what is"
    if own["speaker"].nunique() < MIN_SPEAKERS_ACROSS:
        return f"{own['speaker'].nunique()} known speakers, and train and dev need one each"
    return "it is the only one, and its two speakers are too few for folds"


def transferred(
    utterances: pd.DataFrame, features: Representation, config: Mapping[str, Any], *, run: str
) -> pd.DataFrame:
    """Test predictions of one partition, by the stages' own functions."""
    table = partitions.partition_table(utterances, **config["partition"], seed=config["seed"])
    balanced = balance.balanced(features.rows, table, config)
    with tempfile.TemporaryDirectory() as folder:
        models, curves = Path(folder) / "models", Path(folder) / "learning_curves"
        train.train(balanced, features, table, utterances, config, models, curves=curves, run=run)
        return evaluate.predicted(table[table["partition"] == "test"], utterances, features, models)


if __name__ == "__main__":
    run(partial(main, sys.argv[1]))
