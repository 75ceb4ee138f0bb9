"""No speaker and no audio is in two partitions, and the order of rows changes nothing."""

import re
from collections.abc import Sequence
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from ser.core import tables
from ser.protocol import partitions
from tests.support.learning_tables import RAVDESS_EMOTIONS, combined, utterance_table, with_copies, without_speakers
from tests.support.paths import ROOT

HOLDOUT: dict[str, Any] = {"name": "speaker_holdout", "test_fraction": 1 / 3, "dev_fraction": 1 / 6}
FOLDS: dict[str, Any] = {"name": "speaker_folds", "n_folds": 3}
LEAVE_ONE: dict[str, Any] = {"name": "leave_one_speaker_out"}
RANDOM: dict[str, Any] = {"name": "random", "test_fraction": 0.15, "dev_fraction": 0.15}
CROSS: dict[str, Any] = {
    "name": "cross_corpus",
    "train_corpora": ["ravdess"],
    "test_corpora": ["emodb"],
    "dev_fraction": 0.25,
}
PUBLISHED = {"published": "emobox", "luna_jimenez": "luna_jimenez"}  # file of conf/partition -> source
SEXES = [
    ("male", "female"),
    ("female",),
    ("male", *["female"] * 8),
    ("male", "female", None),
    (None,),
]
CAST = {"crema_d": (48, 43), "emodb": (5, 5), "ravdess": (12, 12), "savee": (4, 0), "tess": (0, 2)}  # men, women
CORE = ("neutral", "happy", "sad", "angry", "fearful", "disgust")
EMOTIONS = {
    "crema_d": CORE,
    "emodb": (*CORE, "boredom"),
    "ravdess": RAVDESS_EMOTIONS,
    "savee": (*CORE, "surprised"),
    "tess": (*CORE, "pleasant_surprise"),
}


def configured(name: str) -> dict[str, Any]:
    """Settings in `conf/partition/<name>.yaml`."""
    return yaml.safe_load((ROOT / "conf" / "partition" / f"{name}.yaml").read_text())


def small(n_speakers: int, sexes: tuple[str | None, ...] = ("male", "female")) -> pd.DataFrame:
    """Six utterances of two emotions per speaker."""
    return made(n_speakers, sexes, ("neutral", "sad"), "ravdess").copy()


def cast(name: str, n_male: int, n_female: int, emotions: tuple[str, ...] = ("neutral", "sad")) -> pd.DataFrame:
    """Utterances of the corpus `name` with the given numbers of men and women."""
    sexes = ("male",) * n_male + ("female",) * n_female
    return made(len(sexes), sexes, emotions, name).copy()


@cache
def made(n_speakers: int, sexes: tuple[str | None, ...], emotions: tuple[str, ...], corpus: str) -> pd.DataFrame:
    return utterance_table(n_speakers, sexes=sexes, emotions=emotions, n_repetitions=1, corpus=corpus)


def published_corpora(*names: str) -> pd.DataFrame:
    """Utterances of corpora with the speakers and emotions that they have; CREMA-D has 17 actors of its 91."""
    casts = {**CAST, "crema_d": (9, 8)}
    return combined(*(cast(name, *casts[name], EMOTIONS[name]) for name in names))


def speakers_of(table: pd.DataFrame, utterances: pd.DataFrame) -> pd.DataFrame:
    """One row per fold, partition and speaker, with sex and corpus."""
    facts = table.merge(utterances[["utterance", "speaker", "sex", "corpus"]], on="utterance", validate="m:1")
    return facts[["fold", "partition", "speaker", "sex", "corpus"]].drop_duplicates()


def in_partition(table: pd.DataFrame, name: str) -> set[str]:
    """Utterances of one partition."""
    return set(table.loc[table["partition"] == name, "utterance"])


@pytest.mark.parametrize("sexes", SEXES)
@pytest.mark.parametrize("settings", [HOLDOUT, FOLDS, LEAVE_ONE], ids=lambda settings: settings["name"])
def test_no_speaker_is_in_two_partitions_of_a_fold(settings: dict[str, Any], sexes: tuple[str | None, ...]) -> None:
    for seed, n_speakers in enumerate((3, 5, 11, 12)):
        utterances = small(n_speakers, sexes)
        table = partitions.partition_table(utterances, **settings, seed=seed)
        tables.PARTITION_TABLE.validate(table)
        found = speakers_of(table, utterances)
        assert not found.duplicated(["fold", "speaker"]).any()
        assert (found.groupby("fold")["speaker"].nunique() == n_speakers).all()
        assert (found.groupby("fold")["partition"].nunique() == 3).all()
        assert partitions.is_speaker_independent(table, utterances)


@pytest.mark.parametrize("n_speakers", range(3, 31))
def test_the_holdout_tests_a_third_of_the_speakers_and_at_least_6_of_12(n_speakers: int) -> None:
    utterances = small(n_speakers)
    table = partitions.partition_table(utterances, **HOLDOUT, seed=0)
    n_tested = speakers_of(table, utterances)["partition"].value_counts()["test"]
    assert n_tested == max(round(n_speakers / 3), 6 if n_speakers >= 12 else 1)


def test_ravdess_gives_12_4_and_8_speakers_half_of_each_sex() -> None:
    utterances = utterance_table()
    for seed in range(5):
        table = partitions.partition_table(utterances, **configured("speaker_holdout"), seed=seed)
        count = speakers_of(table, utterances).groupby(["partition", "sex"]).size().to_dict()
        half = {"train": 6, "dev": 2, "test": 4}
        assert count == {(name, sex): n for name, n in half.items() for sex in ("female", "male")}


