"""Model cards: the model, its training data, its scores, its intended use and its limits.

References
----------
.. [1] Mitchell et al. (2019), Model cards for model reporting, Conference on Fairness, Accountability, and
   Transparency.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from ser.core import files
from ser.core.wording import counted, percent, utterances_of
from ser.corpora import CORPORA, licences
from ser.corpora.contract import Corpus
from ser.corpora.private_speakers import corpus_of, numbered
from ser.evaluation import metrics, written_scores
from ser.models import bundle
from ser.reporting.blocks import escaped

Metrics = Mapping[str, Any]

MOST_NAMED = 30  # speakers; RAVDESS has 24
FACTS = ("model", "corpora", "speakers", "seed")  # of a description, which a card states

ACTED = "- **Acted speech**: actors portrayed the emotions on request. Felt emotions sound different and weaker."

LIMITS = """\
- **Other recordings**: expect lower scores for voices, ages, languages, sentences, microphones, rooms and noise that
  the training recordings do not have.
- **The model estimates how a voice sounds**, not what a person feels. A confident prediction can be wrong.
- The probabilities are calibrated on speakers or corpora that were left out; elsewhere they can be too high."""

TRANSDUCTIVE = """\
- **Transductive**: the features are standardised over all utterances of their speaker, in the test of the study, too.
  The model needs many utterances of one speaker at once. It cannot predict a single recording."""

USE = """\
Studies and demonstrations of speech emotion recognition, with speech like that of the corpus. **Not** for decisions
about people (hiring, teaching, policing, insurance, health), not for surveillance, not where a wrong prediction does
harm.

