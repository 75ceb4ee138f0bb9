"""Section of the report with the human ceiling: listeners who heard the recordings that the model predicts."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ser.core.wording import counted, percent
from ser.corpora import CORPORA
from ser.corpora.votes import Votes
from ser.evaluation import listeners, metrics
from ser.reporting.blocks import Section


def section(predictions: pd.DataFrame, utterances: pd.DataFrame, corpus: Mapping[str, Any]) -> Section | None:
    """One line for each corpus that has votes; None if no corpus has.

    Parameters
    ----------
    predictions
        Of one partition.
    utterances
        Table of utterances; all of them, because their labels tell what the study merges.
    corpus
        Settings `corpus` of the study.

    Raises
    ------
    ValueError
        If a file of votes is another one than that of the corpus.

    Examples
    --------
    >>> rows = pd.DataFrame({"corpus": ["emodb"]})
    >>> print(section(rows, rows, {"name": "emodb", "reader": "emodb", "root": "no_such_folder"}))
    None
    """
    lines = []
    for name, votes, path in _with_votes(corpus):
        tested = predictions[predictions["corpus"] == name]
        own = utterances[utterances["corpus"] == name]
        found = listeners.scores(own, votes.read(path), only=set(tested["utterance"]))
        if found:
            lines.append(_line(name, found, tested, votes))
    return Section("listeners", "Listeners", lines) if lines else None


def _with_votes(corpus: Mapping[str, Any]) -> Iterator[tuple[str, Votes, Path]]:
    """Name of each corpus of the study that has votes, the votes, and their file."""
    root = Path(corpus["root"])
    several = {name: (member, root / name) for name, member in corpus.get("members", {}).items()}
    for name, (own, folder) in (several or {corpus["name"]: (corpus, root)}).items():
        votes = CORPORA[own["reader"]].votes
        if votes is not None and (path := votes.path(folder)):
            yield name, votes, path


def _line(name: str, found: Mapping[str, Any], tested: pd.DataFrame, votes: Votes) -> str:
    model = metrics.scores(tested)["uar"]
    return (
        f"{CORPORA[name].title if name in CORPORA else name}: listeners chose the intended emotion, of"
        f" {found['n_emotions']}, in {percent(found['rate'])}\u00a0% of {counted(found['n_votes'], 'vote')} on"
        f" {found['n_utterances']} of the {counted(len(tested), 'utterance')}: UAR {percent(found['uar'])}\u00a0%. The"
        f" model has UAR {percent(model)}\u00a0% for {tested['truth'].nunique()} emotions. A vote for an emotion that"
        f" the study leaves out is a miss. Source: {votes.source}."
    )
