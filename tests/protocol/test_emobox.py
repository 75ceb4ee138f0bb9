"""Folds of EmoBox: those of its lists, dev of training speakers, and speakers in training and test are named."""

import csv
import re
from functools import cache
from pathlib import Path, PurePosixPath

import pandas as pd
import pytest
import yaml

from ser import corpora
from ser.protocol import consistency, emobox, partitions
from ser.protocol.left_out import left_out
from tests.support.paths import ROOT

LARGE = ("asvp_esd", "emov_db", "esd", "mead", "pavoque", "subesco")  # and alike
NAMED = [name for name in emobox.NAMES if corpora.corpus(name).labels is None and name not in LARGE]
SETTINGS = yaml.safe_load((ROOT / "conf/partition/emobox.yaml").read_text())


@cache
def utterances(corpus: str) -> pd.DataFrame:
    """Table of the recordings that EmoBox lists, as ingest would write it; do not change it."""
    parse = corpora.corpus(corpus).parse
    label_map = yaml.safe_load((ROOT / f"conf/corpus/{corpus}.yaml").read_text())["label_map"]
    rows = []
    for recording in emobox.roles(corpus):
        naming = parse(PurePosixPath(f"{recording}.wav"))
        rows.append((f"{corpus}/{recording}", naming.speaker and f"{corpus}/{naming.speaker}", naming))
    table = pd.DataFrame(
        {"utterance": utterance, "speaker": speaker, "sex": naming.sex, "emotion": label_map[naming.corpus_label]}
        for utterance, speaker, naming in rows
    )
    return table.assign(corpus=corpus, audio_hash=table["utterance"], duplicate_of=None)


def made(corpus: str) -> pd.DataFrame:
    return partitions.partition_table(utterances(corpus), **SETTINGS, seed=0)


def in_fold(table: pd.DataFrame, fold: int, partition: str) -> set[str]:
    rows = table[(table["fold"] == fold) & (table["partition"] == partition)]
    return set(rows["utterance"])


@pytest.mark.real
@pytest.mark.parametrize("corpus", sorted(set(emobox.NAMES) - {"pavoque"}))  # whose listing has no names
def test_the_folds_are_those_of_the_listing(corpora_root: Path, corpus: str) -> None:
    parse, roles = corpora.corpus(corpus).parse, emobox.roles(corpus)
    path = corpora_root / "file_lists" / "emobox" / f"{emobox.NAMES[corpus]}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        listed = {parse(PurePosixPath(row["path"])).recording: row["test_fold"] for row in csv.DictReader(file)}
    assert {name: role for name, role in roles.items() if role.isdigit()} == {k: v for k, v in listed.items() if v}
    assert set(listed) <= set(roles)


@pytest.mark.parametrize("corpus", NAMED)
def test_every_fold_trains_tests_and_has_dev_and_each_recording_once(corpus: str) -> None:
    table, roles = made(corpus), emobox.roles(corpus)
    assert len(table) == table["fold"].nunique() * len(roles)
    for fold in table["fold"].unique():
        assert in_fold(table, fold, "test") == {f"{corpus}/{name}" for name, r in roles.items() if r == str(fold + 1)}
        n_dev, n_train = (len(in_fold(table, fold, name)) for name in ("dev", "train"))
        assert 0.1 < n_dev / (n_dev + n_train) < 0.55
    consistency.check(utterances(corpus), table)


def test_the_folds_of_ravdess_are_its_published_folds_of_actors() -> None:
    published = yaml.safe_load((ROOT / "conf/partition/published.yaml").read_text())
    table = partitions.partition_table(utterances("ravdess"), **published, seed=0)
    pd.testing.assert_frame_equal(made("ravdess"), table)


@pytest.mark.parametrize("corpus", ["ravdess", "savee", "cafe", "emovo", "polish", "casia"])
def test_folds_of_speakers_are_independent_of_them(corpus: str) -> None:
    assert partitions.is_speaker_independent(made(corpus), utterances(corpus))


@pytest.mark.parametrize("corpus", ["crema_d", "emodb", "tess", "mesd", "enterface", "ased"])
def test_folds_that_share_speakers_or_do_not_know_them_are_found_out(corpus: str) -> None:
    assert not partitions.is_speaker_independent(made(corpus), utterances(corpus))


