"""The command `ser`."""

import argparse
import sys
from pathlib import Path

from ser import files

METRICS = Path("reports/metrics.json")
PICTURES = (
    "reports/confusion_matrix.png",
    "reports/per_class.png",
    "reports/projections/tsne.png",
    "reports/projections/umap.png",
)


def main(arguments: list[str] | None = None) -> None:
    """Run one subcommand; bad input ends it with a message and exit status 1."""
    parser = argparse.ArgumentParser(prog="ser", description="Speech emotion recognition, honest by construction.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("summary", help="print the metrics of the last run, and where its pictures are")
    parser.parse_args(arguments)
    try:
        print(summary())
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")


def summary() -> str:
    """Metrics of the last run as text, then the paths of its pictures.

    Raises
    ------
    ValueError
        If there are no metrics.
    """
    if not METRICS.is_file():
        raise ValueError(f"no {METRICS} here; make it with: dvc repro")
    metrics = files.read_json(METRICS)
    width = max(map(len, metrics))
    lines = [f"{name:{width}}  {_shown(value)}" for name, value in metrics.items()]
    pictures = [f"  {path}" for path in PICTURES if Path(path).is_file()]
    return "\n".join([*lines, "", "pictures:", *pictures])


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "-" if value is None else str(value)
