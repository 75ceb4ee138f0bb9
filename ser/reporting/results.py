"""Sections of the report that say what came out: the headline, its warnings, confusion, classes, groups."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix

from ser import corpora
from ser.evaluation import breakdowns, metrics
from ser.reporting.blocks import Block, Caveat, Cell, Column, Headline, Matrix, Section, Table, counted, percent

LEAKY, DEPENDENT = "leaky", "speaker-dependent"
MAX_ROWS = 30  # of a table that is not folded
SCORES = (
    Column("UAR, %", "share", bar=True),
    Column("interval, %"),
    Column("accuracy, %", "share"),
    Column("utterances", "count"),
    Column("speakers", "count"),
    Column("emotions", "count"),
)
OF_SPEAKERS = [0, 1, 3, 4, 6]  # columns of a table of speakers, who have no interval
DEV_ONLY = (
    "Test was left out (evaluation.test: false). These are figures of dev, by which people choose settings: they"
    " flatter, and are no estimate for new speakers."
)


def is_tested(figures: Mapping[str, Any]) -> bool:
    """Whether `metrics.json` has figures of test."""
    return "uar" in figures


def caveats(figures: Mapping[str, Any], audit: Mapping[str, Any], *, partition: str, names: list[str]) -> list[Caveat]:
    """What must be said beside every number of a study of the corpora `names` by the protocol `partition`."""
    found = []
    if partition.startswith("leaky_") or audit["declared"] == LEAKY:
        found.append(
            Caveat("Leaky protocol.", "It breaks a rule of honest evaluation on purpose; its figures promise too much.")
        )
    if not figures["speaker_independent"] or audit["declared"] == DEPENDENT:
        found.append(
            Caveat("Speaker-dependent.", "Those who are tested were heard in training, too. New voices do worse.")
        )
    if figures.get("transductive"):
        found.append(
            Caveat(
                "Transductive.",
                "Features are standardised over all utterances of each speaker, tested ones too, without their labels."
                " Single recordings cannot be predicted so.",
            )
        )
    if audit["n_errors"]:
        found.append(Caveat(f"The audit found {counted(audit['n_errors'], 'error')}.", "The figures leak; see Audit."))
    if audit["n_notes"]:
        found.append(Caveat(f"The audit has {counted(audit['n_notes'], 'note')}.", "See Audit.", grave=False))
    return found + [Caveat("Note.", note, grave=False) for note in corpora.notes(names)]


def headline(predictions: pd.DataFrame, figures: Mapping[str, Any], *, n_resamples: int) -> Headline:
    """UAR of one partition's predictions, with its interval; below 6 speakers, with the figure of everyone."""
    tested, own = is_tested(figures), metrics.scores(predictions)
    facts = [
        ("accuracy, %", percent(own["accuracy"])),
        ("macro F1, %", percent(own["f1_macro"])),
        ("utterances", str(len(predictions))),
        ("speakers", str(predictions["speaker"].nunique() or breakdowns.UNKNOWN)),
    ]
    if tested:
        facts += [("dev UAR, %", percent(figures["dev.uar"]))]
    return Headline(
        name="UAR, unweighted average recall" if tested else "Dev UAR, unweighted average recall (no test)",
        uar=own["uar"],
        low=figures["uar_low"] if tested else None,
        high=figures["uar_high"] if tested else None,
        chance=1 / len(metrics.labels_of(predictions)),
        explanation=_explanation(predictions, figures, n_resamples) if tested else DEV_ONLY,
        facts=facts,
    )


def _explanation(predictions: pd.DataFrame, figures: Mapping[str, Any], n_resamples: int) -> str:
    heard = "not heard in training" if figures["speaker_independent"] else "heard in training, too"
    heard += " (transductive)" * figures.get("transductive", False)
    mean = "Mean of the recalls of all emotions, pooled over the folds"
    speaker = predictions["speaker"]
    if figures["uar_low"] is not None:
        return f"{mean}, for speakers {heard}. Interval: 95 % bootstrap over speakers, {n_resamples} draws."
    if n_unknown := int(speaker.isna().sum()):
        unknown = f"The speakers of {n_unknown} of {counted(len(speaker), 'utterance')} are unknown"
        return f"{mean}. {unknown}, so that there is no interval over speakers."
    parts = predictions.groupby("speaker")
    everyone = ", ".join(f"{name} {percent(metrics.scores(rows)['uar'])}" for name, rows in parts)
    n_speakers = counted(speaker.nunique(), "speaker")
    return f"{mean}, for speakers {heard}. {n_speakers}: too few for an interval. Each one's UAR: {everyone}."


