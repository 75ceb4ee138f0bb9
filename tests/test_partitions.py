"""No speaker, no audio and no order of rows decides what it must not."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from learning_tables import utterance_table, with_copies

from ser import partitions, tables

ROOT = Path(__file__).parents[1]
HOLDOUT: dict[str, Any] = {"name": "speaker_holdout", "test_fraction": 1 / 3, "dev_fraction": 1 / 6}
FOLDS: dict[str, Any] = {"name": "speaker_folds", "n_folds": 3}
LEAVE_ONE: dict[str, Any] = {"name": "leave_one_speaker_out"}
RANDOM: dict[str, Any] = {"name": "random", "test_fraction": 0.15, "dev_fraction": 0.15}
PUBLISHED = ("emobox", "luna_jimenez")
SEXES = [
    ("male", "female"),
    ("female",),
    ("male", *["female"] * 8),
    ("male", "female", None),
    (None,),
]


def configured(name: str) -> dict[str, Any]:
    """The settings of `conf/partition/<name>.yaml`."""
    return yaml.safe_load((ROOT / "conf" / "partition" / f"{name}.yaml").read_text())


def small(n_speakers: int, sexes: tuple[str | None, ...] = ("male", "female")) -> pd.DataFrame:
    """Four utterances of two emotions a speaker."""
    return utterance_table(n_speakers, sexes=sexes, emotions=("neutral", "sad"), n_repetitions=1)


def speakers_of(table: pd.DataFrame, utterances: pd.DataFrame) -> pd.DataFrame:
    """fold, partition, speaker, sex: one row each."""
    facts = table.merge(utterances[["utterance", "speaker", "sex"]], on="utterance", validate="m:1")
    return facts[["fold", "partition", "speaker", "sex"]].drop_duplicates()


@pytest.mark.parametrize("sexes", SEXES)
@pytest.mark.parametrize("settings", [HOLDOUT, FOLDS, LEAVE_ONE], ids=lambda settings: settings["name"])
def test_no_speaker_is_in_two_partitions_of_a_fold(settings: dict[str, Any], sexes: tuple[str | None, ...]) -> None:
    for n_speakers in (3, 4, 5, 7, 11, 12, 13, 24, 30):
        utterances = small(n_speakers, sexes)
        for seed in (0, 1):
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
    for seed in range(3):
        table = partitions.partition_table(utterances, **HOLDOUT, seed=seed)
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
def test_three_speakers_of_a_sex_put_it_in_each_partition_that_has_two_seats(n_male: int, n_female: int) -> None:
    utterances = small(n_male + n_female, ("male",) * n_male + ("female",) * n_female)
    for seed in range(5):
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


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_folds_test_the_24_actors_once_in_the_folds_of_the_paper(name: str) -> None:
    settings, utterances = configured(name), small(24)
    table = partitions.partition_table(utterances, **settings, seed=0)
    found = speakers_of(table, utterances)
    tested = found[found["partition"] == "test"]
    assert sorted(tested["speaker"]) == [f"ravdess/{k:02}" for k in range(1, 25)]
    for fold, rows in tested.groupby("fold"):
        assert sorted(rows["speaker"]) == [f"ravdess/{actor}" for actor in settings["folds"][fold]]


def test_published_folds_are_those_of_the_specification() -> None:
    emobox = [{1, 11, 20, 21}, {4, 10, 12, 14}, {8, 9, 19, 23}, {3, 5, 7, 24}, {2, 15, 16, 18}, {6, 13, 17, 22}]
    luna = [{2, 5, 14, 15, 16}, {3, 6, 7, 13, 18}, {10, 11, 12, 19, 20}, {8, 17, 21, 23, 24}, {1, 4, 9, 22}]
    for name, folds in zip(PUBLISHED, (emobox, luna), strict=True):
        assert [{int(actor) for actor in fold} for fold in configured(name)["folds"]] == folds


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_folds_of_another_corpus_name_the_remedy(name: str) -> None:
    utterances = utterance_table(6, emotions=("sad", "happy"), corpus="emodb")
    with pytest.raises(ValueError, match=rf"{name} are for corpus=ravdess .* emodb/01, .*partition=speaker_folds"):
        partitions.partition_table(utterances, **configured(name), seed=0)


def test_published_folds_of_an_incomplete_corpus_are_refused() -> None:
    utterances = small(24)
    missing = [f"ravdess/{actor}" for actor in ("01", "11", "20", "21")]
    with pytest.raises(ValueError, match=r"no speaker of fold\(s\) \[0\] of emobox is in the corpus"):
        partitions.partition_table(utterances[~utterances["speaker"].isin(missing)], **configured("emobox"), seed=0)


def test_published_folds_do_without_an_actor_who_does_not_sing() -> None:
    utterances = small(24)
    utterances = utterances[utterances["speaker"] != "ravdess/18"]
    found = speakers_of(partitions.partition_table(utterances, **configured("emobox"), seed=0), utterances)
    assert found.loc[found["partition"] == "test", "speaker"].nunique() == 23


def test_random_is_stratified_70_15_15() -> None:
    utterances = utterance_table()
    table = partitions.partition_table(utterances, **RANDOM, seed=0).merge(utterances, on="utterance")
    assert table["partition"].value_counts().to_dict() == {"train": 1008, "dev": 216, "test": 216}
    share = pd.crosstab(table["emotion"], table["partition"])
    exact = utterances["emotion"].value_counts()
    for name, fraction in {"train": 0.7, "dev": 0.15, "test": 0.15}.items():
        assert ((share[name] - exact * fraction).abs() < 1).all()


def test_random_has_all_speakers_everywhere_and_says_so() -> None:
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
    "settings", [HOLDOUT, FOLDS, LEAVE_ONE, RANDOM, configured("emobox")], ids=lambda settings: settings["name"]
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


def test_a_copy_is_kept_in_the_folds_where_both_speakers_are_on_one_side() -> None:
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
    with pytest.raises(ValueError, match=r"2 of \d+ have none; .* without speakers only partition=random is"):
        partitions.partition_table(utterances, **settings, seed=0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (HOLDOUT, "2 speakers cannot give 1 to test and 1 to dev; lower partition.test_fraction"),
        (FOLDS, r"cannot make 3 folds .* from 2 speakers; set partition.n_folds"),
        (LEAVE_ONE, "2 speakers are too few for train, dev and test; choose partition=random"),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_two_speakers_are_too_few(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        partitions.partition_table(small(2), **settings, seed=0)


@pytest.mark.parametrize("n_folds", [2, 7])
def test_the_number_of_folds_is_from_3_to_the_number_of_speakers(n_folds: int) -> None:
    with pytest.raises(ValueError, match=r"set partition\.n_folds between 3 and 6"):
        partitions.partition_table(small(6), **FOLDS | {"n_folds": n_folds}, seed=0)


def test_an_emotion_that_is_tested_but_not_trained_is_refused() -> None:
    utterances = small(3)
    only_first = (utterances["emotion"] == "neutral") & (utterances["speaker"] != "ravdess/01")
    with pytest.raises(ValueError, match=r"fold 0 has no training utterance of neutral; another seed or partition"):
        partitions.partition_table(utterances[~only_first], **LEAVE_ONE, seed=0)


def test_an_emotion_too_rare_to_stratify_is_refused_with_the_remedy() -> None:
    utterances = small(6)
    rare = utterances.index[utterances["emotion"] == "sad"][1:]
    with pytest.raises(ValueError, match=r"cannot stratify 13 utterances .*leave rare emotions out"):
        partitions.partition_table(utterances.drop(rare), **RANDOM, seed=0)


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(ValueError, match=r"unknown partition 'speaker_fold'; it is one of speaker_holdout, "):
        partitions.partition_table(small(3), name="speaker_fold", seed=0)


def test_a_mistyped_setting_is_refused() -> None:
    with pytest.raises(TypeError, match="n_fold"):
        partitions.partition_table(small(6), name="speaker_folds", n_fold=3, seed=0)


def hand_made(*partition: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A partition table of one fold, with the utterances of 3 speakers, 4 each, that it places."""
    utterances = utterance_table(3, emotions=("neutral", "calm"), n_repetitions=1)
    utterances = utterances[utterances["intensity"] == "normal"].reset_index(drop=True)
    return pd.DataFrame({"fold": 0, "utterance": utterances["utterance"], "partition": partition}), utterances


