"""Remarks on a prediction: what was changed in the recording, and what makes the answer doubtful."""

from collections.abc import Sequence
from copy import copy
from typing import TypeVar, cast

from ser.audio.excerpts import DEPTH, LEVEL_FRAME, speech_span
from ser.audio.waveforms import Waveform
from ser.serving.predictions import Prediction

Noted = TypeVar("Noted", bound=Prediction)

LEAST_SPEECH = 1.0  # seconds; with half a second, the default model loses 19 points of UAR (docs/general.md)
OFTEN_WRONG = f"with less than {LEAST_SPEECH:.0f} s, answers are often wrong, and their confidence is too high"


def of_speech(waveform: Waveform, sample_rate: int) -> list[str]:
    """Remark on an utterance with less than a second of speech; empty for a longer one.

    Parameters
    ----------
    waveform
        Mono, `(n_samples,)`.
    sample_rate
        Hz.

    Examples
    --------
    >>> import numpy as np
    >>> speech = np.ones(6_400, np.float32)
    >>> of_speech(np.pad(speech, 16_000), 16_000)
    ['0.4 s of speech: with less than 1 s, answers are often wrong, and their confidence is too high']
    >>> of_speech(np.tile(speech, 3), 16_000)
    []
    """
    start, end = speech_span(waveform, round(LEVEL_FRAME * sample_rate), depth=DEPTH)
    seconds = (end - start) / sample_rate
    if seconds >= LEAST_SPEECH:
        return []
    return [f"{seconds:.1f} s of speech: {OFTEN_WRONG}"]


def noted(prediction: Noted, notes: Sequence[str]) -> Noted:
    """Prediction with `notes` before its own, if there are any.

    Examples
    --------
    >>> sad = Prediction(emotion="sad", confidence=1.0, probabilities={"sad": 1.0}, duration=2.0)
    >>> noted(sad, ["an offset was removed"])["notes"], "notes" in noted(sad, [])
    (['an offset was removed'], False)
    """
    if not notes:
        return prediction
    found = copy(prediction)
    own: Sequence[str] = cast(Prediction, prediction).get("notes", ())
    found["notes"] = list(dict.fromkeys([*notes, *own]))
    return found


def of_all(spoken: Sequence[Sequence[str]], changes: Sequence[str]) -> list[str]:
    """Notes of a recording by those of its windows, or of the one answer to it as a whole.

    Parameters
    ----------
    spoken
        Notes of each window with speech.
    changes
        Changes of the waveform, in words, which may be among them.

    Examples
    --------
    >>> of_all([["an offset was removed", "0.4 s of speech: …"]], ["an offset was removed"])
    ['an offset was removed', '0.4 s of speech: …']
    >>> of_all([[], ["0.4 s of speech: …"], []], [])  # doctest: +ELLIPSIS
    ['1 of 3 windows with speech has less than 1 s of it: with less than 1 s, answers are often wrong, ...']
    """
    short = [note for notes in spoken for note in notes if note not in changes]
    if len(spoken) > 1 and short:
        have = "has" if len(short) == 1 else "have"
        which = f"{len(short)} of {len(spoken)} windows with speech {have} less than {LEAST_SPEECH:.0f} s of it"
        short = [f"{which}: {OFTEN_WRONG}"]
    return [*changes, *short]