@pytest.mark.parametrize("n_male", [3, 4, 5])
@pytest.mark.parametrize("n_female", [3, 5, 9, 21, 27])
def test_three_speakers_of_a_sex_are_in_each_partition_of_two_speakers(n_male: int, n_female: int) -> None:
    utterances = cast("ravdess", n_male, n_female)
    for seed in range(3):
        found = speakers_of(partitions.partition_table(utterances, **HOLDOUT, seed=seed), utterances)
        for _, rows in found.groupby("partition"):
            assert rows["sex"].nunique() == min(2, len(rows))


def test_two_speakers_of_a_sex_train_and_test() -> None:
    utterances = small(30, ("male", "male", *["female"] * 28))
    found = speakers_of(partitions.partition_table(utterances, **HOLDOUT, seed=0), utterances)
    assert set(found.loc[found["sex"] == "male", "partition"]) == {"train", "test"}


def test_the_only_speaker_of_a_sex_trains() -> None:
    utterances = small(12, ("male", *["female"] * 11))
    found = speakers_of(partitions.partition_table(utterances, **HOLDOUT, seed=0), utterances)
    assert found.loc[found["sex"] == "male", "partition"].tolist() == ["train"]


def test_the_holdout_of_one_corpus_is_drawn_women_first_three_to_test_one_to_dev() -> None:
    """Worked by hand for 12: 6 are tested, 2 are dev, both halved; each sex takes them from its shuffled speakers."""
    utterances = small(12)
    for seed in range(3):
        generator = np.random.default_rng(seed)
        women = generator.permutation([f"ravdess/{k:02}" for k in (2, 4, 6, 8, 10, 12)]).tolist()
        men = generator.permutation([f"ravdess/{k:02}" for k in (1, 3, 5, 7, 9, 11)]).tolist()
        found = speakers_of(partitions.partition_table(utterances, **HOLDOUT, seed=seed), utterances)
        of = {name: set(rows["speaker"]) for name, rows in found.groupby("partition")}
        assert of["test"] == {*women[:3], *men[:3]}
        assert of["dev"] == {women[3], men[3]}
        assert of["train"] == {*women[4:], *men[4:]}


MIXES = [
    names
    for n_corpora in range(2, len(CAST) + 1)
    for names in combinations(CAST, n_corpora)
    if names != ("emodb", "savee")  # 14 speakers give dev 2 seats, and EmoDB's women and men come first
]


@pytest.mark.parametrize("names", MIXES, ids="-".join)
def test_the_holdout_has_each_sex_of_each_corpus_in_each_partition_but_no_dev_of_two_speakers(
    names: tuple[str, ...],
) -> None:
    utterances = combined(*(cast(name, *CAST[name], ("neutral",)) for name in names))
    utterances = combined(utterances, cast("savee", 4, 0, ("sad",))) if "savee" in names else utterances
    for seed in range(2):
        found = speakers_of(partitions.partition_table(utterances, **HOLDOUT, seed=seed), utterances)
        for (corpus, _), rows in found.groupby(["corpus", "sex"]):
            assert set(rows["partition"]) == ({"train", "test"} if corpus == "tess" else set(tables.PARTITIONS))


def test_the_holdout_has_speakers_in_proportion_to_the_corpora() -> None:
    utterances = combined(*(cast(name, *CAST[name]) for name in ("crema_d", "ravdess")))
    found = speakers_of(partitions.partition_table(utterances, **HOLDOUT, seed=0), utterances)
    count = pd.crosstab([found["corpus"], found["sex"]], found["partition"], normalize="index")
    for name, share in {"train": 1 / 2, "dev": 1 / 6, "test": 1 / 3}.items():
        assert (count[name] - share).abs().max() < 1 / 12  # less than one of the 12 women of RAVDESS


def test_speakers_with_the_same_name_in_two_corpora_are_two_speakers() -> None:
    utterances = combined(small(12), cast("emodb", 6, 6))
    found = speakers_of(partitions.partition_table(utterances, **HOLDOUT, seed=0), utterances)
    assert len(found) == 24
    assert found["partition"].value_counts().to_dict() == {"train": 12, "test": 8, "dev": 4}


@pytest.mark.parametrize(
    ("settings", "n_folds"), [(FOLDS, 3), (FOLDS | {"n_folds": 6}, 6), (FOLDS | {"n_folds": 24}, 24), (LEAVE_ONE, 24)]
)
def test_folds_test_every_speaker_once_and_dev_is_the_next_fold(settings: dict[str, Any], n_folds: int) -> None:
    utterances = small(24)
    found = speakers_of(partitions.partition_table(utterances, **settings, seed=3), utterances)
    tested = {fold: set(rows["speaker"]) for fold, rows in found[found["partition"] == "test"].groupby("fold")}
    dev = {fold: set(rows["speaker"]) for fold, rows in found[found["partition"] == "dev"].groupby("fold")}
    assert sorted(tested) == list(range(n_folds))
    assert sorted(name for names in tested.values() for name in names) == sorted(utterances["speaker"].unique())
    assert all(dev[fold] == tested[(fold + 1) % n_folds] for fold in tested)


