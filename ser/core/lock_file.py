"""The last valid `dvc.lock`: DVC writes this file in place, so that a killed run can leave a part of it.

The stage `probe` keeps a copy at the start of every run. `make pipeline` and the commands of `ser` that read the file
restore it: DVC itself only refuses a damaged one. Results of stages that ran since are in DVC's cache, and are not
computed again. `python -m ser.core.lock_file` does this, after a check that the folder is in a Git repository.
"""

import re
import sys
from pathlib import Path
from typing import Any

import yaml

from ser.core import files, git, yaml_text

LOCK = Path("dvc.lock")
KEPT = Path(".dvc/tmp/ser/dvc.lock")  # in a folder that Git and DVC ignore
DAMAGED = KEPT.with_name("dvc.lock.damaged")
TYPES = {"path": str, "hash": str, "size": int, "nfiles": int, "isexec": bool}  # of facts about a file
MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")
CONFLICT = "<<<<<<< "  # a merge that the user has to finish


def keep() -> None:
    """Copy `dvc.lock`, if it is there and valid; without DVC's folder, do nothing.

    Examples
    --------
    >>> from contextlib import chdir
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder, chdir(folder):
    ...     files.write_text(LOCK, "schema: '2.0'\\nstages: {}\\n")
    ...     Path(".dvc").mkdir()
    ...     keep()
    ...     KEPT.read_text() == LOCK.read_text()
    True
    """
    text = _text(LOCK)
    if text is not None and KEPT.parents[2].is_dir() and is_valid(text):
        files.write_text(KEPT, text)


def restore() -> None:
    """Replace a damaged `dvc.lock` by the copy of the last run, or else by the committed one, and print that.

    Raises
    ------
    ValueError
        If there is neither.

    Examples
    --------
    >>> from contextlib import chdir
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder, chdir(folder):
    ...     files.write_text(KEPT, "schema: '2.0'\\nstages: {}\\n")
    ...     files.write_text(LOCK, "schema: '2.0'\\nsta")  # by a killed run
    ...     restore()
    ...     LOCK.read_text() == KEPT.read_text()
    True
    """
    text = _text(LOCK)
    if text is None or is_valid(text) or CONFLICT in text:
        return
    for source, valid in ((str(KEPT), _text(KEPT)), ("the last commit", git.committed(LOCK))):
        if valid is not None and is_valid(valid):
            DAMAGED.parent.mkdir(parents=True, exist_ok=True)
            LOCK.replace(DAMAGED)
            files.write_text(LOCK, valid)
            print(
                f"warning: {LOCK} was damaged, perhaps by a killed run; restored from {source} (the damaged file is now"
                f" {DAMAGED})",
                file=sys.stderr,
            )
            return
    raise ValueError(
        f"{LOCK} is damaged, perhaps by a killed run, and neither {KEPT} nor the last commit has a valid one; remove it"
        f" with: rm {LOCK}; then dvc repro takes the results from DVC's cache"
    )


def is_valid(text: str) -> bool:
    """True if DVC can read this content of a lock file.

    Examples
    --------
    >>> is_valid("schema: '2.0'\\nstages:\\n  train:\\n    cmd: python -m stages.train\\n")
    True
    >>> is_valid("schema: '2.0'\\nstages:\\n  train:\\n    cm")
    False
    """
    try:
        content = yaml_text.loaded(text)
    except yaml.YAMLError:
        return False
    if not isinstance(content, dict) or not isinstance(content.get("stages"), dict):
        return False
    return all(_is_stage(stage) for stage in content["stages"].values())


def _is_stage(stage: Any) -> bool:
    if not isinstance(stage, dict) or not isinstance(stage.get("cmd"), str | list):
        return False
    params, files_of = stage.get("params", {}), [stage.get(kind, []) for kind in ("deps", "outs")]
    if not isinstance(params, dict) or not all(isinstance(entries, list) for entries in files_of):
        return False
    return all(isinstance(values, dict) for values in params.values()) and all(
        _is_fact(one) for entries in files_of for one in entries
    )


def _is_fact(one: Any) -> bool:
    if not isinstance(one, dict) or "path" not in one or not MD5.fullmatch(str(one.get("md5", "0" * 32))):
        return False
    return all(isinstance(value, TYPES.get(key, object)) for key, value in one.items())


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        return ""


if __name__ == "__main__":
    from ser.core.stage import run

    def main() -> None:
        """Check that the folder is in a Git repository, and restore a damaged `dvc.lock`, before DVC starts."""
        git.check(Path.cwd())
        restore()

    run(main)
