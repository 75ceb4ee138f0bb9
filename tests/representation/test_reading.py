"""Input of a model: columns of a table or rows of an array, found by utterance and variant."""

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ser.core import tables
from ser.core.table_suffixes import SUFFIXES
from ser.models import network_training
from ser.models.settings import Settings
from ser.protocol import balancing, references
from ser.representation import arrays, reading
from ser.representation.reading import Representation
from tests.support.learning_tables import feature_table, utterance_table
from tests.support.small_study import EPOCHS, MODELS

UTTERANCES = utterance_table(3, emotions=("neutral", "happy", "sad"), n_repetitions=1)  # 30; 6 of them neutral
LABELS = ["neutral", "happy", "sad"]
FEATURES = feature_table(UTTERANCES, n_features=4)
INDEX = FEATURES[["utterance", "variant", "emotion"]]
VARIANTS = pd.concat([INDEX, INDEX.assign(variant="noise")], ignore_index=True)


def numbered(n_rows: int, *shape: int) -> np.ndarray:
    """An array of which every row holds its own number."""
    return np.broadcast_to(np.arange(n_rows, dtype=np.float32).reshape(-1, *(1,) * len(shape)), (n_rows, *shape)).copy()


def balanced(rows: pd.DataFrame, **settings: object) -> pd.DataFrame:
    """Balanced rows of one fold, as the stage makes them."""
    found = balancing.balanced(rows, **settings, seed=0)
    found.insert(0, "fold", 0)
    return found


# in another process


def test_of_a_memory_map_another_process_gets_the_name_of_the_file(tmp_path: Path) -> None:
    np.save(tmp_path / "array.npy", numbered(30, 500))
    mapped = np.load(tmp_path / "array.npy", mmap_mode="r")
    sent = pickle.dumps(Representation(INDEX, mapped))
    assert len(sent) < mapped.nbytes / 2
    there = pickle.loads(sent)
    assert isinstance(there.array, np.memmap)
    for array in (mapped, mapped[5:], numbered(30, 500), None):  # of the others the values
        there = pickle.loads(pickle.dumps(Representation(INDEX, array)))
        np.testing.assert_equal(there.array, array)
        pd.testing.assert_frame_equal(there.rows, INDEX)


# where a row lies


def test_a_row_is_found_by_utterance_and_variant() -> None:
    features = Representation(VARIANTS, numbered(60, 2, 3))
    keys = VARIANTS.iloc[[59, 0, 31, 0]]
    assert features.positions(keys).tolist() == [59, 0, 31, 0]
    assert features.positions(keys[["variant", "emotion", "utterance"]]).tolist() == [59, 0, 31, 0]
    assert features.positions(VARIANTS.iloc[:0]).tolist() == []


def test_positions_are_places_and_not_index_values() -> None:
    features = Representation(FEATURES[::-1])
    assert features.positions(INDEX.iloc[[0]]).tolist() == [29]


def test_rows_that_are_not_there_are_counted_and_named_with_the_remedy() -> None:
    features = Representation(INDEX, numbered(30, 2))
    keys = VARIANTS.iloc[[3, 34, 35]]
    wanted = rf"lack 2 of 3 rows, the first is {VARIANTS['utterance'][34]}; make all tables anew with: dvc repro"
    with pytest.raises(ValueError, match=wanted):
        features.positions(keys)


# averages over time


def test_a_mel_spectrogram_is_averaged_over_its_frames_to_one_value_a_band() -> None:
    array = np.zeros((30, 3, 5), np.float32)  # bands, frames
    array[:, 1] = [1, 2, 3, 4, 5]
    array[7, 2] = [0, 0, 0, 0, 10]
    means = Representation(INDEX, array).averages(2)
    names = tables.feature_columns(means)
    assert means[names].shape == (30, 3)
    assert means.loc[7, names].tolist() == [0, 3, 2]
    assert means.loc[0, names].tolist() == [0, 3, 0]
    pd.testing.assert_frame_equal(means[list(INDEX)], INDEX)
    tables.FEATURES.validate(means)


def test_frames_are_averaged_over_time_to_one_value_a_descriptor() -> None:
    array = np.zeros((30, 5, 3), np.float32)  # frames, descriptors
    array[:, :, 1] = [1, 2, 3, 4, 5]
    means = Representation(INDEX, array).averages(1)
    names = tables.feature_columns(means)
    assert means[names].shape == (30, 3)
    assert means.loc[0, names].tolist() == [0, 3, 0]


def test_a_table_is_its_own_average() -> None:
    pd.testing.assert_frame_equal(Representation(FEATURES).averages(None), FEATURES)


