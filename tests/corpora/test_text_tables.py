"""Tables in text: what stands between the cells."""

import csv
from pathlib import Path

import pytest

from ser.corpora import text_tables
from ser.corpora.text_tables import DELIMITERS


def cells(path: Path, content: str) -> list[list[str]]:
    path.write_text(content, encoding="utf-8", newline="")
    return [line.cells for line in text_tables.lines(path)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_what_the_csv_module_writes_is_read_back_though_cells_have_other_delimiters(
    delimiter: str, end: str, tmp_path: Path
) -> None:
    """Its default quotes no delimiter but its own."""
    rows = [["path", "emotion, of; the | actor\tor not, or; both"], ["a.wav", "sad"], ["b.wav", "0,5; 1 | 2"]]
    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator=end).writerows(rows)
    assert [line.cells for line in text_tables.lines(tmp_path / "a.csv")] == rows


@pytest.mark.parametrize(
    ("content", "header"),
    [
        ("path,emotion (sad|happy)\na.wav,sad\n", ["path", "emotion (sad|happy)"]),
        ("path;emotion, by a, by b\na.wav;sad\n", ["path", "emotion, by a, by b"]),
        ("path,emotion,note;a;b\na.wav,sad\nb.wav,sad,x\n", ["path", "emotion", "note;a;b"]),
        ("path;emotion;start\na.wav;sad;0,5\n", ["path", "emotion", "start"]),
        ('"path";"emotion, or label, or both"\na.wav;sad\n', ["path", "emotion, or label, or both"]),
        ("path\na, b.wav\n", ["path"]),
        ("sep=;\npath;emotion,speaker\na.wav;sad,s\n", ["path", "emotion,speaker"]),
        ("sep=,\npath;emotion,speaker\na.wav;sad,s\n", ["path;emotion", "speaker"]),
    ],
)
def test_the_columns_are_those_that_the_rows_have(content: str, header: list[str], tmp_path: Path) -> None:
    assert cells(tmp_path / "a.csv", content)[0] == header


@pytest.mark.parametrize(
    "rows", ["", "a.wav;sad,s\n", "a.wav\n", "a.wav;sad\nb.wav,s\n"], ids=["none", "both", "neither", "one each"]
)
def test_a_header_that_may_have_other_columns_is_named_with_the_remedy(rows: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.csv has a header of the columns") as raised:
        cells(tmp_path / "a.csv", f"path;emotion,speaker\n{rows}")
    assert "'path;emotion', 'speaker' (by ',') or 'path', 'emotion,speaker' (by ';')" in str(raised.value)
    assert "write one delimiter between all columns" in str(raised.value)
    assert str(raised.value).endswith("or state it in a line above: sep=,")
