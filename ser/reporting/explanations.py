"""Sections of the report that explain the results: calibration, mistakes, importance, learning curves, projections."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from ser.core.wording import counted, percent, span
from ser.evaluation import metrics, projections, reliability
from ser.figures.curves import learning_curves
from ser.figures.importance import importance_bars
from ser.figures.projections import projection_map
from ser.figures.reliability import reliability_diagram
from ser.reporting.blocks import (
    Cell,
    Column,
    Mistake,
    Mistakes,
    Picture,
    Section,
    Table,
    escaped,
    png_uri,
    svg_uri,
)

NONE, TRAINED, DEV = "no temperature", "as predicted", "temperature fitted on dev"
TEMPERATURES = ("dev", "none")


class Variant(NamedTuple):
    """Predictions with one choice of temperatures.

    Examples
    --------
    >>> Variant("as predicted", temperature="1.20", rows=pd.DataFrame()).temperature
    '1.20'
    """

    name: str
    temperature: str | None
    """Temperatures of the folds as text; None if they are unknown."""
    rows: pd.DataFrame


def calibration(
    predictions: pd.DataFrame,
    *,
    shown: str,
    trained: Mapping[int, float] | None,
    temperature: str,
    n_bins: int,
    sole_speakers: Sequence[str] = (),
    held_out: str = "speakers",
) -> Section:
    """Calibration of the probabilities before and after temperature scaling.

    Parameters
    ----------
    predictions
        Of all partitions.
    shown
        Partition whose scores the report shows.
    trained
        Fold -> temperature of the model that predicted the partition; None if a model has several, as an ensemble.
    temperature
        `dev` adds a temperature that is fitted to the dev rows of each fold; `none` does not.
    sole_speakers
        Speakers who are the only ones of an emotion in training: the model was calibrated on their own voices.
    held_out
        What the folds in which a classifier was calibrated do not share: `speakers`, `corpora` or `utterances`.

    Raises
    ------
    ValueError
        If `temperature` has another value.

    Examples
    --------
    >>> rows = pd.DataFrame({"truth": ["sad", "sad", "sad", "calm"], "prediction": "sad", "p_calm": 0.1, "p_sad": 0.9})
    >>> rows = rows.assign(fold=0, partition="test")
    >>> section = calibration(rows, shown="test", trained=None, temperature="none", n_bins=10)
    >>> section.blocks[0].rows[0][2:5]  # ECE, mean confidence, accuracy
    [0.15, 0.9, 0.75]
    """
    if temperature not in TEMPERATURES:
        raise ValueError(f"report.temperature is {temperature!r}; set it to {' or '.join(TEMPERATURES)}")
    fit_on_dev = temperature == "dev"
    variants = _variants(predictions, shown, trained, fit_on_dev=fit_on_dev)
    scores = {one.name: reliability.calibration_scores(one.rows, n_bins=n_bins) for one in variants}
    accuracy = metrics.scores(predictions[predictions["partition"] == shown])["accuracy"]
    explained = _calibration_text(shown, None if trained is None else held_out, fit_on_dev=fit_on_dev)
    text = [explained, *_remarks_on(sole_speakers)]
    table = _calibration_table(variants, scores, accuracy=accuracy)
    picture = _reliability_picture(variants, scores, shown=shown, n_bins=n_bins)
    return Section("calibration", "Calibration", text, [table, picture])


def _variants(
    predictions: pd.DataFrame, shown: str, trained: Mapping[int, float] | None, *, fit_on_dev: bool
) -> list[Variant]:
    rows = predictions[predictions["partition"] == shown]
    variants = [Variant(TRAINED, span(trained.values(), digits=2) if trained else None, rows)]
    if trained is not None:
        before = reliability.at_temperature(rows, {fold: 1 / value for fold, value in trained.items()})
        variants.insert(0, Variant(NONE, "1", before))
    if fit_on_dev:
        more = reliability.dev_temperatures(predictions)
        together = [value * (trained or {}).get(fold, 1.0) for fold, value in more.items()]
        variants.append(Variant(DEV, span(together, digits=2), reliability.at_temperature(rows, more)))
    return variants


def _calibration_table(
    variants: Sequence[Variant], scores: Mapping[str, Mapping[str, float]], *, accuracy: float
) -> Table:
    heads = ("ECE, %", "mean confidence, %", "accuracy, %")
    columns = [Column("probabilities"), Column("temperature"), *(Column(head, "share") for head in heads)]
    rows: list[list[Cell]] = []
    for one in variants:
        own = scores[one.name]
        rows.append([one.name, one.temperature, own["ece"], own["confidence"], accuracy, own["cross_entropy"]])
    caption = "Calibration, before and after temperature scaling"
    return Table(caption, [*columns, Column("cross-entropy", "decimal")], rows)


def _reliability_picture(
    variants: Sequence[Variant], scores: Mapping[str, Mapping[str, float]], *, shown: str, n_bins: int
) -> Picture:
    bins = {one.name: reliability.bins(one.rows, n_bins=n_bins) for one in variants}
    return Picture(
        f"Reliability in {n_bins} bins of confidence, {shown}. On the dashed line, the share of correct predictions"
        " equals the confidence. Bars below the line mean that the confidence is too high. A dot is at the mean"
        " confidence of its bin.",
        "Reliability diagrams: " + "; ".join(f"{name}, ECE {percent(own['ece'])} %" for name, own in scores.items()),
        svg_uri(reliability_diagram(bins, n_bins=n_bins)),
    )


def _calibration_text(shown: str, held_out: str | None, *, fit_on_dev: bool) -> str:
    """Text on the rows of the table; `held_out` is None if the temperatures of the training are unknown."""
    text = (
        "The expected calibration error (ECE) is the mean distance between confidence and accuracy. Temperature scaling"
        " divides the logits by one number; it changes no prediction."
    )
    if held_out is not None:
        text += (
            f" Training already fitted a temperature: for a classifier on held-out {held_out}, for a network on dev."
        )
    if fit_on_dev:
        text += " The last row has a further temperature, fitted to the dev predictions of each fold."
        if shown == "dev":
            text += " Here it is evaluated on the rows that it was fitted to, so its ECE is too low."
    return text


def _remarks_on(sole_speakers: Sequence[str]) -> list[str]:
    if not sole_speakers:
        return []
    return [
        f"In training, some emotion has only one speaker: {', '.join(escaped(name) for name in sole_speakers)}. Its"
        " probabilities are calibrated on that same voice, and can be too high for other voices."
    ]


def mistakes(examples: Sequence[Mistake], predictions: pd.DataFrame) -> Section | None:
    """The most confident mistakes, with spectrogram and sound; None if there are none.

    Examples
    --------
    >>> mistakes([], pd.DataFrame()) is None
    True
    """
    if not examples:
        return None
    n_wrong = int((predictions["truth"] != predictions["prediction"]).sum())
    text = (
        f"The {len(examples)} most confident of {counted(n_wrong, 'mistake')}. In the pictures, darker means louder."
        " The recordings are those of the corpus."
    )
    return Section("mistakes", "Most confident mistakes", [text], [Mistakes(examples)])


def importance(falls: pd.DataFrame, *, n_rows: int, n_dev: int, n_repeats: int) -> Section:
    """Permutation importance of the descriptors.

    Parameters
    ----------
    falls
        Table of `ser.evaluation.importance.importances`.
    n_rows, n_dev
        Rows that were used, and all rows of dev.

    Examples
    --------
    >>> falls = pd.DataFrame({"descriptor": ["MFCC"], "n_features": 26, "drop": 0.2, "least": 0.1, "most": 0.3})
    >>> importance(falls, n_rows=40, n_dev=40, n_repeats=5).blocks[1].rows
    [['MFCC', 26, 0.2, 0.1, 0.3]]
    """
    of = f"{n_rows} of the {n_dev}, drawn at random" if n_rows < n_dev else f"{n_dev}"
    text = (
        "The table shows how much the dev UAR falls when all features of a descriptor are permuted together among the"
        f" rows of a fold (dev rows: {of}; mean of {counted(n_repeats, 'permutation')}). Test is not used. If two"
        " descriptors carry the same information, one replaces the other, and both seem less important."
    )
    columns = [Column("descriptor"), Column("features", "count")]
    columns += [Column(head, "share") for head in ("fall, points", "smallest", "largest")]
    rows: list[list[Cell]] = falls.astype(object).to_numpy().tolist()
    best = ", ".join(f"{row[0]} {percent(float(str(row[2])))}" for row in rows[:3])
    picture = Picture(
        "Fall of the dev UAR. The whiskers reach from the smallest to the largest of the permutations.",
        f"Bars of the fall of the dev UAR by descriptor, the largest: {best} points",
        svg_uri(importance_bars(falls)),
    )
    table = Table("Permutation importance", columns, rows)
    return Section("importance", "Importance of descriptors", [text], [picture, table])


def curves(epochs: pd.DataFrame) -> Section | None:
    """Learning curves of all networks; None if nothing was trained in epochs.

    Parameters
    ----------
    epochs
        Table of `ser.models.trained.epochs`.

    Examples
    --------
    >>> curves(pd.DataFrame()) is None
    True
    """
    if epochs.empty:
        return None
    kept = epochs[epochs["kept"]]
    n_epochs = epochs.groupby("network").size()
    scores = ("dev_uar", "dev_accuracy", "dev_loss")
    rows: list[list[Cell]] = [
        [row["network"], int(n_epochs[row["network"]]), row["epoch"], *(row[name] for name in scores)]
        for row in kept.to_dict("records")
    ]
    columns = [Column("network"), Column("epochs", "count"), Column("kept", "count")]
    columns += [Column("dev UAR, %", "share"), Column("dev accuracy, %", "share")]
    picture = Picture(
        "One line per network: training is dashed, dev is solid. A dot marks the epoch that was kept.",
        f"Learning curves of {counted(len(rows), 'network')}; the median dev UAR of the kept epochs is"
        f" {percent(float(kept['dev_uar'].median()))} %",
        svg_uri(learning_curves(epochs)),
    )
    table = Table("Epoch that was kept", [*columns, Column("dev cross-entropy", "decimal")], rows)
    return Section("curves", "Learning curves", blocks=[picture, table])


def maps(points: Mapping[str, pd.DataFrame]) -> Section:
    """Maps of the balanced rows, one for each method of `ser.evaluation.projections`.

    Examples
    --------
    >>> points = pd.DataFrame({"x": [0.0, 1.0], "y": 0.0, "emotion": ["calm", "sad"], "synthetic": False})
    >>> maps({"tsne": points}).blocks[0].alt
    't-SNE maps of 2 emotions'
    """
    text = (
        "Rows that are close in the features are close in the map. Distances between groups that are far apart have no"
        " meaning."
    )
    return Section("projections", "Projections", [text], [_map(name, rows) for name, rows in points.items()])


def _map(name: str, rows: pd.DataFrame) -> Picture:
    title = projections.TITLES[name]
    return Picture(
        f"{title} of {len(rows)} balanced training rows of fold 0, one panel per emotion.",
        f"{title} maps of {counted(rows['emotion'].nunique(), 'emotion')}",
        png_uri(projection_map(rows)),
    )
