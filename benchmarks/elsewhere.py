"""Score a model on corpora that are not in its training data, as `ser predict` would predict them.

UAR of four: the most probable of neutral, happy, sad and angry, whatever else the model knows. UAR: the answer of the
model, over all emotions that model and corpus have; another answer is wrong, also `calm` and `no speech`.
`pleasant_surprise` counts as `surprised`. Recordings of emotions that the model does not know (boredom) are left out.

Run as: python -m benchmarks.elsewhere --model ravdess emodb=data/raw/emodb savee=data/raw/savee
"""

import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from benchmarks import cards, unseen
from ser.core.sexes import UNKNOWN
from ser.core.wording import percent
from ser.evaluation import metrics
from ser.figures.style import PRINT, titled
from ser.serving.predictions import PROBABILITY_DIGITS

NAME = "elsewhere"
MEAN = "mean"
N_RESAMPLES, N_BINS = 2000, 15  # as in conf/evaluation
THRESHOLDS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)  # of confidence, in the table
FINE = np.linspace(0, 1, 101)  # in the picture
FEWEST = 20  # answers of a corpus, below which a score says nothing
LINES = ("#12406b", "#d95f02", "#1b9e77", "#e7298a", "#7570b3", "#666666", "#a6761d", "#66a61e")
MARKS = "osD^vPX*"


def main() -> None:
    parser = unseen.parser(NAME, __doc__)
    parser.add_argument("--most", type=unseen.positive, metavar="N", help="utterances of a corpus (default: all)")
    given = parser.parse_args()
    try:
        cards.check(given.card, NAME)
        several = unseen.assigned(given.corpora, given.model, most=given.most)
        predictions = unseen.predicted(several, processes=given.processes)
        title = unseen.title(given.model)
        text, figure = section(predictions, title), drawn(predictions, title)
        cards.publish(given, NAME, text, table=answers(predictions), figure=figure, alt="UAR against share answered")
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")


def answers(predictions: pd.DataFrame) -> pd.DataFrame:
    """Number of recordings by corpus, language, sex, truth and prediction, and the mean confidence of each."""
    keys = ["corpus", "language", "sex", "truth", "prediction"]
    known = predictions.fillna({"language": UNKNOWN, "sex": UNKNOWN})
    found = known.groupby(keys, sort=False)["confidence"].agg(n="size", confidence="mean")
    return found.round(PROBABILITY_DIGITS).reset_index()


def section(predictions: pd.DataFrame, model: str) -> str:
    """Tables of the model card: scores, recall of four emotions, sexes, languages, thresholds of confidence."""
    head = ["corpus", "language", "speakers", "recordings", "UAR of four", "UAR", "emotions", "ECE", "mean confidence"]
    corpora = [(str(name), rows) for name, rows in predictions.groupby("corpus", sort=False)]
    return "\n\n".join(
        [
            f"Scores in per cent of `{model}` on corpora that it was not trained on; in brackets, 95 % intervals over"
            " speakers. UAR of four is over the recordings of neutral, happy, sad and angry, of which the most probable"
            " is the answer (chance 25). UAR and ECE, the expected calibration error, are those of the model's own"
            " answers.",
            cards.markdown(head, scores(corpora)),
            "Recall of the four emotions:",
            cards.markdown(["corpus", *unseen.FOUR], [[name, *recalls(rows)] for name, rows in corpora]),
            "By sex:",
            cards.markdown(["corpus", "sex", "speakers", "recordings", "UAR of four", "UAR"], by_sex(corpora)),
            "By language, the mean over its corpora:",
            cards.markdown(["language", "corpora", "UAR of four", "UAR"], by_language(predictions)),
            "Answers of at least some confidence, the mean over the corpora with 20 such answers or more:",
            cards.markdown(["confidence at least", "answered", "UAR", "accuracy", "corpora"], by_confidence(corpora)),
        ]
    )


def scores(corpora: list[tuple[str, pd.DataFrame]]) -> list[list[str]]:
    """Row of each corpus, and the mean of the scores over the corpora."""
    found, figures = [], []
    for name, rows in corpora:
        four = unseen.of_four(rows)
        own = [unseen.uar(four), unseen.uar(rows), ece(rows), float(rows["confidence"].mean())]
        figures.append(own)
        counts = [", ".join(languages(rows)), str(rows["speaker"].nunique()), str(len(rows))]
        known = f"{rows['truth'].nunique()}"
        uars = [f"{percent(own[0])}{interval(four)}", f"{percent(own[1])}{interval(rows)}"]
        found.append([name, *counts, *uars, known, percent(own[2]), percent(own[3])])
    four_mean, uar_mean, ece_mean, confidence = map(percent, np.mean(figures, axis=0))
    return [*found, [MEAN, "", "", "", four_mean, uar_mean, "", ece_mean, confidence]]


def ece(rows: pd.DataFrame) -> float:
    """Expected calibration error of the answers of the model."""
    return metrics.expected_calibration_error(rows, n_bins=N_BINS)


