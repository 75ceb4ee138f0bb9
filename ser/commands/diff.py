"""`ser diff`: what the working copy changes in the figures of a Git revision, as a page for a pull request."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ser.commands.compare import add_options_of_test

if TYPE_CHECKING:
    import pandas as pd

PAGE = Path("reports/diff.md")
PICTURES = "diff"  # folder beside the page
KINDS = {"metrics": "Metrics that differ", "params": "Parameters that differ"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Against what."""
    parser.add_argument("base", metavar="BASE", help="Git revision, as main or HEAD~1, or an experiment of DVC")
    parser.add_argument(
        "--rerun",
        action="store_true",
        help="run BASE anew, in a copy; else only if its predictions are not in DVC's cache",
    )
    parser.add_argument("--name", help="how the page calls BASE (as given)")
    parser.add_argument("--to", type=Path, default=PAGE, metavar="FILE", help="where the page goes (%(default)s)")
    add_options_of_test(parser)


def run(given: argparse.Namespace) -> str:
    """Write the page, and return it; a drop of UAR beyond chance ends the program with an error once it is printed.

    Raises
    ------
    ValueError
        If one of the two has no predictions, and cannot be run.
    """
    import pandas as pd

    from ser.compare import difference_page, runs
    from ser.core import files
    from ser.evaluation import metrics

    change = runs.predictions(runs.WORKSPACE)
    revision, base = of_base(given.base, rerun=given.rerun)
    name: str = given.name or given.base
    verdict, table, is_drop = compared(base, change, name, given)
    verdict += difference_page.protocols(runs.is_transductive(revision), runs.is_transductive(runs.WORKSPACE))
    both = {name: tested(base), difference_page.CHANGE: tested(change)}
    text = difference_page.page(
        name,
        verdict,
        table,
        {heading: dvc_diff(kind, revision, name) for kind, heading in KINDS.items()},
        difference_page.side_by_side(both, metrics.labels_of(pd.concat(both.values()))),
        write_pictures(both, given.to.parent / PICTURES),
    )
    files.write_text(given.to, text)
    if is_drop:
        print(text)
        sys.exit(f"error: {verdict}")
    return text


def of_base(base: str, *, rerun: bool) -> tuple[str, "pd.DataFrame"]:
    """Revision that holds what `base` gave, and its predictions; run anew if so wanted, or if they are not here.

    Raises
    ------
    ValueError
        If there is no such revision, or it does not run.
    """
    from ser.compare import reproduction, runs

    if not rerun:
        try:
            return base, runs.of_revision(base)
        except runs.NotHere as reason:
            print(f"{reason}\nrunning {base} anew in a copy …", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        commit = reproduction.reproduced(base, Path(folder) / "base")
    return commit, runs.of_revision(commit)


def compared(
    base: "pd.DataFrame", change: "pd.DataFrame", name: str, given: argparse.Namespace
) -> tuple[str, str, bool]:
    """Verdict, table, and whether the UAR drops beyond chance; of what cannot be compared, why."""
    from ser.compare import difference_page, intervals, runs

    try:
        partition, a, b = runs.same_partition(base, change, given.partition)
        found = intervals.compared(a, b, n_resamples=given.resamples, seed=given.seed)
    except ValueError as reason:  # as other emotions, or other folds: a change of the task is no drop
        return f"The UAR cannot be compared (A: `{name}`, B: {difference_page.CHANGE}): {reason}.", "", False
    return difference_page.verdict(found, partition), difference_page.comparison_table(found, name), found.is_drop


def tested(predictions: "pd.DataFrame") -> "pd.DataFrame":
    """Rows of test, or of dev where there are none."""
    rows = predictions[predictions["partition"] == "test"]
    return rows if len(rows) else predictions


def dvc_diff(kind: str, revision: str, name: str) -> str:
    """Markdown table of what `dvc metrics diff` or `dvc params diff` finds, if anything; `name` is the revision's.

    Raises
    ------
    ValueError
        If DVC fails.
    """
    command = [sys.executable, "-m", "dvc", kind, "diff", "--md", revision]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        raise ValueError(f"dvc {kind} diff {revision} failed: {done.stderr.strip()}")
    head, *rest = done.stdout.strip().split("\n")  # the rule below the head, and the rows
    return "\n".join([head.replace(revision, f"{name:{len(revision)}}"), *rest]) if len(rest) > 1 else ""


def write_pictures(both: Mapping[str, "pd.DataFrame"], folder: Path) -> str:
    """Draw the confusion matrices of both runs into `folder`; Markdown that shows them beside the page."""
    from ser.core import files
    from ser.core.wording import percent
    from ser.evaluation import metrics
    from ser.figures import result_figures

    shown = []
    for file, (name, rows) in zip(("base.png", "change.png"), both.items(), strict=True):
        title = f"{name}: UAR {percent(metrics.scores(rows)['uar'])} %"
        figure = result_figures.confusion(
            rows["truth"], rows["prediction"], labels=metrics.labels_of(rows), title=title
        )
        with files.replacing(folder / file) as temporary:
            figure.savefig(temporary)
        shown.append(f"![{name}]({folder.name}/{file})")
    return " ".join(shown)