def confusion(predictions: pd.DataFrame) -> Section:
    """Confusion matrix, and its largest errors in words."""
    labels = metrics.labels_of(predictions)
    counts = confusion_matrix(predictions["truth"], predictions["prediction"], labels=labels)
    worst = breakdowns.largest_confusions(predictions, n=3).to_dict("records")
    taken = [f"{row['truth']} for {row['prediction']} ({percent(row['share'])}\u00a0%)" for row in worst]
    text = "Per cent of the annotated emotion, and counts."
    if taken:
        text += f" Most often taken: {', '.join(taken)}."
    block = Matrix("Confusion matrix, annotated against predicted", labels, counts.tolist())
    return Section("confusion", "Confusion", [text], [block])


def classes(predictions: pd.DataFrame) -> Section:
    """Precision, recall and F1 of each class."""
    columns = [
        Column("emotion"),
        Column("recall, %", "share", bar=True),
        Column("precision, %", "share"),
        Column("F1, %", "share"),
        Column("annotated", "count"),
        Column("predicted", "count"),
    ]
    found = breakdowns.scores_of_classes(predictions)
    order = ["emotion", "recall", "precision", "f1", "n_annotated", "n_predicted"]
    return Section("classes", "Classes", blocks=[Table("Scores of each emotion", columns, _cells(found[order]))])


def of_groups(predictions: pd.DataFrame, *, n_resamples: int, seed: int) -> Section:
    """Scores of every corpus, sex, intensity and speaker.

    Parameters
    ----------
    n_resamples
        Of the bootstrap over speakers; 0 gives no intervals.
    """
    blocks: list[Block] = []
    for column in ("corpus", "sex", "intensity"):
        if column == "corpus" and predictions["corpus"].nunique() < 2:
            continue
        found = breakdowns.scores_by(predictions, column, n_resamples=n_resamples, seed=seed)
        if list(found[column]) != [breakdowns.UNKNOWN]:
            blocks.append(_scores_table(f"By {column}", column, found))
    missing = [name for name in ("sex", "intensity") if predictions[name].isna().all()]
    text = ["A UAR is over the emotions that the group has: where their numbers differ, chance differs, too."]
    if missing:
        text.append(f"Unknown of all utterances, so without a table: {', '.join(missing)}.")
    found = breakdowns.scores_by(predictions, "speaker", n_resamples=0, seed=seed)
    if predictions["speaker"].notna().any():
        known = found[found["speaker"] != breakdowns.UNKNOWN]["uar"]
        text.append(
            f"Speakers: from {percent(known.min())} to {percent(known.max())}, median"
            f" {percent(float(np.median(known)))}."
        )
        blocks.append(_scores_table("By speaker", "speaker", found))
    else:
        text.append("The speakers are unknown.")
    return Section("groups", "Groups", text, blocks)


def _scores_table(caption: str, column: str, found: pd.DataFrame) -> Table:
    rows: list[list[Cell]] = []
    for row in found.to_dict("records"):
        low, high = row["uar_low"], row["uar_high"]
        interval = None if pd.isna(low) else f"{percent(low)}\u00a0to\u00a0{percent(high)}"
        counts = [row["n_utterances"], row["n_speakers"], row["n_emotions"]]
        rows.append([row[column], row["uar"], interval, row["accuracy"], *counts])
    columns = [Column(column), *SCORES]
    if column == "speaker":
        columns, rows = [columns[k] for k in OF_SPEAKERS], [[row[k] for k in OF_SPEAKERS] for row in rows]
    return Table(caption, columns, rows, folded=len(rows) > MAX_ROWS)


def _cells(found: pd.DataFrame) -> list[list[Any]]:
    return [[None if pd.isna(value) else value for value in row] for row in found.astype(object).to_numpy().tolist()]
