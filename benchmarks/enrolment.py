"""Measure UAR on corpora that a model was not trained on, against the number of enrolled recordings of each speaker.

The protocol is transductive. Enrolled recordings are drawn at random from all others of the speaker, without labels; a
recording is never one of those that its own features are adapted to. A score is the mean over several draws.

Run as: python -m benchmarks.enrolment --model general ravdess=data/raw/ravdess savee=data/raw/savee
"""

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from tqdm import tqdm

from benchmarks import cards, unseen
from benchmarks.unseen import Source, Tested
from ser.audio import segments
from ser.core.wording import percent
from ser.figures.style import INK, LINES, PRINT, titled
from ser.serving import inputs, recognition
from ser.serving.enrolment import Enrolment
from ser.serving.recognition import Recognizer

NAME = "enrolment"
MEAN, ALL = "mean", "all"
NUMBERS = ("0", "1", "2", "5", "10", "20", ALL)  # of enrolled recordings
SCORES = {"uar_four": "neutral, happy, sad, angry (chance 25)", "uar": "all emotions that model and corpus share"}
N_DRAWS = 10

Values = npt.NDArray[np.float32]
Positions = npt.NDArray[np.intp]


class Features(NamedTuple):
    """Recordings of a corpus."""

    table: pd.DataFrame
    """Utterance, corpus, speaker and truth, as `unseen.table` has them."""
    parts: list[Values]
    """Features for each part of the model, `(n_recordings, n_columns)`."""


def main() -> None:
    parser = unseen.parser(NAME, __doc__)
    parser.add_argument(
        "--draws", type=unseen.positive, default=N_DRAWS, metavar="N", help="of recordings (%(default)s)"
    )
    given = parser.parse_args()
    try:
        cards.check(given.card, NAME)
        several = unseen.assigned(given.corpora, given.model)
        measured = [of_corpus(one, processes=given.processes, n_draws=given.draws) for one in several]
        found = pd.concat(measured, ignore_index=True)
        title = unseen.title(given.model)
        alt = "UAR against the number of enrolled recordings"
        cards.publish(given, NAME, section(found, title), table=found, figure=drawn(found, title), alt=alt)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")


def of_corpus(tested: Tested, *, processes: int, n_draws: int) -> pd.DataFrame:
    """Scores of a corpus, as `scores` gives them."""
    features = extracted(tested.table.dropna(subset="speaker"), tested.model, processes=processes)
    return scores(features, unseen.loaded(tested.model), n_draws=n_draws)


def extracted(table: pd.DataFrame, model: str | None, *, processes: int) -> Features:
    """Features of each recording, also of those without speech.

    Raises
    ------
    ValueError
        If no recording names its speaker, or the model cannot be adapted.
    """
    if table.empty:
        raise ValueError("no recording names its speaker; wanted a corpus whose speakers are known")
    bar = tqdm(total=len(table), desc=str(table["corpus"].iloc[0]), unit="utterance", disable=None)
    means = []
    with ProcessPoolExecutor(processes, get_context("spawn"), _start, (model,)) as pool:
        for one in pool.map(_means, table["source"], chunksize=4):
            means.append(one)
            bar.update()
    bar.close()
    return Features(table.reset_index(drop=True), [np.stack(part) for part in zip(*means, strict=True)])


_started: list[Recognizer] = []  # of this process


def _start(model: str | None) -> None:
    _started[:] = [recognition.load(model, all_speech=True)]


def _means(source: Source) -> tuple[Values, ...]:
    (recognizer,) = _started
    recording = segments.read(*source)
    found = recognizer.enrolment_of(inputs.of_waveform(recording.waveform, recording.sample_rate))
    assert found is not None  # since all_speech
    return found.means


def scores(features: Features, recognizer: Recognizer, *, n_draws: int) -> pd.DataFrame:
    """Corpus, enrolled, uar_four, uar, their deviations over the draws, and numbers of recordings, speakers, draws."""
    table, rows = features.table, []
    for number in NUMBERS:
        draws = 1 if number in ("0", ALL) else n_draws
        several = [predicted(features, recognizer, choices(table["speaker"], number, seed=k)) for k in range(draws)]
        own = [unseen.uar(one) for one in several]
        four = [unseen.uar(unseen.of_four(one)) for one in several]
        rows.append(
            {
                "corpus": table["corpus"].iloc[0],
                "enrolled": number,
                "uar_four": round(float(np.mean(four)), 6),
                "uar": round(float(np.mean(own)), 6),
                "uar_four_deviation": round(float(np.std(four)), 6),
                "uar_deviation": round(float(np.std(own)), 6),
                "n_recordings": len(table),
                "n_speakers": table["speaker"].nunique(),
                "n_draws": draws,
            }
        )
    return pd.DataFrame(rows)


