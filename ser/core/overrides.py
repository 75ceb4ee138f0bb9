"""Settings in the form in which Hydra and a shell read them."""

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

# Text that needs no quotes: Hydra knows only ASCII letters there, and reads words such as NULL in any case.
PLAIN = re.compile(r"(?!(?:null|true|false|nan|inf)$)(?:\.{0,2}/)?[A-Za-z_][\w./+-]*", re.ASCII | re.IGNORECASE)

KEY = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)  # name of a setting that Hydra reads


def hydra_text(value: Any) -> str:
    """Value in the form that Hydra reads on a command line.

    Examples
    --------
    >>> hydra_text(1e-05), hydra_text(None), hydra_text([True, "angry"]), hydra_text({"n_masks": 2})
    ('1e-05', 'null', '[true,angry]', '{n_masks:2}')
    >>> hydra_text("/data/tess"), hydra_text("two words"), hydra_text("01"), hydra_text("null")
    ('/data/tess', '"two words"', '"01"', '"null"')
    """
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{hydra_text(key)}:{hydra_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(hydra_text, value)) + "]"
    if isinstance(value, str) and PLAIN.fullmatch(value):
        return value
    if isinstance(value, str):  # a backslash is itself but before a quote
        return '"' + re.sub(r'(\\*)("|$)', lambda found: 2 * found[1] + ('\\"' if found[2] else ""), value) + '"'
    return json.dumps(value)


def exp_run_option(name: str, value: Any) -> str:
    """Option of `dvc exp run` that sets a value, quoted for Hydra and for the shell.

    Examples
    --------
    >>> print(exp_run_option("corpus.root", "/data/tess"), exp_run_option("corpus.root", "/data/Wut (2)"))
    -S corpus.root=/data/tess -S 'corpus.root="/data/Wut (2)"'
    """
    return f"-S {shlex.quote(f'{name}={hydra_text(value)}')}"


def how_to_set(*names: str, value: str, setting: str, file: str) -> str:
    """How to add or change entries of a setting: by an override if Hydra reads its name, else in its file.

    Examples
    --------
    >>> how_to_set("excited", value="happy", setting="labels.actions", file="conf/labels/canonical.yaml")
    'add to the command: -S ++labels.actions.excited=happy'
    >>> how_to_set("verträumt", value="calm", setting="labels.actions", file="conf/labels/canonical.yaml")
    "add to actions in conf/labels/canonical.yaml: 'verträumt': calm"
    """
    options = [f"-S ++{setting}.{name}={value}" for name in names if KEY.fullmatch(name)]
    entries = [f"{name!r}: {value}" for name in names if not KEY.fullmatch(name)]
    ways = [f"add to the command: {' '.join(options)}"] if options else []
    return "; ".join([*ways, *(f"add to {setting.rpartition('.')[2]} in {file}: {entry}" for entry in entries)])


def how_to_drop(*emotions: str) -> str:
    """How to leave emotions out of a study.

    Examples
    --------
    >>> print(how_to_drop("calm", "pain"))
    to leave calm and pain out, add to the command: -S ++labels.actions.calm=drop -S ++labels.actions.pain=drop
    """
    names = sorted(emotions, key=lambda one: KEY.fullmatch(one) is None)  # those for the command come first
    ways = how_to_set(*names, value="drop", setting="labels.actions", file="the file of conf/labels")
    return f"to leave {' and '.join(names)} out, {ways}"
