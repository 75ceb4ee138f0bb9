"""What there is at each address of the service."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from app.http import prediction, uploads
from app.http.access import Caller
from app.http.answers import FORM, STATUS, HealthAnswer, ModelsAnswer, RecordingAnswer, model_answer, problems
from app.http.limits import Full, Memory
from app.http.metrics import Metrics
from app.http.prediction import Answer
from app.http.settings import Settings
from app.http.work import Pool
from ser.audio.reading import InvalidAudio
from ser.serving.recognition import Recognizer

Models = Mapping[str, Recognizer]
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def _of_keys(chosen: Settings) -> tuple[int, ...]:
    return (401,) if chosen.keys else ()


def predicting(chosen: Settings, pool: Pool[Models], memory: Memory, metrics: Metrics, caller: Caller) -> APIRouter:
    router = APIRouter(dependencies=[Depends(caller)])
    names = list(chosen.models)

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
        model: Annotated[
            str, Query(description="Name of a model, of those of /v1/models.", json_schema_extra={"enum": names})
        ] = chosen.default_model,
        timeline: Annotated[bool, Query(description="Whether to predict windows, too, one a second.")] = False,
    ) -> Answer:
        """Send a recording as the field `file` of a form; see what is predicted of it."""
        if model not in chosen.models:
            raise HTTPException(422, f"there is no model {model[:64]!r}; choose one of {', '.join(names)}")
        with memory.lease() as take:
            content = await uploads.received(request, settings=chosen, take=take)
            request.state.facts["bytes"] = len(content)
            answer = await _answer(request, content, model, timeline, chosen, pool)
        request.state.facts |= {"model": model, "audio_seconds": answer["duration"], "emotion": answer["emotion"]}
        metrics.predicted(answer["emotion"], answer["duration"])
        return answer

    return router


async def _answer(
    request: Request, content: bytes, model: str, timeline: bool, chosen: Settings, pool: Pool[Models]
) -> Answer:
    """What a thread predicts, unless it takes too long or the client goes away; `HTTPException` where it cannot."""
    left = False

    def is_wanted() -> bool:
        return not left  # which the thread sees at the next piece of the recording

    def work(models: Models) -> Answer:
        return prediction.predicted(
            models[model], content, timeline=timeline, max_seconds=chosen.max_seconds, is_wanted=is_wanted
        )

    try:
        future = pool.submit(work)
        return await _first(future, request, timeout=chosen.work_seconds)
    except Full:
        raise uploads.busy(f"{chosen.queue} recordings wait already") from None
    except InvalidAudio as error:
        raise HTTPException(STATUS[error.kind], str(error)) from None
    except TimeoutError:
        raise uploads.busy(f"there was no answer within {chosen.work_seconds:g} s") from None
    finally:
        left = True


async def _first(future: Future[Answer], request: Request, *, timeout: float) -> Answer:
    """The result, unless the client goes away before it is there; `TimeoutError` if it is not there in time."""
    result = asyncio.wrap_future(future)
    leaving = asyncio.ensure_future(request.receive())  # after the body, only that the client has left can come
    try:
        waiting: set[asyncio.Future[Any]] = {result, leaving}
        done, _ = await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if result in done:
            return result.result()
        if leaving in done:
            raise HTTPException(uploads.GONE, "the client has closed the connection")
        raise TimeoutError
    finally:
        leaving.cancel()
        result.cancel()


def listing(chosen: Settings, models: Models, caller: Caller) -> APIRouter:
    router = APIRouter(dependencies=[Depends(caller)])
    answer = ModelsAnswer(
        models=[model_answer(one, default=name == chosen.default_model) for name, one in models.items()]
    )

    @router.get("/v1/models", summary="List the models", responses=problems(429, 500, *_of_keys(chosen)))
    async def listed() -> ModelsAnswer:
        """Names of the models, with what to know of each; read the warnings."""
        return answer

    return router


def watching(chosen: Settings, pool: Pool[Models], metrics: Metrics, caller: Caller) -> APIRouter:
    router = APIRouter()

    @router.get("/healthz", summary="Whether the service works", responses=problems(500, 503))
    async def health() -> HealthAnswer:
        """Needs no key."""
        if not pool.works(within=2 * chosen.work_seconds):  # twice: the thread itself sees to the deadline
            raise HTTPException(503, "no thread predicts any more; restart the service", {"Retry-After": "1"})
        return HealthAnswer(status="ok")

    @router.get(
        "/metrics",
        summary="Metrics for Prometheus",
        dependencies=[Depends(caller)],
        response_class=Response,
        responses=problems(500, *_of_keys(chosen))
        | {200: {"content": {PROMETHEUS: {"schema": {"type": "string"}}}, "description": "Prometheus's text format."}},
    )
    async def measured() -> Response:
        """Requests, latencies, the queue, and what was predicted."""
        return Response(metrics.text(), headers={"Content-Type": PROMETHEUS})

    return router
