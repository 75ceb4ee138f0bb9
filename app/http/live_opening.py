"""The opening of a live session: its first message, the client, and the reasons to refuse it."""

import math
from typing import Literal

from fastapi import WebSocket
from pydantic import BaseModel, ConfigDict, Field

from app.http import keys
from app.http.keys import Keyring
from app.http.limits import Rate, client_of
from app.http.prediction import Adjustment
from app.http.uploads import LONGEST_ENROLMENT
from ser.audio import sample_rates

OWN_CODES = 4000  # close codes of an application; plus the HTTP status of the same problem
LONGEST_START = 4096 + LONGEST_ENROLMENT  # characters
SECRET = ("key", "enrolment")  # fields that an address must not have, because logs would keep them


class Start(BaseModel):
    """First message of a session; the query of the address may have the same fields, except `SECRET`."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["start"] = "start"
    format: Literal["s16le", "webm"] = "s16le"
    rate: int = Field(16_000, ge=sample_rates.RATES[0], le=sample_rates.RATES[1])
    channels: int = Field(1, ge=1, le=8)
    model: str = ""
    key: str = ""
    enrolment: str = Field("", max_length=LONGEST_ENROLMENT)
    prior: str = ""
    unsure: float = Field(0.0, ge=0, le=1)

    @property
    def adjustment(self) -> Adjustment:
        """Adjustment of the model that the client has chosen."""
        return Adjustment(self.enrolment.strip(), self.prior, self.unsure)


class SessionRefused(Exception):
    """The session ends; the client gets the reason."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.code = OWN_CODES + status


class Access:
    """The client of a session, by the keys, limits and seconds of audio of all routes."""

    def __init__(self, known: Keyring, rate: Rate, audio: Rate) -> None:
        self._known, self._rate, self._audio = known, rate, audio

    def client(self, websocket: WebSocket, start: Start) -> tuple[str, dict[str, str]]:
        """Name of the client, and facts for the log; `SessionRefused` without a known key, or beyond a limit."""
        name = client_of(websocket.client.host) if websocket.client else "unknown"
        facts: dict[str, str] = {}
        if self._known.keys:
            headers = websocket.headers
            scheme, _, bearer = headers.get("authorization", "").partition(" ")
            given = start.key or (bearer if scheme.lower() == "bearer" else "") or headers.get("x-api-key", "")
            owner = keys.owner(given, self._known.keys)
            if owner is None:
                found = "an unknown API key" if given else "no API key"
                raise SessionRefused(
                    401, f"{found}; send yours as `key` of the first message, or in the header X-API-Key"
                )
            name, facts = owner, {"key": owner}
        if wait := self._rate.wait(name):
            raise SessionRefused(
                429, f"more than {self._rate.per_minute:g} requests in a minute; try again in {wait:.0f} s"
            )
        self.spend(name, 0.0)
        return name, facts

    def spend(self, client: str, seconds: float) -> None:
        """Count seconds of audio; `SessionRefused` if the client has none left."""
        if wait := self._audio.wait(client, cost=0.0):
            limit = f"{self._audio.per_minute:g} seconds of audio in a minute"
            raise SessionRefused(429, f"more than {limit}; try again in {math.ceil(wait)} s")
        self._audio.take(client, seconds)
