"""Recordings of corpora that a model was not trained on, predicted by the code of `ser predict`.

`benchmarks.elsewhere` and `benchmarks.robustness` score them. UAR of four: the most probable of neutral, happy, sad
and angry, whatever else the model knows. UAR of the shared emotions: the model's own answer, over all emotions that
model and corpus have; another answer is wrong. `no speech` is wrong in both. `pleasant_surprise` counts as `surprised`.
Recordings of emotions that the model does not know are left out.

The models of a study that leaves out one corpus at a time (`--model models` after `experiment=research`) count as one:
each corpus is predicted by the model that was not trained on it.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import yaml
from sklearn.metrics import recall_score
from tqdm import tqdm

from benchmarks import conditions
from ser import params
from ser.audio import augmentation, segments, waveforms
from ser.audio.invalid import InvalidAudio
from ser.audio.segments import Segment
from ser.audio.waveforms import Waveform
from ser.corpora import words
from ser.corpora.labels import Scheme
from ser.ingest import recordings
from ser.ingest.corpus_settings import OF_A_STUDY, CorpusSettings
from ser.ingest.counts import Tally
from ser.models import packaged
from ser.representation import pretraining
from ser.serving import inputs, recognition
from ser.serving.recognition import NO_SPEECH, Recognizer

CONF = Path(__file__).parents[1] / "conf/corpus"
SAME = {"pleasant_surprise": "surprised"}
FOUR = ("neutral", "happy", "sad", "angry")
CLEAN = "clean"
SEED = 0
MOST_PROCESSES = 2


class Source(NamedTuple):
    """File of an utterance, or the part of a file."""

    path: Path
    segment: Segment | None


class Work(NamedTuple):
    """An utterance, and the utterances of the babble around it."""

    utterance: str
    source: Source
    talkers: list[Source]
    model: str | None


def parser(program: str, description: str | None) -> argparse.ArgumentParser:
    """Parser with the options of both benchmarks."""
    found = argparse.ArgumentParser(prog=f"python -m benchmarks.{program}", description=description)
    found.add_argument(
        "corpora", nargs="+", metavar="CORPUS=FOLDER", help="as emodb=data/raw/emodb; a file of conf/corpus"
    )
    found.add_argument(
        "--model", metavar="BUNDLE", help="as of ser predict (default: its default), or all folds: models"
    )
    found.add_argument(
        "--to", type=Path, default=Path("reports/unseen"), metavar="FOLDER", help="of the files (%(default)s)"
    )
    found.add_argument("--card", type=Path, metavar="FILE", help="Markdown in which to write the section, too")
    found.add_argument("--processes", type=int, default=MOST_PROCESSES, choices=range(1, MOST_PROCESSES + 1))
    return found


def positive(text: str) -> int:
    """Number of an option, at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of utterances; wanted 1 or more")
    return int(text)


loaded = cache(recognition.load)
"""The same recognizer for each use of a model in this process; a study has one for each corpus."""


class Tested(NamedTuple):
    """A corpus, and the model that was not trained on it."""

    table: pd.DataFrame
    model: str | None


def assigned(corpora: Sequence[str], model: str | None, *, most: int | None = None) -> list[Tested]:
    """Table of each corpus given as `name=folder`, with the model that predicts it.

    Parameters
    ----------
    most
        Largest number of utterances of a corpus, drawn by `chosen`; None: all.

    Raises
    ------
    ValueError
        If a corpus is written otherwise, is unknown, trained the model, or has no recording of its emotions.
    """
    found = []
    for given in corpora:
        name, equals, folder = given.partition("=")
        if not equals or not (CONF / f"{name}.yaml").is_file():
            raise ValueError(f"{given!r} names no corpus; wanted CORPUS=FOLDER, CORPUS being a file of {CONF}")
        own = _not_trained_on(name, model)
        labels = loaded(own).labels
        if missing := [label for label in FOUR if label not in labels]:
            raise ValueError(f"the model does not know {', '.join(missing)}; wanted one that knows {', '.join(FOUR)}")
        rows = table(name, Path(folder), labels)
        found.append(Tested(chosen(rows, most) if most else rows, own))
    return found


