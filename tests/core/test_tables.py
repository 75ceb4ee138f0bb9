import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ser.core import formats, tables, unavailable
from ser.core.table_suffixes import SUFFIXES
from tests.support.extreme_tables import EXTREMES, TEXT
from tests.support.learning_tables import feature_table, prediction_table, utterance_table


def features(values: np.ndarray, *, emotion: str = "happy") -> pd.DataFrame:
    """Feature table of one column, with one row per value."""
    rows = pd.DataFrame({"utterance": [f"demo/{k}" for k in range(len(values))]})
    return rows.assign(variant=tables.ORIGINAL, emotion=emotion, mfcc_1_mean=values)


def utterances(n_utterances: int = 2) -> pd.DataFrame:
    """Table of utterances of a corpus without speakers."""
    rows = pd.DataFrame({"utterance": [f"x/{k}" for k in range(n_utterances)]})
    rows = rows.assign(corpus="x", path="happy/a.wav", speaker=None, sex=None, language=None, emotion="happy")
    rows = rows.assign(corpus_label="03", intensity=None, statement="01", repetition="02", vocal_channel=None)
    rows = rows.assign(sample_rate=16_000, channels=1, n_samples=8000, duration=0.5, audio_hash="00ff")
    return rows.assign(duplicate_of=None)


def partitions(**columns: list[object]) -> pd.DataFrame:
    good = {"fold": [0, 0, 1], "utterance": ["x/1", "x/2", "x/1"], "partition": ["train", "test", "dev"]}
    return pd.DataFrame(good | columns)


def bits(values: object) -> np.ndarray:
    return np.asarray(values, np.float32).view(np.uint32)


def test_the_tables_of_other_tests_fit() -> None:
    for made in (utterance_table(2), utterance_table(3, sexes=("female", None), emotions=("sad",), corpus="tess")):
        tables.UTTERANCES.validate(made)
        tables.FEATURES.validate(feature_table(made))
        tables.PREDICTIONS.validate(prediction_table(made))


def test_every_float32_is_read_back_to_the_bit(tmp_path: Path) -> None:
    patterns = np.random.default_rng(0).integers(0, 2**32, 20_000, dtype=np.uint32).view(np.float32)
    values = np.concatenate([EXTREMES, patterns[np.isfinite(patterns)]])
    tables.write(features(values), tmp_path / "a.csv")
    read = tables.read_features(tmp_path / "a.csv")
    assert read["mfcc_1_mean"].dtype == np.float32
    np.testing.assert_array_equal(bits(read["mfcc_1_mean"]), bits(values))


def test_every_probability_is_read_back_to_the_bit(tmp_path: Path) -> None:
    p = np.random.default_rng(0).random(1000)
    rows = pd.DataFrame({"fold": 0, "partition": "test", "utterance": [f"x/{k}" for k in range(p.size)], "corpus": "x"})
    rows = rows.assign(speaker="x/01", sex=None, intensity=None, truth="happy", prediction="sad")
    tables.write(rows.assign(p_happy=p, p_sad=1 - p), tmp_path / "a.csv")
    read = tables.read_predictions(tmp_path / "a.csv")
    np.testing.assert_array_equal(read["p_happy"], p)
    np.testing.assert_array_equal(read["p_sad"], 1 - p)


@pytest.mark.parametrize("column", ["truth", "prediction"])
def test_an_emotion_without_a_column_of_probabilities_is_refused(tmp_path: Path, column: str) -> None:
    """Scores go over the classes of the columns, so they would leave its utterances out."""
    rows = pd.DataFrame({"fold": [0], "partition": "test", "utterance": "x/1", "corpus": "x", "speaker": "x/01"})
    rows = rows.assign(sex=None, intensity=None, truth="happy", prediction="sad").assign(**{column: "calm"})
    tables.write(rows.assign(p_happy=0.25, p_sad=0.75), tmp_path / "a.csv")
    with pytest.raises(ValueError, match="every truth and every prediction has a column p_<label>"):
        tables.read_predictions(tmp_path / "a.csv")


def test_text_is_read_back_unchanged_and_missing_values_as_missing(tmp_path: Path) -> None:
    rows = utterances(len(TEXT)).assign(path=TEXT, speaker=[*TEXT[:-1], None])
    tables.write(rows, tmp_path / "a.csv")
    read = tables.read_utterances(tmp_path / "a.csv")
    assert tuple(read["path"]) == TEXT
    assert tuple(read["speaker"].dropna()) == TEXT[:-1]
    assert read["speaker"].isna().tolist() == [False] * 5 + [True]
    assert read["sex"].isna().all()


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\r\n"])
@pytest.mark.parametrize("column", ["utterance", "path", "speaker"])
def test_text_of_several_lines_is_refused_before_the_table_exists(tmp_path: Path, column: str, text: str) -> None:
    """A lone carriage return made a file that no reader takes as this table."""
    with pytest.raises(ValueError, match=re.escape(f"{column} is {text!r}; wanted a text of one line")):
        tables.write(utterances(2).assign(**{column: ["plain", text]}), tmp_path / "a.csv")
    assert not list(tmp_path.iterdir())


