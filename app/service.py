"""The HTTP service: a recording in, an emotion out.

Run as: python -m app.service; `app.http.settings.Settings` says which environment variables it heeds.
"""

import asyncio
import logging
import math
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as AnyHTTPException

from app.http import access, logs, routes, settings
from app.http.connections import ImpatientProtocol
from app.http.limits import Memory, Rate
from app.http.metrics import Metrics
from app.http.middleware import Drained, Observed
from app.http.routes import Models
from app.http.settings import Settings
from app.http.work import Pool
from ser.serving import inputs, recognition
from ser.serving.recognition import Recognizer

HELD = 8  # uploads of the largest size that are in memory at once
CLOSING_SECONDS = 5.0  # for threads to end, once all requests have
PLAIN = {
    404: "there is nothing at this address; /docs says what there is",
    405: "this address wants another method; /docs says which",
}
DESCRIPTION = 'Which emotion there is in a recording of speech. Errors have one shape: `{"detail": "…"}`.'

log = logging.getLogger("app.service")  # by its own name it is not below "app" when run


def application(chosen: Settings, models: Sequence[Models]) -> FastAPI:
    """The service as an ASGI application; `models` has one set of models for each thread that predicts."""
    pool = Pool(models, size=chosen.queue, prepare=_warm)
    memory, rate = Memory(HELD * chosen.max_bytes), Rate(chosen.rate)
    metrics = Metrics(depth=lambda: pool.depth, held=lambda: memory.held)

    @asynccontextmanager
    async def working(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(pool.start)
        yield
        await asyncio.to_thread(pool.close, timeout=CLOSING_SECONDS)

    app = FastAPI(
        title="Speech emotion recognition",
        version=version("ser"),
        description=DESCRIPTION,
        lifespan=working,
        redirect_slashes=False,
    )
    app.add_middleware(Drained)
    app.add_middleware(Observed, observe=metrics.observe)
    app.add_exception_handler(AnyHTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    known = access.by_key(chosen.keys) if chosen.keys else access.by_address
    limited = access.at_rate(known, rate)
    app.include_router(routes.predicting(chosen, pool, memory, metrics, limited))
    app.include_router(routes.listing(chosen, models[0], limited))
    app.include_router(routes.watching(chosen, pool, metrics, known))
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


def loaded(chosen: Settings) -> list[dict[str, Recognizer]]:
    """All models, once for each thread.

    Raises
    ------
    ValueError
        If a model cannot be loaded.
    """
    return [{name: _loaded(name, folder) for name, folder in chosen.models.items()} for _ in range(chosen.threads)]


def _loaded(name: str, folder: Path) -> Recognizer:
    try:
        return replace(recognition.load(folder), name=name)  # by its folder, warnings would tell clients where it lies
    except ValueError as error:
        raise ValueError(f"SER_MODELS has {name}: {error}") from None


def _warm(models: Models) -> None:
    """Predict once, for what is slow the first time, of which some is a thread's own."""
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    for recognizer in models.values():
        recognizer.predict(inputs.of_waveform(noise, 16_000))
        recognizer.probabilities(noise, 16_000)  # as there is no speech


def server(chosen: Settings, models: Sequence[Models]) -> uvicorn.Server:
    """The service, to be run on a socket that listens."""
    config = uvicorn.Config(
        application(chosen, models),
        http=ImpatientProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=chosen.forwarded_from is not None,
        forwarded_allow_ips=chosen.forwarded_from,
        timeout_graceful_shutdown=math.ceil(chosen.work_seconds),
    )
    return uvicorn.Server(config)


def main() -> None:
    """Serve until told to stop; bad settings end it with a message and exit status 1."""
    logs.configure()
    try:
        chosen = settings.read(os.environ)
        at = listener(chosen)
        models = loaded(chosen)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
    with at:
        _serve(chosen, models, at)


def listener(chosen: Settings) -> socket.socket:
    """A socket that listens; `OSError` if the address cannot be had."""
    family = socket.AF_INET6 if ":" in chosen.host else socket.AF_INET
    try:
        return socket.create_server((chosen.host, chosen.port), family=family)
    except OSError as error:
        reason = error.strerror or error
        raise OSError(
            f"cannot listen at {chosen.host}, port {chosen.port} ({reason}); set SER_HOST or SER_PORT"
        ) from None


def _serve(chosen: Settings, models: Sequence[Models], at: socket.socket) -> None:
    for one in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises it again when all is done, which would end in failure
        signal.signal(one, lambda *_: None)
    host, port = at.getsockname()[:2]
    facts = {"host": host, "port": port, "models": list(chosen.models), "threads": chosen.threads}
    log.info("serving", extra={"facts": facts})
    if not chosen.keys:
        whom = "this machine only" if chosen.is_local else "everybody, since SER_OPEN is 1"
        log.warning("there are no API keys: serving %s", whom)
    for name, recognizer in models[0].items():
        for warning in recognizer.warnings:
            log.warning(warning, extra={"facts": {"model": name}})
    with suppress(KeyboardInterrupt):
        server(chosen, models).run([at])
    log.info("stopped")


if __name__ == "__main__":
    main()