@pytest.mark.parametrize("sexes", [("male", "female"), ("male", "female", "female", "female")])
def test_folds_differ_by_one_speaker_at_most_and_each_tests_both_sexes(sexes: tuple[str, ...]) -> None:
    utterances = small(23, sexes)
    for seed in range(5):
        found = speakers_of(partitions.partition_table(utterances, **FOLDS | {"n_folds": 5}, seed=seed), utterances)
        tested = found[found["partition"] == "test"].groupby("fold")
        assert set(tested["speaker"].nunique()) == {4, 5}
        assert (tested["sex"].nunique() == 2).all()


def random_mix(seed: int) -> pd.DataFrame:
    """One to three corpora with few men and women, or none of a sex."""
    random = np.random.default_rng(seed)
    counts = [(int(n_male), int(n_female)) for n_male, n_female in random.integers(0, 5, (1 + seed % 3, 2))]
    used = [(n_male, n_female) for n_male, n_female in counts if n_male + n_female] or [(1, 2)]
    return combined(*(cast(f"corpus_{k}", *count, ("neutral",)) for k, count in enumerate(used)))


@pytest.mark.parametrize("seed", range(8))
def test_folds_of_any_mix_have_similar_sizes_and_spread_each_sex_of_each_corpus(seed: int) -> None:
    utterances = random_mix(seed)
    n_speakers = utterances["speaker"].nunique()
    for n_folds in range(3, n_speakers + 1):
        found = speakers_of(partitions.speaker_folds(utterances, n_folds=n_folds, seed=seed), utterances)
        tested = found[found["partition"] == "test"]
        assert sorted(tested["speaker"]) == sorted(utterances["speaker"].unique())
        count = pd.crosstab([tested["corpus"], tested["sex"]], tested["fold"])
        assert count.columns.tolist() == list(range(n_folds))
        assert np.ptp(count.sum()) <= 1
        assert np.ptp(count, axis=1).max() <= 1


@pytest.mark.parametrize("names", [names for names in combinations(CAST, 3) if "tess" in names], ids="-".join)
def test_folds_always_train_the_emotion_that_only_the_two_speakers_of_tess_have(names: tuple[str, ...]) -> None:
    """In neighbouring folds, one of them would be in dev while the other is tested."""
    others = (cast(name, *CAST[name], ("neutral",)) for name in names if name != "tess")
    utterances = combined(cast("tess", 0, 2, ("neutral", "pleasant_surprise")), *others)
    surprised = set(utterances.loc[utterances["emotion"] == "pleasant_surprise", "utterance"])
    for n_folds in range(4, 13):
        table = partitions.partition_table(utterances, name="speaker_folds", n_folds=n_folds, seed=0)
        trained = table[(table["partition"] == "train") & table["utterance"].isin(surprised)]
        assert sorted(set(trained["fold"])) == list(range(n_folds))


