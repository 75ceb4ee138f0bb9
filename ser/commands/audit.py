"""`ser audit`: the checks of the stage `audit` on the tables, models and predictions of the last run."""

import argparse

from ser.commands import Failed
from ser.core.wording import counted


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the output format.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> add_options(parser)
    >>> parser.parse_args(["--json"])
    Namespace(json=True)
    """
    parser.add_argument("--json", action="store_true", help="print json, as the stage writes it to reports/audit.json")


def run(given: argparse.Namespace) -> str:
    """Findings as text or json; any error ends the command with exit status 1, also one that the protocol allows.

    Raises
    ------
    Failed
        If there are errors; the findings are printed before.
    ValueError, OSError
        If a file of the study is missing or damaged, or files are from different runs.
    """
    import json

    from ser import api
    from ser.audit import findings

    report = api.audit()
    text = json.dumps(report, indent=2, ensure_ascii=False) if given.json else findings.as_text(report)
    if not report["n_errors"]:
        return text
    print(text)
    raise Failed(f"{counted(report['n_errors'], 'error')} found")
