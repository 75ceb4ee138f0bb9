"""`ser compare`: differences of two runs on the utterances that both predicted, and their significance."""

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ser.core.wording import difference_interval, p_value, percent, signed, utterances_of

if TYPE_CHECKING:
    import pandas as pd

    from ser.compare.differences import Comparison

NO_INTERVAL = "No interval and no p: they need at least 6 speakers, all known."
NOTE = "95 % interval: paired bootstrap over speakers; p: two-sided, by swapping the runs on each speaker"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the runs and the output format.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> add_options(parser)
    >>> given = parser.parse_args(["main", "workspace", "--csv"])
    >>> given.run_a, given.run_b, given.csv
    ('main', 'workspace', True)
    """
    kinds = "workspace, a folder with predictions.csv, a Git revision, or an experiment that ser experiments lists"
    parser.add_argument("run_a", metavar="RUN_A", help=kinds)
    parser.add_argument("run_b", metavar="RUN_B", help="the run to compare with RUN_A; differences are B - A")
    add_options_of_test(parser)
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print json")
    shape.add_argument(
        "--csv", action="store_true", help="print csv: the differences; without an interval, the UAR of each speaker"
    )


def add_options_of_test(parser: argparse.ArgumentParser) -> None:
    """Add the partition, and the precision of intervals and p values.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> add_options_of_test(parser)
    >>> parser.parse_args(["--partition", "dev"])
    Namespace(partition='dev', resamples=9999, seed=0)
    """
    parser.add_argument("--partition", choices=["dev", "test"], help="default: test, or dev if a run has no test")
    parser.add_argument(
        "--resamples",
        type=int,
        default=9999,
        metavar="N",
        help="resamples of the speakers, for interval and p (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="random seed of the resamples (default: %(default)s)",
    )


def run(given: argparse.Namespace) -> str:
    """Comparison as text, csv or json.

    Raises
    ------
    ValueError
        If a run is not available, or the two cannot be compared.

    Examples
    --------
    >>> from contextlib import chdir
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"fold": 0, "partition": "test", "utterance": ["u1", "u2"], "corpus": "x", "speaker": "a"})
    >>> rows = rows.assign(sex=None, intensity=None, truth=["sad", "calm"], prediction="sad", p_calm=0.25, p_sad=0.75)
    >>> parser = argparse.ArgumentParser()
    >>> add_options(parser)
    >>> with TemporaryDirectory() as folder, chdir(folder):
    ...     rows.to_csv("before.csv", index=False)
    ...     rows.assign(prediction=rows["truth"]).to_csv("after.csv", index=False)
    ...     print(run(parser.parse_args(["before.csv", "after.csv", "--csv"])))
    speaker,n_utterances,a,b,difference
    a,2,0.5,1.0,0.5
    """
    from ser.compare import differences, run_predictions

    if given.resamples < 1:
        raise ValueError(f"--resamples is {given.resamples}; it must be 1 or more")
    a, b = run_predictions.predictions(given.run_a), run_predictions.predictions(given.run_b)
    partition, a, b = run_predictions.shared_partition(a, b, given.partition)
    found = differences.comparison(a, b, n_resamples=given.resamples, seed=given.seed)
    facts = {"run_a": given.run_a, "run_b": given.run_b, "partition": partition}
    transductive = [name for name in ("a", "b") if run_predictions.is_transductive(facts[f"run_{name}"])]
    if given.json:
        content = facts | {"transductive": transductive} | as_dict(found)
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    if given.csv:
        table = found.differences if found.has_interval else found.speakers
        return table.to_csv(index=False, lineterminator="\n").removesuffix("\n")
    return as_text(found, **facts, transductive=transductive)


def as_dict(found: "Comparison") -> dict[str, Any]:
    """Content of the json output.

    Examples
    --------
    >>> import pandas as pd
    >>> from ser.compare.differences import Comparison
    >>> as_dict(Comparison(pd.DataFrame(), pd.DataFrame(), n_utterances=40, only_a=1, only_b=0))
    {'n_utterances': 40, 'only_in_a': 1, 'only_in_b': 0, 'n_speakers': 0, 'differences': [], 'speakers': []}
    """
    return {
        "n_utterances": found.n_utterances,
        "only_in_a": found.only_a,
        "only_in_b": found.only_b,
        "n_speakers": len(found.speakers),
        "differences": records(found.differences),
        "speakers": records(found.speakers),
    }


def records(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """Rows of a table as dicts, with None for missing values.

    Examples
    --------
    >>> import pandas as pd
    >>> records(pd.DataFrame({"metric": ["uar"], "p": [float("nan")]}))
    [{'metric': 'uar', 'p': None}]
    """
    found = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in found]


def as_text(found: "Comparison", *, run_a: str, run_b: str, partition: str, transductive: Sequence[str] = ()) -> str:
    """Text output: scores in per cent; where there is no interval, also the UAR of each speaker.

    Examples
    --------
    >>> import pandas as pd
    >>> from ser.compare.differences import Comparison
    >>> uar = {"metric": "uar", "a": 0.5, "b": 0.6, "difference": 0.1, "low": 0.05, "high": 0.15, "p": 0.01}
    >>> found = Comparison(pd.DataFrame([uar]), pd.DataFrame({"speaker": list("abcdef")}), 60, only_a=0, only_b=0)
    >>> print(as_text(found, run_a="main", run_b="workspace", partition="test").splitlines()[5])
    uar                      50.0   60.0   +10.0   +5.0 to +15.0    0.0100
    """
    marks = {name: " (transductive)" * (name in transductive) for name in ("a", "b")}
    lines = [f"A: {run_a}{marks['a']}", f"B: {run_b}{marks['b']}", scope(found, partition), ""]
    lines += [f"{'%':22}{'A':>7}{'B':>7}{'B - A':>8}" + ("   95 % interval         p" if found.has_interval else "")]
    for row in found.differences.to_dict("records"):
        interval = difference_interval(row["low"], row["high"])
        lines.append(f"{_cells(row['metric'], row)}   {interval:14}{p_value(row['p']):>9}".rstrip())
    if found.has_interval:
        return "\n".join([*lines, "", NOTE])
    own = [_cells(row["speaker"], row) for row in found.speakers.to_dict("records")]
    return "\n".join([*lines, "", NO_INTERVAL + " UAR of each speaker:" * bool(own), *own])


def _cells(name: str, row: Mapping[Any, Any]) -> str:
    return f"{name:22}{percent(row['a']):>7}{percent(row['b']):>7}{signed(row['difference']):>8}"


def scope(found: "Comparison", partition: str) -> str:
    """Line on the utterances that are compared.

    Examples
    --------
    >>> import pandas as pd
    >>> from ser.compare.differences import Comparison
    >>> scope(Comparison(pd.DataFrame(), pd.DataFrame({"speaker": list("abcdef")}), 60, only_a=0, only_b=2), "test")
    'test: 60 utterances of 6 speakers that both predicted (left out: 0 only in A, 2 only in B)'
    """
    both = f"{partition}: {utterances_of(found.n_utterances, len(found.speakers))} that both predicted"
    return f"{both} (left out: {found.only_a} only in A, {found.only_b} only in B)"