def _not_trained_on(corpus: str, model: str | None) -> str | None:
    folds = sorted(Path(model).glob("fold_*")) if model else []
    several: list[str | None] = [str(one) for one in folds] or [model]
    fit = [one for one in several if corpus not in _trained_on(loaded(one))]
    if len(fit) != 1:
        raise ValueError(f"{len(fit)} models of {title(model)} were not trained on {corpus}; wanted one that was not")
    return fit[0]


def _trained_on(recognizer: Recognizer) -> set[str]:
    """Corpora of the training of a model, and of its encoder."""
    representation = recognizer.description.get("representation")  # an ensemble has those of its members
    return {*recognizer.description["corpora"], *(pretraining.corpora(representation) if representation else ())}


def title(model: str | None) -> str:
    """Name of a model in a section and a picture.

    Examples
    --------
    >>> title("models/fold_0")
    'fold_0'
    """
    return Path(model or packaged.DEFAULT).name


def table(corpus: str, root: Path, labels: Sequence[str]) -> pd.DataFrame:
    """Utterance, corpus, source, speaker, sex, language and truth of each recording whose emotion is in `labels`.

    Raises
    ------
    ValueError
        If there is none.
    """
    own = {key: value for key, value in _settings(corpus).items() if key not in OF_A_STUDY}
    tally = Tally()
    scheme = Scheme(SAME, keeps_others=True, words=words.known())
    listed = recordings.of_corpus(root, CorpusSettings(corpus, "", **own), scheme=scheme, tally=tally)
    if tally.rejects:
        first = tally.rejects[0]
        print(f"note: {corpus}: {len(tally.rejects)} left out, as {first.path}: {first.reason}", file=sys.stderr)
    rows = [
        {
            "utterance": one.utterance,
            "corpus": corpus,
            "source": Source(root / one.path, one.segment),
            "speaker": one.naming.speaker and f"{corpus}/{one.naming.speaker}",
            "sex": one.naming.sex,
            "language": one.naming.language,
            "truth": one.emotion,
        }
        for one in listed
        if one.emotion in labels
    ]
    if not rows:
        raise ValueError(f"{root} has no recording of {', '.join(labels)}; is it the folder of {corpus}?")
    return pd.DataFrame(rows).drop_duplicates("utterance").sort_values("utterance", ignore_index=True)


def _settings(corpus: str) -> dict[str, Any]:
    """Section `corpus` of the parameters of a study on the corpus."""
    with TemporaryDirectory() as folder:
        params.compose([f"corpus={corpus}"], conf=CONF.parent, path=(path := Path(folder, "params.yaml")))
        found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["corpus"]
    return found


def chosen(table: pd.DataFrame, most: int, *, seed: int = SEED) -> pd.DataFrame:
    """At most `most` rows, drawn so that each emotion has as many as the others, and each speaker within it."""
    order = np.random.default_rng(seed).permutation(len(table))
    drawn = table.iloc[order]
    turn = drawn.assign(speaker=drawn["speaker"].fillna("")).groupby(["truth", "speaker"]).cumcount()
    drawn = drawn.iloc[np.argsort(turn.to_numpy(), kind="stable")]
    place = drawn.groupby("truth").cumcount().to_numpy()
    return drawn.iloc[np.argsort(place, kind="stable")[:most]].sort_values("utterance", ignore_index=True)