def test_dev_has_other_speakers_than_training_where_enough_train() -> None:
    table = made("crema_d")
    speaker = utterances("crema_d").set_index("utterance")["speaker"]
    train, dev = (set(speaker[sorted(in_fold(table, 0, name))]) for name in ("train", "dev"))
    assert (len(train), len(dev), train & dev) == (73, 18, set())
    two = made("tess")
    speaker = utterances("tess").set_index("utterance")["speaker"]
    assert [speaker[sorted(in_fold(two, 0, name))].nunique() for name in ("train", "dev")] == [2, 2]


@pytest.mark.parametrize(("has_own", "dev"), [(True, ["d"]), (False, ["b"])])
def test_dev_is_the_next_fold_only_if_emobox_has_none(has_own: bool, dev: list[str]) -> None:
    role = pd.Series(["1", "2", "3", "4", emobox.DEV if has_own else emobox.TRAIN], list("abcxd"))
    listed = pd.DataFrame({"utterance": role.index}, role.index)
    table = emobox._fold(0, 4, listed, role, 0.2, 0)
    assert table.loc[table["partition"] == "dev", "utterance"].tolist() == dev
    assert table.loc[table["partition"] == "test", "utterance"].tolist() == ["a"]


def test_recordings_that_emobox_does_not_list_are_in_no_partition() -> None:
    more = utterances("savee").iloc[:1].assign(utterance="savee/DC/a99", audio_hash="other")
    table = pd.concat([utterances("savee"), more], ignore_index=True)
    found = partitions.partition_table(table, **SETTINGS, seed=0)
    assert set(found["utterance"]) == set(utterances("savee")["utterance"])
    assert left_out(found, table) == {"savee: EmoBox does not list them": 4}
    consistency.check(table, found)  # the table is not taken for a damaged one


def test_a_corpus_under_another_name_has_the_folds_that_are_asked_for() -> None:
    mine = utterances("savee").assign(corpus="mine")
    mine["utterance"] = mine["utterance"].str.replace("savee/", "mine/")
    table = partitions.partition_table(mine, **SETTINGS | {"corpus": "savee"}, seed=0)
    assert table["partition"].tolist() == made("savee")["partition"].tolist()


def with_unlisted(corpus: str) -> pd.DataFrame:
    more = utterances(corpus).iloc[:1].assign(utterance=f"{corpus}/DC/a99", audio_hash=f"other of {corpus}")
    return pd.concat([utterances(corpus), more], ignore_index=True)


def test_recordings_that_emobox_does_not_list_may_be_in_a_corpus_under_another_name() -> None:
    mine = with_unlisted("savee").assign(corpus="mine")
    mine["utterance"] = mine["utterance"].str.replace("savee/", "mine/")
    table = partitions.partition_table(mine, **SETTINGS | {"corpus": "savee"}, seed=0)
    assert left_out(table, mine) == {"mine: EmoBox does not list them": 4}
    consistency.check(mine, table)
    lost = table[~((table["fold"] == 0) & (table["utterance"] == "mine/DC/a01"))]
    with pytest.raises(ValueError, match="found 1 utterance without a row in fold 0, the first is mine/DC/a01"):
        consistency.check(mine, lost)


def test_recordings_that_emobox_does_not_list_may_train_beside_those_that_it_lists() -> None:
    both = pd.concat([with_unlisted("savee"), with_unlisted("emodb")], ignore_index=True)
    table = partitions.partition_table(both, **SETTINGS | {"test_corpora": ["savee"]}, seed=0)
    assert left_out(table, both)["savee: EmoBox does not list them"] == 4  # of each fold
    assert set(table.loc[table["utterance"] == "emodb/DC/a99", "partition"]) == {"train"}
    consistency.check(both, table)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["demo"], "EmoBox has no folds of 'demo'; it has those of aesdd, ased"),
        (["savee", "emodb"], "partition=emobox is for one corpus, and here are emodb, savee"),
    ],
)
def test_other_corpora_are_refused(names: list[str], message: str) -> None:
    parts = [utterances("savee").assign(corpus=name) for name in names]
    with pytest.raises(ValueError, match=re.escape(message)):
        partitions.partition_table(pd.concat(parts, ignore_index=True), **SETTINGS, seed=0)


def test_a_corpus_without_the_recordings_of_a_fold_is_refused() -> None:
    some = utterances("savee")[utterances("savee")["speaker"] != "savee/DC"]
    with pytest.raises(
        ValueError, match=r"no recording for 1 fold of EmoBox \(3\); complete the corpus, or choose partition="
    ):
        partitions.partition_table(some, **SETTINGS, seed=0)
