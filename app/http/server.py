"""The running service: its socket, its server, and its end on a signal."""

import logging
import math
import os
import resource
import signal
import socket
from collections.abc import Mapping
from contextlib import suppress

import uvicorn

from app.http import connections, settings
from app.http.application import application
from app.http.keys import Keyring
from app.http.settings import Settings
from app.http.workers import Pool

BACKLOG = 32  # asyncio accepts as many connections at once, before any of them is counted
MESSAGE = 2**20  # bytes of a message of live sound; 5 s in stereo at 48 kHz
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


def server(chosen: Settings, pool: Pool, known: Keyring | None = None) -> uvicorn.Server:
    """The server, to be run on a listening socket."""
    most = most_connections(chosen.connections)
    of_address = most if chosen.forwarded_from else most // 2  # all clients of a proxy have its address
    config = uvicorn.Config(
        application(chosen, pool, known or Keyring(chosen.keys)),
        http=connections.limited(most, of_address=of_address),
        backlog=BACKLOG,
        ws=connections.WebSocket,
        ws_max_size=MESSAGE,
        ws_ping_interval=None,  # its answers are not read while a client waits; SER_STALL_SECONDS ends a dead one
        ws_per_message_deflate=False,  # a small message could become a large one
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
    """`wanted`, or fewer if the limit of open files does not allow that many; it is raised as far as possible.

    Examples
    --------
    >>> most_connections(2)
    2
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        if soft < needed:
            log.warning("the limit of open files is %d: at most %d connections", soft, max(2, soft - OTHER_FILES))
            return max(2, soft - OTHER_FILES)
    return wanted


def read_again(known: Keyring, environment: Mapping[str, str]) -> None:
    """Replace the keys by those that the files have now; on an error, keep them.

    Examples
    --------
    >>> known = Keyring((("anna", "0" * 64),))
    >>> read_again(known, {"SER_API_KEYS": "ben:" + "1" * 64})
    >>> [name for name, _ in known.keys]
    ['ben']
    """
    try:
        if not known.keys:
            raise ValueError("the service was started without keys; restart it")
        known.keys = settings.read(environment).keys
    except ValueError as error:
        log.error("the keys have not changed: %s", error)
    else:
        log.info("keys read again", extra={"facts": {"keys": len(known.keys)}})


def serve(chosen: Settings, pool: Pool, at: socket.socket) -> None:
    """Serve on the socket `at` until SIGTERM or SIGINT; running requests are finished first. SIGHUP reads the keys."""
    for one in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises it again at its end, which would be a failure
        signal.signal(one, lambda *_: None)
    known = Keyring(chosen.keys)
    signal.signal(signal.SIGHUP, lambda *_: read_again(known, os.environ))
    host, port = at.getsockname()[:2]
    facts = {"host": host, "port": port, "models": list(chosen.models), "workers": chosen.workers}
    log.info("serving", extra={"facts": facts})
    if not chosen.keys:
        whom = "this machine only" if chosen.is_local else "everybody, since SER_OPEN is 1"
        log.warning("there are no API keys: serving %s", whom)
    for model in pool.models:
        for warning in model.warnings:
            log.warning(warning, extra={"facts": {"model": model.name}})
    with suppress(KeyboardInterrupt):
        server(chosen, pool, known).run([at])
    log.info("stopped")
