"""Train on one corpus and predict all others; predict it in folds of its speakers, and by a model of all others."""

import sys
from functools import partial
from pathlib import Path

from ser.core import files, params_file, tables
from ser.core.stage import run
from ser.models.prediction import rounded
from ser.protocol.across_corpora import with_common_emotions
from ser.representation import reading
from studies.cross_corpus import ACROSS, PREDICTIONS, WITHIN, runs
from studies.runs import transferred

PARAMS = ("balance", "model", "partition", "representation", "training", "seed")
UTTERANCES = Path("data/utterances.csv")


def main(corpus: str) -> None:
    config = params_file.load(*PARAMS)
    utterances = with_common_emotions(tables.read_utterances(UTTERANCES))
    features = reading.read(Path(config["representation"]["path"]))
    with files.replacing(PREDICTIONS / corpus) as folder:
        folder.mkdir()
        found = runs.of_corpus(corpus, utterances, config["partition"])
        if not {ACROSS, WITHIN} & set(found):
            print(f"no model is trained on {corpus}: {runs.reason(corpus, utterances)}")
            files.write_text(folder / "nothing.txt", runs.reason(corpus, utterances) + "\n")
        for name, (rows, partition) in found.items():
            own = {**config, "partition": partition, "balance": runs.BALANCE.get(name, config["balance"])}
            predictions = transferred(rows, features, own, run=f"cross_corpus/{corpus}")
            tables.write(rounded(predictions), folder / name)


if __name__ == "__main__":
    run(partial(main, sys.argv[1]))
