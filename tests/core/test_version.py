"""The version is that of the distribution, and without one that of the source tree."""

import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import ser
from ser.core import version
from tests.support.paths import ROOT


def absent(_: str) -> str:
    raise metadata.PackageNotFoundError


def test_an_installed_distribution_states_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", {"serkit": "1.2.3"}.__getitem__)
    assert ser.__version__ == "1.2.3"


def test_a_source_tree_that_is_not_installed_states_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", absent)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert ser.__version__ == project["version"]
    assert project["name"] == version.DISTRIBUTION


def test_without_either_the_error_has_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(metadata, "version", absent)
    monkeypatch.setattr(version, "PROJECT", tmp_path / "pyproject.toml")
    with pytest.raises(ValueError, match=r"serkit is not installed, .*install it anew"):
        version.version()
