"""Sections of the report that say why: calibration, mistakes, importance, learning curves, projections."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from ser.evaluation import metrics, projections, reliability
from ser.figures import report_figures
from ser.reporting.blocks import Block, Cell, Clip, Clips, Column, Picture, Section, Table, escaped, percent
from ser.reporting.trained import Trained

NONE, TRAINED, DEV = "no temperature", "as the models give them", "temperature fitted on dev"
TEMPERATURES = ("dev", "none")


def calibration(
    predictions: pd.DataFrame,
    *,
    shown: str,
    trained: Mapping[int, float] | None,
    temperature: str,
    n_bins: int,
    lone: Sequence[str] = (),
) -> Section:
    """Whether probabilities mean what they say: before and after temperature scaling.

    Parameters
    ----------
    predictions
        Of all partitions.
    shown
        The partition whose figures are shown.
    trained
        Fold -> temperature that the model of that partition already has; None where there is not one, as of ensembles.
    temperature
        `dev`: also with one fitted to the dev rows of each fold; `none`: without.
    lone
        Speakers on whose own voice some emotion was calibrated.

    Raises
    ------
    ValueError
        If `temperature` is another.
    """
    if temperature not in TEMPERATURES:
        raise ValueError(f"report.temperature is {temperature!r}; it is {' or '.join(TEMPERATURES)}")
    rows = predictions[predictions["partition"] == shown]
    variants, used = {TRAINED: rows}, {TRAINED: _span(trained.values()) if trained else None}
    if trained is not None:
        before = reliability.at_temperature(rows, {fold: 1 / value for fold, value in trained.items()})
        variants, used = {NONE: before, **variants}, {NONE: "1", **used}
    if temperature == "dev":
        more = reliability.dev_temperatures(predictions)
        variants[DEV] = reliability.at_temperature(rows, more)
        used[DEV] = _span([value * (trained or {}).get(fold, 1.0) for fold, value in more.items()])
    figures = {name: reliability.calibration_scores(table, n_bins=n_bins) for name, table in variants.items()}
    bins = {name: reliability.bins(table, n_bins=n_bins) for name, table in variants.items()}
    blocks: list[Block] = [
        _calibration_table(figures, used, accuracy=metrics.scores(rows)["accuracy"]),
        _reliability_picture(bins, figures, shown=shown, n_bins=n_bins),
    ]
    return Section("calibration", "Calibration", _calibration_text(trained, shown, temperature, lone), blocks)


def _calibration_table(
    figures: Mapping[str, Mapping[str, float]], used: Mapping[str, str | None], *, accuracy: float
) -> Table:
    heads = ("ECE, %", "mean confidence, %", "accuracy, %")
    columns = [Column("probabilities"), Column("temperature"), *(Column(head, "share") for head in heads)]
    rows: list[list[Cell]] = [
        [name, used[name], own["ece"], own["confidence"], accuracy, own["cross_entropy"]]
        for name, own in figures.items()
    ]
    caption = "Calibration, before and after temperature scaling"
    return Table(caption, [*columns, Column("cross-entropy", "decimal")], rows)


def _reliability_picture(
    bins: Mapping[str, pd.DataFrame], figures: Mapping[str, Mapping[str, float]], *, shown: str, n_bins: int
) -> Picture:
    return Picture(
        f"Reliability in {n_bins} bins of confidence, {shown}. On the dashed line, what is said with 70 % is right in"
        " 70 % of the cases; bars below it: too sure.",
        "Reliability diagrams: " + "; ".join(f"{name}, ECE {percent(own['ece'])} %" for name, own in figures.items()),
        report_figures.svg_uri(report_figures.reliability(bins, n_bins=n_bins)),
    )


def _span(values: Collection[float]) -> str:
    least, most = f"{min(values):.2f}", f"{max(values):.2f}"
    return least if least == most else f"{least} to {most}"


def _calibration_text(
    trained: Mapping[int, float] | None, shown: str, temperature: str, lone: Sequence[str]
) -> list[str]:
    text = "ECE, the expected calibration error, is the mean distance of confidence and accuracy. Temperature scaling"
    text += " divides the logits by one number and changes no prediction."
    if trained is not None:
        text += " The models' own was fitted in training: a classifier's on speakers that it did not hear, a network's"
        text += " on dev."
    if temperature == "dev":
        text += " The last row fits it once more, to the predictions of each fold's dev."
        if shown == "dev":
            text += " Here it is judged on the rows that it was fitted to, and flatters."
    found = [text]
    if lone:
        found.append(
            f"{', '.join(escaped(name) for name in lone)} trained some emotion alone: its probabilities are calibrated"
            " on that same voice, and may be too sure of others."
        )
    return found


def mistakes(clips: Sequence[Clip], predictions: pd.DataFrame) -> Section | None:
    """The most confident mistakes in `predictions`, with picture and sound; None where there are none."""
    if not clips:
        return None
    n_wrong = int((predictions["truth"] != predictions["prediction"]).sum())
    text = f"The {len(clips)} most confident of {n_wrong} mistakes. Darker is louder. Recordings are as in the corpus."
    return Section("mistakes", "Most confident mistakes", [text], [Clips(clips)])


def importance(falls: pd.DataFrame, *, n_rows: int, n_dev: int, n_repeats: int) -> Section:
    """Permutation importance of descriptors."""
    of = f"{n_rows} drawn of the {n_dev}" if n_rows < n_dev else f"the {n_dev}"
    text = (
        "How much the UAR of dev falls when all features of a descriptor are permuted together among the rows of a"
        f" fold: mean of {n_repeats} permutations, on {of} dev rows. Test is not touched."
        " Descriptors that say the same stand in for each other, and then each seems to matter little."
    )
    columns = [Column("descriptor"), Column("features", "count")]
    columns += [Column(head, "share") for head in ("fall, points", "smallest", "largest")]
    rows: list[list[Cell]] = falls.astype(object).to_numpy().tolist()
    best = ", ".join(f"{row[0]} {percent(float(str(row[2])))}" for row in rows[:3])
    picture = Picture(
        "Fall of the dev UAR; whiskers reach from the smallest to the largest of the permutations.",
        f"Bars of the fall of the dev UAR by descriptor, the largest: {best} points",
        report_figures.svg_uri(report_figures.importance(falls)),
    )
    return Section(
        "importance", "Importance of descriptors", [text], [picture, Table("Permutation importance", columns, rows)]
    )


def learning_curves(models: Sequence[Trained]) -> Section | None:
    """Epochs of every network; None where nothing was trained in epochs."""
    networks = [model for model in models if model.history]
    if not networks:
        return None
    histories = {model.name: model.history for model in networks}
    kept = {model.name: int(model.description["metrics"]["epoch"]) for model in networks}
    columns = [
        Column("network"),
        Column("epochs", "count"),
        Column("kept", "count"),
        Column("dev UAR, %", "share"),
        Column("dev accuracy, %", "share"),
        Column("dev cross-entropy", "decimal"),
    ]
    rows: list[list[Cell]] = []
    for name, history in histories.items():
        best = history[kept[name]]
        figures = [best[key] for key in ("dev_uar", "dev_accuracy", "dev_loss")]
        rows.append([name, len(history), kept[name], *figures])
    values = [float(history[kept[name]]["dev_uar"]) for name, history in histories.items()]
    picture = Picture(
        "A line a network: dashed training, solid dev. A dot marks the epoch that dev chose, and that was kept.",
        f"Learning curves of {len(rows)} networks; the median dev UAR of the kept epochs is"
        f" {percent(float(np.median(values)))} %",
        report_figures.svg_uri(report_figures.learning_curves(histories, kept)),
    )
    return Section("curves", "Learning curves", blocks=[picture, Table("Epoch that was kept", columns, rows)])


def of_projections(points: Mapping[str, pd.DataFrame]) -> Section:
    """Maps of the balanced rows, one a method."""
    text = "What lies near in features lies near here; distances between far groups mean nothing."
    return Section("projections", "Projections", [text], [_map(name, rows) for name, rows in points.items()])


def _map(name: str, rows: pd.DataFrame) -> Picture:
    title, synthetic = projections.TITLES[name], ", crosses its synthetic rows" if rows["synthetic"].any() else ""
    caption = (
        f"{title} of {len(rows)} balanced training rows of fold 0, an emotion a panel. Dark dots are its recordings"
    )
    alt = f"{title} maps of {rows['emotion'].nunique()} emotions"
    return Picture(
        f"{caption}{synthetic}; light dots are all others.",
        alt,
        report_figures.png_uri(report_figures.projection(rows)),
    )