def interval(rows: pd.DataFrame) -> str:
    """Interval of the UAR over speakers in brackets; empty below 6 speakers."""
    low, high = metrics.uar_interval(rows, n_resamples=N_RESAMPLES, seed=unseen.SEED)
    return "" if low is None else f" ({percent(low)} to {percent(high)})"


def languages(rows: pd.DataFrame) -> list[str]:
    """Languages of the recordings."""
    return sorted(set(rows["language"].fillna(UNKNOWN)))


def recalls(rows: pd.DataFrame) -> list[str]:
    """Recall of each of the four emotions, of which the most probable is the answer."""
    of_each = metrics.scores(unseen.of_four(rows))
    return [percent(of_each.get(f"recall.{label}")) for label in unseen.FOUR]


def by_sex(corpora: list[tuple[str, pd.DataFrame]]) -> list[list[str]]:
    """Row of each corpus and sex."""
    return [
        [name, str(sex), str(part["speaker"].nunique()), str(len(part)), *uars(part)]
        for name, rows in corpora
        for sex, part in rows.groupby(rows["sex"].fillna(UNKNOWN))
    ]


def uars(rows: pd.DataFrame) -> list[str]:
    """UAR of four, and UAR."""
    return [percent(unseen.uar(unseen.of_four(rows))), percent(unseen.uar(rows))]


def by_language(predictions: pd.DataFrame) -> list[list[str]]:
    """Row of each language; its corpora count alike."""
    found = []
    for language, rows in predictions.groupby(predictions["language"].fillna(UNKNOWN)):
        parts = [part for _, part in rows.groupby("corpus", sort=False)]
        own = np.mean([[unseen.uar(unseen.of_four(part)), unseen.uar(part)] for part in parts], axis=0)
        found.append([str(language), ", ".join(rows["corpus"].unique()), *map(percent, own)])
    return found


def risk_coverage(rows: pd.DataFrame, thresholds: tuple[float, ...]) -> pd.DataFrame:
    """Threshold, n_answers, answered (share), uar and accuracy of the answers with at least that confidence.

    UAR and accuracy are missing where fewer than `FEWEST` answers are left. The UAR is over the emotions that are
    still annotated among them.
    """
    found = []
    for threshold in thresholds:
        kept = rows[rows["confidence"] >= threshold]
        enough = len(kept) >= FEWEST
        accuracy = float((kept["truth"] == kept["prediction"]).mean()) if enough else float("nan")
        one = {"threshold": threshold, "n_answers": len(kept), "answered": len(kept) / len(rows)}
        found.append({**one, "uar": unseen.uar(kept) if enough else float("nan"), "accuracy": accuracy})
    return pd.DataFrame(found)


def by_confidence(corpora: list[tuple[str, pd.DataFrame]]) -> list[list[str]]:
    """Row of each threshold; the share of answers is the mean over all corpora."""
    curves = pd.concat([risk_coverage(rows, THRESHOLDS) for _, rows in corpora])
    curves = curves.assign(enough=curves["n_answers"] >= FEWEST)
    means = curves.groupby("threshold")[["answered", "uar", "accuracy"]].mean()
    n_corpora = curves.groupby("threshold")["enough"].sum()
    return [
        [percent(threshold, digits=0), *map(percent, values), str(n)]
        for threshold, values, n in zip(THRESHOLDS, means.to_numpy(), n_corpora, strict=True)
    ]


def drawn(predictions: pd.DataFrame, model: str) -> Figure:
    """UAR and accuracy against the share of recordings that is answered; a line for each corpus."""
    with mpl.rc_context(PRINT):
        title = f"{model} on corpora that it was not trained on"
        note = "from right to left, only answers of higher confidence count; marks: confidence 50, 70 and 90 %"
        figure = titled(9.5, 4.0, title, note)
        figure.set_layout_engine("constrained", w_pad=0.12)
        panels = figure.subplots(1, 2, sharex=True, sharey=True)
        for k, (name, rows) in enumerate(predictions.groupby("corpus", sort=False)):
            curve = risk_coverage(rows, tuple(FINE))
            marked = [int(np.abs(FINE - level).argmin()) for level in (0.5, 0.7, 0.9)]
            for axes, score in zip(panels, ("uar", "accuracy"), strict=True):
                look = {"color": LINES[k % len(LINES)], "marker": MARKS[k % len(MARKS)], "markersize": 5}
                axes.plot(curve["answered"], curve[score], markevery=marked, linewidth=1.4, label=str(name), **look)
        for axes, label in zip(panels, ("UAR of the answers", "share of right answers"), strict=True):
            axes.set(title=label, xlabel="share of recordings that is answered", xlim=(0, 1.01), ylim=(0, 1))
            axes.xaxis.set_major_formatter(PercentFormatter(1))
            axes.yaxis.set_major_formatter(PercentFormatter(1))
            axes.grid(alpha=0.3)
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center", frameon=False)
        return figure


if __name__ == "__main__":
    main()
