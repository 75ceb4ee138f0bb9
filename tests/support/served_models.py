"""Models that fail in all ways, for processes of the service, which import no more than this module needs."""

import errno
import os
import signal
import time
from dataclasses import replace
from typing import Any

from app.http import loading
from ser.audio.reading import InvalidAudio, Kind
from tests.support.paths import EMBEDDED


class Broken:
    """Recognizer that raises `SystemExit`."""

    labels = ("happy",)
    description: dict[str, Any] = {}  # noqa: RUF012
    window, warnings, name, note = 3.0, (), "broken", ""

    def predict(self, recording: Any) -> Any:  # noqa: ARG002
        """Do what the model does."""
        raise SystemExit("/secret/path")

    def probabilities(self, *_: object) -> None:
        """Nothing, while the models are warmed up."""


class Refusing(Broken):
    """Recognizer for which no recording is valid."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def predict(self, recording: Any) -> Any:  # noqa: ARG002
        """Raise `InvalidAudio`."""
        raise InvalidAudio(self._kind, "found", "wanted")


class Full(Broken):
    """Recognizer whose temporary files fill the disk."""

    def predict(self, recording: Any) -> Any:  # noqa: ARG002
        """Fail as a write does."""
        raise OSError(errno.ENOSPC, "No space left on device", "/secret/path")


class OutOfMemory(Broken):
    """Recognizer that needs more memory than there is."""

    def predict(self, recording: Any) -> Any:
        """Fail as FFmpeg does when it is killed, unless it is being warmed up."""
        if recording.duration != 1:
            raise OSError(errno.ENOMEM, "Cannot allocate memory: FFmpeg was killed")


class Crashing(Broken):
    """Recognizer whose native code crashes."""

    def predict(self, recording: Any) -> Any:
        """End the process by a signal, unless it is being warmed up."""
        if recording.duration != 1:
            os.kill(os.getpid(), signal.SIGSEGV)


class Hanging(Broken):
    """Recognizer that never answers."""

    def predict(self, recording: Any) -> Any:
        """Wait, unless it is being warmed up."""
        while recording.duration != 1:
            time.sleep(0.1)


class Slow(Broken):
    """Recognizer that takes 50 ms for each 3 s of sound."""

    def predict(self, recording: Any) -> Any:
        """Wait for each part, unless it is being warmed up."""
        for _ in recording.windows(duration=3.0, hop=3.0):
            time.sleep(0.05 if recording.duration != 1 else 0)
        return {"emotion": "happy", "confidence": 1.0, "probabilities": {"happy": 1.0}, "duration": recording.duration}


def failing() -> dict[str, Any]:
    """A built-in model, and one of each kind; the last one fails while it is warmed up."""
    embedded = loading.loaded({"ravdess": EMBEDDED})
    return {
        **embedded,
        "crashing": Crashing(),
        "hanging": Hanging(),
        "slow": Slow(),
        "out_of_memory": OutOfMemory(),
        "broken": Broken(),
        "full": Full(),
    }


def refusing() -> dict[str, Any]:
    """A model for each reason why a recording cannot be used."""
    return {str(kind): Refusing(kind) for kind in Kind}


def synthetic() -> dict[str, Any]:
    """A built-in model, as if it had been trained on synthetic speech."""
    (model,) = loading.loaded({"mine": EMBEDDED}).values()
    return {"mine": replace(model, description={"corpora": ["demo"]})}
