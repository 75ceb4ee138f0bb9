"""Extras, locks and image: what each installs."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

from ser.core.extras import EXTRAS
from tests.support.paths import ROOT

SERVED = ("service", "classifiers")
HEAVY = {"tensorflow", "keras", "dvc", "umap-learn", "streamlit", "pandas", "torch"}
OF_EXTRAS = {
    "scipy",
    "pandas",
    "pyarrow",
    "sklearn",
    "librosa",
    "numba",
    "matplotlib",
    "tensorflow",
    "keras",
    "hydra",
    "dvc",
}
PACKAGES = {  # packages with another name than their module
    "imblearn": "imbalanced-learn",
    "markdown_it": "markdown-it-py",
    "mlflow": "mlflow-skinny",
    "ruamel": "ruamel-yaml-clib",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "yaml": "pyyaml",
}
BROUGHT = {  # libraries that a package of the same extra always brings
    "h5py": "keras",
    "markupsafe": "jinja2",
    "numba": "librosa",
    "omegaconf": "hydra-core",
    "onnx": "skl2onnx",
    "sqlalchemy": "optuna",
    "starlette": "fastapi",
    "hydra": "hydra-core",
    "pydantic_core": "pydantic",
}


def name(requirement: str) -> str:
    return re.split(r"[\[<>=~;. ]", requirement.replace("ruamel.yaml.clib", "ruamel-yaml-clib"))[0]


@cache
def project() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def required(extra: str) -> set[str]:
    return {name(one) for one in project()["optional-dependencies"][extra]}


def core() -> set[str]:
    return {name(str(one)) for one in project()["dependencies"]}


def imported(path: Path) -> set[str]:
    """Top-level modules that a file imports anywhere."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
    return found


def package(module: str) -> str:
    return BROUGHT.get(module) or PACKAGES.get(module) or module.replace("_", "-")


def pinned(lock: str) -> dict[str, set[str]]:
    """Versions of each package of a lock; each must have a hash."""
    found: dict[str, set[str]] = {}
    for entry in re.split(r"\n(?=[a-z])", (ROOT / lock).read_text())[1:]:
        package, version = re.match(r"([\w.-]+)(?:\[[\w,-]+\])?==(\S+)", entry).groups()  # type: ignore[union-attr]
        assert "--hash=sha256:" in entry, package
        found.setdefault(package, set()).add(version)
    return found


def test_every_library_that_is_imported_is_one_of_the_core_or_of_an_extra() -> None:
    paths = [path for folder in ("ser", "app", "stages", "studies") for path in (ROOT / folder).rglob("*.py")]
    foreign = set().union(*map(imported, paths)) - set(sys.stdlib_module_names) - {"ser", "app", "stages", "studies"}
    of_extras = {library for libraries in EXTRAS.values() for library in libraries}
    assert {package(module) for module in foreign - of_extras} <= core()
    assert not core() & {package(library) for library in of_extras}


def test_an_extra_requires_the_libraries_that_errors_ascribe_to_it() -> None:
    assert set(EXTRAS) < set(project()["optional-dependencies"])
    for extra, libraries in EXTRAS.items():
        assert {package(library) for library in libraries} <= required(extra), extra


def test_dev_has_all_extras_but_those_that_are_too_large_rare_or_not_free() -> None:
    extras = re.findall(r"^serkit\[(.*)\]$", "\n".join(project()["optional-dependencies"]["dev"]), re.MULTILINE)[0]
    implied = {"train", "classifiers", "onnx"}
    assert set(extras.split(",")) | implied == set(project()["optional-dependencies"]) - {
        "audformat",
        "dev",
        "gpu",
        "mlflow",
        "opensmile",
        "ssl",
        "wandb",
    }


def test_a_prediction_needs_no_library_of_an_extra() -> None:
    """The core alone predicts; a library that is imported at the start of the command would also delay it."""
    script = f"""
import sys
blocked = {sorted(OF_EXTRAS)!r}
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocked())
from ser.cli import main
sys.exit(main())
"""
    recording = next((ROOT / "data/demo").rglob("*.flac"))
    done = subprocess.run(
        [sys.executable, "-c", script, "predict", str(recording)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr
    assert "%" in done.stdout


def test_the_lock_of_the_image_has_what_serves_in_the_versions_of_the_whole_lock() -> None:
    whole, served = pinned("requirements.lock"), pinned("requirements-serve.lock")
    assert served.items() <= whole.items()
    assert core().union(*map(required, SERVED)) <= set(served)
    assert not HEAVY & set(served)


def test_the_image_has_a_pinned_base_locked_packages_and_no_root() -> None:
    lines = (ROOT / "app" / "Dockerfile").read_text().splitlines()
    (base,) = [line for line in lines if line.startswith("ARG PYTHON=")]
    assert re.fullmatch(r"ARG PYTHON=python:3\.11-\S+@sha256:[0-9a-f]{64}", base)
    assert [line for line in lines if line.startswith("FROM ")] == ["FROM ${PYTHON} AS build", "FROM ${PYTHON}"]
    installs = [line for line in lines if "pip install" in line]
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001"]
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for copied in re.findall(r"^COPY (?!--from)(.*) \S+$", "\n".join(lines), re.MULTILINE):
        assert {f"!{one}" for one in copied.split()} <= set(ignored)


def test_the_page_runs_the_image_with_as_few_rights_as_it_needs() -> None:
    (command,) = re.findall(r"^docker run .*", (ROOT / "docs/how-to/deploy.md").read_text(), re.MULTILINE)
    wanted = ("--read-only", "--tmpfs /tmp:size=256m", "--cap-drop=ALL", "--memory 1g", "--restart unless-stopped")
    for option in wanted:
        assert f" {option} " in command