def with_pairs(others: pd.DataFrame, pairs: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """`others` and corpora of two speakers, each with an emotion that no other corpus has."""
    alone = zip(pairs.items(), ("calm", "boredom", "disgust"), strict=False)
    return combined(others, *(cast(name, *count, ("neutral", emotion)) for (name, count), emotion in alone))


def assert_parted(utterances: pd.DataFrame, names: Sequence[str], seed: int) -> None:
    """With 4 folds or more, one speaker of each corpus trains while the other is tested."""
    for n_folds in range(4, min(8, utterances["speaker"].nunique()) + 1):
        table = partitions.partition_table(utterances, name="speaker_folds", n_folds=n_folds, seed=seed)
        tested = speakers_of(table, utterances).query("partition == 'test'").set_index("speaker")["fold"]
        for name in names:
            assert 2 <= abs(tested[f"{name}/01"] - tested[f"{name}/02"]) <= n_folds - 2


@pytest.mark.parametrize("seed", range(6))
def test_folds_separate_the_only_two_speakers_of_an_emotion_in_any_mix(seed: int) -> None:
    pairs = dict(list({"a_pair": (0, 2), "m_pair": (2, 0), "z_pair": (0, 2)}.items())[seed % 3 :])
    assert_parted(with_pairs(random_mix(seed), pairs), list(pairs), seed)


@pytest.mark.parametrize("seed", range(3))
def test_folds_separate_the_man_and_the_woman_of_a_corpus_of_two(seed: int) -> None:
    assert_parted(with_pairs(random_mix(seed), {"my_actors": (1, 1)}), ["my_actors"], seed)


def test_three_folds_refuse_an_emotion_of_two_speakers() -> None:
    utterances = combined(cast("ravdess", 3, 3), cast("tess", 0, 2, ("neutral", "pleasant_surprise")))
    with pytest.raises(ValueError, match=r"no training utterance of .*labels\.actions\.pleasant_surprise=drop"):
        partitions.partition_table(utterances, **FOLDS, seed=0)


def test_cross_corpus_tests_the_whole_test_corpus_on_the_shared_emotions() -> None:
    utterances = published_corpora("emodb", "ravdess", "savee")
    table = partitions.partition_table(utterances, **CROSS, seed=0)
    shared = utterances[utterances["emotion"].isin(CORE)]
    assert set(table["fold"]) == {0}
    assert in_partition(table, "test") == set(shared.loc[shared["corpus"] == "emodb", "utterance"])
    learned = in_partition(table, "train") | in_partition(table, "dev")
    assert learned == set(shared.loc[shared["corpus"] == "ravdess", "utterance"])
    found = speakers_of(table, utterances)
    assert not found.duplicated("speaker").any()
    assert set(found["corpus"]) == {"emodb", "ravdess"}  # SAVEE is in neither list


def test_an_emotion_is_shared_if_any_corpus_of_each_side_has_it() -> None:
    """Surprised is in RAVDESS and SAVEE; boredom and pleasant surprise are in training or in test only."""
    utterances = published_corpora("emodb", "ravdess", "savee", "tess")
    settings = CROSS | {"train_corpora": ["ravdess", "emodb"], "test_corpora": ["tess", "savee"]}
    table = partitions.partition_table(utterances, **settings, seed=0)
    facts = table.merge(utterances, on="utterance")
    for _, rows in facts.groupby("partition"):
        assert set(rows["emotion"]) == {*CORE, "surprised"}
    tested = facts[facts["partition"] == "test"]
    assert tested.groupby("corpus")["emotion"].unique().map(set).to_dict() == {
        "savee": {*CORE, "surprised"},
        "tess": set(CORE),
    }
    assert set(facts.loc[facts["partition"] != "test", "corpus"]) == {"ravdess", "emodb"}


@pytest.mark.parametrize("seed", range(5))
def test_dev_and_train_have_each_sex_of_each_training_corpus(seed: int) -> None:
    utterances = combined(*(cast(name, *CAST[name]) for name in ("emodb", "ravdess", "savee", "tess")))
    settings = CROSS | {"train_corpora": ["tess", "ravdess", "savee"]}
    found = speakers_of(partitions.partition_table(utterances, **settings, seed=seed), utterances)
    learned = found[found["partition"] != "test"]
    of_group = learned.groupby(["corpus", "sex"])["partition"].agg(set).to_dict()
    assert set(of_group) == {("ravdess", "female"), ("ravdess", "male"), ("savee", "male"), ("tess", "female")}
    assert all(found == {"train", "dev"} for found in of_group.values())


@pytest.mark.parametrize("dev_fraction", [0.01, 0.25, 0.5, 0.99])
@pytest.mark.parametrize("n_speakers", [2, 3, 6, 24])
def test_dev_has_its_fraction_of_the_training_speakers_and_leaves_one_in_train(
    n_speakers: int, dev_fraction: float
) -> None:
    utterances = combined(small(n_speakers), cast("emodb", 1, 1))
    table = partitions.partition_table(utterances, **CROSS | {"dev_fraction": dev_fraction}, seed=0)
    count = speakers_of(table, utterances)["partition"].value_counts()
    assert count["dev"] + count["train"] == n_speakers
    assert count["dev"] == min(max(round(n_speakers * dev_fraction), 1), n_speakers - 1)


def test_one_speaker_of_tess_trains_and_the_other_is_dev() -> None:
    utterances = published_corpora("ravdess", "tess")
    settings = CROSS | {"train_corpora": ["tess"], "test_corpora": ["ravdess"]}
    drawn = set()
    for seed in range(10):
        found = speakers_of(partitions.partition_table(utterances, **settings, seed=seed), utterances)
        own = found[found["corpus"] == "tess"].set_index("speaker")["partition"].to_dict()
        assert sorted(own.values()) == ["dev", "train"]
        drawn.add(own["tess/01"])
    assert drawn == {"dev", "train"}  # the seed decides who is who


def test_the_only_speaker_of_a_training_corpus_trains() -> None:
    utterances = combined(cast("emodb", 1, 1), cast("savee", 1, 0), cast("tess", 0, 2))
    settings = CROSS | {"train_corpora": ["savee", "tess"]}
    for seed in range(5):
        found = speakers_of(partitions.partition_table(utterances, **settings, seed=seed), utterances)
        assert found.loc[found["corpus"] == "savee", "partition"].tolist() == ["train"]


@pytest.mark.parametrize("n_known", [0, 1])
def test_test_corpora_need_no_speakers_and_count_as_other_speakers(n_known: int) -> None:
    tested = cast("folders", 2, 1)
    unknown = without_speakers(tested).assign(sex=None).astype({"sex": "str"})
    tested = combined(unknown[n_known:], tested[:n_known])
    utterances = combined(small(6), tested)
    settings = CROSS | {"test_corpora": ["folders"]}
    table = partitions.partition_table(utterances, **settings, seed=0)
    assert in_partition(table, "test") == set(tested["utterance"])
    assert partitions.is_speaker_independent(table, utterances)


@pytest.mark.parametrize("n_unknown", [1, 18])
def test_training_corpora_without_speakers_are_refused_with_the_remedy(n_unknown: int) -> None:
    training = cast("ravdess", 2, 1)
    training = combined(without_speakers(training[:n_unknown]), training[n_unknown:])
    utterances = combined(training, cast("emodb", 2, 2))
    message = rf"cross_corpus needs the speaker .* {n_unknown} of 18 have none; state them: in speakers\.csv .*_pattern"
    with pytest.raises(ValueError, match=message):
        partitions.partition_table(utterances, **CROSS, seed=0)


def test_unused_corpora_need_no_speakers() -> None:
    others = without_speakers(cast("folders", 2, 2))
    utterances = combined(small(4), cast("emodb", 1, 1), others)
    table = partitions.partition_table(utterances, **CROSS, seed=0)
    assert not set(table["utterance"]) & set(others["utterance"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"train_corpora": ["ravdess", "tess"], "test_corpora": ["emodb", "tess"]},
            "^tess is in partition.train_corpora and partition.test_corpora; .*choose partition=speaker_folds",
        ),
        (
            {"test_corpora": ["emodb", "iemocap"]},
            r"partition.test_corpora is \[emodb, iemocap\], .* contains emodb, ravdess, tess; choose from these"
            " corpora, and read several with corpus=combined",
        ),
        ({"train_corpora": "ravdess"}, r"partition.train_corpora is 'ravdess'.*\[ravdess\]"),
        ({"train_corpora": ["RAVDESS"]}, r"partition.train_corpora is \[RAVDESS\], .*corpus=combined"),
        (
            {"train_corpora": []},
            r"partition.train_corpora is \[\], .* contains emodb, ravdess, tess; choose from these",
        ),
        ({"test_corpora": []}, r"partition.test_corpora is \[\], .* contains emodb, ravdess, tess; choose from these"),
    ],
    ids=["both", "unknown", "no brackets", "capitals", "nothing trains", "nothing is tested"],
)
def test_invalid_lists_of_corpora_are_refused_with_the_remedy(changes: dict[str, Any], message: str) -> None:
    utterances = combined(small(4), cast("emodb", 2, 2), cast("tess", 0, 2))
    with pytest.raises(ValueError, match=message):
        partitions.partition_table(utterances, **CROSS | changes, seed=0)


