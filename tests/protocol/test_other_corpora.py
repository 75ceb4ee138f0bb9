"""With `partition.test_corpora`, a protocol divides these corpora, and the others train in each fold."""

from typing import Any

import pandas as pd
import pytest

from ser.protocol import consistency, partitions
from ser.protocol.left_out import left_out
from tests.support.learning_tables import combined, utterance_table, without_speakers

SETTINGS: dict[str, dict[str, Any]] = {
    "speaker_holdout": {"test_fraction": 0.34, "dev_fraction": 0.17},
    "speaker_folds": {"n_folds": 3},
    "leave_one_speaker_out": {},
    "random": {"test_fraction": 0.2, "dev_fraction": 0.2},
}


@pytest.fixture
def utterances() -> pd.DataFrame:
    """A corpus of own recordings with three emotions; another with one more; and one of unknown speakers."""
    own = utterance_table(6, corpus="mine", emotions=("neutral", "happy", "sad"), n_repetitions=1)
    other = utterance_table(4, corpus="other", emotions=("neutral", "happy", "sad", "calm"), n_repetitions=1)
    unknown = without_speakers(utterance_table(2, corpus="unknown", emotions=("neutral", "sad"), n_repetitions=1))
    return combined(own, other, unknown)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_tested_corpus_is_divided_as_if_it_were_alone_and_the_others_train(
    utterances: pd.DataFrame, name: str
) -> None:
    table = partitions.partition_table(utterances, name=name, test_corpora=["mine"], seed=1, **SETTINGS[name])
    consistency.check(utterances, table)
    is_mine = table["utterance"].str.startswith("mine/")
    mine = utterances[utterances["corpus"] == "mine"]
    alone = partitions.partition_table(mine, name=name, seed=1, **SETTINGS[name])
    pd.testing.assert_frame_equal(table[is_mine].reset_index(drop=True), alone)
    can_train = utterances[(utterances["corpus"] != "mine") & (utterances["emotion"] != "calm")]
    for _, rows in table[~is_mine].groupby("fold"):
        assert set(rows["partition"]) == {"train"}
        assert rows["utterance"].tolist() == sorted(can_train["utterance"])
    assert table.loc[~is_mine, "fold"].nunique() == alone["fold"].nunique()
    n_calm = int((utterances["emotion"] == "calm").sum()) * alone["fold"].nunique()
    assert left_out(table, utterances) == {"other with calm: the training or test corpora lack the emotion": n_calm}


def test_a_copy_of_a_tested_recording_in_another_corpus_does_not_train(utterances: pd.DataFrame) -> None:
    table = partitions.partition_table(utterances, name="leave_one_speaker_out", test_corpora=["mine"], seed=0)
    tested = table.loc[(table["fold"] == 0) & (table["partition"] == "test"), "utterance"].iloc[0]
    audio = utterances.set_index("utterance").loc[tested, "audio_hash"]
    copied = utterances["utterance"] == utterances.loc[utterances["corpus"] == "other", "utterance"].iloc[0]
    changed = utterances.assign(audio_hash=utterances["audio_hash"].mask(copied, audio))
    found = partitions.partition_table(changed, name="leave_one_speaker_out", test_corpora=["mine"], seed=0)
    facts = found.merge(changed[["utterance", "audio_hash"]])
    of_audio = facts[(facts["audio_hash"] == audio) & (facts["fold"] == 0)]
    assert of_audio["partition"].nunique() == 1


def test_emobox_folds_of_a_corpus_are_those_without_the_corpora_that_train() -> None:
    names = [f"{speaker}/{emotion}01" for speaker in ("DC", "JE", "JK", "KL") for emotion in ("a", "h")]
    savee = pd.DataFrame({"utterance": [f"savee/{name}" for name in names], "corpus": "savee", "sex": "male"})
    savee = savee.assign(speaker=savee["utterance"].str[:8], emotion=["angry", "happy"] * 4)
    savee = savee.assign(audio_hash=savee["utterance"])
    other = utterance_table(3, corpus="ravdess", emotions=("angry", "happy", "calm"), n_repetitions=1)
    both = pd.concat([savee, other[savee.columns]], ignore_index=True)
    settings: dict[str, Any] = {"name": "emobox", "corpus": None, "dev_fraction": 0.2, "seed": 0}
    table = partitions.partition_table(both, test_corpora=["savee"], **settings)
    is_savee = table["utterance"].str.startswith("savee/")
    alone = partitions.partition_table(savee, **settings)
    pd.testing.assert_frame_equal(table[is_savee].reset_index(drop=True), alone)
    assert set(table.loc[~is_savee, "partition"]) == {"train"}


@pytest.mark.parametrize(
    ("test_corpora", "message"),
    [
        ("mine", r"partition.test_corpora is 'mine'; write it as a list: \[mine\]"),
        ([], r"partition.test_corpora is \[\], but the table of utterances contains mine, other, unknown"),
        (["savee"], r"partition.test_corpora is \[savee\], .* read several with corpus=combined"),
        (["unknown"], "partition=speaker_folds needs the speaker"),
        (["mine", "other", "unknown"], "no other corpus here has their emotions; add one to corpus.corpora"),
    ],
)
def test_corpora_that_cannot_be_tested_are_named(utterances: pd.DataFrame, test_corpora: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        partitions.partition_table(utterances, name="speaker_folds", n_folds=3, test_corpora=test_corpora, seed=0)
