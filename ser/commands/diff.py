"""`ser diff`: changes of the metrics from a Git revision to the working copy, as a page for a pull request."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ser.commands.compare import add_options_of_test
from ser.core.arguments import output_file_of

if TYPE_CHECKING:
    import pandas as pd

PAGE = Path("reports/diff.md")
PICTURES = "diff"  # folder beside the page
KINDS = {"metrics": "Metrics that differ", "params": "Parameters that differ"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the base, the page, and the options of the test.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> add_options(parser)
    >>> given = parser.parse_args(["main", "--rerun"])
    >>> given.base, given.rerun
    ('main', True)
    """
    parser.add_argument("base", metavar="BASE", help="Git revision (for example main or HEAD~1), or experiment of DVC")
    parser.add_argument(
        "--rerun",
        action="store_true",
        help="run BASE again in a copy (default: only if its predictions are not in DVC's cache)",
    )
    parser.add_argument("--name", help="name of BASE on the page (default: as given)")
    parser.add_argument(
        "--to", type=output_file_of, default=PAGE, metavar="FILE", help="where to write the page (default: %(default)s)"
    )
    add_options_of_test(parser)


def run(given: argparse.Namespace) -> str:
    """Write the page and return it; after a significant drop of the UAR, print it and exit with an error.

    Raises
    ------
    ValueError
        If the working copy has no predictions, or BASE has none and its run fails.
    """
    import pandas as pd

    from ser.compare import difference_page, run_predictions
    from ser.core import files
    from ser.evaluation import metrics

    change = run_predictions.predictions(run_predictions.WORKSPACE)
    revision, base = base_predictions(given.base, rerun=given.rerun)
    name: str = given.name or given.base
    verdict, table, is_drop = comparison(base, change, name, given)
    verdict += difference_page.transductive_note(
        run_predictions.is_transductive(revision), run_predictions.is_transductive(run_predictions.WORKSPACE)
    )
    both = {name: test_rows(base), difference_page.CHANGE: test_rows(change)}
    text = difference_page.page(
        name,
        verdict,
        table,
        {heading: dvc_diff(kind, revision, name) for kind, heading in KINDS.items()},
        difference_page.confusions_beside(both, metrics.labels_of(pd.concat(both.values()))),
        write_pictures(both, given.to.parent / PICTURES),
    )
    files.write_text(given.to, text)
    if is_drop:
        print(text)
        sys.exit(f"error: {verdict}")
    return text


def base_predictions(base: str, *, rerun: bool) -> tuple[str, "pd.DataFrame"]:
    """Revision with the results of `base`, and its predictions; `base` is run again with `rerun` or if it has none.

    Raises
    ------
    ValueError
        If there is no such revision, or its run fails.
    """
    from ser.compare import run_predictions
    from ser.compare.rerun import results_of_revision

    if not rerun:
        try:
            return base, run_predictions.revision_predictions(base)
        except run_predictions.NotAvailable as reason:
            print(f"{reason}\nrunning {base} again in a copy …", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        commit = results_of_revision(base, Path(folder) / "base")
    return commit, run_predictions.revision_predictions(commit)


def comparison(
    base: "pd.DataFrame", change: "pd.DataFrame", name: str, given: argparse.Namespace
) -> tuple[str, str, bool]:
    """Verdict, table, and True if the UAR drops significantly; if not comparable, the verdict states the reason.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"partition": "test", "fold": 0, "utterance": ["u1", "u2"], "speaker": "anna"})
    >>> base = rows.assign(truth=["sad", "calm"], prediction="sad", p_calm=0.25, p_sad=0.75)
    >>> change = base.assign(prediction=["sad", "calm"])
    >>> given = argparse.Namespace(partition=None, resamples=99, seed=0)
    >>> verdict, table, is_drop = comparison(base, change, "main", given)
    >>> verdict.partition(":")[0], table.splitlines()[2], is_drop
    ('UAR 50.0 → 100.0 (+50.0)', '| uar | 50.0 | 100.0 | +50.0 |', False)
    """
    from ser.compare import difference_page, differences, run_predictions

    try:
        partition, a, b = run_predictions.shared_partition(base, change, given.partition)
        found = differences.comparison(a, b, n_resamples=given.resamples, seed=given.seed)
    except ValueError as reason:  # as other emotions or folds: a change of the task is not a drop
        return f"The UAR cannot be compared (A: `{name}`, B: {difference_page.CHANGE}): {reason}.", "", False
    return difference_page.verdict(found, partition), difference_page.comparison_table(found, name), found.is_drop


def test_rows(predictions: "pd.DataFrame") -> "pd.DataFrame":
    """Rows of the test partition; all rows if it has none.

    Examples
    --------
    >>> import pandas as pd
    >>> test_rows(pd.DataFrame({"partition": ["dev", "test"], "utterance": ["u1", "u2"]}))["utterance"].tolist()
    ['u2']
    """
    rows = predictions[predictions["partition"] == "test"]
    return rows if len(rows) else predictions


def dvc_diff(kind: str, revision: str, name: str) -> str:
    """Markdown table of `dvc metrics diff` or `dvc params diff`, empty if nothing differs.

    Parameters
    ----------
    kind
        `metrics` or `params`.
    name
        Name of the revision in the head of the table.

    Raises
    ------
    ValueError
        If DVC fails.
    """
    command = [sys.executable, "-m", "dvc", kind, "diff", "--md", revision]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        raise ValueError(f"dvc {kind} diff {revision} failed: {done.stderr.strip()}")
    head, *rest = done.stdout.strip().split("\n")  # rest: the line below the head, and the rows
    return "\n".join([head.replace(revision, f"{name:{len(revision)}}"), *rest]) if len(rest) > 1 else ""


def write_pictures(both: Mapping[str, "pd.DataFrame"], folder: Path) -> str:
    """Draw the confusion matrices of both runs into `folder`, and return Markdown that shows them on the page.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"truth": ["sad", "calm"], "prediction": "sad", "p_calm": 0.25, "p_sad": 0.75})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_pictures({"main": rows, "this change": rows}, Path(folder, "diff"))
    '![main](diff/base.png) ![this change](diff/change.png)'
    """
    from ser.core import files
    from ser.core.wording import percent
    from ser.evaluation import metrics
    from ser.figures.matrices import confusion

    shown = []
    for file, (name, rows) in zip(("base.png", "change.png"), both.items(), strict=True):
        title = f"{name}: UAR {percent(metrics.scores(rows)['uar'])} %"
        figure = confusion(rows["truth"], rows["prediction"], labels=metrics.labels_of(rows), title=title)
        with files.replacing(folder / file) as temporary:
            figure.savefig(temporary)
        shown.append(f"![{name}]({folder.name}/{file})")
    return " ".join(shown)