def test_the_averages_of_repeated_rows_of_an_array_are_looked_up() -> None:
    """As `project` does: the balanced table of an array has no feature columns."""
    features = Representation(INDEX, numbered(30, 2, 3))
    rows = balanced(INDEX, name="random_oversampler")
    means = features.averages(2)
    found = references.dereferenced(rows, means)
    assert rows["synthetic"].sum() == 6
    number = dict(zip(INDEX["utterance"], range(30), strict=True))
    for name in tables.feature_columns(means):
        assert found[name].tolist() == rows["utterance"].map(number).tolist()


# files


def test_a_path_says_whether_it_is_a_table_or_an_array(tmp_path: Path) -> None:
    arrays.write(tmp_path / "log_mel", INDEX, numbered(30, 2, 3))
    array = reading.read(tmp_path / "log_mel")
    for suffix in SUFFIXES:
        tables.write(FEATURES, tmp_path / f"features{suffix}")
        table = reading.read(tmp_path / f"features{suffix}")
        assert table.array is None
        pd.testing.assert_frame_equal(table.rows, FEATURES)
    assert isinstance(array.array, np.memmap)
    assert array.array.shape == (30, 2, 3)
    pd.testing.assert_frame_equal(array.rows, INDEX)


@pytest.mark.parametrize("name", ["features.csv", "features.parquet", "log_mel"])
def test_what_was_not_made_is_named_with_the_remedy(name: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=rf"{name}.* does not exist; make it with: dvc repro"):
        reading.read(tmp_path / name)


def test_half_an_array_is_none(tmp_path: Path) -> None:
    arrays.write(tmp_path / "log_mel", INDEX, numbered(30, 2, 3))
    (tmp_path / "log_mel" / arrays.ARRAY).unlink()
    with pytest.raises(OSError, match=r"array\.npy"):
        reading.read(tmp_path / "log_mel")


# examples for a network


def test_repeated_rows_of_an_array_are_looked_up_and_not_copied() -> None:
    features = Representation(VARIANTS, numbered(60, 2, 3))
    rows = balanced(VARIANTS, name="random_oversampler")
    examples = network_training.examples(rows, features, LABELS)
    assert np.shares_memory(examples.values, features.array)
    where = {key: k for k, key in enumerate(zip(VARIANTS["utterance"], VARIANTS["variant"], strict=True))}
    expected = [where[key] for key in zip(rows["utterance"], rows["variant"], strict=True)]
    assert examples.taken(slice(None))[:, 0, 0].tolist() == expected
    assert [LABELS[code] for code in examples.codes] == rows["emotion"].tolist()


@pytest.mark.parametrize("blank", [False, True], ids=["rows of one fold", "references of several"])
def test_synthetic_rows_of_a_table_are_examples_of_their_own(blank: bool) -> None:
    rows = balanced(FEATURES, name="smote", k_neighbors=2)
    synthetic = rows["synthetic"].to_numpy()
    assert synthetic.sum() == 6
    columns = tables.feature_columns(FEATURES)
    expected = rows[columns].to_numpy()
    given = references.referenced(rows) if blank else rows
    examples = network_training.examples(given, Representation(FEATURES), LABELS)
    np.testing.assert_array_equal(examples.taken(slice(None)), expected)
    assert not (expected[synthetic][:, None] == expected[~synthetic][None]).all(axis=2).any()
    assert [LABELS[code] for code in examples.codes] == rows["emotion"].tolist()


def test_smote_on_an_array_is_refused_and_names_the_other_choices() -> None:
    with pytest.raises(ValueError, match=r"smote needs a feature table.*balance=random_oversampler or balance=none"):
        balanced(INDEX, name="smote", k_neighbors=2)


def test_rows_balanced_on_a_table_are_not_taken_for_rows_of_an_array() -> None:
    rows = balanced(FEATURES, name="smote", k_neighbors=2)
    with pytest.raises(ValueError, match=r"lack 6 of 36 rows, .*; make all tables anew with: dvc repro"):
        network_training.examples(rows, Representation(INDEX, numbered(30, 2, 3)), LABELS)


def test_a_network_on_rows_of_another_kind_is_refused_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    train = balanced(INDEX, name="none")
    with pytest.raises(ValueError, match=r"model=dnn takes utterance-level .* shape \(2, 3\); leave model.represent"):
        network_training.fitted(
            train,
            train,
            Representation(INDEX, numbered(30, 2, 3)),
            Settings(
                model=MODELS["dnn"]["model"] | {"representation": "log_mel"}, training=EPOCHS, representation={}, seed=0
            ),
            run="models",
            description="fold 0",
            on_epoch=print,
        )
