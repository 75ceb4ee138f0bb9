"""The site of docs/: it builds without a warning, asks no other server, and its pages say what the code has."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import griffe
import numpy as np
import pytest
from matplotlib import image as image
from matplotlib.colors import to_rgb

import ser
from ser import cli
from ser.figures.style import COLOURS
from tests.support.paths import ROOT
from tools import site_pages


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_the_site_builds_with_all_links_and_loads_nothing_from_other_servers(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert {path.relative_to(site).as_posix() for path in pages} >= {
        "index.html",
        "reference/commands.html",
        "reference/settings/model.html",
        "explanation/responsible_use.html",
    }
    for page in pages:
        loaded = re.findall(
            r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"(\w+:[^\"]+)|<link\b(?=[^>]*stylesheet)[^>]*href=\"(\w+:[^\"]+)",
            page.read_text(encoding="utf-8"),
        )
        assert not [found for found in loaded if not any(part.startswith("data:") for part in found)], page
    assert "Parameters" in (site / "reference/python.html").read_text(encoding="utf-8")
    for needed in ("search/search_index.js", "iframe-worker.js"):  # for the search without a server
        assert (site / needed).is_file()


def test_the_python_page_has_every_public_name_with_all_parameters_and_an_example() -> None:
    page = (ROOT / "docs/reference/python.md").read_text()
    loaded: dict[str, griffe.Module] = {}

    def found(path: str) -> griffe.Object:
        module, _, name = path.rpartition(".")
        if module not in loaded:  # this file alone, since all of `ser` takes a second
            file = ROOT / f"{module.replace('.', '/')}.py"
            code = file.read_text(encoding="utf-8")
            loaded[module] = griffe.visit(module, filepath=file, code=code, docstring_parser="numpy")
        return loaded[module][name]

    shown = [found(path) for path in re.findall("::: (.*)", page)]
    assert {one.name for one in shown} >= {*ser.__all__} - {"__version__"}
    for one in shown:
        sections = {section.kind.value: section.value for section in one.docstring.parsed}
        assert "examples" in sections, one.path
        functions = (
            [one] if one.is_function else [method for name, method in one.functions.items() if not name.startswith("_")]
        )
        for function in functions:
            stated = {
                name
                for section in function.docstring.parsed
                if section.kind.value == "parameters"
                for parameter in section.value
                for name in re.split(", *", parameter.name)
            }
            assert {parameter.name for parameter in function.parameters} - {"self"} <= stated, function.path


def test_every_page_of_settings_has_its_files_whole() -> None:
    made = site_pages.pages()
    for path in (ROOT / "conf").rglob("*/*.yaml"):
        assert path.read_text().rstrip() in made[f"reference/settings/{path.relative_to(ROOT / 'conf').parts[0]}.md"]


def test_the_page_of_commands_has_every_option() -> None:
    page = site_pages.commands()
    assert "`--timeline`" in page
    assert "## `ser tune`" in page


def test_the_diagram_of_the_site_has_the_words_of_the_page() -> None:
    """docs/flow.svg is drawn from the text in docs/map.md by Mermaid, which is not loaded on the site."""
    (text,) = re.findall(r"```mermaid\n(.*?)```", (ROOT / "docs/map.md").read_text(), re.DOTALL)
    shown = set(re.findall(r"[\w.]+", re.sub(r"<[^>]+>", " ", (ROOT / "docs/flow.svg").read_text())))
    assert set(re.findall(r"[\[(\"]([a-z_]+)[\])\"]", text)) <= shown


@pytest.mark.parametrize("name", ["page_desktop", "page_mobile", "pictures/live_desktop"])
def test_the_pictures_of_the_pages_have_the_colours_of_the_emotions(name: str) -> None:
    """A palette of too few colours mixes them, so that a bar has the colour of another emotion."""
    pixels = np.rint(255 * image.imread(ROOT / f"docs/{name}.png")[..., :3]).astype(int).reshape(-1, 3)
    for emotion in ("happy", "sad", "angry", "fearful", "disgust"):
        away = np.abs(pixels - np.rint(255 * np.array(to_rgb(COLOURS[emotion])))).max(axis=1)
        assert (away <= 2).sum() > 50, emotion


def test_every_metric_is_defined() -> None:
    page = (ROOT / "docs/reference/metrics.md").read_text()
    for name in json.loads((ROOT / "reports/metrics.json").read_text()):
        shown = re.sub(r"^recall\..*", "recall.<emotion>", name)
        assert f"`{shown}`" in page, name


def test_every_environment_variable_is_on_its_page() -> None:
    page = (ROOT / "docs/reference/environment.md").read_text()
    files = [path for folder in ("ser", "app", "stages") for path in (ROOT / folder).rglob("*.py")]
    used = {name for path in files for name in re.findall(r"\bSER_[A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8"))}
    internal = {"SER_NUMBA_TRIAL"}  # which the package sets, in a process of its own
    assert {name for name in used - internal if f"`{name}`" not in page} == set()


def test_readme_is_short_and_shows_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 130
    (command,) = re.findall(r"^ser predict (data/demo\S+)$", text, re.MULTILINE)
    (shown,) = re.findall(rf"^{re.escape(command)} +(\w+) ", text, re.MULTILINE)
    cli.main(["predict", str(ROOT / command)])
    printed = capsys.readouterr().out
    assert re.search(rf"{re.escape(command)} +{shown} ", printed), printed
