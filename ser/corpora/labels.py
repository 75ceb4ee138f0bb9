"""Label schemes, which keep, merge or drop the canonical emotions."""

import difflib
import re
from collections.abc import Mapping

from ser.core.tables import EMOTIONS
from ser.corpora.naming import InvalidName

UNKNOWN = "unknown emotion"  # begins the reason for which a recording with another label is no utterance
ALIKE = 0.75  # least similarity of a known label: mad is not sad, and Angst is not angry
KEY = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)  # name that Hydra reads in an override
KEEP, DROP = "keep", "drop"


def merged(*, name: str, actions: Mapping[str, str]) -> dict[str, str | None]:
    """Canonical emotion -> its label in the scheme `name`; None where the scheme drops it.

    Parameters
    ----------
    actions
        Every canonical emotion -> `keep`, `drop`, or the kept emotion into which it is merged.

    Raises
    ------
    ValueError
        If an emotion is missing or unknown, or is merged into one that is not kept, or if fewer than two are kept.

    Examples
    --------
    >>> actions = dict.fromkeys(EMOTIONS, "drop") | {"neutral": "keep", "sad": "keep", "calm": "neutral"}
    >>> scheme = merged(name="mine", actions=actions)
    >>> [scheme[emotion] for emotion in ("neutral", "calm", "sad", "angry")]
    ['neutral', 'neutral', 'sad', None]
    """
    if missing := [emotion for emotion in EMOTIONS if emotion not in actions]:
        raise ValueError(f"labels={name} lacks {', '.join(missing)}; add them to labels.actions")
    if unknown := [emotion for emotion in actions if emotion not in EMOTIONS]:
        raise ValueError(f"labels={name} names {', '.join(unknown)}; the emotions are {', '.join(EMOTIONS)}")
    kept = [emotion for emotion in EMOTIONS if actions[emotion] == KEEP]
    if len(kept) < 2:
        raise ValueError(f"labels={name} keeps {len(kept)} emotion(s); a classifier needs two")
    scheme: dict[str, str | None] = {}
    for emotion in EMOTIONS:
        action = actions[emotion]
        if action not in (KEEP, DROP, *kept):
            raise ValueError(
                f"labels.actions.{emotion} is {action!r}; it is keep, drop, or one of the kept {', '.join(kept)}"
            )
        scheme[emotion] = {KEEP: emotion, DROP: None}.get(action, action)
    return scheme


def check_map(label_map: Mapping[str, str], setting: str) -> None:
    """Check that the `label_map` of the section `setting` maps each label to a canonical emotion.

    Raises
    ------
    ValueError
        If it maps a label to something else.

    Examples
    --------
    >>> check_map({"W": "angry", "N": "neutral"}, "corpus")
    >>> check_map({"W": "wrath"}, "corpus")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: corpus.label_map has W: wrath; the emotions are neutral, calm, ...
    """
    if unknown := [f"{label}: {emotion}" for label, emotion in label_map.items() if emotion not in EMOTIONS]:
        raise ValueError(f"{setting}.label_map has {', '.join(unknown)}; the emotions are {', '.join(EMOTIONS)}")


def canonical(
    corpus_label: str, label_map: Mapping[str, str], setting: str = "corpus", *, file: str = "conf/corpus"
) -> str:
    """Canonical emotion of a corpus's own label.

    Parameters
    ----------
    setting, file
        Section and file of the `label_map`, for the message.

    Raises
    ------
    InvalidName
        If the label map lacks it; the error names what to add, and the known label that it may be a misspelling of.

    Examples
    --------
    >>> canonical("W", {"W": "angry", "N": "neutral"})
    'angry'
    """
    if corpus_label not in label_map:
        raise InvalidName(f"{UNKNOWN} {corpus_label!r}", _remedy(corpus_label, label_map, setting, file))
    return label_map[corpus_label]


def _remedy(label: str, label_map: Mapping[str, str], setting: str, file: str) -> str:
    near = [known for known in difflib.get_close_matches(label, label_map, n=1, cutoff=ALIKE) if known[0] == label[0]]
    guess = f"did you mean {near[0]!r}? " if near else ""
    known = f"known are {', '.join(label_map)}; " if len(label_map) <= len(EMOTIONS) else ""
    emotion = label_map[near[0]] if near else "EMOTION"
    choice = "" if near else f", where EMOTION is one of {', '.join(EMOTIONS)}"
    if KEY.fullmatch(label):
        return f"{guess}{known}rename it, or add to the command: -S +{setting}.label_map.{label}={emotion}{choice}"
    return f"{guess}{known}rename it, or add to label_map in {file}: {label!r}: {emotion}{choice}"
