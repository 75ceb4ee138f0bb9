"""Which models there are to choose from, and what they say of themselves."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from app.page import words
from ser.models.bundle import DESCRIPTION
from ser.serving import recognition
from ser.serving.recognition import EMBEDDED, Recognizer

MODELS = Path("models")  # where the stage train writes
BUILT_IN = "Built-in model"
CARD = "README.md"
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
HEADING = re.compile(r"^(#{1,5} )", re.MULTILINE)  # a level lower on the page, which has its own title
PICTURE = re.compile(r"!\[([^\]]*)\]\((?!https?://|data:)[^)]*\)")  # a path, which leads nowhere on the page


def choices(models: Path = MODELS) -> dict[str, Path]:
    """Folders of the embedded model and of those in `models`, by the name that people see."""
    found = sorted(path.parent for path in models.glob(f"*/{DESCRIPTION}"))
    return {BUILT_IN: EMBEDDED, **{folder.as_posix(): folder for folder in found}}


@st.cache_resource(max_entries=3, show_spinner="Loading the model …")
def recognizer(folder: Path, changed: int) -> Recognizer:
    """The model in `folder`, read once for all visitors until it changes.

    Raises
    ------
    ValueError
        If there is none, or it cannot be read.
    """
    return recognition.load(folder)


def card(folder: Path) -> str:
    """The model card as Markdown, or nothing where the bundle has none."""
    path = folder / CARD
    if not path.is_file():
        return ""
    text = FRONT_MATTER.sub("", path.read_text(encoding="utf-8"))
    return HEADING.sub(r"#\1", PICTURE.sub(r"*\1*", text)).strip()


def facts(one: Recognizer) -> dict[str, str]:
    """What a bundle's description says, in the page's words; nothing that it does not say."""
    description = one.description
    named = {
        "Model": _at(description, "model", "name"),
        "Learned from": words.learned_from(description),
        "Emotions": ", ".join(one.labels),
        "Hears at a time": "a whole utterance" if one.whole else f"{one.window:g} s",
    }
    uar = _at(description, "metrics", "dev_uar")
    if uar is not None:
        chance = 100 / len(one.labels)
        named["Recall on development speakers"] = (
            f"{100 * uar:.0f} %, mean over the emotions (chance {chance:.1f} %); the model was chosen by this number,"
            " so it flatters"
        )
    return {name: str(value) for name, value in named.items() if value}


def _at(description: Mapping[str, Any], *path: str) -> Any:
    """Value at a path of keys, or None."""
    value: Any = description
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
