"""Which utterance trains, develops and tests in which fold.

Every function returns the long table fold, utterance, partition. Unless the name says `random`, no speaker is in two
partitions of a fold.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

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
    if name not in (*SPEAKER_DEPENDENT, "cross_corpus"):  # whose test corpora need no speakers
        _check_speakers(utterances, name)
    utterances = utterances.sort_values("utterance", ignore_index=True)  # no draw may depend on the order of rows
    table = PROTOCOLS[name](utterances, seed=seed, **settings)
    table = without_straddling_duplicates(table, utterances)
    check(table, utterances, speaker_independent=name not in SPEAKER_DEPENDENT)
    return table.sort_values(["fold", "utterance"], ignore_index=True)


def speaker_holdout(utterances: pd.DataFrame, *, test_fraction: float, dev_fraction: float, seed: int) -> pd.DataFrame:
    """One fold of disjoint speakers, each sex of each corpus in each partition where it has the speakers for that.

    At least 6 speakers are tested where there are 12 or more.
    """
    groups = list(_shuffled_groups(utterances, seed).values())
    n_speakers = sum(map(len, groups))
    n_test, n_dev = (max(1, round(n_speakers * fraction)) for fraction in (test_fraction, dev_fraction))
    if n_speakers >= 2 * MIN_TEST_SPEAKERS:
        n_test = max(n_test, MIN_TEST_SPEAKERS)
    if n_speakers - n_test - n_dev < 1:
        raise ValueError(
            f"{n_speakers} speakers cannot give {n_test} to test and {n_dev} to dev; lower partition.test_fraction or"
            " partition.dev_fraction, or choose partition=leave_one_speaker_out (3 speakers) or partition=random"
        )
    partition = _seated(groups, n_test=n_test, n_dev=n_dev)
    return _table(0, utterances, utterances["speaker"].map(partition).fillna("train"))


def cross_corpus(
    utterances: pd.DataFrame,
    *,
    train_corpora: Sequence[str],
    test_corpora: Sequence[str],
    dev_fraction: float,
    seed: int,
) -> pd.DataFrame:
    """One fold: train and dev are disjoint speakers of `train_corpora`, test is the whole of `test_corpora`.

    Only the emotions that are on both sides take part. Corpora in neither list, and all other emotions, are in no
    partition.
    """
    _check_corpora(utterances, train_corpora, test_corpora)
    training, tested = (utterances[utterances["corpus"].isin(names)] for names in (train_corpora, test_corpora))
    shared = set(training["emotion"]) & set(tested["emotion"])
    if len(shared) < 2:
        raise ValueError(
            f"{' and '.join(train_corpora)} and {' and '.join(test_corpora)} share {len(shared)} emotion(s), and a"
            " classifier needs two; choose another labels"
        )
    training, tested = (rows[rows["emotion"].isin(shared)] for rows in (training, tested))
    _check_speakers(training, "cross_corpus")
    groups = list(_shuffled_groups(training, seed).values())
    n_speakers = sum(map(len, groups))
    if n_speakers < 2:
        raise ValueError(
            f"{' and '.join(train_corpora)} has {n_speakers} speaker; train and dev need one each, so name another"
            " corpus in partition.train_corpora too"
        )
    n_dev = min(max(1, round(n_speakers * dev_fraction)), n_speakers - 1)
    partition = training["speaker"].map(_seated(groups, n_test=0, n_dev=n_dev)).fillna("train")
    return pd.concat([_table(0, training, partition), _table(0, tested, pd.Series("test", tested.index))])


def speaker_folds(utterances: pd.DataFrame, *, n_folds: int, seed: int) -> pd.DataFrame:
    """`n_folds` folds; every speaker is tested in one, dev is the next fold; sexes and corpora are spread evenly."""
    groups = _shuffled_groups(utterances, seed)
    n_speakers = sum(map(len, groups.values()))
    if not 3 <= n_folds <= n_speakers:
        raise ValueError(
            f"cannot make {n_folds} folds (train, dev and test need 3) from {n_speakers} speakers; set"
            f" partition.n_folds between 3 and {n_speakers}"
        )
    return _from_groups(utterances, _spread(groups, n_folds), n_folds)


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
    from sklearn.model_selection import train_test_split  # takes a second, which other partitions need not pay

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
            " partition.dev_fraction, or leave rare emotions out with labels.actions.<emotion>=drop"
        ) from None
    partition = dict.fromkeys(test["utterance"], "test") | dict.fromkeys(dev["utterance"], "dev")
    return _table(0, utterances, first.map(partition).fillna("train"))


PROTOCOLS: Mapping[str, Callable[..., pd.DataFrame]] = {
    "speaker_holdout": speaker_holdout,
    "speaker_folds": speaker_folds,
    "leave_one_speaker_out": leave_one_speaker_out,
    "published": published,
    "cross_corpus": cross_corpus,
    "random": random,
}


def protocol(
    *,
    name: str,
    speaker_independent: bool,
    transductive: bool = False,
    source: str = "",
    train_corpora: Sequence[str] = (),
    test_corpora: Sequence[str] = (),
    **settings: object,
) -> str:
    """What is shown beside every number: the partition, and whether the speakers were heard in training.

    Transductive is what uses all utterances of those who are tested, without their labels.
    """
    kind = "speaker-independent" if speaker_independent else "speaker-dependent"
    kind += ", transductive" * transductive
    corpora = " to ".join(" and ".join(names) for names in (train_corpora, test_corpora) if names)
    return " ".join(word for word in (name, source, corpora, f"({kind})") if word)


def is_speaker_independent(table: pd.DataFrame, utterances: pd.DataFrame) -> bool:
    """Whether no speaker is in two partitions of a fold, as the tables say.

    All utterances of unknown speakers of a corpus count as one speaker's.
    """
    known = utterances["speaker"].fillna(utterances["corpus"] + "/?").set_axis(utterances["utterance"])
    speaker = table["utterance"].map(known)
    return bool((table.groupby([table["fold"], speaker])["partition"].nunique() == 1).all())


def without_straddling_duplicates(table: pd.DataFrame, utterances: pd.DataFrame) -> pd.DataFrame:
    """Drop, fold by fold, the copies of an audio that lie in another partition than its first utterance there.

    That takes two speakers with the same recording: an error of the corpus, of which one side is enough.
    """
    table = table.sort_values("utterance")
    audio_hash = table["utterance"].map(utterances.set_index("utterance")["audio_hash"])
    return table[table["partition"] == table.groupby(["fold", audio_hash])["partition"].transform("first")]


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
                " leave the emotion out with labels.actions.<emotion>=drop"
            )
    if (facts.groupby(["fold", "audio_hash"])["partition"].nunique() > 1).any():
        raise ValueError("the same audio is in two partitions of a fold")
    if speaker_independent and not is_speaker_independent(table, utterances):
        raise ValueError("a speaker is in two partitions of a fold")


def _check_speakers(utterances: pd.DataFrame, name: str) -> None:
    if n_unknown := int(utterances["speaker"].isna().sum()):
        raise ValueError(
            f"partition={name} needs the speaker of every utterance that may train, and {n_unknown} of"
            f" {len(utterances)} have none; give them by corpus.speaker_pattern or a speakers.csv in the corpus's root;"
            " without speakers a corpus can only be tested (partition=cross_corpus), or be divided by partition=random,"
            " whose scores are of known voices"
        )


def _check_corpora(utterances: pd.DataFrame, train_corpora: Sequence[str], test_corpora: Sequence[str]) -> None:
    here = sorted(utterances["corpus"].unique())
    for setting, names in (("train_corpora", train_corpora), ("test_corpora", test_corpora)):
        if isinstance(names, str):
            raise ValueError(f"partition.{setting} is {names!r}; write it as a list: [{names}]")
        if not names or set(names) - set(here):
            raise ValueError(
                f"partition.{setting} is [{', '.join(names)}], and the table of utterances has {', '.join(here)}; name"
                " corpora of it, and read them with corpus=combined"
            )
    if both := sorted(set(train_corpora) & set(test_corpora)):
        raise ValueError(
            f"{', '.join(both)} is in partition.train_corpora and partition.test_corpora; within one corpus choose"
            " partition=speaker_folds"
        )


def _shuffled_groups(utterances: pd.DataFrame, seed: int) -> dict[tuple[str, str], list[str]]:
    """Speakers of each corpus and sex, shuffled; sorted first: the order of rows must not decide."""
    facts = utterances.drop_duplicates("speaker").sort_values("speaker")
    generator = np.random.default_rng(seed)
    groups = facts.groupby([facts["corpus"], facts["sex"].fillna("")])["speaker"]
    return {(str(corpus), str(sex)): list(generator.permutation(group)) for (corpus, sex), group in groups}


def _seated(groups: Sequence[Sequence[str]], *, n_test: int, n_dev: int) -> dict[str, str]:
    """Speaker -> `test` or `dev`, for those who do not train."""
    left = [len(group) for group in groups]
    dev = _seats(left, n_dev, n_later=2 if n_test else 1)
    test = _seats([n - k for n, k in zip(left, dev, strict=True)], n_test, n_later=1)
    partition: dict[str, str] = {}
    for group, k_test, k_dev in zip(groups, test, dev, strict=True):
        partition |= dict.fromkeys(group[:k_test], "test") | dict.fromkeys(group[k_test : k_test + k_dev], "dev")
    return partition


def _seats(left: Sequence[int], n_seats: int, *, n_later: int) -> list[int]:
    """How many of `n_seats` each group takes: about in proportion to the speakers that it has left.

    A group takes one at least, and leaves one for each of `n_later` partitions, where it has the speakers for that.
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


