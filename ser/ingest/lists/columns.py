"""Columns of a list: what each one is of, by common names or by the settings."""

import difflib
import re
from collections.abc import Mapping, Sequence

from ser.core.overrides import exp_run_option

ROLES: Mapping[str, Sequence[str]] = {
    "file": (
        "file",
        "path",
        "filename",
        "file_name",
        "file_path",
        "filepath",
        "wav",
        "wav_path",
        "audio",
        "audio_path",
    ),
    "emotion": ("emotion", "label", "target", "emotion_label"),
    "speaker": ("speaker", "actor", "spk", "speaker_id", "actor_id", "spk_id"),
    "sex": ("sex", "gender"),
    "language": ("language", "lang"),
    "split": ("split", "partition", "split_set"),
    "start": ("start", "start_time", "begin", "onset"),
    "end": ("end", "end_time", "stop"),
    "intensity": ("intensity",),
    "annotator": ("annotator", "annotator_id", "rater", "rater_id", "worker", "worker_id", "listener"),
}
"""Role of a column -> its common names, in lower case with underscores; the first one that is there is taken."""

NEEDED = ("file", "emotion")
UNUSED = "none"  # value of a setting: there is no such column, whatever the names are
ALIKE = 0.75  # least similarity of a misspelling


def of_roles(columns: Sequence[str], chosen: Mapping[str, str | None], section: str) -> dict[str, str]:
    """Role -> the column that has it.

    Parameters
    ----------
    chosen
        Role -> column, `none`, or None for the common names.
    section
        Section that holds `chosen`, for the message.

    Raises
    ------
    ValueError
        If a chosen column is unknown, a needed one is missing, a name occurs twice, or one is evidently misspelled.

    Examples
    --------
    >>> of_roles(["Path", "actor", "my_label"], {"emotion": "my_label"}, "corpus")
    {'file': 'Path', 'emotion': 'my_label', 'speaker': 'actor'}
    """
    wrong = [f"two columns are named {name!r}" for name in dict.fromkeys(columns) if columns.count(name) > 1]
    wrong += [f"{section}.columns.{role} is unknown; {_near(role, ROLES)}" for role in chosen if role not in ROLES]
    known = {spelled(column): column for column in reversed(columns)}
    found: dict[str, str] = {}
    for role, names in ROLES.items():
        wanted = chosen.get(role)
        if wanted in columns:
            found[role] = str(wanted)
        elif wanted not in (None, UNUSED):
            wrong.append(f"{section}.columns.{role} is {wanted!r}, which is no column; {_near(str(wanted), columns)}")
        elif wanted is None and (name := next((name for name in names if name in known), None)):
            found[role] = known[name]
    wrong += _lacking(found, chosen, section)
    wrong += _misspelled(columns, found, chosen, section)
    if wrong:
        listed = "\n".join(f"  {line}" for line in dict.fromkeys(wrong))
        raise ValueError(f"the columns are {', '.join(columns) or 'none'}:\n{listed}")
    return found


def unread(columns: Sequence[str], roles: Mapping[str, str]) -> list[str]:
    """Columns that have no role.

    Examples
    --------
    >>> unread(["file", "emotion", "text"], {"file": "file", "emotion": "emotion"})
    ['text']
    """
    return [column for column in columns if column not in roles.values()]


def _lacking(found: Mapping[str, str], chosen: Mapping[str, str | None], section: str) -> list[str]:
    return [
        f"no column of the {role} ({', '.join(ROLES[role])}); name it: -S '{section}.columns.{role}=\"NAME\"'"
        for role in NEEDED
        if role not in found and chosen.get(role) in (None, UNUSED)
    ]


def _misspelled(
    columns: Sequence[str], found: Mapping[str, str], chosen: Mapping[str, str | None], section: str
) -> list[str]:
    missing = {
        name: role for role, names in ROLES.items() if role not in found and not chosen.get(role) for name in names
    }
    lines = []
    for column in unread(columns, found):
        if near := difflib.get_close_matches(spelled(column), missing, n=1, cutoff=ALIKE):
            setting = f"{section}.columns.{missing[near[0]]}"
            lines.append(
                f"unknown column {column!r}; did you mean {near[0]}? Rename it, or take it:"
                f" {exp_run_option(setting, column)}, or leave it: {exp_run_option(setting, UNUSED)}"
            )
    return lines


def _near(name: str, known: Sequence[str] | Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]}?" if near else f"wanted one of {', '.join(known)}"


def spelled(column: str) -> str:
    """Name of a column in lower case, with underscores between words.

    Examples
    --------
    >>> spelled("File Name")
    'file_name'
    """
    return re.sub(r"[\s_.-]+", "_", column.strip().casefold())
