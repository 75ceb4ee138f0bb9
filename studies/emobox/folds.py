"""Train and predict one corpus in the folds of EmoBox."""

from pathlib import Path

from ser.core import files, params_file, tables
from ser.core.stage import run_item
from ser.models.prediction import rounded
from ser.protocol import consistency, emobox, partitions
from ser.representation import reading
from studies.emobox import PREDICTIONS, PROTOCOL, SCORED, SKIPPED
from studies.runs import predictions_of_test

PARAMS = ("balance", "model", "partition", "representation", "training", "seed")
UTTERANCES = Path("data/utterances.csv")


def main(corpus: str) -> None:
    config = params_file.load(*PARAMS)
    everything = tables.read_utterances(UTTERANCES)
    features = reading.read(Path(config["representation"]["path"]))
    consistency.check_features(features.rows, everything)
    utterances = everything[everything["corpus"] == corpus].reset_index(drop=True)
    with files.replacing(PREDICTIONS / corpus) as folder:
        folder.mkdir()
        if utterances.empty or corpus not in emobox.NAMES:
            reason = (
                "EmoBox has no folds of it"
                if len(utterances)
                else "it is not installed; `ser corpora` lists those that are"
            )
            print(f"no model is trained on {corpus}: {reason}")
            files.write_json(folder / SKIPPED, {"reason": reason})
            return
        table = partitions.partition_table(utterances, **config["partition"], seed=config["seed"])
        protocol = {"speaker_independent": partitions.is_speaker_independent(table, utterances)}
        files.write_json(folder / PROTOCOL, protocol)
        predictions = predictions_of_test(utterances, features, config, run=f"emobox/{corpus}")
        tables.write(rounded(predictions), folder / SCORED)


if __name__ == "__main__":
    run_item(main)
