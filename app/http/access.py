"""Access to the routes: the client of a request, and its rate, as dependencies of FastAPI."""

import math
from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.datastructures import QueryParams
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from app.http import keys
from app.http.keys import Keyring
from app.http.limits import Rate, client_of

Caller = Callable[..., Any]
"""Dependency whose value is the name of the client."""


def by_key(known: Keyring) -> Caller:
    """Dependency: name of the client to whom the key of the request belongs; status 401 without a known key."""
    bearer = HTTPBearer(auto_error=False, description="An API key.")
    header = APIKeyHeader(name="X-API-Key", auto_error=False, description="An API key.")

    async def caller(
        request: Request,
        authorization: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
        key: Annotated[str | None, Depends(header)],
    ) -> str:
        given = authorization.credentials if authorization else key or ""
        name = keys.owner(given, known.keys)
        if name is None:
            found = "an unknown API key" if given else "no API key"
            detail = f"{found}; send yours as `Authorization: Bearer KEY` or `X-API-Key: KEY`"
            raise HTTPException(401, detail, {"WWW-Authenticate": "Bearer"})
        request.state.facts["key"] = name
        return name

    return caller


def repeated(query: QueryParams) -> str:
    """Name of a parameter that an address has more than once, of which the last would count; empty without one.

    Examples
    --------
    >>> repeated(QueryParams("rate=8000&model=general&rate=16000")), repeated(QueryParams("rate=8000"))
    ('rate', '')
    """
    numbers = Counter(name for name, _ in query.multi_items())
    return next((name for name, number in numbers.items() if number > 1), "")


async def by_address(request: Request) -> str:
    """Dependency: address of the client, or the network of an IPv6 address."""
    return client_of(request.client.host) if request.client else "unknown"


def at_rate(known: Caller, rate: Rate) -> Caller:
    """Dependency: the client that `known` names; status 429 if it sends too many requests."""

    async def caller(name: Annotated[str, Depends(known)]) -> str:
        if wait := rate.wait(name):
            raise _too_many(f"{rate.per_minute:g} requests", wait)
        return name

    return caller


def in_budget(known: Caller, audio: Rate) -> Caller:
    """Dependency: the client that `known` names; status 429 if it has sent too many seconds of audio."""

    async def caller(name: Annotated[str, Depends(known)]) -> str:
        if wait := audio.wait(name, cost=0.0):
            raise _too_many(f"{audio.per_minute:g} seconds of audio", wait)
        return name

    return caller


def _too_many(what: str, wait: float) -> HTTPException:
    seconds = math.ceil(wait)
    return HTTPException(429, f"more than {what} in a minute; try again in {seconds} s", {"Retry-After": str(seconds)})
