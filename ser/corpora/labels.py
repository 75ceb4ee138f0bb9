"""Label schemes, which keep, merge or drop the canonical emotions."""

import difflib
from collections.abc import Mapping

from ser.core.tables import EMOTIONS
from ser.corpora.naming import InvalidName

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
    """Raise a `ValueError` if a label of the `label_map` of the section `setting` is mapped to no canonical emotion."""
    if unknown := [f"{label}: {emotion}" for label, emotion in label_map.items() if emotion not in EMOTIONS]:
        raise ValueError(f"{setting}.label_map has {', '.join(unknown)}; the emotions are {', '.join(EMOTIONS)}")


def canonical(corpus_label: str, label_map: Mapping[str, str], setting: str = "corpus") -> str:
    """Canonical emotion of a corpus's own label.

    Raises
    ------
    InvalidName
        If the `label_map` of the section `setting` lacks it; the error names the nearest known label.

    Examples
    --------
    >>> canonical("W", {"W": "angry", "N": "neutral"})
    'angry'
    """
    if corpus_label not in label_map:
        near = difflib.get_close_matches(corpus_label, label_map, n=1)
        guess = f"did you mean {near[0]!r}? " if near else ""
        raise InvalidName(
            f"unknown emotion {corpus_label!r}",
            f"{guess}known are {', '.join(label_map)}; rename it, or add it to {setting}.label_map",
        )
    return label_map[corpus_label]
