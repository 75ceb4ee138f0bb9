"""The running service: its socket, its server, and its end on a signal."""

import logging
import math
import signal
import socket
from collections.abc import Sequence
from contextlib import suppress

import uvicorn

from app.http.application import application
from app.http.connections import ImpatientProtocol
from app.http.loading import Models
from app.http.settings import Settings

log = logging.getLogger(__name__)


def listener(chosen: Settings) -> socket.socket:
    """A listening socket.

    Raises
    ------
    OSError
        If the address is not available.
    """
    family = socket.AF_INET6 if ":" in chosen.host else socket.AF_INET
    try:
        return socket.create_server((chosen.host, chosen.port), family=family)
    except OSError as error:
        reason = error.strerror or error
        raise OSError(
            f"cannot listen at {chosen.host}, port {chosen.port} ({reason}); set SER_HOST or SER_PORT"
        ) from None


def server(chosen: Settings, models: Sequence[Models]) -> uvicorn.Server:
    """The server, to be run on a listening socket."""
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


def serve(chosen: Settings, models: Sequence[Models], at: socket.socket) -> None:
    """Serve on the socket `at` until SIGTERM or SIGINT; running requests are finished first."""
    for one in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises it again at its end, which would be a failure
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
