"""Compare the parameters that `dvc.lock` records for a table with those of a study."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ser.core import yaml_text

LOCK = Path("dvc.lock")
CHECKS = ("probe",)  # stages whose parameters do not change the content of their outputs


def differing(table: Path, config: Mapping[str, Any], *, lock: Path = LOCK) -> list[str]:
    """Sorted names of the parameters of `table` and its inputs that differ from those in `lock`.

    Parameters
    ----------
    config
        All parameters of the study.

    Raises
    ------
    ValueError
        If `lock` has no entry for the table.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import yaml
    >>> stage = {"outs": [{"path": "data/partitions.csv"}], "params": {"params.yaml": {"seed": 1}}}
    >>> with TemporaryDirectory() as folder:
    ...     lock = Path(folder, "dvc.lock")
    ...     _ = lock.write_text(yaml.safe_dump({"stages": {"partition": stage}}))
    ...     differing(Path("data/partitions.csv"), {"seed": 2}, lock=lock)
    ['seed']
    """
    content = yaml_text.loaded(lock.read_text(encoding="utf-8")) if lock.is_file() else {}
    stages = [stage for name, stage in content.get("stages", {}).items() if name not in CHECKS]
    of_output = {entry["path"]: stage for stage in stages for entry in stage.get("outs", [])}
    if table.as_posix() not in of_output:
        raise ValueError(f"{lock} has no entry for {table}, so its parameters are unknown; make it with: dvc repro")
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
