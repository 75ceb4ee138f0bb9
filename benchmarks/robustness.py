"""Measure UAR on corpora that a model was not trained on, in noise, rooms, over a telephone, and in worse conditions.

All conditions but `clean` begin with the recording at 16 kHz. Each noise is added at a ratio to the speech without its
pauses: pink noise from 50 Hz on, and babble of five utterances of other speakers of the corpus. The rooms are
simulated by image sources; RT60 is the time in which an echo falls by 60 dB. `ser.serving` predicts the waveforms.

Run as: python -m benchmarks.robustness --model general ravdess=data/raw/ravdess savee=data/raw/savee
"""

import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks import cards, conditions, unseen
from ser.core.wording import percent, signed
from ser.figures.style import PRINT, letters_on, titled
from ser.serving.recognition import NO_SPEECH

NAME = "robustness"
MEAN = "mean"
SCORES = {"uar_four": "neutral, happy, sad, angry (chance 25)", "uar": "all emotions that model and corpus share"}
WORST = 30.0  # percentage points below clean, the darkest colour of the picture

EXPLAINED = """\
Noise is added at a ratio to the level of the speech without its pauses: pink noise from 50 Hz on, or babble of five
utterances of other speakers of the corpus. The rooms are simulated by image sources (4 x 3.2 x 2.5 m, microphone at
1 m; 8 x 6 x 4 m, microphone at 2 m). Telephone: 300 to 3400 Hz at 8 kHz, mu-law of G.711. Clipped: the peak is 12 dB
above full scale. Channels cancel: the second channel is the first one with the opposite sign. 2 s of speech: a random
part, without the silence around it. All conditions except `clean` start from the recording at 16 kHz."""


def main() -> None:
    parser = unseen.parser(NAME, __doc__)
    parser.add_argument(
        "--most", type=unseen.positive, default=240, metavar="N", help="utterances of a corpus (%(default)s)"
    )
    given = parser.parse_args()
    try:
        cards.check(given.card, NAME)
        several = unseen.assigned(given.corpora, given.model, most=given.most)
        names = list(conditions.available())
        found = scores(unseen.predicted(several, names, processes=given.processes))
        title = unseen.title(given.model)
        alt = "UAR in each condition"
        cards.publish(given, NAME, section(found, title), table=found, figure=drawn(found, title), alt=alt)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")


def scores(predictions: pd.DataFrame) -> pd.DataFrame:
    """Condition, corpus, n_utterances, n_speakers, uar_four, uar, and the share that is `no speech`."""
    found = []
    for (condition, corpus), rows in predictions.groupby(["condition", "corpus"], sort=False):
        found.append(
            {
                "condition": condition,
                "corpus": corpus,
                "n_utterances": len(rows),
                "n_speakers": rows["speaker"].nunique(),
                "uar_four": unseen.uar(unseen.of_four(rows)),
                "uar": unseen.uar(rows),
                "no_speech": round((rows["prediction"] == NO_SPEECH).mean(), 6),
            }
        )
    return pd.DataFrame(found)


def by_condition(found: pd.DataFrame, score: str) -> pd.DataFrame:
    """Score of each condition (rows) and corpus (columns), and the mean over the corpora."""
    table = found.pivot_table(index="condition", columns="corpus", values=score)
    table = table.loc[found["condition"].unique(), found["corpus"].unique()]
    return table.assign(**{MEAN: table.mean(axis=1)})


def section(found: pd.DataFrame, model: str) -> str:
    """Both tables in Markdown: UAR in per cent; for the mean, also the difference from `clean` in points."""
    clean = found[found["condition"] == unseen.CLEAN]
    counts = ", ".join(f"{one.corpus} {one.n_utterances} ({one.n_speakers} speakers)" for one in clean.itertuples())
    parts = [
        f"UAR in per cent of `{model}` on corpora that it was not trained on. The utterances are drawn evenly from"
        f" emotions and speakers: {counts}.",
        EXPLAINED,
    ]
    for score, title in SCORES.items():
        table = by_condition(found, score)
        rows = [
            [str(name), *map(percent, values), signed(values[MEAN] - table.loc[unseen.CLEAN, MEAN])]
            for name, values in table.iterrows()
        ]
        parts.append(f"UAR of {title}:\n\n" + cards.markdown(["condition", *table.columns, "mean - clean"], rows))
    silent = found.groupby("condition", sort=False)["no_speech"].mean()
    heard = ", ".join(f"{name} {percent(share)}" for name, share in silent.items() if share > 0)
    return "\n\n".join(
        [*parts, f"Share of answers `no speech`, which are always wrong here, in per cent: {heard or 'none'}."]
    )


def drawn(found: pd.DataFrame, model: str) -> Figure:
    """UAR of each condition and corpus as numbers; the colour is the loss since `clean`."""
    tables = {title: by_condition(found, score) for score, title in SCORES.items()}
    first = next(iter(tables.values()))
    with mpl.rc_context(PRINT):
        title = f"{model} on corpora that it was not trained on: UAR in per cent"
        figure = titled(
            3.2 + 1.5 * len(first.columns), 1.9 + 0.27 * len(first), title, "colour: points below clean speech"
        )
        panels = figure.subplots(1, 2, sharey=True)
        for axes, (name, table) in zip(panels, tables.items(), strict=True):
            _draw(axes, table)
            axes.set_title(name)
        panels[0].set_yticks(range(len(first)), list(first.index))
        figure.colorbar(panels[0].images[0], ax=list(panels), shrink=0.6, label="points below clean")
        return figure


def _draw(axes: Axes, table: pd.DataFrame) -> None:
    loss = 100 * (table.loc[unseen.CLEAN] - table).to_numpy().clip(0)
    image = axes.imshow(loss, cmap="OrRd", vmin=0, vmax=WORST, aspect="auto")
    for (row, column), value in np.ndenumerate(table.to_numpy()):
        colour = letters_on(image.cmap(image.norm(loss[row, column])))
        weight = "bold" if table.columns[column] == MEAN else "normal"
        axes.text(column, row, percent(value), ha="center", va="center", color=colour, fontweight=weight)
    axes.axvline(len(table.columns) - 1.5, color="white", linewidth=3)
    axes.set_xticks(range(len(table.columns)), list(table.columns), rotation=30, ha="right", rotation_mode="anchor")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


if __name__ == "__main__":
    main()
