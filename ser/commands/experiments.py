"""`ser experiments`: the runs that DVC knows as a table, with their scores and what distinguishes them."""

import argparse
import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ser.core.wording import aligned, counted, percent, score_interval

if TYPE_CHECKING:
    from ser.compare.dvc_runs import Listing, Run
    from ser.tuning.overrides import Choices

COLUMNS = (
    *("run", "date", "state", "model", "representation", "corpus", "partition", "speaker_independent", "transductive"),
    *("dev.uar", "uar", "uar_low", "uar_high", "overrides"),
)
STATED = ("model", "corpus", "partition")  # groups with a column of their own
MAX_VALUE = 40  # characters of one setting in the table
MAX_SETTINGS = 6  # settings of one run in the table
HINTS = (
    "UAR in %, with its 95 % interval over speakers; no interval below 6 speakers.",
    "Other settings: all further differences from the default study, each an option -S. --json and --csv list all.",
)
Row = Mapping[str, Any]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options: which experiments, and the form of the output.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> add_options(parser)
    >>> parser.parse_args(["-A", "--csv"])
    Namespace(all_commits=True, json=False, csv=True)
    """
    parser.add_argument(
        "-A", "--all-commits", action="store_true", help="list the experiments that started from other commits too"
    )
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print json")
    shape.add_argument("--csv", action="store_true", help="print csv")


def run(given: argparse.Namespace) -> str:
    """List the workspace, then the experiments, the one with the highest dev UAR first.

    Raises
    ------
    ValueError
        If there is no DVC repository or no commit, or `conf` does not compose.
    """
    from ser.compare import dvc_runs

    found = dvc_runs.listing(all_commits=given.all_commits)
    rows = rows_of(found)
    if given.json:
        return json.dumps(rows, indent=2, ensure_ascii=False, allow_nan=False)
    if given.csv:
        return as_csv(rows)
    return as_text(rows, scope="all commits" if given.all_commits else "this commit", n_left_out=found.n_left_out)


def rows_of(found: "Listing") -> list[Row]:
    """One row per run: the workspace, then by falling dev UAR; runs without a score follow, newest first.

    Raises
    ------
    ValueError
        If `conf` does not exist, or does not compose.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from ser.compare.dvc_runs import Listing, Run
    >>> others = [Run(name, "done", {}, {"dev.uar": score}) for name, score in (("first", 0.6), ("second", 0.7))]
    >>> with TemporaryDirectory() as folder:
    ...     Path(folder, "conf").mkdir()
    ...     found = rows_of(Listing(Path(folder), [Run("workspace", "not evaluated", {}), *others], n_left_out=0))
    >>> [(one["run"], one["dev.uar"]) for one in found]
    [('workspace', None), ('second', 0.7), ('first', 0.6)]
    """
    from ser.params import CONF
    from ser.tuning import overrides

    conf = found.folder / CONF
    if not conf.is_dir():
        raise ValueError(f"{conf} does not exist, so the default study is unknown; restore it: git checkout {CONF}")
    workspace, *others = [
        row(run, overrides.choices(run.settings, conf=conf) if run.settings else None) for run in found.runs
    ]
    others.sort(key=lambda one: -1.0 if one["dev.uar"] is None else one["dev.uar"], reverse=True)
    return [workspace, *others]


def row(run: "Run", choices: "Choices | None") -> Row:
    """Everything that is shown of a run; `choices` is None for a run without parameters.

    Examples
    --------
    >>> from ser.compare.dvc_runs import Run
    >>> found = row(Run("mine", "done", {"model": {"representation": "librosa"}}, {"dev.uar": 0.6}), None)
    >>> found["run"], found["representation"], found["dev.uar"]
    ('mine', 'librosa', 0.6)
    """
    files = choices.files if choices else {}
    metrics = {name: run.metrics.get(name) for name in ("speaker_independent", "dev.uar", "uar", "uar_low", "uar_high")}
    facts = {
        "run": run.name,
        "date": run.date.isoformat(sep=" ", timespec="minutes") if run.date else None,
        "state": run.state,
        **{name: files.get(name) for name in STATED},
        "representation": representation_cell(run.settings),
        "transductive": run.metrics.get("transductive", False) if run.metrics else None,
        **metrics,
        "overrides": choices.overrides() if choices else [],
    }
    return {column: facts[column] for column in COLUMNS}


def representation_cell(settings: Mapping[str, Any]) -> str | None:
    """Representation that the model reads; of an ensemble, those of its members.

    Examples
    --------
    >>> representation_cell({"model": {"representation": "librosa"}})
    'librosa'
    """
    members = settings.get("members") or {}
    models = [member["model"] for member in members.values()] or [settings.get("model", {})]
    names = dict.fromkeys(model["representation"] for model in models if "representation" in model)
    return " + ".join(names) or None


def as_csv(rows: Sequence[Row]) -> str:
    """Rows as csv; overrides are separated by blanks, as on a command line.

    Examples
    --------
    >>> one = dict.fromkeys(COLUMNS) | {"run": "mine", "overrides": ["model=mlp", "seed=1"]}
    >>> as_csv([one]).splitlines()[1]
    'mine,,,,,,,,,,,,,model=mlp seed=1'
    """
    content = io.StringIO()
    writer = csv.DictWriter(content, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**one, "overrides": " ".join(one["overrides"])} for one in rows)
    return content.getvalue().removesuffix("\n")


def as_text(rows: Sequence[Row], *, scope: str, n_left_out: int) -> str:
    """Rows as a table for people; a run without a score has its state in the column of the dev UAR.

    Examples
    --------
    >>> workspace = dict.fromkeys(COLUMNS) | {"run": "workspace", "state": "not evaluated", "overrides": []}
    >>> as_text([workspace], scope="this commit", n_left_out=0).splitlines()[3]
    'no experiments of this commit; dvc exp run makes one, for example: dvc exp run -S model=mlp'
    """
    head = ("run", "date", "model", "representation", "corpus", "partition", "dev UAR", "UAR", "interval")
    lines = aligned([(*head, "other settings"), *(cells(one) for one in rows)])
    elsewhere = f"; {n_left_out} started from other commits: ser experiments --all-commits" if n_left_out else ""
    n_experiments = len(rows) - 1
    count = f"{counted(n_experiments, 'experiment') if n_experiments else 'no experiments'} of {scope}{elsewhere}"
    if not n_experiments:
        count += "; dvc exp run makes one, for example: dvc exp run -S model=mlp"
    return "\n".join([*lines, "", count, *HINTS])


def cells(one: Row) -> tuple[str, ...]:
    """Cells of a row of the table.

    Examples
    --------
    >>> one = {"run": "mine", "state": "done", "model": "mlp", "dev.uar": 0.6, "overrides": ["model=mlp", "seed=1"]}
    >>> cells(dict.fromkeys(COLUMNS) | one)
    ('mine', '', 'mlp', '', '', '', '60.0', '-', '', 'seed=1')
    """
    facts = (one["run"], one["date"] or "", *(one[name] or "" for name in ("model", "representation", "corpus")))
    state = one["state"] if one["state"] != "done" else percent(one["dev.uar"])
    scores = (state, percent(one["uar"]), score_interval(one["uar_low"], one["uar_high"]))
    return (*facts, partition_cell(one), *scores, settings_cell(one["overrides"]))


def partition_cell(one: Row) -> str:
    """Partition, marked if its scores are not speaker-independent or use the tested speakers' other utterances.

    Examples
    --------
    >>> partition_cell({"partition": "random", "speaker_independent": False, "transductive": None})
    'random (speaker-dependent)'
    """
    marks = ["speaker-dependent"] * (one["speaker_independent"] is False) + ["transductive"] * bool(one["transductive"])
    return f"{one['partition'] or ''} ({', '.join(marks)})" if marks else one["partition"] or ""


def settings_cell(overrides: Sequence[str]) -> str:
    """Overrides that no column states, the first ones, each cut to a readable length.

    Examples
    --------
    >>> settings_cell(["model=mlp", "seed=1", "model.alpha=1.0"])
    'seed=1 model.alpha=1.0'
    """
    shown = [override for override in overrides if override.partition("=")[0] not in STATED]
    more = [f"and {len(shown) - MAX_SETTINGS} more"] if len(shown) > MAX_SETTINGS else []
    cut = (override if len(override) <= MAX_VALUE else f"{override[: MAX_VALUE - 1]}…" for override in shown)
    return " ".join([*list(cut)[:MAX_SETTINGS], *more])
