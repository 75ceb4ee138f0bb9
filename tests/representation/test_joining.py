"""Two feature tables become one, a part at a time, in either format."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from ser.core import files, formats, tables, unavailable
from ser.core.table_suffixes import FORMATS, in_format
from ser.representation import joining
from stages import combine
from tests.support.extreme_tables import SUFFIXES, many

N_ROWS = 23


@pytest.fixture(params=FORMATS)
def form(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The format of a study in the working folder; parts and row groups are small, and of different sizes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(formats, "ROW_GROUP", 5)
    monkeypatch.setattr(joining, "ROWS", 7)
    Path("params.yaml").write_text(yaml.safe_dump({"tables": {"format": request.param}}))
    files.write_json(combine.AVAILABILITY, {"wanted": True})
    return request.param


def yamnet(n_rows: int = N_ROWS) -> pd.DataFrame:
    return many(N_ROWS, 5).rename(columns=lambda name: name.replace("f_", "yamnet_"))[:n_rows]


def paths(form: str) -> list[Path]:
    """Paths of YAMNet's features, librosa's, and both."""
    return [in_format(path, form) for path in (combine.YAMNET, combine.LIBROSA, combine.COMBINED)]


def test_the_stage_writes_the_columns_of_both_beside_each_other(form: str) -> None:
    first, second, both = paths(form)
    tables.write(yamnet(), first)
    tables.write(many(N_ROWS), second)
    combine.main()
    expected = pd.concat([yamnet(), many(N_ROWS).drop(columns=list(tables.KEYS))], axis=1)
    pd.testing.assert_frame_equal(tables.read_features(both), expected, check_dtype=False, check_exact=True)
    tables.write(expected, Path("whole") / both.name)
    assert both.read_bytes() == (Path("whole") / both.name).read_bytes()


def test_no_more_is_read_than_is_wanted(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, _ = paths(form)
    tables.write(yamnet(), first)
    tables.write(many(N_ROWS), second)
    checked: list[int] = []
    real = formats.parts

    def spied(*values: object, n_rows: int):
        for part in real(*values, n_rows=n_rows):
            checked.append(len(part))
            yield part

    monkeypatch.setattr(formats, "parts", spied)
    rows = joining.combined(first, second)
    assert len(next(rows)) == 7
    assert checked == [7, 7]  # of each table
    assert [len(part) for part in rows] == [7, 7, 2]


def test_features_of_one_name_in_both_tables_are_refused(form: str) -> None:
    first, second, both = paths(form)
    for path in (first, second):
        tables.write(yamnet(), path)
    with pytest.raises(ValueError, match="2 features have the name 'yamnet_0'; rename all but one"):
        combine.main()
    assert not both.exists()


@pytest.mark.parametrize("n_rows", [0, 7, 14, 22])
def test_a_table_that_lacks_rows_is_of_other_utterances(form: str, n_rows: int) -> None:
    first, second, both = paths(form)
    tables.write(yamnet(n_rows), first)
    tables.write(many(N_ROWS), second)
    with pytest.raises(ValueError, match=rf"{first} and {second} are of different utterances; .*dvc repro combine"):
        combine.main()
    assert not both.exists()


@pytest.mark.parametrize("column", list(tables.KEYS))
@pytest.mark.parametrize("row", [0, N_ROWS - 1])
def test_rows_that_are_not_of_the_same_recording_are_refused(form: str, column: str, row: int) -> None:
    first, second, both = paths(form)
    other = many(N_ROWS)
    other.loc[row, column] = "calm"
    tables.write(yamnet(), first)
    tables.write(other, second)
    with pytest.raises(ValueError, match="different utterances"):
        combine.main()
    assert not both.exists()


def test_what_is_unavailable_alone_is_so_together(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, both = paths(form)
    unavailable.write(first)
    tables.write(many(N_ROWS), second)
    combine.main()
    assert tables.is_unavailable(both)
    assert both.read_bytes() == first.read_bytes()
    assert capsys.readouterr().out == "the combined features are marked unavailable, because YAMNet's are\n"


def test_a_table_that_was_not_made_is_named(form: str) -> None:
    first, second, both = paths(form)
    tables.write(yamnet(), first)
    with pytest.raises(FileNotFoundError, match=f"{second} does not exist; make it with: dvc repro"):
        combine.main()
    assert not both.exists()


@SUFFIXES
def test_tables_of_either_format_combine(tmp_path: Path, suffix: str) -> None:
    tables.write(yamnet(), tmp_path / f"a{suffix}")
    tables.write(many(N_ROWS), tmp_path / "b.csv")
    (rows,) = joining.combined(tmp_path / f"a{suffix}", tmp_path / "b.csv")
    assert rows.columns.tolist() == [*tables.KEYS, *(f"yamnet_{k}" for k in range(5)), *(f"f_{k}" for k in range(3))]