def _spread(groups: Mapping[tuple[str, str], Sequence[str]], n_folds: int) -> dict[str, int]:
    """Speaker -> fold: each group over all folds, the folds alike in size, and few of a corpus in neighbouring folds.

    The next fold is dev: of two speakers who alone have an emotion, one must train while the other is tested. Corpora
    of two speakers therefore choose first.
    """
    n_speakers: Counter[str] = Counter()
    for (corpus, _), names in groups.items():
        n_speakers[corpus] += len(names)
    fold_of: dict[str, int] = {}
    size = [0] * n_folds
    taken: dict[str, list[int]] = {corpus: [] for corpus in n_speakers}
    for corpus, sex in sorted(groups, key=lambda group: (n_speakers[group[0]] != 2, n_speakers[group[0]], group)):
        own = [0] * n_folds
        for name in groups[corpus, sex]:
            claims = [(own[k], size[k], -_distance(k, taken[corpus], n_folds), k) for k in range(n_folds)]
            fold = fold_of[name] = min(claims)[-1]
            own[fold] += 1
            size[fold] += 1
            taken[corpus].append(fold)
    return fold_of


def _distance(fold: int, others: Sequence[int], n_folds: int) -> int:
    """Steps from `fold` to the nearest of `others`, around the circle."""
    return min((min(abs(fold - other), n_folds - abs(fold - other)) for other in others), default=n_folds)


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
