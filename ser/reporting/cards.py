"""Model cards: what a model is, what it was trained on, how well it does, and what it must not be used for.

References
----------
.. [1] Mitchell et al. (2019), Model cards for model reporting, Conference on Fairness, Accountability, and
   Transparency.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ser.core import files
from ser.corpora import CORPORA
from ser.evaluation import metrics
from ser.models import bundle

Metrics = Mapping[str, Any]

LIMITS = """\
- **Acted speech**, in all public corpora here: actors portrayed emotions on request. People who feel something sound
  different, and show less.
- **Few speakers, few sentences, one room.** Other voices, ages, languages, microphones, rooms and noise are not
  covered.
- **What it gives are guesses about how something sounds**, not what a person feels. A confident answer can be wrong.
- The probabilities are calibrated on the study's own speakers; with other recordings they can be too high."""

TRANSDUCTIVE = """\
- **Transductive**: its features are standardised over all utterances of their speaker. It takes many of one person at
  once, as its figures did of those who were tested, and cannot predict a single recording."""

USE = """\
For studies and demonstrations of speech emotion recognition, on speech like that of the corpus. **Not** for decisions
about people (hiring, teaching, policing, insurance, health), not for watching people, not where a wrong answer does
harm."""


def evaluation(figures: Path, predictions: Path) -> tuple[Metrics, pd.DataFrame]:
    """Figures of the study that a model is from, and its predictions.

    Raises
    ------
    ValueError
        If they are not there.
    """
    if not figures.is_file() or not predictions.is_file():
        raise ValueError(f"{figures} or {predictions} is not here; make them with: dvc repro evaluate")
    return files.read_json(figures), pd.read_csv(predictions)


def card(description: Mapping[str, Any], figures: Metrics, predictions: pd.DataFrame, *, fold: str) -> str:
    """Model card in Markdown.

    Parameters
    ----------
    description
        What the bundle says of itself.
    figures, predictions
        Of the study whose fold `fold` (`fold_<k>`) the model is.

    Raises
    ------
    ValueError
        If the study has no test figures.
    """
    if "uar" not in figures:
        raise ValueError("the study has no test figures, which a model card needs; run it with evaluation.test=true")
    own = predictions[(predictions["partition"] == "test") & ("fold_" + predictions["fold"].astype(str) == fold)]
    speakers = ", ".join(sorted(own["speaker"].dropna().unique()))
    name, corpora = description["model"]["name"], description["corpora"]
    title = f"{name} on {description['representation']['name']}, trained on {', '.join(corpora)}"
    sections = {
        "What it is": f"The model `{name}` of {_size(description)} for the emotions {', '.join(description['labels'])}:"
        f" {fold.replace('_', ' ')} of the study `{figures['protocol']}`. It was made by the pipeline of the package"
        f" `ser`, with seed {description['seed']}.",
        "Data and licence": "\n".join(_corpus(corpus, description) for corpus in corpora),
        "Intended use": USE,
        "How well it does": _scores(figures, own, speakers),
        "Limits": limits(description),
    }
    return f"# Model card: {title}\n\n" + "\n\n".join(f"## {head}\n\n{text}" for head, text in sections.items()) + "\n"


def limits(description: Mapping[str, Any]) -> str:
    """What a model is not good for, of which a bundle says `description`."""
    is_transductive = bundle.is_transductive(description.get("representation", {}))
    return f"{TRANSDUCTIVE}\n{LIMITS}" if is_transductive else LIMITS


def _size(description: Mapping[str, Any]) -> str:
    n_parameters = description.get("metrics", {}).get("n_parameters")
    return f"{n_parameters:,} parameters" if n_parameters else f"{len(description['columns'])} features"


def _corpus(corpus: str, description: Mapping[str, Any]) -> str:
    known = CORPORA[corpus]
    names = [speaker.partition("/")[2] for speaker in description["speakers"] if speaker.startswith(f"{corpus}/")]
    voices = f"{len(names)} speaker{'s' * (len(names) > 1)} ({', '.join(names)})" if names else "unknown speakers"
    facts = f"{known.title}. {known.citation}. Trained on {voices}. Licence of the recordings, and so of this model:"
    return f"{facts} **{known.licence}**. {known.note}".rstrip()


def _scores(figures: Metrics, own: pd.DataFrame, speakers: str) -> str:
    """Figures of the study, and of the model on its `own` test utterances."""
    of_own = metrics.scores(own)
    protocol = (
        "speakers never heard in training" if figures["speaker_independent"] else "speakers **heard in training**"
    ) + " (transductive)" * figures.get("transductive", False)
    each = ", ".join(f"{name} {_percent(uar)}" for name, uar in metrics.uar_by_speaker(figures).items())
    interval = f" (too few speakers for an interval: {each})" if each else ""
    if figures["uar_low"] is not None:
        interval = f" (95 % interval over speakers: {_percent(figures['uar_low'])} to {_percent(figures['uar_high'])})"
    recalls = [key for key in figures if key.startswith("recall.")]
    rows = [
        f"| {key.removeprefix('recall.')} | {_percent(figures[key])} | {_percent(of_own.get(key))} |" for key in recalls
    ]
    text = (
        f"All figures are for {protocol}, in percent. Chance is {100 / len(recalls):.1f}. The study's pooled figures,"
        f" over all its folds ({figures['n_utterances']} utterances, {figures['n_speakers']} speakers), say what such a"
        f" model can be expected to do: **UAR {_percent(figures['uar'])}**{interval}, accuracy"
        f" {_percent(figures['accuracy'])}. This very model was tested on {len(own)} utterances of {speakers}: UAR"
        f" {_percent(of_own['uar'])}."
    )
    return "\n".join([text, "", "| recall of | study | this model |", "|---|---|---|", *rows])


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"
