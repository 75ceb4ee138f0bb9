"""Partitions of several folds: every speaker is tested in one fold and is in dev in the fold before."""

from collections.abc import Mapping, Sequence

import pandas as pd

from ser.core.wording import counted
from ser.protocol import emobox
from ser.protocol.allocation import fold_table, shuffled_groups, spread_over_folds
from ser.protocol.partition_checks import MIN_SPEAKERS_TO_SPLIT, too_few, within_corpus


def speaker_folds(utterances: pd.DataFrame, *, n_folds: int, seed: int) -> pd.DataFrame:
    """`n_folds` folds of speakers; sexes and corpora are spread evenly over the folds.

    Parameters
    ----------
    utterances
        Columns utterance, corpus, speaker and sex.

    Raises
    ------
    ValueError
        If `n_folds` is below 3 or above the number of speakers.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": list("123456"), "speaker": list("abcdef"), "corpus": "x"})
    >>> utterances["sex"] = ["female", "male"] * 3
    >>> table = speaker_folds(utterances, n_folds=3, seed=0)
    >>> table.loc[table["partition"] == "test", "fold"].tolist()
    [0, 0, 1, 1, 2, 2]
    """
    groups = shuffled_groups(utterances, seed)
    n_speakers = sum(map(len, groups.values()))
    if n_speakers < MIN_SPEAKERS_TO_SPLIT:
        raise too_few(n_speakers)
    if not MIN_SPEAKERS_TO_SPLIT <= n_folds <= n_speakers:
        least = MIN_SPEAKERS_TO_SPLIT
        wanted = f"to {least}" if n_speakers == least else f"between {least} and {n_speakers}"
        raise ValueError(
            f"cannot make {n_folds} folds (train, dev and test need {least}) from {n_speakers} speakers; set"
            f" partition.n_folds {wanted}"
        )
    return _rotated(utterances, spread_over_folds(groups, n_folds), n_folds)


def leave_one_speaker_out(utterances: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """One fold per speaker, who is tested; the next speaker is the dev partition.

    Parameters
    ----------
    utterances
        Columns utterance and speaker.
    seed
        Not used; nothing is random.

    Raises
    ------
    ValueError
        If there are fewer than 3 speakers.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": ["a1", "a2", "b1", "c1"], "speaker": ["a", "a", "b", "c"]})
    >>> leave_one_speaker_out(utterances, seed=0)["partition"].tolist()
    ['test', 'test', 'dev', 'train', 'train', 'train', 'test', 'dev', 'dev', 'dev', 'train', 'test']
    """
    names = sorted(utterances["speaker"].unique())
    if len(names) < MIN_SPEAKERS_TO_SPLIT:
        raise too_few(len(names))
    return _rotated(utterances, {name: k for k, name in enumerate(names)}, len(names))


def published(
    utterances: pd.DataFrame, *, source: str, corpus: str, folds: Sequence[Sequence[str]], seed: int
) -> pd.DataFrame:
    """Folds of speakers as listed in a publication; dev is the next fold.

    Parameters
    ----------
    utterances
        Columns utterance and speaker.
    source, seed
        Name of the publication, for messages; not used, because nothing is random.
    folds
        Speakers of each fold, without the name of the corpus.

    Raises
    ------
    ValueError
        If a speaker is not listed, or no speaker of a fold is in `utterances`.

    Examples
    --------
    >>> utterances = pd.DataFrame({"utterance": ["1", "2", "3"], "speaker": ["x/a", "x/b", "x/c"]})
    >>> table = published(utterances, source="an article", corpus="x", folds=[["a"], ["b"], ["c"]], seed=0)
    >>> table["partition"].tolist()
    ['test', 'dev', 'train', 'train', 'test', 'dev', 'dev', 'train', 'test']
    """
    fold_of = {f"{corpus}/{speaker}": k for k, speakers in enumerate(folds) for speaker in speakers}
    here = set(utterances["speaker"])
    if unlisted := sorted(here - set(fold_of)):
        found = {speaker.partition("/")[0] for speaker in here}
        has_emobox = len(found) == 1 and found <= emobox.NAMES.keys()
        of_emobox = f"partition=emobox, which has folds of {found.pop()}, or " if has_emobox else ""
        raise ValueError(
            f"the folds of {source} are for corpus={corpus} and do not list {counted(len(unlisted), 'speaker')}:"
            f" {', '.join(unlisted)}; choose corpus={corpus}, or {of_emobox}{within_corpus(len(here))}"
        )
    if empty := [str(k) for k, speakers in enumerate(folds) if not here & {f"{corpus}/{name}" for name in speakers}]:
        raise ValueError(
            f"the corpus has no speaker for {counted(len(empty), 'fold')} of {source} ({', '.join(empty)}); complete"
            f" the corpus, or choose {within_corpus(len(here))}"
        )
    return _rotated(utterances, fold_of, len(folds))


def _rotated(utterances: pd.DataFrame, fold_of: Mapping[str, int], n_folds: int) -> pd.DataFrame:
    """Table of all folds; `fold_of` gives the fold in which each speaker is tested."""
    tested = utterances["speaker"].map(fold_of)
    return pd.concat(
        [
            fold_table(fold, utterances, tested.map({fold: "test", (fold + 1) % n_folds: "dev"}).fillna("train"))
            for fold in range(n_folds)
        ],
        ignore_index=True,
    )
