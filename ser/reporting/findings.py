"""Section of the report with its findings: a few sentences, in plain words."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from ser.core.sexes import UNKNOWN
from ser.core.tables import probability_columns
from ser.core.wording import percent
from ser.evaluation import breakdowns, metrics
from ser.reporting.blocks import Section

N_TIED = 3  # equally frequent confusions that are named
FITS = 0.03  # difference of confidence and accuracy that is not worth a warning


def section(predictions: pd.DataFrame, figures: Mapping[str, Any]) -> Section:
    """Level against chance, best and worst emotion, confusion, sexes, speakers, and confidence.

    Parameters
    ----------
    predictions
        Of the partition that is shown.
    figures
        Content of `metrics.json`.

    Examples
    --------
    >>> rows = pd.DataFrame({"truth": ["sad", "sad", "calm"], "prediction": ["sad", "calm", "calm"], "speaker": "a"})
    >>> rows = rows.assign(sex="female", p_calm=[0.4, 0.6, 0.6], p_sad=[0.6, 0.4, 0.4])
    >>> for sentence in section(rows, {"uar_low": None}).text[0].splitlines():
    ...     print(sentence.replace("\u00a0", " "))
    - Averaged over the emotions, the model is right for 75.0 % of the recordings. Chance is 50.0 %.
    - It recognises calm best (100.0 %), and sad worst (50.0 %).
    - Its most frequent confusion is to take sad for calm, for 50.0 % of the sad recordings.
    - Its mean confidence is 60.0 %, and it is right for 66.7 %: it is less confident than it could be.
    """
    lines = [_level(predictions, figures), *_classes(predictions), *_voices(predictions), _confidence(predictions)]
    return Section("findings", "Findings", ["\n".join(f"- {line}" for line in lines)])


def in_words(emotion: str) -> str:
    """Name of an emotion as people write it.

    Examples
    --------
    >>> in_words("pleasant_surprise")
    'pleasant surprise'
    """
    return emotion.replace("_", " ")


def _share(share: float) -> str:
    return f"{percent(share)}\u00a0%"


def _level(predictions: pd.DataFrame, figures: Mapping[str, Any]) -> str:
    uar, chance = metrics.scores(predictions)["uar"], 1 / len(metrics.labels_of(predictions))
    text = f"Averaged over the emotions, the model is right for {_share(uar)} of the recordings."
    low = figures.get("uar_low")
    doubt = ", which the interval of the score includes" if low is not None and low <= chance else ""
    return f"{text} Chance is {_share(chance)}{doubt}."


def _classes(predictions: pd.DataFrame) -> Iterator[str]:
    annotated = breakdowns.scores_of_classes(predictions).query("n_annotated > 0")
    best, worst = annotated["recall"].max(), annotated["recall"].min()
    if best > worst:
        named = {
            share: " and ".join(map(in_words, of_share["emotion"])) for share, of_share in annotated.groupby("recall")
        }
        yield f"It recognises {named[best]} best ({_share(best)}), and {named[worst]} worst ({_share(worst)})."
    most = breakdowns.largest_confusions(predictions, n=1)
    if not most.empty:
        yield _confusions(most)


def _confusions(tied: pd.DataFrame) -> str:
    """Sentence on the most frequent confusions, which have one share; it names `N_TIED` at most."""
    share = _share(tied["share"].iloc[0])
    truth, taken = tied["truth"].map(in_words), tied["prediction"].map(in_words)
    named = list(truth + " for " + taken)
    if len(named) == 1:
        return f"Its most frequent confusion is to take {named[0]}, for {share} of the {truth.iloc[0]} recordings."
    listed = [*named[:N_TIED], *([f"{len(named) - N_TIED} more"] if len(named) > N_TIED else [])]
    shown = f"{', '.join(listed[:-1])} and {listed[-1]}"
    return f"Its most frequent confusions are to take {shown}, each for {share} of the recordings of that emotion."


def _voices(predictions: pd.DataFrame) -> Iterator[str]:
    """UAR of each sex and range over the speakers, where they are known."""
    of_sexes = _uars(predictions, "sex")
    if len(of_sexes) > 1:
        named = " and ".join(f"{_share(uar)} for {sex} voices" for sex, uar in of_sexes.items())
        yield f"Its score is {named}."
    of_speakers = _uars(predictions, "speaker")
    if len(of_speakers) > 1:
        yield f"Between speakers, the score ranges from {percent(of_speakers.min())} to {_share(of_speakers.max())}."


def _uars(predictions: pd.DataFrame, column: str) -> "pd.Series[float]":
    found = breakdowns.scores_by(predictions, column, n_resamples=0, seed=0)
    return found[found[column] != UNKNOWN].set_index(column)["uar"]


def _confidence(predictions: pd.DataFrame) -> str:
    confidence = float(predictions[probability_columns(predictions)].max(axis=1).mean())
    accuracy = metrics.scores(predictions)["accuracy"]
    if abs(confidence - accuracy) < FITS:
        judged = "its confidence fits"
    else:
        judged = "it is too confident" if confidence > accuracy else "it is less confident than it could be"
    return f"Its mean confidence is {_share(confidence)}, and it is right for {_share(accuracy)}: {judged}."