In the European Union, AI systems that infer emotions of people at work or in education are prohibited, except for
medical or safety reasons; elsewhere, people must be told (Regulation (EU) 2024/1689, Articles 5(1)(f) and 50(3))."""


def evaluation(figures: Path, predictions: Path) -> tuple[Metrics, pd.DataFrame]:
    """Metrics and predictions of the study that a model comes from.

    Raises
    ------
    ValueError
        If one of the files is missing.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     figures, predictions = Path(folder, "metrics.json"), Path(folder, "predictions.csv")
    ...     files.write_json(figures, {"uar": 0.5})
    ...     files.write_text(predictions, "truth,prediction\\nsad,calm\\n")
    ...     found, rows = evaluation(figures, predictions)
    >>> found["uar"], rows.to_dict("records")
    (0.5, [{'truth': 'sad', 'prediction': 'calm'}])
    """
    if not figures.is_file() or not predictions.is_file():
        raise ValueError(f"{figures} or {predictions} does not exist; make them with: dvc repro evaluate")
    return files.read_json(figures), pd.read_csv(predictions)


def card(description: Mapping[str, Any], figures: Metrics, predictions: pd.DataFrame, *, fold: str) -> str:
    """Model card in Markdown.

    Parameters
    ----------
    description
        Description in the bundle.
    figures, predictions
        Of the study that the model comes from.
    fold
        Folder of the model in the study, `fold_<k>`.

    Raises
    ------
    ValueError
        If the study has no test scores, or the description lacks a fact.

    Examples
    --------
    >>> model = {"model": {"name": "mlp"}, "representation": {"name": "librosa"}, "columns": ["RMS"], "seed": 0}
    >>> description = {**model, "corpora": ["emodb"], "speakers": ["emodb/03"], "labels": ["calm", "sad"]}
    >>> figures = {"protocol": "speaker_holdout", "speaker_independent": True, "n_utterances": 1, "n_speakers": 1}
    >>> figures |= {"uar": 1.0, "uar_low": None, "accuracy": 1.0, "recall.sad": 1.0}
    >>> row = {"fold": 0, "partition": "test", "speaker": "emodb/08", "truth": "sad", "prediction": "sad"}
    >>> text = card(description, figures, pd.DataFrame([{**row, "p_calm": 0.25, "p_sad": 0.75}]), fold="fold_0")
    >>> text.splitlines()[0]
    '# Model card: mlp on librosa, trained on emodb'
    """
    if missing := [name for name in FACTS if name not in description]:
        raise ValueError(f"{bundle.DESCRIPTION} has no {missing[0]}, which a model card states; {bundle.TRAIN_ANEW}")
    if "uar" not in figures:
        raise ValueError("the study has no test scores, which a model card needs; run it with evaluation.test=true")
    own = predictions[(predictions["partition"] == "test") & ("fold_" + predictions["fold"].astype(str) == fold)]
    speakers = _voices(sorted(own["speaker"].dropna().unique()))
    name, corpora = description["model"]["name"], description["corpora"]
    title = f"{name} on {description['representation']['name']}, trained on {', '.join(corpora)}"
    sections = {
        "Model": f"`{name}` with {_size(description)}, for the emotions {', '.join(description['labels'])}. It comes"
        f" from {fold.replace('_', ' ')} of the study `{figures['protocol']}`. The package `ser` trained it with seed"
        f" {description['seed']}.",
        "Data and licence": _licences(corpora, description),
        "Intended use": USE,
        "Scores": _scores(figures, own, speakers),
        "Limits": limits(description),
    }
    return f"# Model card: {title}\n\n" + "\n\n".join(f"## {head}\n\n{text}" for head, text in sections.items()) + "\n"


def limits(description: Mapping[str, Any]) -> str:
    """Limits of a model as Markdown; `description` is that of its bundle.

    Examples
    --------
    >>> for line in limits({"corpora": ["emodb", "msp_podcast"]}).splitlines()[:2]:
    ...     print(line)
    - **Trained on**: EmoDB (acted speech, German), MSP-Podcast (spontaneous speech of podcasts, English).
    - **Acted speech**: actors portrayed the emotions on request. Felt emotions sound different and weaker.
    >>> "Acted speech" in limits({"corpora": ["msp_podcast"]})
    False
    """
    is_transductive = bundle.is_transductive(description.get("representation", {}))
    known = [CORPORA[name] for name in description.get("corpora", []) if name in CORPORA]
    voices = [f"{corpus.title} ({corpus.voices})" for corpus in known if corpus.voices]
    lines = [TRANSDUCTIVE] * is_transductive
    lines += [f"- **Trained on**: {', '.join(voices)}."] * bool(voices)
    lines += [ACTED] * any("acted" in corpus.voices for corpus in known)
    return "\n".join([*lines, LIMITS])


def _size(description: Mapping[str, Any]) -> str:
    n_parameters = description.get("metrics", {}).get("n_parameters")
    return f"{n_parameters:,} parameters" if n_parameters else f"{len(description['columns'])} features"


def _licences(corpora: Sequence[str], description: Mapping[str, Any]) -> str:
    """A line on each corpus, and which licence the model is under."""
    known = {_known(corpus).licence for corpus in corpora}
    several = f"All of these licences hold for the model. The strictest is: **{licences.strictest(known)}**."
    terms = several if len(known) > 1 else "This licence holds for the model, too."
    return "\n".join([*(_corpus(corpus, description) for corpus in corpora), terms])


def _known(corpus: str) -> Corpus:
    """Facts about a corpus; of one whose name is none of `ser.corpora`, that nothing else is known."""
    return CORPORA[corpus] if corpus in CORPORA else replace(CORPORA["folders"], title=corpus)


def _corpus(corpus: str, description: Mapping[str, Any]) -> str:
    known = _known(corpus)
    own = [speaker for speaker in description["speakers"] if corpus_of(speaker) == corpus]
    voices = _voices(own, with_corpus=False)
    facts = f"{known.title}. {known.citation}. Trained on {voices}. Licence of the recordings:"
    return f"{facts} **{known.licence}**. {known.note}".rstrip()


def _voices(speakers: Sequence[str], *, with_corpus: bool = True) -> str:
    """Number of speakers, with their names if they are few and of a public corpus."""
    is_named = len(speakers) <= MOST_NAMED and numbered(speakers) == sorted(speakers)
    names = speakers if with_corpus else [speaker.partition("/")[2] for speaker in speakers]
    named = f" ({', '.join(map(escaped, names))})" if is_named else ""
    return f"{counted(len(speakers), 'speaker')}{named}" if speakers else "unknown speakers"


def _scores(figures: Metrics, own: pd.DataFrame, speakers: str) -> str:
    """Scores of the study, and of the model on its `own` test utterances."""
    of_own = metrics.scores(own)
    protocol = (
        "speakers that are not in the training data"
        if figures["speaker_independent"]
        else "speakers that are **also in the training data**"
    ) + " (transductive)" * figures.get("transductive", False)
    uars = sorted(written_scores.uar_by_speaker(figures).items())
    named = zip(numbered(name for name, _ in uars), uars, strict=True)
    each = ", ".join(f"{escaped(name)} {percent(uar)}" for name, (_, uar) in named)
    interval = f" (too few speakers for an interval: {each})" if each else ""
    if figures["uar_low"] is not None:
        interval = f" (95 % interval over speakers: {percent(figures['uar_low'])} to {percent(figures['uar_high'])})"
    recalls = [key for key in figures if key.startswith("recall.")]
    rows = [
        f"| {key.removeprefix('recall.')} | {percent(figures[key])} | {percent(of_own.get(key))} |" for key in recalls
    ]
    chance = percent(1 / len(metrics.labels_of(own)))
    text = (
        f"All scores are in per cent, for {protocol}. Chance is {chance}. The scores of the study,"
        f" pooled over all folds ({utterances_of(figures['n_utterances'], figures['n_speakers'])}), show what to"
        f" expect of such a model: **UAR {percent(figures['uar'])}**{interval}, accuracy"
        f" {percent(figures['accuracy'])}. This model was tested on {counted(len(own), 'utterance')} of {speakers}: UAR"
        f" {percent(of_own['uar'])}."
    )
    return "\n".join([text, "", "| recall of | study | this model |", "|---|---|---|", *rows])
