"""Who asks, and whether not too often: what routes depend on."""

import math
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from app.http import keys
from app.http.keys import Keys
from app.http.limits import Rate

Caller = Callable[..., Any]
"""A dependency whose value is the name of who asks."""


def by_key(known: Keys) -> Caller:
    """Dependency: name of the client whose key a request has, else 401."""
    bearer = HTTPBearer(auto_error=False, description="An API key.")
    header = APIKeyHeader(name="X-API-Key", auto_error=False, description="An API key.")

    async def caller(
        request: Request,
        authorization: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
        key: Annotated[str | None, Depends(header)],
    ) -> str:
        given = authorization.credentials if authorization else key or ""
        name = keys.owner(given, known)
        if name is None:
            found = "an unknown API key" if given else "no API key"
            detail = f"{found}; send yours as `Authorization: Bearer KEY` or `X-API-Key: KEY`"
            raise HTTPException(401, detail, {"WWW-Authenticate": "Bearer"})
        request.state.facts["key"] = name
        return name

    return caller


async def by_address(request: Request) -> str:
    """Dependency: address of the client."""
    return request.client.host if request.client else "unknown"


def at_rate(known: Caller, rate: Rate) -> Caller:
    """Dependency: the same client, unless it asks too often: then 429."""

    async def caller(name: Annotated[str, Depends(known)]) -> str:
        if wait := rate.wait(name):
            seconds = math.ceil(wait)
            detail = f"more than {rate.per_minute:g} requests in a minute; try again in {seconds} s"
            raise HTTPException(429, detail, {"Retry-After": str(seconds)})
        return name

    return caller