def test_the_check_finds_a_speaker_on_two_sides() -> None:
    table, utterances = hand_made(*["train"] * 4, *["test"] * 4, *["dev"] * 3, "train")
    with pytest.raises(ValueError, match="a speaker is in two partitions"):
        partitions.check(table, utterances, speaker_independent=True)
    partitions.check(table, utterances, speaker_independent=False)
    assert not partitions.is_speaker_independent(table, utterances)


def test_the_check_finds_a_lacking_partition() -> None:
    table, utterances = hand_made(*["train"] * 8, *["test"] * 4)
    with pytest.raises(ValueError, match="a fold has no utterance in train, dev or test"):
        partitions.check(table, utterances, speaker_independent=True)


def test_the_check_finds_equal_audio_on_two_sides() -> None:
    table, utterances = hand_made(*["train"] * 4, *["test"] * 4, *["dev"] * 4)
    utterances["audio_hash"] = utterances["audio_hash"].where(np.arange(12) != 11, utterances["audio_hash"][0])
    with pytest.raises(ValueError, match="the same audio is in two partitions"):
        partitions.check(table, utterances, speaker_independent=True)


@pytest.mark.parametrize(
    ("settings", "independent", "label"),
    [
        (HOLDOUT, True, "speaker_holdout (speaker-independent)"),
        (RANDOM, False, "random (speaker-dependent)"),
        (configured("emobox"), True, "published emobox (speaker-independent)"),
    ],
    ids=["holdout", "random", "published"],
)
def test_the_protocol_says_whether_the_voices_are_known(
    settings: dict[str, Any], independent: bool, label: str
) -> None:
    assert partitions.protocol(**settings, speaker_independent=independent) == label
