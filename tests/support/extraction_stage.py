"""An extraction stage that runs only if a model takes its representation, in a small project of its own."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from ser.core import files, tables
from tests.support import small_corpora
from tests.support.paths import ROOT

NONE: Mapping[str, Any] = {"name": "none", "seed": 0, "variants": {}}


def configure(
    stage: ModuleType,
    section: str,
    settings: Mapping[str, Any],
    *,
    wanted: bool,
    augmentation: Mapping[str, Any] = NONE,
) -> None:
    """Write the parameters of a stage in the current folder, and if a model takes its representation."""
    content = {
        "corpus": {"root": "corpus"},
        "augmentation": augmentation,
        "tables": {"format": "csv"},
        section: dict(settings),
    }
    Path("params.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    files.write_json(stage.AVAILABILITY, {"wanted": wanted})


def corpus_in(folder: Path, monkeypatch: pytest.MonkeyPatch, stage: ModuleType, **corpus: Any) -> Path:
    """Folder of utterances in a project, which becomes the current folder, with a cache beside it."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SER_CACHE_DIR", str(folder / "cache"))
    monkeypatch.setenv("SER_CACHE_GB", "1")
    root = folder / "corpus"
    tables.write(small_corpora.with_table(root, **corpus), stage.UTTERANCES)
    return root


def printed_by(stage: ModuleType, libraries: set[str]) -> str:
    """Standard output of a stage in a new process, and then which of `libraries` it imported."""
    name = stage.__name__.rpartition(".")[2]
    script = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from stages import {name}
{name}.main()
print({libraries!r} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