def predicted(
    several: Sequence[Tested],
    names: Sequence[str] = (),
    *,
    processes: int = MOST_PROCESSES,
    seed: int = SEED,
) -> pd.DataFrame:
    """Predictions of each utterance as it is and in the conditions `names`: columns of the tables, and of `row`.

    An utterance that cannot be decoded is left out, with a note.

    Parameters
    ----------
    several
        The babble of an utterance is of the same table.
    """
    works = [work for one in several for work in _works(one, seed)]
    work = partial(_rows, names=tuple(names), seed=seed)
    bar = partial(tqdm, total=len(works), unit="utterance", smoothing=0, disable=None)
    if processes == 1:
        found = [row for rows in bar(map(work, works)) for row in rows]
    else:
        with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
            found = [row for rows in bar(pool.map(work, works, chunksize=2)) for row in rows]
    return pd.concat([one.table for one in several]).drop(columns="source").merge(pd.DataFrame(found), on="utterance")


def _works(tested: Tested, seed: int) -> Iterator[Work]:
    table = tested.table
    sources = table["source"].tolist()
    speakers = table["speaker"].fillna(table["utterance"]).to_numpy(str)  # an unknown speaker is one of its own
    for k, (utterance, source) in enumerate(zip(table["utterance"], sources, strict=True)):
        others = np.flatnonzero(speakers != speakers[k])
        others = others if others.size else np.delete(np.arange(len(table)), k)  # the corpus has one speaker
        drawn = augmentation.generator(seed, utterance, "talkers").permutation(others)[: conditions.N_TALKERS]
        yield Work(utterance, source, [sources[j] for j in drawn], tested.model)


def _rows(work: Work, *, names: Sequence[str], seed: int) -> list[dict[str, Any]]:
    recognizer = loaded(work.model)
    try:
        recording = segments.read(*work.source)
        found = [row(work.utterance, CLEAN, recognizer, recording.waveform, recording.sample_rate)]
        speech = conditions.Speech(_decoded(work.source), lambda: [_decoded(source) for source in work.talkers])
        for name in names:
            made, rate = conditions.CONDITIONS[name](speech, augmentation.generator(seed, work.utterance, name))
            found.append(row(work.utterance, name, recognizer, made, rate))
    except InvalidAudio as error:
        print(f"note: {work.utterance} is left out: {error}", file=sys.stderr)
        return []
    return found


def _decoded(source: Source) -> Waveform:
    recording = segments.read(*source)
    return waveforms.resampled(recording.waveform, sample_rate=recording.sample_rate, target=conditions.RATE)


def row(utterance: str, condition: str, recognizer: Recognizer, samples: Any, sample_rate: int) -> dict[str, Any]:
    """Row of a table of predictions, as `ser.evaluation` takes them; `no speech` is one more label."""
    one = recognizer.predict(inputs.of_waveform(samples, sample_rate))
    unheard = one["confidence"] if one["emotion"] == NO_SPEECH else 0.0
    probabilities: Mapping[str, float] = {label: one["probabilities"].get(label, 0.0) for label in recognizer.labels}
    return {
        "utterance": utterance,
        "condition": condition,
        "prediction": one["emotion"],
        "confidence": one["confidence"],
        **{f"p_{label}": probability for label, probability in probabilities.items()},
        f"p_{NO_SPEECH}": unheard,
    }


def of_four(predictions: pd.DataFrame) -> pd.DataFrame:
    """Rows of the emotions of `FOUR`, with the most probable of them as the prediction."""
    rows = predictions[predictions["truth"].isin(FOUR)]
    columns = [f"p_{label}" for label in FOUR]
    best = rows[columns].to_numpy().argmax(axis=1)
    prediction = np.where(rows["prediction"] == NO_SPEECH, NO_SPEECH, np.array(FOUR, object)[best])
    others = [name for name in rows if str(name).startswith("p_") and name not in (*columns, f"p_{NO_SPEECH}")]
    return rows.drop(columns=others).assign(prediction=prediction)


def uar(rows: pd.DataFrame) -> float:
    """Mean recall of the annotated emotions; NaN without rows."""
    truth = rows["truth"]
    if truth.empty:
        return float("nan")
    return round(float(recall_score(truth, rows["prediction"], labels=sorted(set(truth)), average="macro")), 6)
