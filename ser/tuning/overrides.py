"""Composed parameters as the Hydra overrides that produce them."""

import functools
import hashlib
import json
import shlex
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ser import params
from ser.compute import cache
from ser.core.overrides import hydra_text

GLOBAL = "# @package _global_"  # first line of a file that sets values outside its group too
OVERRIDE = "override /"  # before the group in the defaults list of such a file
PLACES = {"corpus.root": "FOLDER", "corpus.list": "FILE"}  # setting of one machine -> what a command for others has
Leaves = dict[str, Any]  # dotted name -> value


@dataclass(frozen=True)
class Choices:
    """A study as files of `conf` and values that differ from them.

    Examples
    --------
    >>> Choices({"corpus": "emodb", "model": "mlp"}, frozenset({"model"}), ("model.alpha=0.1",)).overrides()
    ['model=mlp', 'model.alpha=0.1']
    """

    files: Mapping[str, str]
    """Group -> file, in the order of `conf/config.yaml`: all groups that have several files."""
    differing: frozenset[str]
    """Groups whose file must be named: it is neither the default nor the choice of the model's file."""
    values: tuple[str, ...]
    """Overrides of single values, as `model.C=1.0`."""

    def overrides(self) -> list[str]:
        """Everything to pass to `dvc exp run -S` to run the study again."""
        return [*(f"{group}={file}" for group, file in self.files.items() if group in self.differing), *self.values]


def choices(settings: Mapping[str, Any], *, conf: Path = params.CONF) -> Choices:
    """Find the files of `conf` and the single values that compose to `settings`.

    The file of a group is the one whose values agree best with `settings`; every value that still differs is listed,
    so the result is complete for any choice of files.

    Parameters
    ----------
    settings
        Content of a `params.yaml`.

    Raises
    ------
    ValueError
        If `conf` does not compose.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from unittest.mock import patch
    >>> with TemporaryDirectory() as folder, patch.dict("os.environ", SER_CACHE_GB="0"):  # no cache
    ...     Path(folder, "model").mkdir()
    ...     _ = Path(folder, "config.yaml").write_text("defaults: [_self_, {model: svm}]\\nseed: 0\\n")
    ...     _ = Path(folder, "model", "svm.yaml").write_text("name: svm\\nC: 1.0\\n")
    ...     choices({"seed": 0, "model": {"name": "svm", "C": 10.0}}, conf=Path(folder))
    Choices(files={'model': 'svm'}, differing=frozenset(), values=('model.C=10.0',))
    """
    leaves = dict(_leaves(settings))
    defaults = _defaults(conf / "config.yaml")
    files = {group: _best(conf / group, leaves, file) for group, file in defaults.items()}
    brought = defaults | _defaults(conf / "model" / f"{files['model']}.yaml")
    files |= {group: _best(conf / group, leaves, brought[group]) for group in files if group != "model"}
    differing = [group for group, file in files.items() if file != (defaults if group == "model" else brought)[group]]
    composed, derived = _composed(tuple(f"{group}={files[group]}" for group in differing), conf.resolve())
    values = [
        f"{'' if name in composed else '+'}{name}={hydra_text(value)}"
        for name, value in leaves.items()
        if not _is_within(name, derived) and (name not in composed or composed[name] != value)
    ]
    return Choices(files, frozenset(differing), tuple(values))


def command(settings: Mapping[str, Any], *, conf: Path = params.CONF) -> str:
    """Command that runs a study again, without what belongs to one machine.

    The folder of a corpus is `FOLDER` and its list `FILE`, because others have them elsewhere. The tracker is left out:
    it changes no result, and the address of a server may contain a password.

    Parameters
    ----------
    settings
        Content of its `params.yaml`.

    Raises
    ------
    ValueError
        If `conf` does not compose.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     (Path(folder) / "config.yaml").write_text("defaults: [_self_, {model: svm}]\\nseed: 0\\n") > 0
    ...     (Path(folder) / "model").mkdir()
    ...     (Path(folder) / "model" / "svm.yaml").write_text("name: svm\\n") > 0
    ...     command({"seed": 1, "model": {"name": "svm"}}, conf=Path(folder))
    True
    True
    'dvc exp run -S seed=1'
    """
    wanted = choices({key: value for key, value in settings.items() if key != "tracking"}, conf=conf).overrides()
    named = ((one.partition("=")[0], one) for one in wanted)
    shown = [f"{name}={PLACES[name]}" if name in PLACES else one for name, one in named]
    return " ".join(["dvc exp run", *(f"-S {shlex.quote(one)}" for one in shown)]) if shown else "dvc repro"