@pytest.mark.parametrize(("emotions", "n_shared"), [(("boredom",), 0), (("boredom", "sad"), 1)])
def test_fewer_than_two_shared_emotions_are_refused_with_the_remedy(emotions: tuple[str, ...], n_shared: int) -> None:
    utterances = combined(small(4), cast("emodb", 2, 2, emotions))
    with pytest.raises(ValueError, match=rf"ravdess and emodb share {n_shared} emotion.* choose other labels"):
        partitions.partition_table(utterances, **CROSS, seed=0)


def test_one_training_speaker_is_refused_with_the_remedy() -> None:
    utterances = combined(cast("savee", 1, 0), cast("emodb", 2, 2))
    with pytest.raises(ValueError, match=r"savee has 1 speaker; train and dev need one each, so add another corpus"):
        partitions.partition_table(utterances, **CROSS | {"train_corpora": ["savee"]}, seed=0)


def test_cross_corpus_depends_on_the_seed_but_not_on_the_order_of_rows_or_names() -> None:
    utterances = published_corpora("emodb", "ravdess", "savee", "tess")
    settings = CROSS | {"train_corpora": ["ravdess", "savee"], "test_corpora": ["emodb", "tess"]}
    renamed = {key: list(reversed(settings[key])) for key in ("train_corpora", "test_corpora")}
    first = partitions.partition_table(utterances, **settings, seed=5)
    shuffled = partitions.partition_table(utterances.sample(frac=1, random_state=7), **settings | renamed, seed=5)
    pd.testing.assert_frame_equal(shuffled, first)
    other = partitions.partition_table(utterances, **settings, seed=6)
    assert in_partition(other, "dev") != in_partition(first, "dev")
    assert in_partition(other, "test") == in_partition(first, "test")


def test_audio_in_a_training_and_a_test_corpus_is_kept_in_one_partition() -> None:
    """The partition of the first utterance in the order of names keeps it."""
    utterances = combined(small(4), cast("emodb", 1, 1))
    first, copy = "emodb/Actor_01/sad-normal-dogs-0", "ravdess/Actor_02/sad-normal-dogs-0"
    utterances = with_copies(utterances, {copy: first})
    table = partitions.partition_table(utterances, **CROSS, seed=0)
    assert set(utterances["utterance"]) - set(table["utterance"]) == {copy}
    assert first in in_partition(table, "test")


@pytest.mark.parametrize("names", [("emodb", "ravdess"), ("savee", "ravdess")], ids="-".join)
def test_copies_whose_first_is_in_no_partition_are_kept_in_one_partition(names: tuple[str, str]) -> None:
    """Three utterances have the same audio, the first in CREMA-D, which is unused; test is before or after train."""
    tested, trained = names
    utterances = combined(cast("crema_d", 1, 1), cast(tested, 1, 1), cast(trained, 2, 2))
    first = "crema_d/Actor_01/sad-normal-dogs-0"
    copies = [f"{name}/Actor_01/sad-normal-dogs-0" for name in names]
    utterances = with_copies(utterances, dict.fromkeys(copies, first))
    table = partitions.partition_table(utterances, **CROSS | {"test_corpora": [tested]}, seed=0)
    assert len(set(copies) & set(table["utterance"])) == 1
    assert first not in set(table["utterance"])


def test_copies_in_folds_are_kept_in_one_partition_if_their_first_is_dropped() -> None:
    """Three speakers have the same audio: in one of five folds all train, in the others one partition keeps it."""
    utterances = small(5)
    names = [f"ravdess/Actor_0{k}/sad-normal-dogs-0" for k in (1, 2, 3)]
    utterances = with_copies(utterances, dict.fromkeys(names[1:], names[0]))
    table = partitions.partition_table(utterances, **LEAVE_ONE, seed=0)
    kept = table[table["utterance"].isin(names)].groupby("fold")["utterance"].agg(list).to_dict()
    # tested and dev are, fold by fold, speakers 1 and 2, 2 and 3, 3 and 4, 4 and 5, 5 and 1
    assert kept == {0: names[:1], 1: names[:1], 2: names[:2], 3: names, 4: names[:1]}


