"""Train on one corpus and predict all others; predict it in folds of its speakers, and by a model of all others."""

from pathlib import Path

from ser.core import files, params_file, tables
from ser.core.stage import run_item
from ser.models.prediction import rounded
from ser.protocol import consistency
from ser.protocol.across_corpora import with_common_emotions
from ser.representation import reading
from studies.cross_corpus import ACROSS, PREDICTIONS, SKIPPED, WITHIN, partitions_of_corpus
from studies.runs import predictions_of_test

PARAMS = ("balance", "model", "partition", "representation", "training", "seed")
UTTERANCES = Path("data/utterances.csv")


def main(corpus: str) -> None:
    config = params_file.load(*PARAMS)
    everything = tables.read_utterances(UTTERANCES)
    features = reading.read(Path(config["representation"]["path"]))
    consistency.check_features(features.rows, everything)
    utterances = with_common_emotions(everything)
    with files.replacing(PREDICTIONS / corpus) as folder:
        folder.mkdir()
        partitions = partitions_of_corpus.of_corpus(corpus, utterances, config["partition"])
        if not {ACROSS, WITHIN} & set(partitions):
            reason = partitions_of_corpus.reason(corpus, utterances)
            print(f"no model is trained on {corpus}: {reason}")
            files.write_json(folder / SKIPPED, {"reason": reason})
        for file, (rows, partition) in partitions.items():
            balance = partitions_of_corpus.BALANCE.get(file, config["balance"])
            settings = {**config, "partition": partition, "balance": balance}
            predictions = predictions_of_test(rows, features, settings, run=f"cross_corpus/{corpus}")
            tables.write(rounded(predictions), folder / file)


if __name__ == "__main__":
    run_item(main)
