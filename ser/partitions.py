"""Which utterance trains, develops and tests in which fold.

Every function returns the long table fold, utterance, partition. Unless the name says `random`, no speaker is in two
partitions of a fold.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

MIN_TEST_SPEAKERS = 6  # fewer give no interval
SPEAKER_DEPENDENT = ("random",)


def partition_table(utterances: pd.DataFrame, *, name: str, seed: int, **settings: object) -> pd.DataFrame:
    """Partition `utterances` by the protocol `name`; duplicate audio never straddles partitions.

    Raises
    ------
    ValueError
        If the protocol is unknown, needs speakers that are unknown or too few, or leaves a partition empty.
    """
    if name not in PROTOCOLS:
        raise ValueError(f"unknown partition {name!r}; it is one of {', '.join(PROTOCOLS)}")
    if name not in SPEAKER_DEPENDENT:
        _check_speakers(utterances, name)
    utterances = utterances.sort_values("utterance", ignore_index=True)  # no draw may depend on the order of rows
    table = PROTOCOLS[name](utterances, seed=seed, **settings)
    table = without_straddling_duplicates(table, utterances)
    check(table, utterances, speaker_independent=name not in SPEAKER_DEPENDENT)
    return table.sort_values(["fold", "utterance"], ignore_index=True)


def speaker_holdout(utterances: pd.DataFrame, *, test_fraction: float, dev_fraction: float, seed: int) -> pd.DataFrame:
    """One fold of disjoint speakers, each sex in each partition where it has the speakers for that.

    At least 6 speakers are tested where there are 12 or more.
    """
    groups = _shuffled_by_sex(utterances, seed)
    n_speakers = sum(map(len, groups))
    n_test, n_dev = (max(1, round(n_speakers * fraction)) for fraction in (test_fraction, dev_fraction))
    if n_speakers >= 2 * MIN_TEST_SPEAKERS:
        n_test = max(n_test, MIN_TEST_SPEAKERS)
    if n_speakers - n_test - n_dev < 1:
        raise ValueError(
            f"{n_speakers} speakers cannot give {n_test} to test and {n_dev} to dev; lower partition.test_fraction or"
            " partition.dev_fraction, or choose partition=leave_one_speaker_out (3 speakers) or partition=random"
        )
    left = [len(group) for group in groups]
    dev = _seats(left, n_dev, n_later=2)
    test = _seats([n - k for n, k in zip(left, dev, strict=True)], n_test, n_later=1)
    partition: dict[str, str] = {}
    for group, k_test, k_dev in zip(groups, test, dev, strict=True):
        partition |= dict.fromkeys(group[:k_test], "test") | dict.fromkeys(group[k_test : k_test + k_dev], "dev")
    return _table(0, utterances, utterances["speaker"].map(partition).fillna("train"))


def speaker_folds(utterances: pd.DataFrame, *, n_folds: int, seed: int) -> pd.DataFrame:
    """`n_folds` folds; every speaker is tested in one, dev is the next fold, both sexes are spread evenly."""
    names = [name for group in _shuffled_by_sex(utterances, seed) for name in group]
    if not 3 <= n_folds <= len(names):
        raise ValueError(
            f"cannot make {n_folds} folds (train, dev and test need 3) from {len(names)} speakers; set"
            f" partition.n_folds between 3 and {len(names)}"
        )
    return _from_groups(utterances, {name: k % n_folds for k, name in enumerate(names)}, n_folds)


def leave_one_speaker_out(utterances: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """One fold a speaker, who is tested; the next speaker is dev."""
    names = sorted(utterances["speaker"].unique())
    if len(names) < 3:
        raise ValueError(f"{len(names)} speakers are too few for train, dev and test; choose partition=random")
    return _from_groups(utterances, {name: k for k, name in enumerate(names)}, len(names))


def published(
    utterances: pd.DataFrame, *, source: str, corpus: str, folds: Sequence[Sequence[str]], seed: int
) -> pd.DataFrame:
    """Folds of speakers as published; each is tested once, dev is the next fold."""
    fold_of = {f"{corpus}/{speaker}": k for k, speakers in enumerate(folds) for speaker in speakers}
    here = set(utterances["speaker"])
    if unlisted := sorted(here - set(fold_of)):
        raise ValueError(
            f"the folds of {source} are for corpus={corpus} and do not list the speaker(s) {', '.join(unlisted)};"
            f" choose corpus={corpus}, or partition=speaker_folds"
        )
    if empty := [k for k, speakers in enumerate(folds) if not here & {f"{corpus}/{name}" for name in speakers}]:
        raise ValueError(f"no speaker of fold(s) {empty} of {source} is in the corpus; is it complete?")
    return _from_groups(utterances, fold_of, len(folds))


def random(utterances: pd.DataFrame, *, test_fraction: float, dev_fraction: float, seed: int) -> pd.DataFrame:
    """One fold, stratified by emotion, SPEAKER-DEPENDENT; utterances of equal audio stay together."""
    first = utterances["duplicate_of"].fillna(utterances["utterance"])
    unique = utterances[first == utterances["utterance"]]
    try:
        rest, test = train_test_split(
            unique, test_size=test_fraction, stratify=unique["emotion"], random_state=seed, shuffle=True
        )
        _, dev = train_test_split(
            rest,
            test_size=dev_fraction / (1 - test_fraction),
            stratify=rest["emotion"],
            random_state=seed,
            shuffle=True,
        )
    except ValueError as error:
        raise ValueError(
            f"cannot stratify {len(unique)} utterances by emotion: {error}; change partition.test_fraction or"
            " partition.dev_fraction, or leave rare emotions out with corpus.emotions"
        ) from None
    partition = dict.fromkeys(test["utterance"], "test") | dict.fromkeys(dev["utterance"], "dev")
    return _table(0, utterances, first.map(partition).fillna("train"))


PROTOCOLS: Mapping[str, Callable[..., pd.DataFrame]] = {
    "speaker_holdout": speaker_holdout,
    "speaker_folds": speaker_folds,
    "leave_one_speaker_out": leave_one_speaker_out,
    "published": published,
    "random": random,
}


def protocol(*, name: str, speaker_independent: bool, source: str = "", **settings: object) -> str:
    """What is shown beside every number: the partition, and whether the speakers were heard in training."""
    kind = "speaker-independent" if speaker_independent else "speaker-dependent"
    return f"{name} {source} ({kind})" if source else f"{name} ({kind})"


def is_speaker_independent(table: pd.DataFrame, utterances: pd.DataFrame) -> bool:
    """Whether no speaker is in two partitions of a fold, as the tables say; unknown speakers count as shared."""
    speaker = table["utterance"].map(utterances.set_index("utterance")["speaker"])
    if speaker.isna().any():
        return False
    return bool((table.groupby([table["fold"], speaker])["partition"].nunique() == 1).all())


def without_straddling_duplicates(table: pd.DataFrame, utterances: pd.DataFrame) -> pd.DataFrame:
    """Drop, fold by fold, the copies of an audio that lie in another partition than its first utterance.

    That takes two speakers with the same recording: an error of the corpus, of which one side is enough.
    """
    first = utterances.set_index("utterance")["duplicate_of"]
    copies = table.assign(first=table["utterance"].map(first)).dropna(subset=["first"])
    originals = table.rename(columns={"utterance": "first", "partition": "of_first"})
    merged = copies.reset_index().merge(originals, on=["fold", "first"])
    straddling = merged.loc[merged["partition"] != merged["of_first"], "index"]
    return table[~table.index.isin(straddling)]


def check(table: pd.DataFrame, utterances: pd.DataFrame, *, speaker_independent: bool) -> None:
    """Check what every honest partition holds.

    Raises
    ------
    ValueError
        If a fold lacks a partition, its training lacks an emotion that it tests, a speaker is on two sides, or equal
        audio is.
    """
    facts = table.merge(utterances[["utterance", "emotion", "audio_hash"]], on="utterance")
    if not (facts.groupby("fold")["partition"].nunique() == 3).all():
        raise ValueError("a fold has no utterance in train, dev or test; change the partition's fractions or folds")
    for fold, rows in facts.groupby("fold"):
        missing = set(rows["emotion"]) - set(rows.loc[rows["partition"] == "train", "emotion"])
        if missing:
            raise ValueError(
                f"fold {fold} has no training utterance of {', '.join(sorted(missing))}; another seed or partition, or"
                " leave the emotion out with corpus.emotions"
            )
    if (facts.groupby(["fold", "audio_hash"])["partition"].nunique() > 1).any():
        raise ValueError("the same audio is in two partitions of a fold")
    if speaker_independent and not is_speaker_independent(table, utterances):
        raise ValueError("a speaker is in two partitions of a fold")


def _check_speakers(utterances: pd.DataFrame, name: str) -> None:
    if n_unknown := int(utterances["speaker"].isna().sum()):
        raise ValueError(
            f"partition={name} needs the speaker of every utterance, and {n_unknown} of {len(utterances)} have none;"
            " give them by corpus.speaker_pattern or a speakers.csv in the corpus's root; without speakers only"
            " partition=random is possible, and its scores are of known voices"
        )


def _shuffled_by_sex(utterances: pd.DataFrame, seed: int) -> list[list[str]]:
    """Speakers of each sex, shuffled; sorted first, since the result must not depend on the order of rows."""
    sex = utterances.drop_duplicates("speaker").set_index("speaker")["sex"].fillna("").sort_index()
    generator = np.random.default_rng(seed)
    return [list(generator.permutation(group.index.to_numpy())) for _, group in sex.groupby(sex)]


def _seats(left: Sequence[int], n_seats: int, *, n_later: int) -> list[int]:
    """How many of `n_seats` each sex takes: about in proportion to the speakers that it has left.

    A sex takes one at least, and leaves one for each of `n_later` partitions, where it has the speakers for that.
    """
    seats = [0] * len(left)
    for _ in range(n_seats):
        claims = [
            (n - k > n_later, k == 0, n * n_seats / sum(left) - k, -i)
            for i, (n, k) in enumerate(zip(left, seats, strict=True))
            if k < n
        ]
        seats[-max(claims)[-1]] += 1
    return seats


def _from_groups(utterances: pd.DataFrame, group: Mapping[str, int], n_groups: int) -> pd.DataFrame:
    of_utterance = utterances["speaker"].map(group)
    return pd.concat(
        [
            _table(
                fold,
                utterances,
                of_utterance.map({fold: "test", (fold + 1) % n_groups: "dev"}).fillna("train"),
            )
            for fold in range(n_groups)
        ],
        ignore_index=True,
    )


def _table(fold: int, utterances: pd.DataFrame, partition: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"fold": fold, "utterance": utterances["utterance"], "partition": partition})