def test_a_test_corpus_that_is_a_copy_of_the_training_corpus_is_refused() -> None:
    training = cast("ravdess", 2, 2)
    copied = cast("emodb", 2, 2).assign(audio_hash=training["audio_hash"])
    with pytest.raises(ValueError, match=r"fold 0 has no utterance in train and dev \(of copies of one recording"):
        partitions.partition_table(combined(training, copied), **CROSS, seed=0)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_folds_test_the_24_actors_once_in_the_folds_of_the_paper(name: str) -> None:
    settings, utterances = configured(name), small(24)
    table = partitions.partition_table(utterances, **settings, seed=0)
    found = speakers_of(table, utterances)
    tested = found[found["partition"] == "test"]
    assert sorted(tested["speaker"]) == [f"ravdess/{k:02}" for k in range(1, 25)]
    for fold, rows in tested.groupby("fold"):
        assert sorted(rows["speaker"]) == [f"ravdess/{actor}" for actor in settings["folds"][fold]]


def test_published_folds_are_those_of_the_publications() -> None:
    emobox = [{1, 11, 20, 21}, {4, 10, 12, 14}, {8, 9, 19, 23}, {3, 5, 7, 24}, {2, 15, 16, 18}, {6, 13, 17, 22}]
    luna = [{2, 5, 14, 15, 16}, {3, 6, 7, 13, 18}, {10, 11, 12, 19, 20}, {8, 17, 21, 23, 24}, {1, 4, 9, 22}]
    for name, folds in zip(PUBLISHED, (emobox, luna), strict=True):
        assert [{int(actor) for actor in fold} for fold in configured(name)["folds"]] == folds


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_folds_refuse_another_corpus_with_the_remedy(name: str) -> None:
    head = rf"{PUBLISHED[name]} are for corpus=ravdess .* emodb/01, .*; choose corpus=ravdess, or "
    remedy = "partition=emobox, which has folds of emodb, or partition=speaker_folds"
    utterances = utterance_table(6, emotions=("sad", "happy"), corpus="emodb")
    with pytest.raises(ValueError, match=head + remedy):
        partitions.partition_table(utterances, **configured(name), seed=0)
    utterances = utterance_table(6, emotions=("sad", "happy"), corpus="mine")
    with pytest.raises(ValueError, match="; choose corpus=ravdess, or partition=speaker_folds"):
        partitions.partition_table(utterances, **configured(name), seed=0)


def test_published_folds_of_an_incomplete_corpus_are_refused() -> None:
    utterances = small(24)
    missing = [f"ravdess/{actor}" for actor in ("01", "11", "20", "21")]
    with pytest.raises(ValueError, match=r"the corpus has no speaker for 1 fold of emobox \(0\)"):
        partitions.partition_table(utterances[~utterances["speaker"].isin(missing)], **configured("published"), seed=0)


def test_published_folds_accept_a_missing_actor() -> None:
    utterances = small(24)
    utterances = utterances[utterances["speaker"] != "ravdess/18"]
    found = speakers_of(partitions.partition_table(utterances, **configured("published"), seed=0), utterances)
    assert found.loc[found["partition"] == "test", "speaker"].nunique() == 23


def test_random_is_stratified_70_15_15() -> None:
    utterances = utterance_table()
    table = partitions.partition_table(utterances, **RANDOM, seed=0).merge(utterances, on="utterance")
    assert table["partition"].value_counts().to_dict() == {"train": 1008, "dev": 216, "test": 216}
    share = pd.crosstab(table["emotion"], table["partition"])
    exact = utterances["emotion"].value_counts()
    for name, fraction in {"train": 0.7, "dev": 0.15, "test": 0.15}.items():
        assert ((share[name] - exact * fraction).abs() < 1).all()


def test_random_has_all_speakers_in_all_partitions_and_is_marked_so() -> None:
    utterances = utterance_table()
    table = partitions.partition_table(utterances, **RANDOM, seed=0)
    assert (speakers_of(table, utterances).groupby("partition")["speaker"].nunique() == 24).all()
    assert not partitions.is_speaker_independent(table, utterances)


def test_random_keeps_copies_of_an_audio_on_one_side_even_three() -> None:
    utterances = utterance_table(8)
    names = utterances["utterance"].tolist()
    triples = {names[k]: names[0] for k in (61, 200)} | {names[k + 1]: names[k] for k in range(70, 170, 2)}
    utterances = with_copies(utterances, triples)
    for seed in range(5):
        table = partitions.partition_table(utterances, **RANDOM, seed=seed)
        assert len(table) == len(utterances)
        of = table.set_index("utterance")["partition"]
        assert all(of[copy] == of[first] for copy, first in triples.items())
    assert of[list(triples)].nunique() == 3  # the copies are not all in training


def test_random_works_without_speakers() -> None:
    utterances = utterance_table(6).assign(speaker=None)
    table = partitions.partition_table(utterances, **RANDOM, seed=0)
    assert len(table) == len(utterances)
    assert not partitions.is_speaker_independent(table, utterances)


@pytest.mark.parametrize(
    "settings", [HOLDOUT, FOLDS, LEAVE_ONE, RANDOM, configured("published")], ids=lambda settings: settings["name"]
)
def test_the_order_of_rows_changes_nothing(settings: dict[str, Any]) -> None:
    utterances = utterance_table(emotions=("neutral", "sad"), n_repetitions=1)
    shuffled = utterances.sample(frac=1, random_state=7)
    expected = partitions.partition_table(utterances, **settings, seed=0)
    pd.testing.assert_frame_equal(partitions.partition_table(shuffled, **settings, seed=0), expected)


