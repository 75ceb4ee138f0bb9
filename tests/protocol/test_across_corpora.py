"""Whole corpora are tested by models of others, on the emotions that they share."""

from typing import Any

import pandas as pd
import pytest

from ser.protocol import consistency, partitions
from ser.protocol.across_corpora import with_common_emotions
from tests.support.learning_tables import combined, utterance_table, without_speakers

SHARED = ("neutral", "happy", "sad", "angry")
LEAVE_ONE_OUT: dict[str, Any] = {"name": "leave_one_corpus_out", "shared_by": "all", "dev_fraction": 0.25}


def corpus(name: str, n_speakers: int, *more_emotions: str) -> pd.DataFrame:
    """Utterances of the shared emotions and of some more, 2 of neutral and 4 of each other a speaker."""
    return utterance_table(n_speakers, corpus=name, emotions=(*SHARED, *more_emotions), n_repetitions=1)


@pytest.fixture
def utterances() -> pd.DataFrame:
    """Utterances of four corpora: of four, two and six speakers, and of unknown speakers."""
    named = (corpus("emodb", 4, "boredom"), corpus("tess", 2, "disgust"), corpus("ravdess", 6, "calm", "disgust"))
    return combined(*named, without_speakers(corpus("folders", 3)))


def facts(utterances: pd.DataFrame, **changes: Any) -> pd.DataFrame:
    """Partitions of all folds, with the facts of their utterances."""
    table = partitions.partition_table(utterances, **LEAVE_ONE_OUT | changes, seed=0)
    consistency.check(utterances, table)
    return table.merge(utterances, on="utterance")


def test_each_corpus_is_tested_whole_in_one_fold_and_the_others_train(utterances: pd.DataFrame) -> None:
    found = facts(utterances)
    for fold, name in enumerate(["emodb", "folders", "ravdess", "tess"]):
        rows = found[found["fold"] == fold]
        tested = rows["partition"] == "test"
        assert set(rows.loc[tested, "corpus"]) == {name}
        comparable = utterances[utterances["emotion"].isin(SHARED)]
        assert set(rows.loc[tested, "utterance"]) == set(comparable.loc[comparable["corpus"] == name, "utterance"])
        assert len(rows) == len(comparable)
        n_partitions = rows.dropna(subset="speaker").groupby("speaker")["partition"].nunique()
        assert (n_partitions == 1).all()


def test_corpora_that_are_not_tested_train_in_every_fold(utterances: pd.DataFrame) -> None:
    found = facts(utterances, test_corpora=["tess", "emodb"])
    tested = found[found["partition"] == "test"].groupby("fold")["corpus"].unique().map(list)
    assert tested.to_dict() == {0: ["emodb"], 1: ["tess"]}
    assert set(found.loc[found["partition"] != "test", "corpus"]) == {"emodb", "folders", "ravdess", "tess"}


def test_dev_has_a_share_of_the_speakers_of_every_training_corpus_and_none_of_those_that_are_unknown(
    utterances: pd.DataFrame,
) -> None:
    found = facts(utterances)
    n_dev = found[found["partition"] == "dev"].groupby(["fold", "corpus"])["speaker"].nunique()
    assert n_dev.loc[1].to_dict() == {"emodb": 1, "ravdess": 2, "tess": 1}  # a quarter, and one at least
    whole = found[(found["corpus"] == "folders") & (found["fold"] != 1)]
    assert set(whole["partition"]) == {"train"}


def test_a_pair_shares_the_emotions_of_the_tested_corpus_with_any_that_trains(utterances: pd.DataFrame) -> None:
    emotions = facts(utterances, shared_by="pair").groupby(["partition", "fold"])["emotion"].agg(set)
    assert emotions["test"].tolist() == [{*SHARED}, {*SHARED}, {*SHARED, "disgust"}, {*SHARED, "disgust"}]
    assert emotions["train"].tolist() == emotions["test"].tolist()


def test_what_is_left_out_of_a_fold_depends_on_neither_names_nor_order(utterances: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(facts(utterances.sample(frac=1, random_state=3)), facts(utterances))


@pytest.mark.parametrize(
    ("table", "changes", "message"),
    [
        (corpus("ravdess", 4), {}, "needs two corpora, and the table of utterances has ravdess; .*corpus=combined"),
        (combined(corpus("ravdess", 4), corpus("emodb", 2)), {"shared_by": "some"}, "'some'; it is all or pair"),
        *(
            (combined(corpus("ravdess", 4), corpus("emodb", 2)), {"test_corpora": wrong}, message)
            for wrong, message in (
                (
                    ["savee"],
                    r"partition.test_corpora is \[savee\], but the table of utterances contains emodb, ravdess",
                ),
                ("emodb", r"partition.test_corpora is 'emodb'; write it as a list: \[emodb\]"),
                ([], r"partition.test_corpora is \[\], but the table of utterances contains emodb, ravdess"),
            )
        ),
        (combined(corpus("ravdess", 4), corpus("emodb", 1)), {}, "emodb has 1 speaker; train and dev need one each"),
        (
            combined(corpus("ravdess", 4), without_speakers(corpus("emodb", 2))),
            {},
            "partition=leave_one_corpus_out needs the speaker of every training utterance, but 28 of 28 have none; .*"
            "-S corpus.columns.speaker=NAME",
        ),
    ],
    ids=[
        "one corpus",
        "unknown choice",
        "unknown corpus",
        "a text",
        "no corpus",
        "one speaker trains",
        "no speaker trains",
    ],
)
def test_what_cannot_be_left_out_is_refused_with_the_remedy(
    table: pd.DataFrame, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        partitions.partition_table(table, **LEAVE_ONE_OUT | changes, seed=0)


def test_only_emotions_that_all_corpora_have_are_comparable(utterances: pd.DataFrame) -> None:
    found = with_common_emotions(utterances)
    assert set(found["emotion"]) == set(SHARED)
    assert len(found) == (4 + 2 + 6 + 3) * (2 + 3 * 4)


def test_one_corpus_shares_all_its_emotions_with_itself() -> None:
    utterances = corpus("ravdess", 2, "calm")
    assert len(with_common_emotions(utterances)) == len(utterances)


@pytest.mark.parametrize(("emotions", "n_shared"), [(("disgust", "boredom"), 0), (("sad", "boredom"), 1)])
def test_corpora_that_share_less_than_two_emotions_cannot_be_compared(emotions: tuple[str, ...], n_shared: int) -> None:
    utterances = combined(corpus("ravdess", 2), utterance_table(2, corpus="folders", emotions=emotions))
    with pytest.raises(ValueError, match=rf"folders, ravdess share {n_shared} emotions?, .* leave a corpus out"):
        with_common_emotions(utterances)
