"""Routes of the service."""

import asyncio
import errno
from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from app.http import uploads
from app.http.access import Caller, repeated
from app.http.answers import (
    FORM,
    STATUS,
    EnrolmentAnswer,
    HealthAnswer,
    ModelsAnswer,
    RecordingAnswer,
    model_answer,
    problems,
)
from app.http.limits import Full, Memory, Rate
from app.http.loading import Facts
from app.http.metrics import Metrics
from app.http.prediction import Adjustment, Answer, Enrolled, Unadjustable
from app.http.settings import Settings
from app.http.workers import Crashed, Pool, Sent
from ser.audio.reading import InvalidAudio

Result = TypeVar("Result")

Prior = Annotated[str, Query(description="Share of emotions, such as neutral=0.6,sad=0.1; the others share the rest.")]
Unsure = Annotated[float, Query(ge=0, le=1, description="Confidence below which the emotion is `unsure`.")]
USED_UP = {errno.ENOSPC: "the disk for temporary files is full", errno.ENOMEM: "the memory of the service is used up"}
LOOK = 1.0  # seconds from one look at the progress of a prediction to the next
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def _of_keys(chosen: Settings) -> tuple[int, ...]:
    return (401,) if chosen.keys else ()


def predicting(
    chosen: Settings, pool: Pool, memory: Memory, metrics: Metrics, audio: Rate, caller: Caller
) -> APIRouter:
    """Router of `/v1/predict`; `audio` counts the seconds of each client."""
    router = APIRouter()
    named = _name_of(chosen)

    @router.post(
        "/v1/predict",
        summary="Predict the emotion of a recording",
        response_model=RecordingAnswer,
        response_model_exclude_unset=True,
        responses=problems(400, 408, 413, 415, 422, 429, 500, 503, *_of_keys(chosen)),
        openapi_extra=FORM,
    )
    async def predict(
        request: Request,
        client: Annotated[str, Depends(caller)],
        model: Annotated[str, named] = chosen.default_model,
        timeline: Annotated[bool, Query(description="True to predict also windows, one every second.")] = False,
        prior: Prior = "",
        unsure: Unsure = 0,
    ) -> Answer:
        """Send a recording in the field `file` of a form; the answer is its prediction."""
        _check_parameters(request, *uploads.IN_ADDRESS)
        _check_model(model, chosen)
        with memory.lease(client) as take:
            async with uploads.received(request, settings=chosen, take=take) as (content, token):
                request.state.facts["bytes"] = len(content)
                wanted = Adjustment(token, prior, unsure)
                most = chosen.max_seconds
                sent = pool.submit(client, model, content, timeline=timeline, max_seconds=most, adjustment=wanted)
                answer = await _answer(request, sent, chosen)
        audio.take(client, answer["duration"])
        request.state.facts |= {"model": model, "audio_seconds": answer["duration"], "emotion": answer["emotion"]}
        metrics.predicted(answer["emotion"], answer["duration"])
        return answer

    return router


def enrolling(chosen: Settings, pool: Pool, memory: Memory, audio: Rate, caller: Caller) -> APIRouter:
    """Router of `/v1/enrol`; `audio` counts the seconds of each client."""
    router = APIRouter()
    named = _name_of(chosen)

    @router.post(
        "/v1/enrol",
        summary="Enrol a recording of a speaker",
        response_model=EnrolmentAnswer,
        responses=problems(400, 408, 413, 415, 422, 429, 500, 503, *_of_keys(chosen)),
        openapi_extra=FORM,
    )
    async def enrol(
        request: Request,
        client: Annotated[str, Depends(caller)],
        model: Annotated[str, named] = chosen.default_model,
    ) -> Enrolled:
        """Send recordings of one speaker, one by one, each with the `enrolment` that the last answer had.

        Send the last `enrolment` with recordings of the same speaker to `/v1/predict`. It has the mean of the features,
        no sound; the service stores nothing.
        """
        _check_parameters(request, "model")
        _check_model(model, chosen)
        with memory.lease(client) as take:
            async with uploads.received(request, settings=chosen, take=take) as (content, token):
                request.state.facts["bytes"] = len(content)
                sent = pool.submit_enrolment(client, model, content, token=token, max_seconds=chosen.max_seconds)
                try:
                    answer = await _answer(request, sent, chosen)
                except HTTPException as refusal:
                    if isinstance(refusal.__cause__, Unadjustable):
                        audio.take(client, refusal.__cause__.duration)
                    raise
        audio.take(client, answer["duration"])
        request.state.facts |= {"model": model, "audio_seconds": answer["duration"]}
        return answer

    return router