@pytest.mark.parametrize("settings", [HOLDOUT, FOLDS, RANDOM], ids=lambda settings: settings["name"])
def test_the_seed_alone_decides(settings: dict[str, Any]) -> None:
    utterances = small(24)
    first, again, other = (partitions.partition_table(utterances, **settings, seed=seed) for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(first, again)
    assert (first["partition"] != other["partition"]).any()


def test_a_copy_of_another_speakers_audio_is_left_out_where_it_would_straddle() -> None:
    utterances = small(3)
    first, copy = "ravdess/Actor_01/neutral-normal-dogs-0", "ravdess/Actor_02/neutral-normal-dogs-0"
    utterances = with_copies(utterances, {copy: first})
    table = partitions.partition_table(utterances, **LEAVE_ONE, seed=0)
    assert len(table) == 3 * (len(utterances) - 1)
    assert copy not in set(table["utterance"])
    assert set(utterances["utterance"]) - set(table["utterance"]) == {copy}


def test_copies_within_a_speaker_are_kept() -> None:
    utterances = small(3)
    utterances = with_copies(
        utterances, {"ravdess/Actor_01/neutral-normal-kids-0": "ravdess/Actor_01/neutral-normal-dogs-0"}
    )
    assert len(partitions.partition_table(utterances, **LEAVE_ONE, seed=0)) == 3 * len(utterances)


def test_a_copy_is_kept_in_the_folds_where_both_speakers_are_in_one_partition() -> None:
    utterances = small(12)
    first, copy = "ravdess/Actor_01/neutral-normal-dogs-0", "ravdess/Actor_03/neutral-normal-dogs-0"
    table = partitions.partition_table(with_copies(utterances, {copy: first}), **LEAVE_ONE, seed=0)
    kept = table[table["utterance"] == copy].set_index("fold")["partition"]
    # actors 1 and 3 test in folds 0 and 2 and are dev in folds 11 and 1; in the 8 other folds both train
    assert kept.to_dict() == dict.fromkeys(range(3, 11), "train")


@pytest.mark.parametrize("settings", [HOLDOUT, FOLDS, LEAVE_ONE], ids=lambda settings: settings["name"])
def test_unknown_speakers_are_refused_with_the_remedy(settings: dict[str, Any]) -> None:
    utterances = small(6)
    utterances.loc[[0, 5], "speaker"] = None
    with pytest.raises(ValueError, match=r"2 of \d+ have none; .*without speakers .* partition=random, whose"):
        partitions.partition_table(utterances, **settings, seed=0)


@pytest.mark.parametrize("n_speakers", [1, 2])
@pytest.mark.parametrize("settings", [HOLDOUT, FOLDS, LEAVE_ONE], ids=lambda settings: settings["name"])
def test_two_speakers_are_too_few_and_the_remedies_are_those_that_work(
    settings: dict[str, Any], n_speakers: int
) -> None:
    with pytest.raises(
        ValueError, match=rf"^{n_speakers} speakers? (is|are) too few for train, dev and test; "
    ) as raised:
        partitions.partition_table(small(n_speakers), **settings, seed=0)
    named = set(re.findall(r"partition=(\w+)", str(raised.value)))
    assert named == {"random", "cross_corpus"}
    assert not re.search("fraction|n_folds", str(raised.value))


@pytest.mark.parametrize("n_speakers", [1, 2])
def test_the_protocols_that_are_named_for_two_speakers_work(n_speakers: int) -> None:
    few = utterance_table(n_speakers, corpus="tess")
    assert set(partitions.partition_table(few, **RANDOM, seed=0)["partition"]) == {"train", "dev", "test"}
    settings = CROSS | {"test_corpora": ["tess"]}
    assert not partitions.partition_table(combined(utterance_table(4), few), **settings, seed=0).empty


@pytest.mark.parametrize("n_folds", [2, 7])
def test_the_number_of_folds_is_from_3_to_the_number_of_speakers(n_folds: int) -> None:
    with pytest.raises(ValueError, match=r"set partition\.n_folds between 3 and 6"):
        partitions.partition_table(small(6), **FOLDS | {"n_folds": n_folds}, seed=0)
    with pytest.raises(ValueError, match=r"set partition\.n_folds to 3$"):
        partitions.partition_table(small(3), **FOLDS | {"n_folds": n_folds}, seed=0)


def test_an_emotion_that_is_tested_but_not_trained_is_refused() -> None:
    utterances = small(3)
    only_first = (utterances["emotion"] == "neutral") & (utterances["speaker"] != "ravdess/01")
    with pytest.raises(
        ValueError, match=r"fold 0 has no training utterance of neutral; choose another seed or partition"
    ):
        partitions.partition_table(utterances[~only_first], **LEAVE_ONE, seed=0)


def test_an_emotion_too_rare_to_stratify_is_refused_with_the_remedy() -> None:
    utterances = small(6)
    rare = utterances.index[utterances["emotion"] == "sad"][1:]
    with pytest.raises(ValueError, match=r"cannot stratify 13 utterances .*labels\.actions\.sad=drop"):
        partitions.partition_table(utterances.drop(rare), **RANDOM, seed=0)


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(ValueError, match=r"unknown partition 'speaker_fold'; choose one of speaker_holdout, "):
        partitions.partition_table(small(3), name="speaker_fold", seed=0)


def test_a_mistyped_setting_is_refused() -> None:
    with pytest.raises(TypeError, match="n_fold"):
        partitions.partition_table(small(6), name="speaker_folds", n_fold=3, seed=0)


def hand_made(*partition: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A partition table of one fold, and its utterances: 3 speakers with 4 each."""
    utterances = utterance_table(3, emotions=("neutral", "calm"), n_repetitions=1)
    utterances = utterances[utterances["intensity"] == "normal"].reset_index(drop=True)
    return pd.DataFrame({"fold": 0, "utterance": utterances["utterance"], "partition": partition}), utterances


def test_the_check_finds_a_speaker_in_two_partitions() -> None:
    table, utterances = hand_made(*["train"] * 4, *["test"] * 4, *["dev"] * 3, "train")
    with pytest.raises(ValueError, match=r"fold 0 has 1 speaker in two partitions, such as ravdess/03; this is"):
        partitions.check(table, utterances, speaker_independent=True)
    partitions.check(table, utterances, speaker_independent=False)
    assert not partitions.is_speaker_independent(table, utterances)


@pytest.mark.parametrize(
    ("unknown", "independent"),
    [
        ([0, 1, 2, 3], True),  # all of training
        ([1], True),
        ([8, 9, 10, 11], True),  # all of test
        ([0, 11], False),  # perhaps one voice
        ([3, 4, 5], False),
        (range(12), False),
    ],
)
def test_unknown_speakers_of_a_corpus_count_as_one(unknown: Sequence[int], independent: bool) -> None:
    table, utterances = hand_made(*["train"] * 4, *["dev"] * 4, *["test"] * 4)
    utterances["speaker"] = utterances["speaker"].mask(utterances.index.isin(list(unknown)))
    assert partitions.is_speaker_independent(table, utterances) == independent


def test_unknown_speakers_of_two_corpora_are_two() -> None:
    table, utterances = hand_made(*["train"] * 4, *["dev"] * 4, *["test"] * 4)
    utterances["speaker"] = utterances["speaker"].mask(utterances.index.isin([0, 1, 10, 11]))
    assert not partitions.is_speaker_independent(table, utterances)
    utterances["corpus"] = utterances["corpus"].mask(utterances.index >= 8, "folders")
    assert partitions.is_speaker_independent(table, utterances)


def test_speakers_may_change_partitions_from_fold_to_fold() -> None:
    utterances = small(4)
    table = partitions.partition_table(utterances, **LEAVE_ONE, seed=0)
    assert partitions.is_speaker_independent(table, utterances)
    table.loc[0, "partition"] = "train"  # the first speaker, who is tested in this fold
    assert not partitions.is_speaker_independent(table, utterances)


def test_the_check_finds_a_missing_partition() -> None:
    table, utterances = hand_made(*["train"] * 8, *["test"] * 4)
    with pytest.raises(ValueError, match=r"fold 0 has no utterance in dev \(.*\); change the fractions"):
        partitions.check(table, utterances, speaker_independent=True)


def test_the_check_finds_equal_audio_in_two_partitions() -> None:
    table, utterances = hand_made(*["train"] * 4, *["test"] * 4, *["dev"] * 4)
    utterances["audio_hash"] = utterances["audio_hash"].where(np.arange(12) != 11, utterances["audio_hash"][0])
    first, last = utterances["utterance"].iloc[[0, 11]]
    with pytest.raises(ValueError, match=rf"fold 0 has 1 recording in two partitions, such as {first} and {last};"):
        partitions.check(table, utterances, speaker_independent=True)


@pytest.mark.parametrize(
    ("settings", "independent", "label"),
    [
        (HOLDOUT, True, "speaker_holdout (speaker-independent)"),
        (RANDOM, False, "random (speaker-dependent)"),
        (configured("published"), True, "published emobox (speaker-independent)"),
        (configured("emobox"), False, "emobox (speaker-dependent)"),
        (configured("cross_corpus"), True, "cross_corpus ravdess to emodb (speaker-independent)"),
        (
            CROSS | {"train_corpora": ["ravdess", "tess"], "test_corpora": ["emodb", "savee"]},
            False,
            "cross_corpus ravdess and tess to emodb and savee (speaker-dependent)",
        ),
        (
            configured("leave_one_corpus_out"),
            True,
            "leave_one_corpus_out, emotions of all corpora (speaker-independent)",
        ),
        (
            configured("leave_one_corpus_out") | {"test_corpora": ["emodb", "savee"], "shared_by": "pair"},
            True,
            "leave_one_corpus_out of emodb and savee, emotions of training and test (speaker-independent)",
        ),
        (
            configured("published") | {"test_corpora": ["ravdess"]},
            True,
            "published emobox of ravdess, other corpora train too (speaker-independent)",
        ),
    ],
    ids=[
        *("holdout", "random", "published", "emobox", "configured cross_corpus", "cross_corpus", "leave one out"),
        *("some are left out", "others train"),
    ],
)
def test_the_description_states_whether_the_protocol_is_speaker_independent(
    settings: dict[str, Any], independent: bool, label: str
) -> None:
    assert partitions.protocol(**settings, speaker_independent=independent) == label
    marked = partitions.protocol(**settings, speaker_independent=independent, transductive=True)
    assert marked == f"{label.removesuffix(')')}, transductive)"
