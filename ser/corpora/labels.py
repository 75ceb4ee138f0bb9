"""Labels of a corpus -> emotions, and label schemes, which keep, merge or drop emotions."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from ser.core import overrides
from ser.core.emotions import EMOTIONS, FORM, is_name, normal
from ser.core.wording import counted
from ser.corpora import words
from ser.corpora.naming import InvalidName, Kind
from ser.corpora.words import Words, near

KEEP, DROP = "keep", "drop"
MOST_NAMED = 10  # labels that a message lists


@dataclass(frozen=True)
class Scheme:
    """Emotion -> its label in a study, for emotions of any name.

    Examples
    --------
    >>> scheme = Scheme({"calm": "neutral", "boredom": None}, keeps_others=True)
    >>> scheme.label("calm"), scheme.label("boredom"), scheme.label("excited")
    ('neutral', None, 'excited')
    """

    named: Mapping[str, str | None]
    """Emotions that the scheme names -> their labels; None where it drops them."""
    keeps_others: bool = False
    """True: emotions that it does not name keep their names; False: they are dropped."""
    words: Words = field(default_factory=Words)
    """Known words for emotions."""

    def label(self, emotion: str) -> str | None:
        """Label of an emotion; None where the scheme drops it."""
        return self.named.get(emotion, emotion if self.keeps_others else None)


def merged(*, name: str, actions: Mapping[str, str], others: str = DROP) -> Scheme:
    """Scheme of a file of `conf/labels`.

    Parameters
    ----------
    actions
        Emotion -> `keep`, `drop`, or the label into which it is merged: an emotion that is kept, or a new name.
    others
        Action for the emotions that `actions` does not name: `keep` or `drop`.

    Raises
    ------
    ValueError
        If a name has another form, an emotion is merged into one that is not kept, or fewer than two labels are left.

    Examples
    --------
    >>> scheme = merged(name="mine", actions={"neutral": "keep", "calm": "neutral", "sad": "low", "angry": "drop"})
    >>> [scheme.label(emotion) for emotion in ("neutral", "calm", "sad", "angry", "excited")]
    ['neutral', 'neutral', 'low', None, None]
    """
    if others not in (KEEP, DROP):
        raise ValueError(f"labels.others is {others!r}; it is keep or drop")
    if wrong := [emotion for emotion in actions if not is_name(emotion)]:
        raise ValueError(f"labels={name} names {wrong[0]!r}; write {normal(wrong[0]) or 'a word'!r}, in labels.actions")
    named: dict[str, str | None] = {}
    for emotion, action in actions.items():
        if action not in (KEEP, DROP):
            _check_target(emotion, action, actions)
        named[emotion] = {KEEP: emotion, DROP: None}.get(action, action)
    n_labels = len({label for label in named.values() if label})
    if others == DROP and n_labels < 2:
        raise ValueError(f"labels={name} keeps {counted(n_labels, 'emotion')}; a classifier needs two")
    return Scheme(named, others == KEEP, words.known())


def _check_target(emotion: str, action: str, actions: Mapping[str, str]) -> None:
    setting = f"labels.actions.{emotion}"
    kept = [one for one in actions if actions[one] == KEEP]
    wanted = f"it is keep, drop, one of the kept {', '.join(kept)}, or a new name"
    if not is_name(action):
        raise ValueError(f"{setting} is {action!r}; wanted keep, drop, or {FORM}")
    if action in actions and action not in kept:
        raise ValueError(f"{setting} is {action!r}, which is not kept; {wanted}")
    near_action = difflib.get_close_matches(action, (KEEP, DROP), n=1, cutoff=0.75)
    guess = near_action[0] if near_action else near(action, dict.fromkeys((*EMOTIONS, *actions)))
    if action not in actions and guess:
        raise ValueError(f"{setting} is {action!r}; did you mean {guess!r}? {wanted}")


def check_map(label_map: Mapping[str, str | None], setting: str) -> None:
    """Check that the `label_map` of the section `setting` maps each label to the name of an emotion.

    Raises
    ------
    ValueError
        If it maps a label to a text of another form, or to an evident misspelling of one of `EMOTIONS`.

    Examples
    --------
    >>> check_map({"W": "angry", "E": "excited"}, "corpus")
    >>> check_map({"W": "Angry"}, "corpus")
    Traceback (most recent call last):
        ...
    ValueError: corpus.label_map has W: Angry; did you mean 'angry'?
    """
    for label, emotion in label_map.items():
        if emotion is None:
            continue
        guess = near(normal(emotion), dict.fromkeys(EMOTIONS))
        if not is_name(emotion):
            remedy = f"did you mean {guess!r}?" if guess else f"wanted one of {', '.join(EMOTIONS)}, or {FORM}"
        elif guess and emotion not in (*EMOTIONS, normal(label)):
            remedy = f"did you mean {guess!r}? A new emotion of that name is {emotion}: {emotion}"
        else:
            continue
        raise ValueError(f"{setting}.label_map has {label}: {emotion}; {remedy}")


def canonical(
    corpus_label: str, label_map: Mapping[str, str], setting: str = "corpus", *, file: str = "conf/corpus"
) -> str:
    """Emotion of a code of a corpus, which has a closed set of codes.

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
        guess = near(corpus_label, label_map)
        raise _unknown(corpus_label, guess, label_map, label_map[guess] if guess else None, (setting, file))
    return label_map[corpus_label]


