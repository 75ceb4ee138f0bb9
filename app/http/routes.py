"""Routes of the service."""

import asyncio
from concurrent.futures import Future
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from app.http import prediction, uploads
from app.http.access import Caller
from app.http.answers import FORM, STATUS, HealthAnswer, ModelsAnswer, RecordingAnswer, model_answer, problems
from app.http.limits import Full, Memory
from app.http.loading import Models
from app.http.metrics import Metrics
from app.http.prediction import Answer
from app.http.settings import Settings
from app.http.work import Pool
from ser.audio.reading import InvalidAudio

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def _of_keys(chosen: Settings) -> tuple[int, ...]:
    return (401,) if chosen.keys else ()


def predicting(chosen: Settings, pool: Pool[Models], memory: Memory, metrics: Metrics, caller: Caller) -> APIRouter:
    """Router of `/v1/predict`."""
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
            str, Query(description="Name of a model, as listed by /v1/models.", json_schema_extra={"enum": names})
        ] = chosen.default_model,
        timeline: Annotated[bool, Query(description="True to predict also windows, one every second.")] = False,
    ) -> Answer:
        """Send a recording in the field `file` of a form; the answer is its prediction."""
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
    """Prediction by a thread; raise `HTTPException` if it fails, takes too long, or the client leaves."""
    left = False

    def is_wanted() -> bool:
        return not left  # the thread asks before each piece of the recording

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
    """Result of `future`; raise `HTTPException` if the client leaves first, `TimeoutError` after `timeout` seconds."""
    result = asyncio.wrap_future(future)
    leaving = asyncio.ensure_future(request.receive())  # after the body, the only message is the end of the connection
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
    """Router of `/v1/models`."""
    router = APIRouter(dependencies=[Depends(caller)])
    answer = ModelsAnswer(
        models=[model_answer(one, default=name == chosen.default_model) for name, one in models.items()]
    )

    @router.get("/v1/models", summary="List the models", responses=problems(429, 500, *_of_keys(chosen)))
    async def listed() -> ModelsAnswer:
        """Names and facts of the models; read the warnings."""
        return answer

    return router


def watching(chosen: Settings, pool: Pool[Models], metrics: Metrics, caller: Caller) -> APIRouter:
    """Router of `/healthz` and `/metrics`."""
    router = APIRouter()

    @router.get("/healthz", summary="Check that the service works", responses=problems(500, 503))
    async def health() -> HealthAnswer:
        """This route needs no key."""
        if not pool.works(within=2 * chosen.work_seconds):  # twice the time after which a thread should have stopped
            raise HTTPException(503, "no thread predicts any more; restart the service", {"Retry-After": "1"})
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
