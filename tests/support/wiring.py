"""Facts from the script of a stage: docstring, params, paths, and the modules of the project that it imports."""

import ast
import hashlib
import importlib
import json
import subprocess
from functools import cache
from pathlib import Path

from ser.compute import code_digest
from tests.support.paths import ROOT


def script(module: str) -> str:
    """File of a module, relative to the project's root."""
    return f"{module.replace('.', '/')}.py"


@cache
def module_files(module: str) -> frozenset[str]:
    """Files of `module` and of the modules of the project that it imports, directly or not, relative to the root."""
    return frozenset(path.as_posix() for path in code_digest.module_files(module))


def holding(file: str, paths: set[str]) -> set[str]:
    """The elements of `paths` that are `file` or a folder above it."""
    return {path for path in paths if file == path or file.startswith(f"{path}/")}


@cache
def dvc_hash(path: str) -> str:
    """Hash of a file or folder of the repository as DVC writes it into `dvc.lock`."""
    if (ROOT / path).is_file():
        return hashlib.md5((ROOT / path).read_bytes()).hexdigest()
    listed = subprocess.run(["git", "ls-files", path], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    entries = [{"md5": dvc_hash(file), "relpath": file.removeprefix(f"{path}/")} for file in sorted(listed.split())]
    return hashlib.md5(json.dumps(entries, sort_keys=True).encode()).hexdigest() + ".dir"


def path_constants(module: str) -> set[str]:
    """Values of the `Path` constants of a stage's script."""
    constants = vars(importlib.import_module(module)).items()
    return {value.as_posix() for key, value in constants if key.isupper() and isinstance(value, Path)}


def stage_params(module: str) -> tuple[str, ...]:
    """`PARAMS` of a stage's script."""
    return tuple(importlib.import_module(module).PARAMS)


def loaded_params(module: str) -> list[str]:
    """Arguments of every call of `params_file.load` in a stage's script, as written."""
    calls = [node for node in ast.walk(ast.parse((ROOT / script(module)).read_text())) if isinstance(node, ast.Call)]
    loads = [call for call in calls if ast.unparse(call.func) == "params_file.load"]
    return [ast.unparse(argument) for load in loads for argument in load.args]


def description(module: str) -> str:
    """Docstring of a stage's script."""
    return ast.get_docstring(ast.parse((ROOT / script(module)).read_text())) or ""
