"""Pages of the site that are made from settings, commands and other files: a hook of MkDocs (mkdocs.yml).

They are made when the site is built, so they cannot go stale.
"""

import argparse
import posixpath
import re
from pathlib import Path
from typing import Any

from ser.cli import parser_of
from ser.commands.table import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
CONF = ROOT / "conf"
SETTINGS = "reference/settings"
ELSEWHERE = {  # files outside docs/ -> their pages
    "README.md": "index.md",
    "benchmarks/README.md": "reference/benchmarks.md",
    "data/demo/README.md": "reference/demo_corpus.md",
    "ser/serving/embedded/general/README.md": "reference/model_general.md",
    "ser/serving/embedded/ravdess/README.md": "reference/model_ravdess.md",
    "ser/serving/embedded/research/README.md": "reference/model_research.md",
}
LINK = re.compile(r"(!?\[[^\]]*\])\(([^)\s#]+)(#[^)\s]*)?\)")
DIAGRAM = re.compile(r"^```mermaid\n.*?^```\n", re.MULTILINE | re.DOTALL)
FLOW = "![Data flow](flow.svg)\n"  # Mermaid would come from another server


def on_config(config: Any) -> Any:
    """Put the pages of settings into the navigation, where mkdocs.yml has the word `settings`."""
    groups = [{name: f"{SETTINGS}/{name}.md"} for name in groups_of_conf()]
    for section in config.nav:
        for entries in section.values():
            if isinstance(entries, list) and {"Settings": "settings"} in entries:
                entries[entries.index({"Settings": "settings"})] = {"Settings": [f"{SETTINGS}/index.md", *groups]}
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are made."""
    from mkdocs.structure.files import File  # only MkDocs has it

    for uri, content in pages().items():
        files.append(File.generated(config, uri, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links to files outside docs/ lead to their pages."""
    sources = {uri: path for path, uri in ELSEWHERE.items()}
    uri = page.file.src_uri
    return DIAGRAM.sub(FLOW, linked(markdown, source=sources.get(uri, f"docs/{uri}"), uri=uri))


def pages() -> dict[str, str]:
    """Address of each page that is made -> its Markdown."""
    made = {uri: (ROOT / path).read_text(encoding="utf-8") for path, uri in ELSEWHERE.items()}
    made["reference/commands.md"] = commands()
    made[f"{SETTINGS}/index.md"] = index()
    return made | {f"{SETTINGS}/{name}.md": group(name) for name in groups_of_conf()}


def linked(markdown: str, *, source: str, uri: str) -> str:
    """Markdown whose links start at the page `uri` instead of the file `source`.

    Examples
    --------
    >>> linked("[demo](../data/demo/README.md)", source="docs/map.md", uri="map.md")
    '[demo](reference/demo_corpus.md)'
    >>> linked("[map](docs/map.md#how-data-flows)", source="README.md", uri="index.md")
    '[map](map.md#how-data-flows)'
    """

    def replaced(match: re.Match[str]) -> str:
        text, target, anchor = match[1], match[2], match[3] or ""
        if re.match(r"\w+:", target):
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        if path.endswith(".ipynb") or not (path in ELSEWHERE or path.startswith("docs/")):
            return text.strip("[]")  # a file that the site does not have
        page = ELSEWHERE.get(path) or path.removeprefix("docs/")
        return f"{text}({posixpath.relpath(page, posixpath.dirname(uri) or '.')}{anchor})"

    return LINK.sub(replaced, markdown)


def groups_of_conf() -> list[str]:
    """Names of the groups of conf/."""
    return sorted(path.name for path in CONF.iterdir() if path.is_dir())


def files_of(name: str) -> list[Path]:
    """Files of a group of conf/."""
    return sorted((CONF / name).rglob("*.yaml"))


def comment(text: str) -> str:
    """First comment of a file of conf/, in one line.

    Examples
    --------
    >>> comment("# @package _global_\\n# A network\\n# on spectra.\\nmodel: {}")
    'A network on spectra.'
    """
    lines = [line for line in text.splitlines() if not line.startswith("# @package")]
    head: list[str] = []
    for line in lines:
        if not line.startswith("# "):
            break
        head.append(line.removeprefix("# "))
    return " ".join(head)


def index() -> str:
    """Page of all groups, with the defaults of each study."""
    rows = [
        f"| [`{name}`]({name}.md) | {', '.join(f'`{path.stem}`' for path in files_of(name))} |"
        for name in groups_of_conf()
    ]
    text = (CONF / "config.yaml").read_text(encoding="utf-8")
    head = "# Settings\n\n`-S group=file` chooses a file, `-S group.setting=value` sets one value."
    return "\n".join([head, "", "| group | files |", "|---|---|", *rows, "", "## Defaults", "", fence(text)])


def group(name: str) -> str:
    """Page of one group: each file with its comment and its settings."""
    parts = [f"# Settings: `{name}`\n"]
    for path in files_of(name):
        text = path.read_text(encoding="utf-8")
        choice = path.relative_to(CONF / name).with_suffix("").as_posix()
        parts.append(f"## `{choice}`\n\n{comment(text)}\n\n{fence(text)}")
    return "\n".join(parts)


def fence(text: str) -> str:
    """Settings as a block of code."""
    return f"```yaml\n{text.rstrip()}\n```\n"


def commands() -> str:
    """Page of the command `ser`: arguments and options of every subcommand."""
    parser = parser_of(*COMMANDS)
    (action,) = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    parts = ["# Commands\n\n`ser NAME --help` prints the same. [Stages and files](artefacts.md) are run by DVC.\n"]
    for name, known in action.choices.items():
        rows = [row(one, known) for one in known._actions if one.help != argparse.SUPPRESS]
        example = f"```sh\n{COMMANDS[name].example}\n```\n"
        table = "\n".join(["| argument | meaning |", "|---|---|", *rows])
        parts.append(f"## `ser {name}`\n\n{known.description or ''}\n\n{table}\n\n{example}")
    return "\n".join(parts)


def row(action: argparse.Action, parser: argparse.ArgumentParser) -> str:
    """One argument or option as a row of a table."""
    formatter = parser.formatter_class(parser.prog)
    shown = formatter._format_action_invocation(action).replace("|", "\\|")
    text = formatter._expand_help(action) if action.help else ""
    return f"| `{shown}` | {text.replace('|', chr(92) + '|').replace('<', '&lt;')} |"
