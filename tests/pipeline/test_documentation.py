"""Pages name only what exists: commands, options, choices, modules, paths, links."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from ser import cli
from tests.support import map_page
from tests.support.paths import ROOT
from tests.support.shell_lines import words

PAGES = sorted(
    [ROOT / "README.md", ROOT / "benchmarks/README.md", ROOT / "data/demo/README.md", *(ROOT / "docs").rglob("*.md")]
)
COMMENTED = [ROOT / "Makefile", *sorted((ROOT / "conf").rglob("*.yaml"))]
FOLDERS = ("app", "benchmarks", "conf", "data/demo", "docs", "ser", "stages", "studies", "tests", "tools", ".github")
WRITTEN = re.compile(r"studies/\w+/(data|reports)/|conf/experiment/tuned_")  # by a command, so not in Git
ADDED = map_page.files(map_page.text())  # by readers who follow docs/map.md; test_map.py does
SHELL = ("sh", "bash")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def commands(page: Path) -> Iterator[str]:
    """Shell commands of a page: lines of its `sh` blocks, and inline code."""
    text = text_of(page)
    for language, block in FENCE.findall(text):
        if language in SHELL:
            lines = re.sub(r"\\\n\s*", "", block).splitlines()
            yield from (part.strip() for line in lines for part in re.split(r" && |\|(?= )", line))
    for code in re.findall(r"(?<!`)`([^`]+)`(?!`)", FENCE.sub("", text)):
        yield from (part.strip() for part in re.sub(r"\s+", " ", code).split(" && "))


def studies(*, start: str) -> set[tuple[str, ...]]:
    """Hydra overrides of every command that begins with `start`; each value of a sweep makes a study."""
    found = set()
    for page in PAGES:
        for command in commands(page):
            if re.search(r"…|-S group[.=]", command) or not re.match(start, command):
                continue
            given = words(command)
            pairs = [word.split("=", 1) for word in given if re.match(r"(?!experiment=tuned_)[\w.]+=", word)]
            if any(f"conf/{name}/{value}.yaml" in ADDED for name, value in pairs):
                continue
            sweeps = [
                [f"{name}={value}" for value in (values.split(",") if "--queue" in given else [values])]
                for name, values in pairs
            ]
            found.update(product(*sweeps))
    return found - {()}


def names_in(content: object, prefix: str = "") -> Iterator[str]:
    """Dotted names of all settings."""
    if isinstance(content, DictConfig):
        for key in content:
            yield f"{prefix}{key}"
            if not OmegaConf.is_interpolation(content, str(key)):
                yield from names_in(content[key], f"{prefix}{key}.")


@pytest.mark.slow
def test_every_study_composes_and_every_single_choice_exists() -> None:
    found = studies(start=r"(dvc exp run|ser tune|python -m ser\.params) ")
    assert ("corpus=ravdess", "model=cnn_lstm") in found
    assert ("evaluation.test=false", "model.C=30") in found
    to_add = studies(start="-S ")  # to a command
    found |= {overrides for overrides in to_add if len(overrides) > 1}
    settings = set()
    with initialize_config_dir(str(ROOT / "conf"), version_base=None):
        for overrides in sorted(found):
            settings.update(names_in(compose("config", overrides=list(overrides))))
    for name, value in (overrides[0].split("=", 1) for overrides in to_add if len(overrides) == 1):
        group = ROOT / "conf" / name
        assert (group / f"{value}.yaml").is_file() if group.is_dir() else name in settings, (name, value)


def test_every_stage_that_a_command_names_is_in_the_dvc_yaml() -> None:
    n_named = 0
    for page in PAGES:
        for command in commands(page):
            if re.match(r"dvc (repro|exp run) ", command) and "…" not in command:
                alone = re.split(r" 2>| \| ", command)[0]  # without what the shell does with its output
                given = words(alone)[2 if command.startswith("dvc repro") else 3 :]
                targets = [
                    word
                    for before, word in zip(["", *given], given, strict=False)
                    if before != "-S" and not word.startswith("-")
                ]
                for target in targets:
                    path, _, stage = target.rpartition(":")
                    assert stage in yaml.safe_load((ROOT / (path or "dvc.yaml")).read_text())["stages"], command
                    n_named += 1
    assert n_named > 4


def test_every_subcommand_and_option_of_ser_exists(capsys: pytest.CaptureFixture[str]) -> None:
    def help_of(*arguments: str) -> str:
        with pytest.raises(SystemExit):
            cli.main([*arguments, "--help"])
        return capsys.readouterr().out

    known = set(re.findall(r"^    (\w+)", help_of(), flags=re.MULTILINE))
    used: dict[str, set[str]] = {}
    for page in PAGES:
        for command in commands(page):
            if re.match(r"ser \w", command):
                _, name, *given = words(command)
                used.setdefault(name, set()).update(word for word in given if re.match("--?[A-Za-z]", word))
    assert {"predict", "describe", "tune", "compare"} <= set(used) <= known
    for name, options in used.items():
        assert options <= set(re.findall(r"--?[A-Za-z][\w-]*", help_of(name))), name


def test_every_module_and_target_of_make_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    for page in PAGES:
        text = text_of(page)
        for module in re.findall(r"python -m ([\w.]+)", text):
            assert module in ("pip", "benchmarks.NAME") or find_spec(module) is not None, (page, module)
        for command in commands(page):
            if match := re.match(r"make ([a-z]+)", command):
                assert match[1] in targets, (page, command)


@pytest.mark.parametrize("page", [*PAGES, *COMMENTED], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_path_exists(page: Path) -> None:
    """In the text, and as links, which start at the folder of the page."""
    text = text_of(page)
    pattern = rf"(?<![\w/.-])(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*\w(?![\w*<…])"
    for name in re.findall(pattern, text):
        assert WRITTEN.match(name) or name in ADDED or (ROOT / name).exists(), name
    if page.suffix == ".md":
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            target, _, anchor = link.partition("#")
            if "://" not in link:
                other = page.parent / target if target else page
                assert other.exists(), link
                assert not anchor or anchor in anchors(other), link


def anchors(page: Path) -> set[str]:
    """Anchors of the headings of a page, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*)$", FENCE.sub("", text_of(page)), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def test_every_choice_of_conf_is_in_the_table_of_choices() -> None:
    table = text_of(ROOT / "docs/reference/choices.md")
    shown = set(re.findall(r"`(\w+)`", table))
    groups = (
        *("corpus", "labels", "partition", "librosa", "ssl", "whisper", "whisper_states", "opensmile"),
        *("features", "augmentation", "adaptation", "balance", "model", "training", "evaluation", "projection"),
        *("report", "tracking", "yamnet", "yamnet_bands", "log_mel", "frames"),
    )
    for group in groups:
        assert {path.stem for path in (ROOT / "conf" / group).glob("*.yaml")} <= shown, group


def test_files_of_training_comment_on_the_same_value_in_the_same_words() -> None:
    comments: dict[str, set[str]] = {}
    for path in (ROOT / "conf/training").glob("*.yaml"):
        if path.stem != "scikit_learn":  # no network
            for setting, comment in re.findall(r"^(\w+: [^#\n]+) # (.*)$", text_of(path), re.MULTILINE):
                comments.setdefault(setting, set()).add(comment)
    assert {setting: found for setting, found in comments.items() if len(found) > 1} == {}


def test_every_stage_is_in_the_table_of_artefacts() -> None:
    table = text_of(ROOT / "docs/reference/artefacts.md")
    shown = {name for line in table.splitlines() if line.startswith("|") for name in re.findall(r"`(\w+)`", line[2:])}
    assert set(yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]) <= shown
