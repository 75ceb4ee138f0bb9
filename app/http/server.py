"""The running service: its socket, its server, and its end on a signal."""

import logging
import math
import resource
import signal
import socket
from collections.abc import Sequence
from contextlib import suppress

import uvicorn

from app.http import connections
from app.http.application import application
from app.http.loading import Models
from app.http.settings import Settings

BACKLOG = 32  # asyncio accepts as many connections at once, before any of them is counted
OTHER_FILES = 96  # descriptors that are no connections: of libraries, of pipes, and of those being accepted
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
        return socket.create_server((chosen.host, chosen.port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = error.strerror or error
        raise OSError(
            f"cannot listen at {chosen.host}, port {chosen.port} ({reason}); set SER_HOST or SER_PORT"
        ) from None


def server(chosen: Settings, models: Sequence[Models]) -> uvicorn.Server:
    """The server, to be run on a listening socket."""
    most = most_connections(chosen.connections)
    of_address = most if chosen.forwarded_from else most // 2  # all clients of a proxy have its address
    config = uvicorn.Config(
        application(chosen, models),
        http=connections.limited(most, of_address=of_address),
        backlog=BACKLOG,
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


def most_connections(wanted: int) -> int:
    """`wanted`, or fewer if the limit of open files does not allow that many; it is raised as far as possible."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        if soft < needed:
            log.warning("the limit of open files is %d: at most %d connections", soft, max(2, soft - OTHER_FILES))
            return max(2, soft - OTHER_FILES)
    return wanted


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