def of_word(
    word: str, label_map: Mapping[str, str], known: Words, setting: str = "corpus", *, file: str = "conf/corpus"
) -> str:
    """Emotion of a plain word: that of the label map, or that of a known word, or else a new one of that name.

    Parameters
    ----------
    word
        In the form of `ser.core.emotions.normal`, as the labels of `label_map`.
    setting, file
        Section and file of the `label_map`, for the message.

    Raises
    ------
    InvalidName
        If the word is evidently a misspelling of a known one, or no name, such as a number; the error names what to
        add.

    Examples
    --------
    >>> words = Words({"joy": "happy", "angry": "angry"})
    >>> [of_word(word, {"fru": "frustrated"}, words) for word in ("joy", "fru", "excited")]
    ['happy', 'frustrated', 'excited']
    >>> of_word("angrry", {}, words)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ser.corpora.naming.InvalidName: unknown emotion 'angrry'; did you mean 'angry'? rename it, or add to ...
    """
    if (emotion := label_map.get(word) or known.emotion(word)) is not None:
        return emotion
    if (guess := known.near(word)) is not None:
        emotion = known.emotions[guess]
        error = _unknown(word, emotion, {}, emotion, (setting, file))
        other = f"if it is another emotion, {_entry(word, word, setting, file)}"
        raise InvalidName(error.reason, f"{error.remedy}; {other}", error.kind)
    if not is_name(word):
        raise _unknown(word, None, {}, None, (setting, file))
    return word


def _unknown(
    label: str, guess: str | None, known: Mapping[str, str], emotion: str | None, place: tuple[str, str]
) -> InvalidName:
    """Error for a label; `guess` is the known label that it may be, `emotion` that of the guess."""
    question = f"did you mean {guess!r}? " if guess else ""
    names = f"known are {', '.join(known)}; " if 0 < len(known) <= MOST_NAMED else ""
    choice = "" if emotion else f", where EMOTION is one of {', '.join(EMOTIONS)}, or a name of its own"
    remedy = f"{question}{names}rename it, or {_entry(label, emotion or 'EMOTION', *place)}{choice}"
    return InvalidName(f"unknown emotion {label!r}", remedy, Kind.UNKNOWN_EMOTION)


def _entry(label: str, emotion: str, setting: str, file: str) -> str:
    return overrides.how_to_set(label, value=emotion, setting=f"{setting}.label_map", file=file)
