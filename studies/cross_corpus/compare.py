"""Score every corpus by the models of each and of all others, as one table and one heat map."""

from pathlib import Path
from typing import Any

import pandas as pd

from ser.core import files, params_file, tables
from ser.core.stage import run
from ser.core.wording import percent
from ser.figures.matrices import heat_map
from studies.cross_corpus import PREDICTIONS, SKIPPED
from studies.cross_corpus.pairs import OTHERS, pair_scores

PARAMS = ("evaluation", "labels.name", "model", "seed")
SCORES = Path("reports/cross_corpus.csv")
HEAT_MAP = Path("reports/cross_corpus.png")


def main() -> None:
    config = params_file.load(*PARAMS)
    for path in sorted(PREDICTIONS.glob(f"*/{SKIPPED}")):
        print(f"no model is trained on {path.parent.name}: {files.read_json(path)['reason']}")
    n_resamples = config["evaluation"]["n_resamples"]
    cells: list[dict[str, Any]] = []
    for path in sorted(PREDICTIONS.glob("*/*.csv")):
        for corpus, rows in tables.read_predictions(path).groupby("corpus"):
            cells.append(pair_scores(path, str(corpus), rows, n_resamples=n_resamples, seed=config["seed"]))
    if not cells:
        raise ValueError(
            "no corpus has enough speakers to train on; `ser corpora` lists the installed ones, and how to get others"
        )
    scores = pd.DataFrame(cells).sort_values(["train_corpus", "test_corpus"])
    scores = scores.sort_values("train_corpus", key=lambda names: names == OTHERS, kind="stable")
    tables.write(scores, SCORES)
    labels = scores["emotions"].iloc[0].split()
    uar = scores.pivot_table(index="train_corpus", columns="test_corpus", values="uar", dropna=False)
    note = [f"{config['model']['name']} on {config['model']['representation']}", ", ".join(labels)]
    note.append("diagonal: folds of speakers" + ("; blank: too few speakers" if uar.isna().any(axis=None) else ""))
    if OTHERS in uar.index:
        uar = uar.loc[scores["train_corpus"].unique()]
        of_others = scores.loc[scores["train_corpus"] == OTHERS, "uar"]
        note.append(f"{OTHERS}: each training corpus has the same weight; mean {percent(of_others.mean())}")
    figure = heat_map(uar, chance=1 / len(labels), title="UAR across corpora, in %", note="\n".join(note))
    files.write_figure(HEAT_MAP, figure)


if __name__ == "__main__":
    run(main)
