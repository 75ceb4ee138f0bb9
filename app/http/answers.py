"""Answers of the service, as its documentation shows them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.http.loading import Facts
from ser.audio.reading import Kind

EXAMPLE: dict[str, Any] = {
    "emotion": "happy",
    "confidence": 0.72,
    "probabilities": {"happy": 0.72, "sad": 0.28},
    "duration": 2.41,
}


class PredictionAnswer(BaseModel):
    """Prediction of a recording, or of a part of it."""

    emotion: str = Field(description="The most probable label, `no speech`, or `unsure` below the chosen confidence.")
    confidence: float = Field(ge=0, le=1, description="Highest probability, or that of `no speech`.")
    probabilities: dict[str, float] = Field(description="Probability of each label; empty for `no speech`.")
    duration: float = Field(ge=0, description="Seconds.")
    protocol: str = Field(default="", description="States the enrolled recordings; only with an enrolment.")
    notes: list[str] = Field(
        default=[], description="Remarks, if any, such as an offset that was removed, or too little speech."
    )


class TimedAnswer(PredictionAnswer):
    """Prediction of a part of a recording."""

    start: float = Field(ge=0, description="Seconds from the recording's start.")
    end: float = Field(ge=0, description="Seconds from the recording's start.")


class RecordingAnswer(PredictionAnswer):
    """Prediction of a recording."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    timeline: list[TimedAnswer] = Field(default=[], description="Windows, one every second; only with `timeline=true`.")


class EnrolmentAnswer(BaseModel):
    """Enrolment of recordings of one speaker, which the client keeps: the service stores nothing."""

    enrolment: str = Field(description="Value of the field `enrolment` of the next requests.")
    n_recordings: int = Field(ge=1, description="Recordings up to now.")
    n_utterances: int = Field(ge=1, description="Recordings up to 10 s, and windows with speech of longer ones.")
    duration: float = Field(ge=0, description="Seconds of the last recording.")


class ModelAnswer(BaseModel):
    """A model of the service."""

    name: str = Field(description="Value of the parameter `model`.")
    default: bool = Field(description="True for the model of requests without the parameter.")
    labels: list[str] = Field(description="Emotions that the model distinguishes.")
    network: str | None = Field(description="Kind of model.")
    corpora: list[str] = Field(description="Corpora of the training.")
    n_speakers: int | None = Field(description="Number of speakers in the training.")
    window: float = Field(description="Seconds of a window.")
    warnings: list[str] = Field(description="Warnings about the predictions.")
    note: str = Field(description="Figures of the model on speech of other kinds; empty if none are known.")


class ModelsAnswer(BaseModel):
    """All models of the service."""

    models: list[ModelAnswer]


class HealthAnswer(BaseModel):
    """The service runs and predicts."""

    status: str = Field(examples=["ok"])


class Problem(BaseModel):
    """Reason why a request was not served."""

    detail: str = Field(description="A sentence with the reason and the remedy.")


def model_answer(model: Facts, *, default: bool) -> ModelAnswer:
    """Facts of a model, as an answer.

    Examples
    --------
    >>> one = Facts("ravdess", ["calm", "sad"], "mlp", ["ravdess"], n_speakers=24, window=3.0, warnings=[], note="")
    >>> model_answer(one, default=True).default
    True
    """
    return ModelAnswer(**asdict(model), default=default)


STATUS: Mapping[Kind, int] = {
    **dict.fromkeys(Kind, 422),
    Kind.TOO_LONG: 413,
}
"""HTTP status of a recording that cannot be used."""

WHY = {
    400: "The body is not a valid form.",
    401: "The key is missing or unknown.",
    405: "The address does not take this method.",
    408: "The request arrived too slowly.",
    413: "The recording has too many bytes or seconds.",
    415: "The Content-Type is not that of a form.",
    422: "The form does not contain one recording, the recording cannot be used, or a parameter is wrong.",
    429: "The client has sent too many requests in a minute.",
    500: "The service has failed.",
    503: "The service is too busy, or took too long.",
}
RETRY = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}}
HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"description": "Scheme of the key.", "schema": {"type": "string"}}},
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
                            "description": "WAV, FLAC, Ogg, MP3, AIFF, AU, CAF or W64, recognised by content, or where"
                            " FFmpeg is installed, M4A, WebM, MP4, AMR or WMA. The field may also be named `audio`.",
                        },
                        "enrolment": {
                            "type": "string",
                            "description": "Answer of /v1/enrol on other recordings of the same speaker and model.",
                        },
                    },
                }
            }
        },
    }
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Documentation of the errors of a route.

    Examples
    --------
    >>> {status: problem["description"] for status, problem in problems(401, 400).items()}
    {400: 'The body is not a valid form.', 401: 'The key is missing or unknown.'}
    """
    return {
        status: {"model": Problem, "description": WHY[status], "headers": HEADERS.get(status, {})}
        for status in sorted(statuses)
    }