def choices(speakers: pd.Series, number: str, *, seed: int) -> list[Positions]:
    """Positions of the recordings that are enrolled for each one: of its speaker, and never itself."""
    generator = np.random.default_rng(seed)
    of_speaker = {name: np.flatnonzero(speakers == name) for name in sorted(speakers.unique())}
    orders = {name: generator.permutation(positions) for name, positions in of_speaker.items()}
    n_most = len(speakers) if number == ALL else int(number)
    several = (orders[name] for name in speakers)
    return [order[order != k][:n_most] for k, order in enumerate(several)]


def predicted(features: Features, recognizer: Recognizer, enrolled: Sequence[Positions]) -> pd.DataFrame:
    """Predictions of all recordings, each with the `enrolled` ones of its speaker."""
    rows = np.stack([_probabilities(features, recognizer, k, one) for k, one in enumerate(enrolled)])
    labels = recognizer.labels
    shares: dict[str, Any] = {f"p_{label}": rows[:, k] for k, label in enumerate(labels)}
    return features.table.assign(prediction=[labels[k] for k in rows.argmax(axis=1)], **shares)


def _probabilities(
    features: Features, recognizer: Recognizer, position: int, enrolled: Positions
) -> npt.NDArray[np.float64]:
    values = [part[[position]] for part in features.parts]
    if n := enrolled.size:
        one = Enrolment(n, n, "", tuple(part[enrolled].mean(axis=0) for part in features.parts))
        pairs = enumerate(zip(values, recognizer.centres, strict=True))
        values = [one.shifted(rows, centre, part=part) for part, (rows, centre) in pairs]
    return recognizer.of_values(values)


def by_number(found: pd.DataFrame, score: str) -> pd.DataFrame:
    """Score of each corpus (rows) and number of enrolled recordings (columns); last row: the mean over the corpora."""
    table = found.pivot_table(index="corpus", columns="enrolled", values=score)
    table = table.loc[found["corpus"].unique(), list(NUMBERS)]
    return pd.concat([table, table.mean().to_frame(MEAN).T])


def section(found: pd.DataFrame, model: str) -> str:
    """Tables of the model card."""
    parts = [
        f"UAR in per cent of `{model}` on corpora that it was not trained on, with unlabelled recordings of the same"
        " speaker (`--enrol`). The protocol is transductive: do not compare these figures with those of other"
        " protocols."
    ]
    for score, text in SCORES.items():
        rows = [[str(name), *map(percent, row)] for name, row in zip(*_rows_of(by_number(found, score)), strict=True)]
        parts += [f"Enrolled recordings; {text}:", cards.markdown(["corpus", *NUMBERS], rows)]
    return "\n\n".join(parts)


def _rows_of(table: pd.DataFrame) -> tuple[list[str], npt.NDArray[np.float64]]:
    return list(table.index), table.to_numpy()


def drawn(found: pd.DataFrame, model: str) -> Figure:
    """UAR against the number of enrolled recordings, a line for each corpus."""
    with mpl.rc_context(PRINT):
        note = "recordings of the same speaker, without labels; protocol: transductive"
        figure = titled(9, 3.8, model, note)
        for axes, (score, text) in zip(figure.subplots(1, 2, sharey=True), SCORES.items(), strict=True):
            table = 100 * by_number(found, score)
            shades = mpl.colormaps["viridis"](np.linspace(0, 0.9, len(table)))
            for shade, (name, row) in zip(shades, zip(*_rows_of(table), strict=True), strict=True):
                colour, width = (INK, 2.4) if name == MEAN else (shade, 1.2)
                axes.plot(NUMBERS, row, color=colour, linewidth=width, marker="o", markersize=4, label=name)
            axes.set_title(text)
            axes.set_xlabel("enrolled recordings of the speaker")
            axes.grid(axis="y", color=LINES, linewidth=0.6)
        figure.axes[0].set_ylabel("UAR in %")
        handles, names = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside right center", frameon=False)
        return figure


if __name__ == "__main__":
    main()
