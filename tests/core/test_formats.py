"""Both formats store the same table, are written and read in parts, and appear only when they are complete."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as arrow
import pyarrow.parquet
import pytest

from ser.core import formats, table_suffixes, tables
from tests.support.extreme_tables import EXTREMES, SUFFIXES, TEXT, many


def balanced() -> pd.DataFrame:
    """A balanced table of two folds, in which original rows have no features."""
    rows = pd.DataFrame({"fold": [0, 0, 1], "utterance": TEXT[:3], "variant": tables.ORIGINAL})
    rows = rows.assign(synthetic=[False, True, True], emotion=["sad", "happy", "sad"])
    return rows.assign(f=np.array([np.nan, 0.1, -0.0], np.float32))


def written(path: Path, rows: pd.DataFrame, sizes: list[int]) -> bytes:
    """Bytes of a table written in parts of the given sizes."""
    ends = np.cumsum([0, *sizes])
    with tables.writing(path) as write:
        for start, end in zip(ends, [*ends[1:-1], len(rows)], strict=False):
            write(rows[start:end])
    return path.read_bytes()


def test_a_format_is_the_suffix_of_the_table() -> None:
    assert table_suffixes.in_format(Path("data/a.csv"), "parquet") == Path("data/a.parquet")
    assert table_suffixes.in_format(Path("data/a.csv"), "csv") == Path("data/a.csv")
    assert {f".{name}" for name in table_suffixes.FORMATS} == set(table_suffixes.SUFFIXES)


@pytest.mark.parametrize("name", ["json", "Parquet", ".csv", ""])
def test_an_unknown_format_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(ValueError, match=rf"unknown tables\.format '{name}'; choose one of csv, parquet"):
        table_suffixes.in_format(Path("data/a.csv"), name)


@pytest.mark.parametrize(("rows", "read"), [(many(50), tables.read_features), (balanced(), tables.read_balanced)])
def test_either_format_reads_back_as_the_same_table_to_the_bit(tmp_path: Path, rows: pd.DataFrame, read) -> None:
    for suffix in table_suffixes.SUFFIXES:
        tables.write(rows, tmp_path / f"a{suffix}")
    csv, parquet = (read(tmp_path / f"a{suffix}") for suffix in table_suffixes.SUFFIXES)
    pd.testing.assert_frame_equal(parquet, csv, check_exact=True)
    for column in tables.feature_columns(rows):
        bits = [table[column].to_numpy().view(np.uint32) for table in (rows, parquet, csv)]
        known = rows[column].notna()
        np.testing.assert_array_equal(bits[1][known], bits[0][known])
        np.testing.assert_array_equal(bits[2][known], bits[0][known])


@SUFFIXES
@pytest.mark.parametrize("sizes", [[1, 1, 1], [10, 1], [2, 5, 3], [4, 4, 2], [0, 7]])
def test_the_bytes_do_not_depend_on_the_sizes_of_the_parts(
    tmp_path: Path, suffix: str, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "ROW_GROUP", 4)
    whole = written(tmp_path / f"a{suffix}", many(11), [11])
    assert written(tmp_path / f"b{suffix}", many(11), [*sizes, 11 - sum(sizes)]) == whole


def test_parquet_has_row_groups_of_equal_size_and_no_pandas_metadata(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "ROW_GROUP", 4)
    tables.write(many(11), tmp_path / "a.parquet")
    with arrow.parquet.ParquetFile(tmp_path / "a.parquet") as file:
        assert [file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)] == [4, 4, 3]
        assert file.schema_arrow.metadata is None
        assert [str(column.type) for column in file.schema_arrow] == ["string"] * 3 + ["float"] * 3


def test_rows_reach_the_disk_before_the_table_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "ROW_GROUP", 100)
    with tables.writing(tmp_path / "a.parquet") as write:
        write(many(250, 50))
        assert next(tmp_path.rglob("a.parquet")).stat().st_size > 200 * 50 * 3


@SUFFIXES
@pytest.mark.parametrize("n_rows", [1, 3, 4, 5, 11, 12])
def test_parts_have_the_wanted_number_of_rows_and_give_the_table(
    tmp_path: Path, suffix: str, n_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "ROW_GROUP", 4)
    tables.write(many(11), tmp_path / f"a{suffix}")
    parts = list(tables.feature_parts(tmp_path / f"a{suffix}", n_rows=n_rows))
    assert [len(part) for part in parts] == [n_rows] * (11 // n_rows) + ([11 % n_rows] if 11 % n_rows else [])
    assert all(part.index.equals(pd.RangeIndex(len(part))) for part in parts)
    pd.testing.assert_frame_equal(
        pd.concat(parts, ignore_index=True), tables.read_features(tmp_path / f"a{suffix}"), check_exact=True
    )


@SUFFIXES
def test_parts_larger_than_a_block_give_the_table(tmp_path: Path, suffix: str) -> None:
    """A csv is read in blocks of a megabyte, which may end inside a line."""
    rows = many(3000, 60)
    tables.write(rows, tmp_path / f"a{suffix}")
    parts = pd.concat(tables.feature_parts(tmp_path / f"a{suffix}", n_rows=1024), ignore_index=True)
    pd.testing.assert_frame_equal(parts, rows, check_dtype=False, check_exact=True)


@SUFFIXES
def test_parts_are_validated_like_the_whole_table(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    tables.write(many(11).assign(emotion=["happy"] * 9 + ["Joyful"] * 2), path)
    parts = tables.feature_parts(path, n_rows=4)
    assert [len(next(parts)) for _ in range(2)] == [4, 4]
    with pytest.raises(ValueError, match=rf"a\{suffix} is not a valid table: [\s\S]*Joyful[\s\S]*dvc repro"):
        next(parts)


def test_a_column_of_another_type_is_refused_with_its_name(tmp_path: Path) -> None:
    rows = many(3).astype({"f_1": np.float64})
    rows.to_parquet(tmp_path / "a.parquet", index=False)
    for read in (tables.read_features, lambda path: list(tables.feature_parts(path, n_rows=2))):
        with pytest.raises(
            ValueError, match=r"a\.parquet is not a valid table: .*column \w+ has type \w+, wanted .*dvc repro"
        ):
            read(tmp_path / "a.parquet")


@pytest.mark.parametrize("content", [b"", b"utterance,variant,emotion\n", b"PAR1 and more PAR1"])
def test_a_file_that_is_not_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.parquet is not a valid table: .*make it again with: dvc repro"):
        tables.read_features(tmp_path / "a.parquet")


def test_half_a_parquet_file_is_refused(tmp_path: Path) -> None:
    tables.write(many(100), tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"a\.parquet is not a valid table"):
        tables.read_features(tmp_path / "a.parquet")


@SUFFIXES
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.drop(columns="f_1"), "has the column f_2, where the first part has f_1"),
        (lambda rows: rows.assign(more=1.0), "has the column more, where the first part has None"),
        (lambda rows: rows[list(rows)[::-1]], "where the first part has utterance"),  # a csv would mix up the values
    ],
    ids=["fewer", "more", "another order"],
)
def test_rows_of_other_columns_are_not_written_to_the_same_file(
    tmp_path: Path, suffix: str, change: Any, message: str
) -> None:
    def mixed() -> None:
        with tables.writing(tmp_path / f"a{suffix}") as write:
            write(many(3))
            write(change(many(3)))

    with pytest.raises(ValueError, match=message):
        mixed()
    assert list(tmp_path.iterdir()) == []


@SUFFIXES
def test_a_failed_write_keeps_the_old_table(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"

    def failing() -> None:
        with tables.writing(path) as write:
            write(many(2000))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert list(tmp_path.iterdir()) == []
    tables.write(many(5), path)
    before = path.read_bytes()
    with pytest.raises(ZeroDivisionError):
        failing()
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [before]


def test_every_float_is_read_back_to_the_bit(tmp_path: Path) -> None:
    rows = many(len(EXTREMES), 1).assign(f_0=EXTREMES)
    tables.write(rows, tmp_path / "a.parquet")
    read = tables.read_features(tmp_path / "a.parquet")
    np.testing.assert_array_equal(read["f_0"].to_numpy().view(np.uint32), EXTREMES.view(np.uint32))
