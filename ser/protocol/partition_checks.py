"""Properties of a table of partitions: complete, without shared audio, independent of speakers."""

from collections.abc import Sequence

import pandas as pd

from ser.core import shared_audio
from ser.core.overrides import how_to_drop
from ser.core.tables import PARTITIONS
from ser.core.wording import counted

MIN_SPEAKERS_TO_SPLIT = 3  # one each for train, dev and test
REPORT = "this is a fault of the program, so report it with this message"


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
    >>> check(table, utterances, speaker_independent=False)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: fold 0 has 1 recording in two partitions, such as 1 and 3; this is a fault of the program, ...
    """
    facts = utterances[["utterance", "emotion"]].assign(audio=shared_audio.groups(utterances))
    if speaker_independent:
        facts = facts.assign(speaker=_speakers(utterances))
    facts = facts.merge(table)
    for fold, rows in facts.groupby("fold"):
        _check_fold(fold, rows)
        if straddling := _in_two_partitions(rows, "audio"):
            copies = rows[rows["audio"] == straddling[0]].drop_duplicates("partition")
            first, second, *_ = copies["utterance"]
            found = f"{counted(len(straddling), 'recording')} in two partitions, such as {first} and {second}"
            raise ValueError(f"fold {fold} has {found}; {REPORT}")
        if speaker_independent and (straddling := _in_two_partitions(rows, "speaker")):
            found = f"{counted(len(straddling), 'speaker')} in two partitions, such as {straddling[0]}"
            raise ValueError(f"fold {fold} has {found}; {REPORT}")


def _check_fold(fold: object, rows: pd.DataFrame) -> None:
    if lacking := [name for name in PARTITIONS if name not in set(rows["partition"])]:
        raise ValueError(
            f"fold {fold} has no utterance in {' and '.join(lacking)} (of copies of one recording, only those in the"
            " partition of the first are kept); change the fractions, folds or corpora of the partition, or the column"
            " split that partition=given reads"
        )
    if missing := sorted(set(rows["emotion"]) - set(rows.loc[rows["partition"] == "train", "emotion"])):
        raise ValueError(
            f"fold {fold} has no training utterance of {', '.join(missing)}; choose another seed or partition, or"
            f" {how_to_drop(*missing)}"
        )


def _in_two_partitions(rows: pd.DataFrame, column: str) -> list[str]:
    n_partitions = rows.groupby(column)["partition"].nunique()
    return list(n_partitions.index[n_partitions > 1])


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
            " have none; state them: in speakers.csv in the root of the corpus, by corpus.speaker_pattern, or, for a"
            " list, in its column speaker (of another name: -S corpus.columns.speaker=NAME); a corpus without speakers"
            " can be tested by models of others (partition=cross_corpus) or train beside them (partition.test_corpora);"
            " or use partition=random, whose scores are speaker-dependent"
        )


def check_corpora(setting: str, names: Sequence[str], utterances: pd.DataFrame) -> None:
    """Raise an error if a setting of the partition is not a list of corpora of `utterances`.

    Raises
    ------
    ValueError
        If `names` is a text, empty, or has a corpus that is not in the column corpus.

    Examples
    --------
    >>> check_corpora("test_corpora", "savee", pd.DataFrame({"corpus": ["savee"]}))
    Traceback (most recent call last):
    ValueError: partition.test_corpora is 'savee'; write it as a list: [savee]
    """
    here = sorted(utterances["corpus"].unique())
    if isinstance(names, str):
        raise ValueError(f"partition.{setting} is {names!r}; write it as a list: [{names}]")
    if not names or set(names) - set(here):
        raise ValueError(
            f"partition.{setting} is [{', '.join(names)}], but the table of utterances contains {', '.join(here)};"
            " choose from these corpora, and read several with corpus=combined"
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
    speaker = table["utterance"].map(_speakers(utterances).set_axis(utterances["utterance"]))
    return bool((table.groupby([table["fold"], speaker])["partition"].nunique() == 1).all())


def _speakers(utterances: pd.DataFrame) -> pd.Series:
    """Speaker of each utterance; all of a corpus without a known speaker have one name."""
    return utterances["speaker"].fillna(utterances["corpus"] + "/?")


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
