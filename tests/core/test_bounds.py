"""Bounds of files of other authors: bytes, number of files, depth of JSON."""

import json
import zipfile
from pathlib import Path

import pytest

from ser.core import bounds, files


@pytest.mark.parametrize("opened", ["[", '{"a":', '["[", {"b": '])
def test_deep_json_is_refused_before_it_is_parsed(opened: str, tmp_path: Path) -> None:
    path = tmp_path / "bundle.json"
    path.write_text(opened * 100_000)
    with pytest.raises(ValueError, match=r"bundle\.json has more than 100 objects inside each other"):
        files.read_json(path)


@pytest.mark.parametrize("text", ['"' + "[" * 500 + '"', json.dumps(['\\"[{' * 90]), "[" * 100 + "]" * 100])
def test_brackets_in_strings_are_not_counted_and_the_limit_itself_is_allowed(text: str) -> None:
    assert bounds.parsed(text, "it") == json.loads(text)


@pytest.mark.parametrize("text", ['"\\"' * 100_000, '"' + '\\"' * 100_000, "\\" * 100_000])
def test_strings_without_an_end_take_no_longer_than_others(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        bounds.parsed(text, "it")


def test_large_json_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_JSON", 2**20)
    path = tmp_path / "bundle.json"
    path.write_text(" " * 2**21)
    with pytest.raises(ValueError, match=r"bundle\.json has 1 MiB; the limit is 1 MiB of JSON"):
        files.read_json(path)


def test_an_archive_is_bounded_by_the_sum_of_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_SIZE", 2**20)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(2**19))
        bounds.check_archive(archive, "a.zip")
        archive.writestr("b", bytes(2**19 + 1))
        with pytest.raises(ValueError, match=r"a\.zip holds 1 MiB when it is unpacked; the limit is 1 MiB"):
            bounds.check_archive(archive, "a.zip")
    monkeypatch.setattr(bounds, "MAX_MEMBERS", 1)
    with pytest.raises(ValueError, match=r"a\.zip holds 2 files; the limit is 1"):
        bounds.check_archive(archive, "a.zip")