def test_codes_that_look_like_numbers_or_missing_values_stay_text(tmp_path: Path) -> None:
    rows = utterances(3).assign(statement=["01", "1e5", "NA"], speaker=["null", "NaN", "true"])
    tables.write(rows, tmp_path / "a.csv")
    read = tables.read_utterances(tmp_path / "a.csv")
    assert read["statement"].tolist() == ["01", "1e5", "NA"]
    assert read["speaker"].tolist() == ["null", "NaN", "true"]
    assert read["corpus_label"].tolist() == ["03"] * 3


def test_a_table_that_was_read_is_written_again_to_the_byte(tmp_path: Path) -> None:
    tables.write(features(EXTREMES), tmp_path / "a.csv")
    tables.write(tables.read_features(tmp_path / "a.csv"), tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_the_bytes_of_a_small_table(tmp_path: Path) -> None:
    rows = partitions(partition=["train", "a,b", None])
    tables.write(rows, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == b'fold,utterance,partition\n0,x/1,train\n0,x/2,"a,b"\n1,x/1,\n'


def test_rows_written_in_parts_are_the_rows_written_at_once(tmp_path: Path) -> None:
    rows = features(EXTREMES)
    tables.write(rows, tmp_path / "whole.csv")
    with tables.writing(tmp_path / "parts.csv") as write:
        write(rows[:4])
        write(rows[4:])
        assert not (tmp_path / "parts.csv").exists()
    assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_nothing_is_left_of_a_table_whose_writing_fails(tmp_path: Path) -> None:
    def failing() -> None:
        with tables.writing(tmp_path / "a.csv") as write:
            write(features(EXTREMES))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"partition": ["train", "test", "val"]}, "val"),
        ({"fold": [0, 0, -1]}, "fold"),
        ({"fold": ["a", "b", "c"]}, "a"),
        ({"utterance": ["x/1", "x/1", "x/1"]}, "utterance"),
        ({"utterance": ["x/1", None, "x/1"]}, "utterance"),
        ({"subset": [1, 2, 3]}, "subset"),
    ],
)
def test_a_table_that_breaks_its_schema_is_refused(
    tmp_path: Path, columns: dict[str, list[object]], found: str
) -> None:
    tables.write(partitions(**columns), tmp_path / "partitions.csv")
    with pytest.raises(ValueError, match=rf"partitions\.csv is not a valid table: [\s\S]*{found}[\s\S]*dvc repro"):
        tables.read_partitions(tmp_path / "partitions.csv")


def test_a_good_partition_table_is_read_back(tmp_path: Path) -> None:
    tables.write(partitions(), tmp_path / "a.csv")
    assert tables.read_partitions(tmp_path / "a.csv").to_dict("list") == partitions().to_dict("list")


@pytest.mark.parametrize("column", [name for name, column in tables.UTTERANCES.columns.items() if column.required])
def test_an_utterance_table_that_lacks_a_column_is_refused_with_its_name(tmp_path: Path, column: str) -> None:
    tables.write(utterances().drop(columns=column), tmp_path / "a.csv")
    with pytest.raises(ValueError, match=rf"a\.csv is not a valid table: [\s\S]*{column}"):
        tables.read_utterances(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"emotion": "Joyful"}, "Joyful"),
        ({"utterance": "x/0"}, "utterance"),
        ({"n_samples": 0}, "n_samples"),
        ({"duration": -0.5}, "duration"),
    ],
)
def test_an_utterance_table_with_a_wrong_value_is_refused(
    tmp_path: Path, change: dict[str, object], found: str
) -> None:
    tables.write(utterances().assign(**change), tmp_path / "a.csv")
    with pytest.raises(ValueError, match=rf"a\.csv is not a valid table: [\s\S]*{found}"):
        tables.read_utterances(tmp_path / "a.csv")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_features_may_neither_lack_a_value_nor_have_an_utterance_twice(tmp_path: Path, suffix: str) -> None:
    tables.write(features(np.array([1.0, np.nan])), tmp_path / f"a{suffix}")
    with pytest.raises(ValueError, match="mfcc_1_mean"):
        tables.read_features(tmp_path / f"a{suffix}")
    tables.write(features(np.array([1.0, 2.0])).assign(utterance="x/1"), tmp_path / f"b{suffix}")
    with pytest.raises(ValueError, match=rf"b\{suffix} is not a valid table"):
        tables.read_features(tmp_path / f"b{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", [*tables.TYPES, unavailable.COLUMN])
