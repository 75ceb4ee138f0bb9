"""Models that visitors can choose, with their facts and model cards."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from app.http import settings
from app.page import words
from ser.core.wording import percent
from ser.corpora import CORPORA
from ser.models import bundle, packaged
from ser.models.bundle import DESCRIPTION
from ser.serving import recognition
from ser.serving.recognition import Recognizer

MODELS = Path("models")  # output of the stage train
BUILT_IN = " (built-in)"  # after the name of a built-in model
CARD = "README.md"
MOST_NAMED = 3  # corpora in the name of a model
LONGEST_CARD = 100_000  # characters
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
HEADING = re.compile(r"^(#{1,5} )", re.MULTILINE)  # one level lower on the page, which has a title of its own
PICTURE = re.compile(r"!\[[^\]]*\]\((?!https?://|data:)[^)]*\)")  # a file, which the page does not serve
COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)  # the page would show it as text


def choices(models: Path = MODELS) -> dict[str, Path]:
    """Name of each model on the page -> its folder: the built-in models, the default first; those in `models`.

    Examples
    --------
    >>> "ravdess (built-in)" in choices(Path("no_such_folder"))
    True
    """
    found = sorted(path.parent for path in models.glob(f"*/{DESCRIPTION}"))
    built_in = {f"{name}{BUILT_IN}": folder for name, folder in packaged.folders().items()}
    return {**built_in, **{folder.as_posix(): folder for folder in found}}


def in_words(name: str, folder: Path) -> str:
    """Name of a model for readers: the kind of model and its corpora; `name` alone if the bundle cannot be read.

    Examples
    --------
    >>> in_words("models/mine", Path("no_such_folder"))
    'models/mine'
    """
    try:
        description = bundle.read_description(folder)
    except (ValueError, OSError):
        return name
    corpora = [CORPORA[one].title if one in CORPORA else one for one in description.get("corpora", [])]
    trained = f", trained on {' and '.join(corpora)}" if 0 < len(corpora) <= MOST_NAMED else ""
    if len(corpora) > MOST_NAMED:
        trained = f", trained on {len(corpora)} corpora"
    return f"Built-in: {name.removesuffix(BUILT_IN)}{trained}" if name.endswith(BUILT_IN) else f"{name}{trained}"


@st.cache_resource(max_entries=3, show_spinner="Loading the model …")
def recognizer(folder: Path, changed: int) -> Recognizer:
    """Model in `folder`, read once for all visitors until it changes; SER_NETWORKS names the networks that it may run.

    Raises
    ------
    ValueError
        If there is no model, or it cannot be read.
    """
    return recognition.load(folder, networks=settings.networks(os.environ))


def card(folder: Path) -> str:
    """Model card: for a built-in model as Markdown, else as plain text; empty if the bundle has none."""
    path = folder / CARD
    if not path.is_file():
        return ""
    text = FRONT_MATTER.sub("", path.read_text(encoding="utf-8", errors="replace")[:LONGEST_CARD])
    if not packaged.is_packaged(folder):
        return text.strip()
    return HEADING.sub(r"#\1", COMMENT.sub("", PICTURE.sub("", text))).strip()


def facts(one: Recognizer) -> dict[str, str]:
    """Facts of the description of a bundle, in the words of the page; missing facts are omitted.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> parts = [(None, SimpleNamespace(labels=["calm", "sad"]))]
    >>> facts(Recognizer("mine", parts, 3.0, False, {"corpora": ["emodb"], "speakers": ["emodb/03", "emodb/08"]}))
    {'Trained on': '2 speakers of EmoDB (acted speech, German)', 'Emotions': 'calm, sad', 'Input': '3 s'}
    """
    description = one.description
    named = {
        "Model": _at(description, "model", "name"),
        "Trained on": words.trained_on(description),
        "Emotions": ", ".join(one.labels),
        "Input": "a whole utterance" if one.whole else f"{one.window:g} s",
    }
    uar = _at(description, "metrics", "dev_uar")
    if uar is not None:
        named["Recall on development speakers"] = (
            f"{percent(uar, digits=0)} %, mean over the emotions (chance {percent(1 / len(one.labels))} %); the model"
            " was chosen by this number, so it is too high for other speakers"
        )
    return {name: str(value) for name, value in named.items() if value}


def _at(description: Mapping[str, Any], *path: str) -> Any:
    """Value at a path of keys, or None if a key is missing."""
    value: Any = description
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
