"""The service's answers, as its documentation shows them."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ser.audio.reading import Kind
from ser.serving.recognition import Recognizer

EXAMPLE: dict[str, Any] = {
    "emotion": "happy",
    "confidence": 0.72,
    "probabilities": {"happy": 0.72, "sad": 0.28},
    "duration": 2.41,
}


class PredictionAnswer(BaseModel):
    """What is predicted of a recording, or of a part of it."""

    emotion: str = Field(description="The most probable label, or `no speech`.")
    confidence: float = Field(ge=0, le=1, description="Its probability; of `no speech`, how sure it is of that.")
    probabilities: dict[str, float] = Field(description="Of each label; none where there is no speech.")
    duration: float = Field(ge=0, description="Seconds.")


class TimedAnswer(PredictionAnswer):
    """What is predicted of a part of a recording."""

    start: float = Field(ge=0, description="Seconds from the recording's start.")
    end: float = Field(ge=0, description="Seconds from the recording's start.")


class RecordingAnswer(PredictionAnswer):
    """What is predicted of a recording."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    timeline: list[TimedAnswer] = Field(default=[], description="Of windows, one a second; only with `timeline=true`.")


class ModelAnswer(BaseModel):
    """A model that can be asked for."""

    name: str = Field(description="For the parameter `model`.")
    default: bool = Field(description="Whether it is taken where none is named.")
    labels: list[str] = Field(description="Emotions that it tells apart.")
    network: str | None = Field(description="Kind of model.")
    corpora: list[str] = Field(description="What it was trained on.")
    n_speakers: int | None = Field(description="How many voices it was trained on.")
    window: float = Field(description="Seconds that it hears at a time.")
    warnings: list[str] = Field(description="What to know before believing it.")


class ModelsAnswer(BaseModel):
    """All models of the service."""

    models: list[ModelAnswer]


class HealthAnswer(BaseModel):
    """The service is up, and predicts."""

    status: str = Field(examples=["ok"])


class Problem(BaseModel):
    """Why a request was not served."""

    detail: str = Field(description="In words: what was found, what was wanted, and what to do.")


def model_answer(recognizer: Recognizer, *, default: bool) -> ModelAnswer:
    """The facts of a model's description that who asks for predictions should know."""
    description = recognizer.description
    speakers = description.get("speakers")
    return ModelAnswer(
        name=recognizer.name,
        default=default,
        labels=recognizer.labels,
        network=(description.get("model") or {}).get("name") or ("ensemble" if "members" in description else None),
        corpora=description.get("corpora") or [],
        n_speakers=None if speakers is None else len(speakers),
        window=recognizer.window,
        warnings=recognizer.warnings,
    )


STATUS: Mapping[Kind, int] = {
    **dict.fromkeys(Kind, 422),
    Kind.TOO_LONG: 413,
}
"""HTTP status of a recording that cannot be used."""

WHY = {
    400: "The body is not the form that it says it is.",
    401: "There is no key, or none that is known.",
    405: "Another method is wanted.",
    408: "The request came too slowly.",
    413: "The recording has too many bytes or seconds.",
    415: "The body is no form.",
    422: "There is not one recording in the form, it is not usable, or a parameter is wrong.",
    429: "Too many requests of this client in a minute.",
    500: "The service has failed.",
    503: "The service has too much to do, or took too long.",
}
RETRY = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}}
HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"description": "How to say who you are.", "schema": {"type": "string"}}},
    429: RETRY,
    503: RETRY,
}
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "WAV, FLAC, Ogg, MP3, AIFF, AU, CAF or W64, told by content. The field may"
                            " also be called `audio`.",
                        }
                    },
                }
            }
        },
    }
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Documentation of the errors that a route can answer with."""
    return {
        status: {"model": Problem, "description": WHY[status], "headers": HEADERS.get(status, {})}
        for status in sorted(statuses)
    }
