"""Parse, decode and check every recording of the corpus."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ser import params
from ser.core import files, tables
from ser.corpora import labels
from ser.ingest import utterance_table
from ser.ingest.counts import Tally
from stages import run

PARAMS = ("corpus", "labels")
CORPUS_ROOT = Path("data/corpus_root.json")  # written once the probe has found the folder: it comes first
UTTERANCES = Path("data/utterances.csv")
REPORT = Path("reports/ingest.json")


def main() -> None:
    config = params.load(*PARAMS)
    scheme = labels.merged(**config["labels"])
    tally = Tally()
    tables.write_parts(utterance_table.utterances(**config["corpus"], scheme=scheme, tally=tally), UTTERANCES)
    report = tally.report()
    files.write_json(REPORT, report)
    print("\n".join(summary(report, labels=config["labels"]["name"])))


def summary(report: Mapping[str, Any], *, labels: str) -> list[str]:
    """What was taken and what was not, a line each."""
    lines = [f"{name}: {count} utterances" for name, count in report["per_corpus"].items()]
    if len(lines) > 1:
        lines.append(f"together: {report['n_utterances']} utterances")
    lines[-1] += f", {report['n_speakers']} speakers, {len(report['rejects'])} files excluded"
    for corpus, counts in report["dropped"].items():
        dropped = ", ".join(f"{count} {emotion}" for emotion, count in counts.items())
        lines.append(f"dropped by labels={labels}: {dropped} of {corpus}")
    if n_copies := sum(report["copies"].values()):
        lines.append(f"counted once: {n_copies} files repeat recordings of other folders")
    if report["not_read"]:
        lines.append(f"warning: folders of no chosen corpus, not read: {', '.join(report['not_read'])}")
    return lines


if __name__ == "__main__":
    run(main)
