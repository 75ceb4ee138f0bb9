"""Synthetic tables of utterances, features and predictions in RAVDESS's design.

tests/core/test_tables.py checks that they fit the schemas; to check every one took a second when tests were imported.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ser.core import tables

RAVDESS_EMOTIONS = tables.EMOTIONS[:8]


def utterance_table(
    n_speakers: int = 24,
    *,
    sexes: Sequence[str | None] = ("male", "female"),
    emotions: Sequence[str] = RAVDESS_EMOTIONS,
    n_repetitions: int = 2,
    corpus: str = "ravdess",
) -> pd.DataFrame:
    """Utterances of speakers `01`, `02`, …, whose sexes repeat `sexes`; neutral has no strong intensity.

    With all 8 emotions and 2 repetitions each speaker has 60 utterances, 4 of them neutral.
    """
    rows = [
        {
            "utterance": f"{corpus}/Actor_{k + 1:02}/{emotion}-{intensity}-{statement}-{repetition}",
            "corpus": corpus,
            "path": f"Actor_{k + 1:02}/{emotion}-{intensity}-{statement}-{repetition}.wav",
            "speaker": f"{corpus}/{k + 1:02}",
            "sex": sexes[k % len(sexes)],
            "language": "en",
            "emotion": emotion,
            "corpus_label": emotion,
            "intensity": intensity,
            "statement": statement,
            "repetition": str(repetition),
            "vocal_channel": "speech",
            "sample_rate": 48_000,
            "channels": 1,
            "n_samples": 144_000,
            "duration": 3.0,
            "audio_hash": f"{corpus}{k:02}{emotion}{intensity}{statement}{repetition}",
            "duplicate_of": None,
        }
        for k in range(n_speakers)
        for emotion in emotions
        for intensity in (("normal",) if emotion == "neutral" else ("normal", "strong"))
        for statement in ("kids", "dogs")
        for repetition in range(n_repetitions)
    ]
    utterances = pd.DataFrame(rows).astype(dict.fromkeys(("sex", "duplicate_of"), "str"))
    return utterances.sort_values("utterance", ignore_index=True)


def combined(*parts: pd.DataFrame) -> pd.DataFrame:
    """One table of the utterances of several corpora."""
    return pd.concat(parts).sort_values("utterance", ignore_index=True)


def without_speakers(utterances: pd.DataFrame) -> pd.DataFrame:
    """The same table with unknown speakers."""
    return utterances.assign(speaker=pd.Series(None, utterances.index, dtype="str"))


def with_copies(utterances: pd.DataFrame, copies: Mapping[str, str]) -> pd.DataFrame:
    """The same table, in which some utterances have the audio of another one: copy -> first utterance."""
    table = utterances.set_index("utterance", drop=False)
    for copy, first in copies.items():
        table.loc[copy, "audio_hash"] = table.loc[first, "audio_hash"]
        table.loc[copy, "duplicate_of"] = first
    return table.reset_index(drop=True)


def feature_table(
    utterances: pd.DataFrame, *, n_features: int = 6, separation: float = 2.0, seed: int = 0
) -> pd.DataFrame:
    """Normal features with standard deviation 1 around a mean of the emotion plus a mean of the speaker.

    The means of the emotions have the standard deviation `separation`, those of the speakers 0.5; unknown speakers
    share one mean.
    """
    random = np.random.default_rng(seed)
    voice = utterances["speaker"].fillna("unknown")
    emotions, speakers = np.unique(utterances["emotion"]), np.unique(voice)
    of_emotion = dict(zip(emotions, random.normal(0, separation, (len(emotions), n_features)), strict=True))
    of_speaker = dict(zip(speakers, random.normal(0, 0.5, (len(speakers), n_features)), strict=True))
    noise = random.normal(0, 1, (len(utterances), n_features))
    values = np.stack([of_emotion[name] for name in utterances["emotion"]]) + noise
    values += np.stack([of_speaker[name] for name in voice])
    names = [f"feature_{k}" for k in range(n_features)]
    keys = utterances[["utterance"]].assign(variant=tables.ORIGINAL, emotion=utterances["emotion"])
    return pd.concat([keys, pd.DataFrame(values.astype(np.float32), columns=names, index=keys.index)], axis=1)


def training_rows(utterances: pd.DataFrame, *, separation: float = 2.0, seed: int = 0) -> pd.DataFrame:
    """Features of `utterances` as balanced rows, none synthetic."""
    return feature_table(utterances, separation=separation, seed=seed).assign(synthetic=False)


def prediction_table(
    utterances: pd.DataFrame,
    *,
    accuracy: Mapping[str, float] | float = 0.6,
    partition: str = "test",
    labels: Sequence[str] = RAVDESS_EMOTIONS,
    seed: int = 0,
) -> pd.DataFrame:
    """Predictions of which a share is right (per speaker, if a mapping), with probabilities that agree with them."""
    random = np.random.default_rng(seed)
    hit_rate = utterances["speaker"].map(accuracy) if isinstance(accuracy, Mapping) else accuracy
    hit = random.random(len(utterances)) < hit_rate
    prediction = np.where(hit, utterances["emotion"], random.choice(np.array(labels), len(utterances)))
    probabilities = random.dirichlet(np.ones(len(labels)), len(utterances))
    probabilities[np.arange(len(utterances)), [list(labels).index(name) for name in prediction]] += 1
    probabilities = (probabilities / probabilities.sum(axis=1, keepdims=True)).round(6)
    predictions = utterances[["utterance", "corpus", "speaker", "sex", "intensity"]].assign(
        truth=utterances["emotion"],
        prediction=prediction,
        **{f"p_{label}": probabilities[:, k] for k, label in enumerate(labels)},
    )
    predictions.insert(0, "partition", partition)
    predictions.insert(0, "fold", 0)
    return predictions