def _leaves(content: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted name and value of every setting; an empty section counts as a value."""
    for key, value in content.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{name}.")
        else:
            yield name, value


def _is_within(name: str, sections: Collection[str]) -> bool:
    """True if a dotted name, or a section that contains it, is one of `sections`."""
    parts = name.split(".")
    return any(".".join(parts[:n]) in sections for n in range(1, len(parts) + 1))


@functools.cache
def _read(path: Path) -> Any:
    """Content of a file of `conf`; empty if there is no such file."""
    return (yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}) or {}


def _defaults(path: Path) -> dict[str, str]:
    """Group -> file in the defaults list of a file of `conf`."""
    entries = [entry for entry in _read(path).get("defaults", ()) if isinstance(entry, dict)]
    pairs = (pair for entry in entries for pair in entry.items())
    chosen = {group: file for group, file in pairs if file and "@" not in group and "${" not in file}
    return {group.removeprefix(OVERRIDE): file for group, file in chosen.items()}


def _best(folder: Path, leaves: Leaves, preferred: str) -> str:
    """File of a group whose values agree best with `leaves`; of equal ones, `preferred`, then the first by name."""
    files = sorted(folder.glob("*.yaml"), key=lambda path: (path.stem != preferred, path.stem))
    agreements = {path.stem: agreement for path in files if (agreement := _agreement(path, leaves)) is not None}
    return max(agreements, key=lambda name: agreements[name], default=preferred)


def _agreement(path: Path, leaves: Leaves) -> int | None:
    """Number of values of a file that agree with `leaves`, minus those that differ; None if the name differs."""
    content = {key: value for key, value in _read(path).items() if key != "defaults"}
    if not path.read_text(encoding="utf-8").startswith(GLOBAL):
        content = {path.parent.name: content}
    own = {name: value for name, value in _leaves(content) if "${" not in str(value)}
    label = f"{path.parent.name}.name"
    if not own or own.get(label, leaves.get(label)) != leaves.get(label):
        return None
    return sum(1 if name in leaves and leaves[name] == value else -1 for name, value in own.items())


@functools.cache
def _composed(overrides: tuple[str, ...], conf: Path) -> tuple[Leaves, frozenset[str]]:
    """Leaves of the composition, and the dotted names of values that are derived from others; cached.

    Raises
    ------
    ValueError
        If `conf` does not compose.
    """
    content = [path.read_text(encoding="utf-8") for path in sorted(conf.rglob("*.yaml"))]
    key = f"{__name__}/{hashlib.sha256(json.dumps([overrides, content]).encode()).hexdigest()}"
    with cache.opened() as store:
        (known,) = store.read([key])
        if known is None:  # a composition takes a tenth of a second
            known = json.dumps(_compose(overrides, conf)).encode()
            store.write({key: known})
    leaves, derived = json.loads(known)
    return leaves, frozenset(derived)


def _compose(overrides: tuple[str, ...], conf: Path) -> tuple[Leaves, list[str]]:
    from hydra import compose, initialize_config_dir  # slow to import
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        with initialize_config_dir(str(conf), version_base=None):
            composed = compose("config", list(overrides))
        written: Any = OmegaConf.to_container(composed)
        resolved: Any = OmegaConf.to_container(composed, resolve=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise ValueError(f"{conf} does not compose with {' '.join(overrides) or 'its defaults'}: {error}") from error
    derived = [name for name, value in _leaves(written) if isinstance(value, str) and "${" in value]
    return dict(_leaves(resolved)), derived
