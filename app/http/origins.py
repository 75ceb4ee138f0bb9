"""Requests that a page of another site sends through the browser of somebody who can reach the service."""

import ipaddress
import re
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?")


class HostAndOriginCheck:
    """Refuses requests to a foreign host name, and requests from pages of other sites.

    A site can let its own name stand for the address of this service ("DNS rebinding"), and its pages then read the
    answers. It cannot do so with an address in digits or with a name without a dot, so these need not be listed.
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str]) -> None:
        """Serve requests to `hosts`, to addresses in digits, and to names without a dot."""
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] in ("http", "websocket") and (problem := self._problem(Headers(scope=scope))):
            status, detail = problem
            await JSONResponse({"detail": detail}, status)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _problem(self, headers: Headers) -> tuple[int, str] | None:
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) > 1 or not all(self._is_own(host) for host in hosts):
            found = ", ".join(hosts)[:100]
            return 421, f"the host is {found!r}; if that is this service, list the name in SER_HOSTS"
        if not all(self._is_page_of(origin, hosts) for origin in origins):
            found = ", ".join(origins)[:100]
            return 403, f"a page of {found!r} sent the request; if that is this service, list its host in SER_HOSTS"
        return None

    def _is_own(self, host: str) -> bool:
        found = HOST.fullmatch(host)
        name = found[1].lower() if found else "."
        return name in self._hosts or "." not in name or _is_address(name)

    def _is_page_of(self, origin: str, hosts: list[str]) -> bool:
        page = origin.lower().removeprefix("http://").removeprefix("https://")
        found = HOST.fullmatch(page)
        return [page] == [host.lower() for host in hosts] or (found is not None and found[1] in self._hosts)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
