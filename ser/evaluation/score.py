"""The score of a run in a few lines: what `evaluate`, `summarise` and `ser summary` print."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ser.core.wording import percent, score_interval, utterances_of
from ser.evaluation.written_scores import CORPUS_MEAN, MIN_SPEAKERS_OF_INTERVAL, uar_by_corpus

REPORTS = (Path("reports/report.html"), Path("reports/classification_report.txt"))
NO_TEST = "UAR not computed: the test partition was not predicted (evaluation.test=false)"


def text(metrics: Mapping[str, Any], *, report: Path | None) -> str:
    """UAR with its interval, UAR of each of several corpora, dev UAR, protocol, and the path of the report.

    Parameters
    ----------
    metrics
        Content of `reports/metrics.json`.
    report
        File with more results; None for no line about it.

    Examples
    --------
    >>> metrics = {"uar": 0.69, "uar_low": 0.632, "uar_high": 0.746, "n_utterances": 1440, "n_speakers": 24}
    >>> metrics |= {"dev.uar": 0.702, "protocol": "published emobox (speaker-independent)"}
    >>> print(text(metrics, report=Path("reports/report.html")))
    UAR 69.0 % (95 % interval 63.2 to 74.6) on 1440 utterances of 24 speakers
    dev UAR 70.2 %
    protocol: published emobox (speaker-independent)
    report: reports/report.html
    """
    lines = [_tested(metrics) if "uar" in metrics else NO_TEST, *_by_corpus(metrics)]
    lines += [f"dev UAR {percent(metrics['dev.uar'])} %", f"protocol: {metrics['protocol']}"]
    return "\n".join([*lines, f"report: {report}"] if report else lines)


def report() -> Path | None:
    """Path of the report of the last run; of a run that ended with `evaluate`, the classification report.

    Examples
    --------
    >>> from contextlib import chdir
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder, chdir(folder):
    ...     Path("reports").mkdir()
    ...     Path("reports/classification_report.txt").touch()
    ...     report().as_posix()
    'reports/classification_report.txt'
    """
    found = [path for path in reversed(REPORTS) if path.is_file()]
    # After a run that ended with `evaluate`, an older report is still there, so the newest file is taken; of files of
    # the same time, the one that REPORTS names first.
    return sorted(found, key=lambda path: path.stat().st_mtime_ns)[-1] if found else None


def _tested(metrics: Mapping[str, Any]) -> str:
    low, high = metrics["uar_low"], metrics["uar_high"]
    doubt = f"no interval: {_fault(metrics)}" if low is None else f"95 % interval {score_interval(low, high)}"
    size = utterances_of(metrics["n_utterances"], metrics["n_speakers"])
    return f"UAR {percent(metrics['uar'])} % ({doubt}) on {size}"


def _fault(metrics: Mapping[str, Any]) -> str:
    """Reason why a score has no interval."""
    is_few = metrics["n_speakers"] < MIN_SPEAKERS_OF_INTERVAL
    return f"it needs {MIN_SPEAKERS_OF_INTERVAL} known speakers" if is_few else "some speakers are unknown"


def _by_corpus(metrics: Mapping[str, Any]) -> list[str]:
    if CORPUS_MEAN not in metrics:
        return []
    each = ", ".join(f"{name} {percent(uar)}" for name, uar in uar_by_corpus(metrics).items())
    return [f"UAR of each corpus, over its own emotions: {each}; mean of the corpora {percent(metrics[CORPUS_MEAN])}"]
