"""The service as an ASGI application: its routes, limits, metrics and error answers put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as AnyHTTPException

import ser
from app.http import access, documentation, live_page, routes, streaming
from app.http.keys import Keyring
from app.http.limits import Memory, Rate
from app.http.live_opening import Access
from app.http.metrics import Metrics
from app.http.middleware import BodyDrain, RequestLog
from app.http.origins import HostAndOriginCheck
from app.http.settings import Settings
from app.http.workers import Pool

HELD = 8  # uploads of the largest size that fit into memory together
PLAIN = {
    404: "nothing has this address; /docs lists all addresses, and /live is a page for a microphone",
    405: "this address does not take this method; /docs lists the methods",
}
DESCRIPTION = (
    "Predicts the emotion of recorded speech. The [live page](/live) takes the sound of a microphone. All errors have"
    ' the same form: `{"detail": "…"}`. Any request gets status 421 if it names an unknown host, and 403 if a page of'
    " another site sends it."
)


def application(chosen: Settings, pool: Pool, known: Keyring) -> FastAPI:
    """The service; `pool` has been started, and `known` are the keys, if there are any."""
    memory, rate, audio = Memory(HELD * chosen.max_bytes), Rate(chosen.rate), Rate(chosen.audio_rate)
    metrics = Metrics(depth=lambda: pool.depth, held=lambda: memory.held)

    @asynccontextmanager
    async def working(_: FastAPI) -> AsyncIterator[None]:
        async with pool.working():
            yield

    app = FastAPI(
        title="Speech emotion recognition",
        version=ser.__version__,
        description=DESCRIPTION,
        lifespan=working,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        openapi_url=documentation.OPENAPI,
        swagger_ui_oauth2_redirect_url=None,
    )
    documentation.add_page(app)
    live_page.add_page(app)
    app.add_middleware(HostAndOriginCheck, hosts=chosen.hosts)
    app.add_middleware(BodyDrain)
    app.add_middleware(RequestLog, observe=metrics.observe)
    app.add_exception_handler(AnyHTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    client = access.by_key(known) if known.keys else access.by_address
    limited = access.at_rate(client, rate)
    budget = access.in_budget(limited, audio)
    app.include_router(routes.predicting(chosen, pool, memory, metrics, audio, budget))
    app.include_router(routes.enrolling(chosen, pool, memory, audio, budget))
    app.include_router(streaming.router(chosen, pool, metrics, Access(known, rate, audio)))
    app.include_router(routes.listing(chosen, pool.models, limited))
    app.include_router(routes.watching(chosen, pool, metrics, client))
    return app


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, AnyHTTPException)
    detail = error.detail if isinstance(error, HTTPException) else PLAIN.get(error.status_code, error.detail)
    return JSONResponse({"detail": detail}, error.status_code, error.headers)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    detail = f"the parameter {first['loc'][-1]} is {str(first.get('input'))[:64]!r}; {first['msg'].lower()}"
    return JSONResponse({"detail": detail}, 422)
