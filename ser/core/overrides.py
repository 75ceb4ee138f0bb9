"""Settings in the form in which Hydra and a shell read them."""

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

# Text that needs no quotes: Hydra knows only ASCII letters there, and reads words such as NULL in any case.
PLAIN = re.compile(r"(?!(?:null|true|false|nan|inf)$)(?:\.{0,2}/)?[A-Za-z_][\w./+-]*", re.ASCII | re.IGNORECASE)

KEY = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)  # name of a setting that Hydra reads


def text(value: Any) -> str:
    """Value in the form that Hydra reads on a command line.

    Examples
    --------
    >>> text(1e-05), text(None), text([True, "angry"]), text({"n_masks": 2})
    ('1e-05', 'null', '[true,angry]', '{n_masks:2}')
    >>> text("/data/tess"), text("two words"), text("01"), text("null")
    ('/data/tess', '"two words"', '"01"', '"null"')
    """
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{text(key)}:{text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(text, value)) + "]"
    if isinstance(value, str) and PLAIN.fullmatch(value):
        return value
    if isinstance(value, str):  # a backslash is itself but before a quote
        return '"' + re.sub(r'(\\*)("|$)', lambda found: 2 * found[1] + ('\\"' if found[2] else ""), value) + '"'
    return json.dumps(value)


def option(name: str, value: Any) -> str:
    """Option of `dvc exp run` that sets a value, quoted for Hydra and for the shell.

    Examples
    --------
    >>> print(option("corpus.root", "/data/tess"), option("corpus.root", "/data/Wut (2)"))
    -S corpus.root=/data/tess -S 'corpus.root="/data/Wut (2)"'
    """
    return f"-S {shlex.quote(f'{name}={text(value)}')}"


def entry(name: str, value: str, *, setting: str, file: str) -> str:
    """Instruction that adds or changes an entry of a setting: by an override if Hydra reads its name, else in its file.

    Examples
    --------
    >>> entry("excited", "happy", setting="labels.actions", file="conf/labels/canonical.yaml")
    'add to the command: -S ++labels.actions.excited=happy'
    >>> entry("verträumt", "calm", setting="labels.actions", file="conf/labels/canonical.yaml")
    "add to actions in conf/labels/canonical.yaml: 'verträumt': calm"
    """
    if KEY.fullmatch(name):
        return f"add to the command: -S ++{setting}.{name}={value}"
    return f"add to {setting.rpartition('.')[2]} in {file}: {name!r}: {value}"