def test_a_feature_with_the_name_of_another_column_is_named(name: str, suffix: str, tmp_path: Path) -> None:
    """Some types of columns cannot hold a feature, and none tells a feature from its namesake."""
    columns = [*tables.KEYS, name]
    if suffix == ".csv":
        (tmp_path / "a.csv").write_text(f"{','.join(columns)}\na,original,sad,0.5\n")
    else:
        values = [["a"], [tables.ORIGINAL], ["sad"], pa.array([0.5], pa.float32())]
        pq.write_table(pa.table(values, names=columns), tmp_path / "a.parquet")
    wanted = "is marked unavailable" if name == unavailable.COLUMN else f": a feature has the name {name!r} of a column"
    for read in (tables.read_features, lambda path: next(tables.feature_parts(path, n_rows=2))):
        with pytest.raises(ValueError, match=rf"a\{suffix}:? ?{wanted}"):
            read(tmp_path / f"a{suffix}")


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["RMS", "RMS"], "2 features have the name 'RMS'; rename all but one"),
        (["two\nlines"], r"a feature has the name 'two\\nlines'; wanted a text of one line"),
        ([" "], "a feature has the name ' '; wanted a text of one line"),
        ([0], "a feature has the name 0; wanted a text of one line"),
        (["RMS", "emotion"], "a feature has the name 'emotion' of a column of the pipeline"),
    ],
)
def test_names_that_no_feature_can_have_are_named(names: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        tables.check_features([*tables.KEYS, *names])


@pytest.mark.parametrize("name", ["Duration", "p_sad", "a,b", 'a "quoted" name', "mean (in dB)", "Lautstärke"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_feature_may_have_any_other_name(name: str, suffix: str, tmp_path: Path) -> None:
    tables.write(features(EXTREMES).rename(columns={"mfcc_1_mean": name}), tmp_path / f"a{suffix}")
    read = tables.read_features(tmp_path / f"a{suffix}")
    assert tables.feature_columns(read) == [name]
    np.testing.assert_array_equal(bits(read[name]), bits(EXTREMES))


def test_a_file_with_no_content_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    with pytest.raises(ValueError, match=r"a\.csv is not a valid table"):
        tables.read_partitions(tmp_path / "a.csv")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_missing_table_says_how_to_make_it(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(FileNotFoundError, match=rf"a\{suffix} does not exist; make it with: dvc repro"):
        tables.read_balanced(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_unavailable_features_are_known_as_such_and_have_no_rows(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    unavailable.write(path)
    assert tables.is_unavailable(path)
    assert formats.columns(path) == ["utterance", "variant", "emotion", "unavailable"]
    message = rf"a\{suffix} is marked unavailable: .*set TFHUB_CACHE_DIR .*representation=librosa"
    with pytest.raises(ValueError, match=message):
        tables.read_features(path)
    with pytest.raises(ValueError, match=message):
        next(tables.feature_parts(path, n_rows=1))


def test_the_bytes_of_unavailable_features(tmp_path: Path) -> None:
    unavailable.write(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == b"utterance,variant,emotion,unavailable\n"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_available_features_are_not_unavailable(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    tables.write(features(EXTREMES), path)
    assert not tables.is_unavailable(path)
    assert tables.feature_columns(tables.read_features(path)) == ["mfcc_1_mean"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_balanced_rows_are_written_keys_first_and_references_have_no_features(tmp_path: Path, suffix: str) -> None:
    rows = features(np.array([np.nan, 0.5]))[["mfcc_1_mean", "emotion", "variant", "utterance"]]
    rows = rows.assign(synthetic=[False, True], fold=0)
    tables.write_balanced(rows, tmp_path / f"a{suffix}")
    read = tables.read_balanced(tmp_path / f"a{suffix}")
    assert read.columns.tolist() == [*tables.BALANCED_KEYS, "mfcc_1_mean"]
    assert read["synthetic"].tolist() == [False, True]
    assert read["mfcc_1_mean"].isna().tolist() == [True, False]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_balanced_rows_of_arrays_have_no_features_and_may_repeat(tmp_path: Path, suffix: str) -> None:
    rows = features(np.array([1.0])).drop(columns="mfcc_1_mean").assign(synthetic=False, fold=0)
    tables.write_balanced(pd.concat([rows, rows]), tmp_path / f"a{suffix}")
    assert tables.read_balanced(tmp_path / f"a{suffix}")["utterance"].tolist() == ["demo/0", "demo/0"]


def test_an_emotion_of_any_name_in_its_normal_form_is_valid(tmp_path: Path) -> None:
    tables.write(utterances().assign(emotion="schadenfreude"), tmp_path / "a.csv")
    assert set(tables.read_utterances(tmp_path / "a.csv")["emotion"]) == {"schadenfreude"}
