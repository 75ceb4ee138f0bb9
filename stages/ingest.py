"""Parse, decode and check every recording of the corpus."""

from pathlib import Path

from ser.core import files, params_file, tables
from ser.core.stage import run
from ser.corpora import labels
from ser.ingest import counts, utterance_table

PARAMS = ("corpus", "labels")
CORPUS_ROOT = Path("data/corpus_root.json")  # written by the probe, which must come first
WORDS = Path("conf/emotion_words.yaml")  # read by ser.corpora.words
UTTERANCES = Path("data/utterances.csv")
REPORT = Path("reports/ingest.json")


def main() -> None:
    config = params_file.load(*PARAMS)
    scheme, tally = labels.merged(**config["labels"]), counts.Tally()
    tables.write_parts(utterance_table.utterances(**config["corpus"], scheme=scheme, tally=tally), UTTERANCES)
    report = tally.report()
    files.write_json(REPORT, report)
    print("\n".join(counts.summary(report, labels=config["labels"]["name"])))


if __name__ == "__main__":
    run(main)
