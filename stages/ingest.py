"""Parse, decode and check every recording of the corpus."""

from pathlib import Path

from ser import files, ingest, params, tables
from stages import run

PARAMS = ("corpus",)
CORPUS_ROOT = Path("data/corpus_root.json")  # written once the probe has found the folder: it comes first
UTTERANCES = Path("data/utterances.csv")
REPORT = Path("reports/ingest.json")


def main() -> None:
    config = params.load(*PARAMS)
    utterances, report = ingest.ingested(**config["corpus"])
    tables.write(utterances, UTTERANCES)
    files.write_json(REPORT, report)
    print(f"{len(utterances)} utterances, {report['n_speakers']} speakers, {len(report['rejects'])} files excluded")


if __name__ == "__main__":
    run(main)
