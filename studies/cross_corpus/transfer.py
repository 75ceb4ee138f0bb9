"""Train on one corpus and predict all others; predict the corpus itself in folds of speakers."""

import sys
from functools import partial
from pathlib import Path

from ser.core import files, params_file, tables
from ser.core.stage import run
from ser.models.prediction import rounded
from ser.representation import reading
from studies.cross_corpus import PREDICTIONS, runs

PARAMS = ("balance", "model", "partition", "representation", "training", "seed")
UTTERANCES = Path("data/utterances.csv")


def main(corpus: str) -> None:
    config = params_file.load(*PARAMS)
    utterances = runs.comparable(tables.read_utterances(UTTERANCES))
    features = reading.read(Path(config["representation"]["path"]))
    with files.replacing(PREDICTIONS / corpus) as folder:
        folder.mkdir()
        found = runs.of_corpus(corpus, utterances, config["partition"])
        if not found:
            print(f"no model is trained on {corpus}: {runs.reason(corpus, utterances)}")
            files.write_text(folder / "nothing.txt", runs.reason(corpus, utterances) + "\n")
        for name, (rows, partition) in found.items():
            predictions = runs.transferred(
                rows, features, {**config, "partition": partition}, run=f"cross_corpus/{corpus}"
            )
            tables.write(rounded(predictions), folder / name)


if __name__ == "__main__":
    run(partial(main, sys.argv[1]))
