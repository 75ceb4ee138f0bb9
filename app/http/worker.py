"""The process that predicts: it loads the models, and does one piece of work after the other."""

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import connection
from threading import Thread
from typing import Any, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from app.http import loading, prediction
from app.http.loading import Facts, Models
from app.http.prediction import Adjustment, Answer, Enrolled
from ser.serving import inputs
from ser.serving.predictions import Prediction
from ser.serving.windows import Window

Result = TypeVar("Result")

_models: dict[str, Any] = {}
_wanted: Any = None  # shared with the service: number of the work whose answer is still needed
_steps: Any = None  # likewise: number of steps of all work up to now


@dataclass(frozen=True)
class Ready:
    """A process that has loaded its models."""

    process_id: int
    models: list[Facts]
    trouble: str | None
    """Trace of the error of a model in its first prediction; a client who asks for the model gets this error."""


def begin(wanted: Any, steps: Any) -> None:
    """Prepare a new process: it leaves signals to the service, and ends with it."""
    global _wanted, _steps
    _wanted, _steps = wanted, steps
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    Thread(target=_end_with_the_service, daemon=True).start()


def _end_with_the_service() -> None:
    service = multiprocessing.parent_process()
    if service is not None:
        connection.wait([service.sentinel])
        os._exit(1)


def prepare(load: Callable[[], Models]) -> Ready:
    """Load the models, and predict once with each.

    Raises
    ------
    ValueError
        If a model cannot be loaded.
    """
    _models.update(load())
    threadpool_limits(1)  # there are as many processes as cores
    trouble = None
    try:
        loading.warm_up(_models)
    except BaseException:
        trouble = traceback.format_exc()
    return Ready(os.getpid(), [loading.facts(one) for one in _models.values()], trouble)


def predict(
    number: int, model: str, content: bytes, timeline: bool, adjustment: Adjustment, max_seconds: float
) -> Answer:
    """Prediction of the bytes of a recording, as long as the work of this number is needed.

    Raises
    ------
    InvalidAudio, Unadjustable
        If the recording, or the adjustment of the model, cannot be used.
    Abandoned
        If the service does not want the answer any more.
    RuntimeError
        If the model asks to end the process.
    """
    return _without_exit(
        lambda: prediction.predicted(
            _models[model],
            content,
            timeline=timeline,
            adjustment=adjustment,
            max_seconds=max_seconds,
            is_wanted=lambda: _goes_on(number),
        )
    )


def enrol(number: int, model: str, content: bytes, token: str, max_seconds: float) -> Enrolled:
    """Enrolment of the bytes of a recording, together with the recordings of `token`; errors as of `predict`."""
    return _without_exit(
        lambda: prediction.enrolled(
            _models[model],
            content,
            token=token,
            max_seconds=max_seconds,
            is_wanted=lambda: _goes_on(number),
        )
    )


def predict_live(
    number: int, model: str, samples: bytes, sample_rate: int, start: float, whole: bool, adjustment: Adjustment
) -> Prediction:
    """Prediction of a window of live sound, single-precision samples; or of a `whole` recording.

    Raises
    ------
    InvalidAudio, Unadjustable
        If the sound is too short, its features are not finite, or the model cannot be adjusted.
    RuntimeError
        If the model asks to end the process.
    """
    waveform = np.frombuffer(samples, np.float32)

    def predicted() -> Prediction:
        recognizer = prediction.adjusted(_models[model], adjustment)
        if whole:
            return recognizer.predict(inputs.of_waveform(waveform, sample_rate))
        return recognizer.timed(Window(start, waveform, sample_rate))

    return _without_exit(predicted)


def _goes_on(number: int) -> bool:
    """Count a step of the work of this number; False if its answer is not needed any more."""
    _steps.value += 1
    return bool(_wanted.value == number)


def _without_exit(work: Callable[[], Result]) -> Result:
    try:
        return work()
    except Exception:
        raise
    except BaseException as error:  # SystemExit would end the process that waits for the result
        raise RuntimeError(f"a model raised {type(error).__name__}") from error