def _name_of(chosen: Settings) -> Any:
    """Query parameter that names a model of the service."""
    return Query(description="Name of a model, as listed by /v1/models.", json_schema_extra={"enum": [*chosen.models]})


def _check_parameters(request: Request, *known: str) -> None:
    """Raise `HTTPException` if the address has another parameter, which may be a misspelt one, or one twice."""
    if others := set(request.query_params) - set(known):
        wanted = ", ".join(known)
        raise HTTPException(
            422, f"there is no parameter {min(others)[:64]!r}; wanted {wanted}; an enrolment is a field"
        )
    if twice := repeated(request.query_params):
        raise HTTPException(422, f"the parameter {twice} is given more than once; give it once")


def _check_model(model: str, chosen: Settings) -> None:
    """Raise `HTTPException` if the service has no such model."""
    if model not in chosen.models:
        raise HTTPException(422, f"there is no model {model[:64]!r}; choose one of {', '.join(chosen.models)}")


async def _answer(request: Request, sent: Sent[Result], chosen: Settings) -> Result:
    """Result of a process; raise `HTTPException` if it fails, makes no progress, or the client leaves."""
    try:
        return await _first(sent, request, timeout=chosen.work_seconds)
    except Full:
        raise uploads.busy(f"{chosen.queue} recordings wait already") from None
    except Crashed:
        raise HTTPException(500, "the prediction has crashed a process; do not send this recording again") from None
    except InvalidAudio as error:
        raise HTTPException(STATUS[error.kind], str(error)) from None
    except Unadjustable as error:
        raise HTTPException(422, str(error)) from error
    except TimeoutError:
        why = f"there was neither an answer nor progress within {chosen.work_seconds:g} s"
        raise uploads.busy(f"{why}: the service is busy, or cannot analyse this recording") from None
    except OSError as error:
        if error.errno not in USED_UP:
            raise
        raise uploads.busy(USED_UP[error.errno]) from None


async def _first(result: Sent[Result], request: Request, *, timeout: float) -> Result:
    """`result`; `HTTPException` if the client leaves first, `TimeoutError` after `timeout` seconds without a step."""
    now = asyncio.get_running_loop().time
    leaving = asyncio.ensure_future(request.receive())  # after the body, the only message is the end of the connection
    try:
        waiting: set[asyncio.Future[Any]] = {result, leaving}
        steps, since = result.n_steps, now()
        while now() - since < timeout:
            left = min(LOOK, since + timeout - now())
            done, _ = await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if result in done:
                return result.result()
            if leaving in done:
                raise HTTPException(uploads.GONE, "the client has closed the connection")
            if result.n_steps != steps:
                steps, since = result.n_steps, now()
        raise TimeoutError
    finally:
        leaving.cancel()
        result.cancel()


def listing(chosen: Settings, models: Sequence[Facts], caller: Caller) -> APIRouter:
    """Router of `/v1/models`."""
    router = APIRouter(dependencies=[Depends(caller)])
    answer = ModelsAnswer(models=[model_answer(one, default=one.name == chosen.default_model) for one in models])

    @router.get("/v1/models", summary="List the models", responses=problems(429, 500, *_of_keys(chosen)))
    async def listed() -> ModelsAnswer:
        """Names and facts of the models; read the warnings."""
        return answer

    return router


def watching(chosen: Settings, pool: Pool, metrics: Metrics, caller: Caller) -> APIRouter:
    """Router of `/healthz` and `/metrics`."""
    router = APIRouter()

    @router.get("/healthz", summary="Check that the service works", responses=problems(500, 503))
    async def health() -> HealthAnswer:
        """This route needs no key."""
        if not pool.works:
            raise HTTPException(503, "no process predicts now; the log has the reason", {"Retry-After": "1"})
        return HealthAnswer(status="ok")

    @router.get(
        "/metrics",
        summary="Metrics for Prometheus",
        dependencies=[Depends(caller)],
        response_class=Response,
        responses=problems(500, *_of_keys(chosen))
        | {200: {"content": {PROMETHEUS: {"schema": {"type": "string"}}}, "description": "Text format of Prometheus."}},
    )
    async def measured() -> Response:
        """Numbers of requests and predictions, latencies, and length of the queue."""
        return Response(metrics.text(), headers={"Content-Type": PROMETHEUS})

    return router
