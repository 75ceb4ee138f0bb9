"""Whether a table was made with the settings of a study, as `dvc.lock` tells."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

LOCK = Path("dvc.lock")
CHECKS = ("probe",)  # stages whose parameters say what to look for, not what is written


def differing(table: Path, config: Mapping[str, Any], *, lock: Path = LOCK) -> list[str]:
    """Names of parameters with which `table`, and all that it was made of, would be made otherwise now.

    Parameters
    ----------
    config
        All parameters of the study.

    Raises
    ------
    ValueError
        If DVC did not make the table.
    """
    content = yaml.safe_load(lock.read_text(encoding="utf-8")) if lock.is_file() else {}
    stages = [stage for name, stage in content.get("stages", {}).items() if name not in CHECKS]
    of_output = {entry["path"]: stage for stage in stages for entry in stage.get("outs", [])}
    if table.as_posix() not in of_output:
        raise ValueError(f"{lock} does not know {table}, so nobody can say how it was made")
    waiting, seen, found = [table.as_posix()], set[str](), set[str]()
    while waiting:
        path = waiting.pop()
        if path in seen or path not in of_output:
            continue
        seen.add(path)
        stage = of_output[path]
        waiting += [entry["path"] for entry in stage.get("deps", [])]
        for recorded in stage.get("params", {}).values():
            found |= {name for name, value in recorded.items() if _value(config, name) != value}
    return sorted(found)


def _value(config: Any, name: str) -> Any:
    for key in name.split("."):
        config = config.get(key) if isinstance(config, dict) else None
    return config
