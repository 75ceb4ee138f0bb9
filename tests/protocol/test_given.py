"""Partitions that the corpus gives, and segments of one recording."""

import pandas as pd
import pytest

from ser.audit import findings, table_checks
from ser.protocol import partitions
from ser.protocol.consistency import check
from tests.support.learning_tables import utterance_table


def given(words: str, **columns: object) -> pd.DataFrame:
    """An utterance for each letter: t train, d dev, s test, each of an own speaker and recording."""
    rows = utterance_table(len(words), n_repetitions=1, emotions=("sad",))
    rows = rows.drop_duplicates("speaker").reset_index(drop=True)
    partition = [{"t": "train", "d": "dev", "s": "test"}.get(word) for word in words]
    return rows.assign(given_partition=partition, **columns)


def of(utterances: pd.DataFrame, **settings: object) -> str:
    settings = {"name": "given", "dev_fraction": 0.25} | settings
    table = partitions.partition_table(utterances, seed=0, **settings)
    return "".join({"train": "t", "dev": "d", "test": "s"}[name] for name in table["partition"])


def test_the_given_partitions_are_taken() -> None:
    assert of(given("ttdss")) == "ttdss"


def test_dev_is_taken_from_the_training_speakers() -> None:
    utterances = given("ttttttttss")
    utterances["speaker"] = [f"x/{k // 2}" for k in range(10)]
    found = of(utterances)
    assert sorted(found) == sorted("ttttttddss")
    assert found[found.index("d") : found.index("d") + 2] == "dd"  # both utterances of one speaker


def test_without_speakers_dev_is_taken_from_the_training_utterances() -> None:
    assert sorted(of(given("ttttttttss", speaker=None))) == sorted("ttttttddss")


def test_shared_speakers_are_declared_by_themselves() -> None:
    utterances = given("ttdss", speaker="x/1")
    table = partitions.partition_table(utterances, name="given", dev_fraction=0.2, seed=0)
    independent = partitions.is_speaker_independent(table, utterances)
    assert (independent, table_checks.speaker_overlap(table, utterances)[0].level) == (False, "error")
    assert findings.declared("given", speaker_independent=False) == "speaker-dependent"
    assert findings.declared("given", speaker_independent=True) is None
    assert partitions.protocol(name="given", speaker_independent=False) == "given (speaker-dependent)"


@pytest.mark.parametrize(
    ("utterances", "message"),
    [
        (given("ttd"), "the given partitions have no test; add it, or choose another"),
        (given("ttds?"), r"the given partitions have empty \(1 utterance\); write train, dev or test"),
        (given("tds").drop(columns="given_partition"), r"gives no partitions; add a column split to its list"),
    ],
)
def test_partitions_that_are_not_given_are_told(utterances: pd.DataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        of(utterances)


def test_a_given_test_of_copies_of_training_is_refused() -> None:
    utterances = given("ttds", audio_hash=["p", "q", "r", "q"])
    with pytest.raises(ValueError, match=r"fold 0 has no utterance in test .* column split that partition=given"):
        of(utterances)


def segments(words: str) -> pd.DataFrame:
    """Segments of one recording, each of which overlaps the next one but for a gap after the second."""
    starts = [0.0, 1.0, 5.0, 6.0, 9.0]
    return given(words, path="long.wav", start=starts, end=[start + 1.5 for start in starts])


def test_segments_that_overlap_stay_in_one_partition() -> None:
    utterances = segments("tsdds")
    table = partitions.partition_table(utterances, name="given", dev_fraction=0.2, seed=0)
    assert table["utterance"].tolist() == utterances["utterance"].drop(index=1).tolist()
    check(utterances, table)  # the row that is left out is explained
    both = pd.concat([table, pd.DataFrame([[0, utterances["utterance"][1], "test"]], columns=table.columns)])
    (found,) = table_checks.duplicate_audio(both, utterances)
    assert found.found.startswith("1 recording is in more than one partition (train and test)")


def test_a_random_partition_keeps_segments_that_overlap_together() -> None:
    utterances = pd.concat([given("t" * 9), segments("ttttt").assign(utterance=[f"z{k}" for k in range(5)])])
    utterances["audio_hash"] = [f"h{k}" for k in range(14)]
    table = partitions.partition_table(utterances, name="random", test_fraction=0.3, dev_fraction=0.3, seed=1)
    partition = table.set_index("utterance")["partition"]
    assert (partition["z0"], partition["z2"]) == (partition["z1"], partition["z3"])
