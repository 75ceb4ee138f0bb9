"""Sections of the report with the results: the headline and its warnings, confusion, classes, groups."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix

from ser import corpora
from ser.audit.findings import declared
from ser.core.sexes import UNKNOWN
from ser.core.wording import counted, percent
from ser.evaluation import breakdowns, metrics
from ser.evaluation.written_scores import CORPUS_MEAN, MIN_SPEAKERS_OF_INTERVAL
from ser.reporting import protocols
from ser.reporting.blocks import Caveat, Cell, Column, Headline, Matrix, Section, Table

LEAKY, DEPENDENT = "leaky", "speaker-dependent"
N_CONFUSIONS = 3  # that are named
MAX_ROWS = 30  # longer tables are folded
SCORES = (
    Column("UAR, %", "share", bar=True),
    Column("interval, %"),
    Column("accuracy, %", "share"),
    Column("utterances", "count"),
    Column("speakers", "count"),
    Column("emotions", "count"),
)
EMOTIONS_OF_GROUPS = (
    "A UAR is the mean recall of the emotions that are annotated in the group; a prediction of another emotion is a"
    " miss. If groups have different emotions, chance differs, too."
)
AUDIT = "audit"  # anchor of the section
INTERVAL = 2  # column of the interval
NO_INTERVAL = (
    f"Groups of fewer than {MIN_SPEAKERS_OF_INTERVAL} speakers, or of unknown ones, have no interval, since a"
    " bootstrap over so few is not reliable."
)
OF_SPEAKERS = [0, 1, 3, 4, 6]  # columns of the table of speakers; a single speaker has no interval
DEV_ONLY = (
    "Test was left out (evaluation.test: false). These are the scores of dev. Settings are chosen by dev, so the scores"
    " are too high, and are no estimate for new speakers."
)


def is_tested(figures: Mapping[str, Any]) -> bool:
    """True if `metrics.json` has scores of test.

    Examples
    --------
    >>> is_tested({"dev.uar": 0.6}), is_tested({"dev.uar": 0.6, "uar": 0.5})
    (False, True)
    """
    return "uar" in figures


def caveats(figures: Mapping[str, Any], audit: Mapping[str, Any], *, partition: str, names: list[str]) -> list[Caveat]:
    """Warnings that apply to all scores of a study of the corpora `names` with the partition `partition`.

    Examples
    --------
    >>> audit = {"declared": "speaker-dependent", "n_errors": 0, "n_notes": 0}
    >>> found = caveats({"speaker_independent": False}, audit, partition="random", names=["emodb"])
    >>> [caveat.title for caveat in found]
    ['Speaker-dependent.']
    """
    found = []
    if LEAKY in (declared(partition), audit["declared"]):
        found.append(Caveat("Leaky protocol.", "It breaks a rule of evaluation on purpose. The scores are too high."))
    if not figures["speaker_independent"] or audit["declared"] == DEPENDENT:
        found.append(
            Caveat(
                "Speaker-dependent.", "The test speakers are also in the training data. New speakers get lower scores."
            )
        )
    if figures.get("transductive"):
        found.append(
            Caveat(
                "Transductive.",
                "Features are standardised over all utterances of each speaker, test included, without their labels."
                " Such a model cannot predict single recordings.",
            )
        )
    if audit["n_errors"]:
        found.append(
            Caveat(
                f"The audit found {counted(audit['n_errors'], 'error')}.",
                "See Audit: the scores may be wrong.",
                section=AUDIT,
            )
        )
    if audit["n_notes"]:
        found.append(
            Caveat(f"The audit has {counted(audit['n_notes'], 'note')}.", "See Audit.", grave=False, section=AUDIT)
        )
    return found + [Caveat("Note.", note, grave=False) for note in corpora.notes(names)]


def headline(
    predictions: pd.DataFrame, figures: Mapping[str, Any], *, partition: Mapping[str, Any], n_resamples: int
) -> Headline:
    """UAR of the predictions of one partition, with its interval; with fewer than 6 speakers, the UAR of each.

    Parameters
    ----------
    partition
        Settings of the partition.

    Examples
    --------
    >>> rows = pd.DataFrame({"speaker": ["a", "b"], "truth": ["sad", "calm"], "prediction": "sad"})
    >>> figures = {"dev.uar": 0.5, "speaker_independent": True}
    >>> partition = {"name": "speaker_folds", "n_folds": 3}
    >>> found = headline(rows.assign(p_calm=0.4, p_sad=0.6), figures, partition=partition, n_resamples=0)
    >>> found.name, found.uar, found.chance
    ('Dev UAR, unweighted average recall (no test)', 0.5, 0.5)
    """
    tested, own = is_tested(figures), metrics.scores(predictions)
    meaning = protocols.meaning(
        partition["name"],
        speaker_independent=figures["speaker_independent"],
        test_corpora=partition.get("test_corpora"),
    )
    facts = [
        ("accuracy, %", percent(own["accuracy"])),
        ("macro F1, %", percent(own["f1_macro"])),
        ("utterances", str(len(predictions))),
        ("speakers", str(predictions["speaker"].nunique() or UNKNOWN)),
    ]
    if CORPUS_MEAN in figures:
        facts += [("mean UAR of the corpora, %", percent(figures[CORPUS_MEAN]))]
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
        protocol=meaning if tested else "",
    )


def _explanation(predictions: pd.DataFrame, figures: Mapping[str, Any], n_resamples: int) -> str:
    seen = "not in the training data" if figures["speaker_independent"] else "also in the training data"
    seen += " (transductive)" * figures.get("transductive", False)
    several = predictions["fold"].nunique() > 1
    mean = "Mean of the recalls of all emotions" + ", pooled over the folds" * several
    speaker = predictions["speaker"]
    if figures["uar_low"] is not None:
        return f"{mean}, for speakers {seen}. Interval: 95 % bootstrap over speakers, {n_resamples} resamples."
    if n_unknown := int(speaker.isna().sum()):
        unknown = f"The speakers of {n_unknown} of {counted(len(speaker), 'utterance')} are unknown"
        return f"{mean}. {unknown}, so there is no interval over speakers."
    parts = predictions.groupby("speaker")
    of_each = ", ".join(f"{name} {percent(metrics.scores(rows)['uar'])}" for name, rows in parts)
    n_speakers = counted(speaker.nunique(), "speaker")
    return f"{mean}, for speakers {seen}. {n_speakers}: too few for an interval. UAR of each speaker: {of_each}."


def confusion(predictions: pd.DataFrame) -> Section:
    """Confusion matrix, with its largest confusions in words.

    Examples
    --------
    >>> rows = pd.DataFrame({"truth": ["sad", "sad", "calm"], "prediction": ["sad", "calm", "calm"]})
    >>> section = confusion(rows.assign(p_calm=0.5, p_sad=0.5))
    >>> section.blocks[0].labels, section.blocks[0].counts
    (['calm', 'sad'], [[1, 0], [1, 1]])
    """
    labels = metrics.labels_of(predictions)
    counts = confusion_matrix(predictions["truth"], predictions["prediction"], labels=labels)
    worst = breakdowns.largest_confusions(predictions, n=N_CONFUSIONS).to_dict("records")
    confused = [f"{row['truth']} as {row['prediction']} ({percent(row['share'])}\u00a0%)" for row in worst]
    text = "Per cent of the annotated emotion, and counts."
    if confused:
        tied = f", and {len(confused) - N_CONFUSIONS} more with the share of the last" * (len(confused) > N_CONFUSIONS)
        text += f" Most frequent confusions: {', '.join(confused[:N_CONFUSIONS])}{tied}."
    block = Matrix("Confusion matrix, annotated against predicted", labels, counts.tolist())
    return Section("confusion", "Confusion", [text], [block])


def classes(predictions: pd.DataFrame) -> Section:
    """Precision, recall and F1 of each class.

    Examples
    --------
    >>> rows = pd.DataFrame({"truth": ["sad", "calm"], "prediction": ["sad", "calm"], "p_calm": 0.5, "p_sad": 0.5})
    >>> classes(rows).blocks[0].rows  # emotion, recall, precision, F1, annotated, predicted
    [['calm', 1.0, 1.0, 1.0, 1, 1], ['sad', 1.0, 1.0, 1.0, 1, 1]]
    """
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
    """Scores of each corpus, sex, intensity and speaker.

    Parameters
    ----------
    n_resamples
        Of the bootstrap over speakers; 0 means no intervals.

    Examples
    --------
    >>> rows = pd.DataFrame({"speaker": ["a", "b"], "truth": ["sad", "calm"], "prediction": "sad", "corpus": "emodb"})
    >>> section = of_groups(rows.assign(sex=None, intensity=None, p_calm=0.4, p_sad=0.6), n_resamples=0, seed=0)
    >>> [block.caption for block in section.blocks]
    ['By speaker']
    """
    blocks: list[Table] = []
    for column in ("corpus", "sex", "intensity"):
        if column == "corpus" and predictions["corpus"].nunique() < 2:
            continue
        found = breakdowns.scores_by(predictions, column, n_resamples=n_resamples, seed=seed)
        if list(found[column]) != [UNKNOWN]:
            blocks.append(_scores_table(f"By {column}", column, found))
    missing = [name for name in ("sex", "intensity") if predictions[name].isna().all()]
    text = [EMOTIONS_OF_GROUPS]
    if n_resamples and any(row[INTERVAL] is None for block in blocks for row in block.rows):
        text.append(NO_INTERVAL)
    if missing:
        text.append(f"Unknown for all utterances, so without a table: {', '.join(missing)}.")
    found = breakdowns.scores_by(predictions, "speaker", n_resamples=0, seed=seed)
    if predictions["speaker"].notna().any():
        known = found[found["speaker"] != UNKNOWN]["uar"]
        text.append(
            f"UAR of the speakers: {percent(known.min())} to {percent(known.max())}, median"
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
