"""Properties of a table of partitions: complete, without shared audio, independent of speakers."""

import pandas as pd

from ser.core import shared_audio
from ser.core.wording import counted

MIN_SPEAKERS_TO_SPLIT = 3  # one each in train, dev and test


def check(table: pd.DataFrame, utterances: pd.DataFrame, *, speaker_independent: bool) -> None:
    """Raise an error if a table of partitions breaks a rule that every protocol without `leaky_` in its name keeps.

    Parameters
    ----------
    table
        Columns fold, utterance and partition.
    utterances
        Columns utterance, corpus, speaker, emotion and audio_hash.
    speaker_independent
        True to check the speakers as well.

    Raises
    ------
    ValueError
        If a fold lacks train, dev or test, an emotion in dev or test is not in train, or two partitions of a fold share
        audio or, if `speaker_independent`, a speaker.

    Examples
    --------
    >>> table = pd.DataFrame({"fold": 0, "utterance": ["1", "2", "3"], "partition": ["train", "dev", "test"]})
    >>> utterances = pd.DataFrame({"utterance": ["1", "2", "3"], "emotion": "sad", "audio_hash": ["p", "q", "p"]})
    >>> check(table, utterances, speaker_independent=False)
    Traceback (most recent call last):
    ValueError: the same audio is in two partitions of a fold
    """
    facts = utterances[["utterance", "emotion"]].assign(audio=shared_audio.groups(utterances)).merge(table)
    if not (facts.groupby("fold")["partition"].nunique() == 3).all():
        raise ValueError("a fold has no utterance in train, dev or test; change the partition's fractions or folds")
    for fold, rows in facts.groupby("fold"):
        missing = set(rows["emotion"]) - set(rows.loc[rows["partition"] == "train", "emotion"])
        if missing:
            raise ValueError(
                f"fold {fold} has no training utterance of {', '.join(sorted(missing))}; choose another seed or"
                " partition, or leave the emotion out with -S ++labels.actions.<emotion>=drop"
            )
    if (facts.groupby(["fold", "audio"])["partition"].nunique() > 1).any():
        raise ValueError("the same audio is in two partitions of a fold")
    if speaker_independent and not is_speaker_independent(table, utterances):
        raise ValueError("a speaker is in two partitions of a fold")


def check_speakers(utterances: pd.DataFrame, protocol: str) -> None:
    """Raise an error if the speaker of an utterance is unknown.

    Raises
    ------
    ValueError
        If a speaker is missing; the message names `protocol`.

    Examples
    --------
    >>> check_speakers(pd.DataFrame({"speaker": ["a", None]}), "random_speakers")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: partition=random_speakers needs the speaker of every training utterance, but 1 of 2 have none; ...
    """
    if n_unknown := int(utterances["speaker"].isna().sum()):
        raise ValueError(
            f"partition={protocol} needs the speaker of every training utterance, but {n_unknown} of {len(utterances)}"
            " have none; set corpus.speaker_pattern or add a speakers.csv to the root of the corpus (to a list, a"
            " column speaker); a corpus without speakers can only be a test corpus (partition=cross_corpus), or use"
            " partition=random, whose scores are speaker-dependent"
        )


def too_few(n_speakers: int) -> ValueError:
    """Error for speakers who are too few for a protocol that tests speakers of its own corpus; it names what works.

    Examples
    --------
    >>> print(too_few(2))  # doctest: +ELLIPSIS
    2 speakers are too few for train, dev and test; choose partition=random (its scores are speaker-dependent), or...
    """
    return ValueError(
        f"{counted(n_speakers, 'speaker')} {'is' if n_speakers == 1 else 'are'} too few for train, dev and test; choose"
        " partition=random (its scores are speaker-dependent), or test on this corpus what another one trains:"
        " corpus=combined partition=cross_corpus"
    )


def within_corpus(n_speakers: int) -> str:
    """Choice of a protocol that tests speakers of its own corpus, or its utterances if they are too few.

    Examples
    --------
    >>> within_corpus(10), within_corpus(2)
    ('partition=speaker_folds', 'partition=random')
    """
    return "partition=speaker_folds" if n_speakers >= MIN_SPEAKERS_TO_SPLIT else "partition=random"


def is_speaker_independent(table: pd.DataFrame, utterances: pd.DataFrame) -> bool:
    """True if no speaker is in two partitions of a fold.

    All utterances of a corpus without a known speaker count as one speaker.

    Examples
    --------
    >>> table = pd.DataFrame({"fold": 0, "utterance": ["1", "2", "3"], "partition": ["train", "dev", "test"]})
    >>> utterances = pd.DataFrame({"utterance": ["1", "2", "3"], "corpus": "x", "speaker": ["a", "b", "c"]})
    >>> is_speaker_independent(table, utterances)
    True
    >>> is_speaker_independent(table, utterances.assign(speaker=["a", "b", "a"]))
    False
    """
    known = utterances["speaker"].fillna(utterances["corpus"] + "/?").set_axis(utterances["utterance"])
    speaker = table["utterance"].map(known)
    return bool((table.groupby([table["fold"], speaker])["partition"].nunique() == 1).all())


def without_straddling_duplicates(table: pd.DataFrame, utterances: pd.DataFrame) -> pd.DataFrame:
    """Remove copies of an audio, and segments that overlap, from all partitions of a fold but that of the first one.

    With speaker-independent protocols this happens only if two speakers have the same recording, which is an error of
    the corpus.

    Examples
    --------
    >>> table = pd.DataFrame({"fold": 0, "utterance": ["1", "2", "3"], "partition": ["train", "dev", "test"]})
    >>> utterances = pd.DataFrame({"utterance": ["1", "2", "3"], "audio_hash": ["p", "q", "p"]})
    >>> without_straddling_duplicates(table, utterances)["utterance"].tolist()
    ['1', '2']
    """
    table = table.sort_values("utterance")
    audio = table["utterance"].map(shared_audio.groups(utterances).set_axis(utterances["utterance"]))
    return table[table["partition"] == table.groupby([table["fold"], audio])["partition"].transform("first")]
