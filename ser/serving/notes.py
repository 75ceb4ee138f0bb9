"""Remarks on a prediction: what was changed in the recording, and what makes the answer doubtful."""

from collections.abc import Sequence

from ser.audio.excerpts import DEPTH, LEVEL_FRAME, speech_span
from ser.audio.waveforms import Waveform
from ser.serving.predictions import Prediction

LEAST_SPEECH = 1.0  # seconds; with half a second, the default model loses 19 points of UAR (docs/general.md)


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
    often_wrong = f"with less than {LEAST_SPEECH:.0f} s, answers are often wrong, and their confidence is too high"
    return [f"{seconds:.1f} s of speech: {often_wrong}"]


def noted(prediction: Prediction, notes: Sequence[str]) -> Prediction:
    """Prediction with its `notes`, if there are any.

    Examples
    --------
    >>> sad = Prediction(emotion="sad", confidence=1.0, probabilities={"sad": 1.0}, duration=2.0)
    >>> noted(sad, ["an offset was removed"])["notes"], "notes" in noted(sad, [])
    (['an offset was removed'], False)
    """
    return {**prediction, "notes": list(notes)} if notes else prediction
