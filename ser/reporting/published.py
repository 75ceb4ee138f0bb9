"""Section of the report with published figures of the same corpus and the same test folds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ser.corpora import title_of
from ser.evaluation import metrics
from ser.protocol import emobox, emobox_scores
from ser.reporting import results
from ser.reporting.blocks import Cell, Column, Section, Table

OWN = "this study"
NEARLY_ALL = 0.99  # of the recordings that a publication or a study tests, both do; some copies of a corpus lack a few
COLUMNS = (Column("system"), Column("UAR, %", "share"), Column("accuracy, %", "share"), Column("source"))


@dataclass(frozen=True)
class Published:
    """A published figure, as a share.

    Examples
    --------
    >>> Published("a system", uar=0.5, accuracy=None, source="a paper").uar
    0.5
    """

    system: str
    uar: float | None
    accuracy: float | None
    source: str


EMOBOX_SOURCE = "EmoBox, arXiv:2406.07162"
OF_RAVDESS: Mapping[tuple[str, str | None], tuple[Published, ...]] = {
    ("published", "luna_jimenez"): (
        Published("ResLSTM, trained from scratch, mean of 10 runs", 0.623, None, "arXiv:2606.03359"),
    ),
    ("random", None): (
        Published("dense network on 120 functionals, its last result", None, 0.7283, "system E of docs/systems.md"),
    ),
}
"""Name and source of a partition -> figures of RAVDESS speech that were measured with it."""


def section(
    predictions: pd.DataFrame, config: Mapping[str, Any], *, utterances: pd.DataFrame, figures: Mapping[str, Any]
) -> Section | None:
    """Table of the study and of published systems; None if no figure is comparable.

    Comparable are figures of the same corpus with all of its emotions, and of the same protocol; for fixed folds, of
    the same test recordings. A transductive study is not comparable, because its test features depend on each other.

    Parameters
    ----------
    predictions
        Of the test partition.
    config
        Settings `partition` and `labels` of the study.
    utterances
        All of the study; columns utterance and corpus.
    figures
        Content of `metrics.json`.

    Examples
    --------
    >>> config = {"partition": {"name": "speaker_holdout"}, "labels": {"actions": {}, "others": "keep"}}
    >>> utterances = pd.DataFrame({"utterance": ["emodb/03a01Fa"], "corpus": "emodb"})
    >>> print(section(utterances, config, utterances=utterances, figures={"uar": 0.5}))
    None
    """
    names = utterances["corpus"].unique()
    is_usual = results.is_tested(figures) and not figures.get("transductive")
    if not is_usual or len(names) > 1 or not _has_all_emotions(config["labels"]):
        return None
    known, text = _comparable(predictions["utterance"], utterances["utterance"], config["partition"], names[0])
    if not known:
        return None
    text += " This study also trains on other corpora." * bool(config["partition"].get("test_corpora"))
    own = metrics.scores(predictions)
    rows: list[list[Cell]] = [[OWN, own["uar"], own["accuracy"], None]]
    rows += [[one.system, one.uar, one.accuracy, one.source] for one in known]
    return Section("published", "Published figures", [text], [Table("This study and published systems", COLUMNS, rows)])


def _comparable(
    tested: "pd.Series[str]", everything: "pd.Series[str]", partition: Mapping[str, Any], name: str
) -> tuple[Sequence[Published], str]:
    """Figures that may stand beside those of the study, and what they have in common."""
    source = partition.get("source")
    corpus = partition.get("corpus") or name
    if partition["name"] == "emobox" or source == "emobox":
        if corpus not in emobox_scores.UAR or not _are_those_of_emobox(tested, corpus):
            return [], ""
        pairs = zip(emobox_scores.MODELS, emobox_scores.UAR[corpus], strict=True)
        known = [Published(system, uar / 100, None, EMOBOX_SOURCE) for system, uar in pairs]
        return known, (
            f"{title_of(name)} with the same test folds. The published systems are frozen speech encoders, which were"
            " trained on other speech before, with a small network."
        )
    # EmoBox tests each recording of RAVDESS speech.
    if name != "ravdess" or not _are_those_of_emobox(tested if source else everything, name):
        return [], ""
    same = "folds of actors" if source else "kind of split: at random, so that training and test share speakers"
    return OF_RAVDESS.get((partition["name"], source), ()), f"{title_of(name)} with the same {same}."


def _are_those_of_emobox(utterances: "pd.Series[str]", corpus: str) -> bool:
    """True if nearly all are recordings that EmoBox tests, and nearly all of these are there."""
    listed = {name for name, role in emobox.roles(corpus).items() if role.isdecimal()}
    found = set(utterances.map(emobox.name_of))
    return len(listed & found) >= NEARLY_ALL * len(listed | found)


def _has_all_emotions(labels: Mapping[str, Any]) -> bool:
    return {*labels["actions"].values(), labels.get("others", "keep")} == {"keep"}
