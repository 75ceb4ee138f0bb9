"""Scores of listeners, who heard the recordings that a model predicts: the human ceiling of a corpus."""

from collections.abc import Container, Mapping
from pathlib import PurePosixPath

import pandas as pd


def scores(
    rows: pd.DataFrame, votes: Mapping[str, Mapping[str, int]], *, only: Container[str]
) -> dict[str, float | int]:
    """Share of the votes for the intended emotion, over the votes, and as mean over the emotions (UAR).

    A vote for a code that the study merges with the intended one is a hit, a vote for one that it drops is a miss.

    Parameters
    ----------
    rows
        Columns utterance, corpus_label and emotion, of one corpus; all of its utterances, because their labels tell
        what the study merges.
    votes
        Last part of the name of an utterance -> corpus label -> number of votes.
    only
        Utterances that count.

    Returns
    -------
    dict
        rate, uar, n_votes, n_utterances (with votes) and n_emotions (among which people chose); empty without votes.

    Examples
    --------
    >>> rows = pd.DataFrame({"utterance": ["x/1", "x/2"], "corpus_label": ["A", "S"], "emotion": ["angry", "sad"]})
    >>> found = scores(rows, {"1": {"A": 9, "S": 1}, "2": {"A": 3, "S": 3}}, only={"x/1", "x/2"})
    >>> found["rate"], found["uar"], found["n_votes"]
    (0.75, 0.7, 16)
    """
    emotion_of = dict(zip(rows["corpus_label"], rows["emotion"], strict=True))
    counts = [
        (row.emotion, sum(n for code, n in own.items() if emotion_of.get(code) == row.emotion), sum(own.values()))
        for row in rows.itertuples()
        if row.utterance in only and (own := votes.get(PurePosixPath(str(row.utterance)).name, {}))
    ]
    table = pd.DataFrame(counts, columns=["emotion", "n_hits", "n_votes"])
    if not (n_votes := int(table["n_votes"].sum())):
        return {}
    of_emotions = table.groupby("emotion")[["n_hits", "n_votes"]].sum()
    return {
        "rate": float(table["n_hits"].sum() / n_votes),
        "uar": float((of_emotions["n_hits"] / of_emotions["n_votes"]).mean()),
        "n_votes": n_votes,
        "n_utterances": len(table),
        "n_emotions": len({code for own in votes.values() for code in own}),
    }
