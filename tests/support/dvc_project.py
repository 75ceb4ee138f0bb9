"""A copy of the project with its own Git history and its own DVC repository."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tests.support import warm_python, wiring

COPIED = (
    *("ser", "stages", "conf", "dvc.yaml"),
    *(".dvc/config", ".dvc/.gitignore", ".dvc/plots", ".dvcignore", ".gitignore", "data/raw/.gitignore"),
)
COMPOSE = """
import os, sys
from dvc.utils.hydra import compose_and_dump
compose_and_dump("params.yaml", os.path.abspath("conf"), None, "config", os.getcwd(), sys.argv[1:])
"""
MADE = ("data", "reports", "dvc.lock")  # generated files, which are not copied


class Project:
    """A copy of the project with DVC, without network access and without YAMNet."""

    extracted: Path | None = None
    """Folder in which all projects keep the features of a recording; None keeps none."""

    def __init__(self, top: Path) -> None:
        self.folder = top / "project"
        (top / "home").mkdir(parents=True)
        for name in COPIED:
            self.copy(name)
        no_network = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
        path = os.pathsep.join([str(warm_python.commands()), str(Path(sys.executable).parent), os.environ["PATH"]])
        home = {"HOME": str(top / "home"), "TFHUB_CACHE_DIR": str(top / "no_models")}
        names = {f"GIT_{role}_{what}": "a@b.c" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        cache = {"SER_CACHE_GB": "1", "SER_CACHE_DIR": str(self.extracted)} if self.extracted else {}
        self.environment = {**os.environ, **no_network, **home, **names, **cache, "PATH": path}

    def copy(self, name: str) -> None:
        """Copy a file or a folder of the repository."""
        source, target = wiring.ROOT / name, self.folder / name
        target.parent.mkdir(exist_ok=True, parents=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns(*MADE))
        else:
            shutil.copy(source, target)

    def copy_study(self, name: str) -> None:
        """Copy a folder of `studies`; DVC takes half as long without, since it reads every dvc.yaml."""
        for module in sorted((wiring.ROOT / "studies").glob("*.py")):
            self.copy(f"studies/{module.name}")
        self.copy(f"studies/{name}")

    def run(self, *command: str, inside: str = "", fails: bool = False, **environment: str) -> str:
        """Run a command in a folder of the project with additional `environment`; return stdout and stderr together."""
        given = self.environment | environment
        if others := warm_python.read_at_import(environment):  # they need processes that started with them
            given["PATH"] = os.pathsep.join([str(warm_python.commands(**others)), given["PATH"]])
        done = subprocess.run(
            command,
            cwd=self.folder / inside,
            env=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=3600,
        )
        assert (done.returncode != 0) == fails, done.stdout
        assert "Traceback" not in done.stdout, done.stdout
        return done.stdout

    def ser(self, *arguments: str, fails: bool = False) -> str:
        """Run the command `ser` of this copy, and not the installed one; return what it prints."""
        return self.run("python", "-m", "ser", *arguments, fails=fails)

    def compose(self, *settings: str) -> None:
        """Write parameters."""
        self.run("python", "-m", "ser.params", *settings)

    def commit(self, message: str) -> None:
        """Commit all files that Git does not ignore; make the repository if there is none."""
        if not (self.folder / ".git").exists():
            self.run("git", "init", "--quiet")
        self.run("git", "add", ".")
        self.run("git", "commit", "--quiet", "-m", message)

    def ran(self, output: str) -> list[str]:
        """Names of the stages that ran, from DVC's output."""
        return [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")]

    def study(self, *settings: str, targets: Sequence[str] = (), fails: bool = False) -> str:
        """Run `dvc exp run` with settings, for all stages or up to `targets`."""
        words = (word for setting in settings for word in ("-S", setting))
        return self.run("dvc", "exp", "run", *words, *targets, fails=fails)

    def reproduced(self, *settings: str, targets: Sequence[str] = (), fails: bool = False) -> str:
        """Run the stages of `study` in this folder: DVC composes the settings, `dvc repro` runs them.

        For tests of stages: the experiment that `study` makes of a run, under Git, takes half of its time.
        """
        self.run("python", "-c", COMPOSE, *settings)
        return self.run("dvc", "repro", *targets, fails=fails)

    def read(self, path: str) -> pd.DataFrame:
        return pd.read_csv(self.folder / path)

    def read_json(self, path: str) -> Any:
        return json.loads((self.folder / path).read_text())

    def hashes(self, *tops: str, pattern: str = "*.[cj]s*") -> dict[str, str]:
        """Path -> SHA-256 of the files in the folders `tops` that match `pattern`; by default every csv and json."""
        found = [path for top in tops for path in (self.folder / top).rglob(pattern) if path.is_file()]
        return {
            path.relative_to(self.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found
        }
