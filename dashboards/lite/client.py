"""Asks the platform's interface for one reader, inside the process.

What this is: one request of a browser turned into requests to ``/api/v1`` of the same application, with the
browser's own cookies. What it is not: a session; it keeps nothing between two pages. The one idea: what the
interface refuses this page cannot show.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
from starlette.requests import Request

API: Final = "/api/v1"
INTENT: Final = {"X-Anban": "1", "Accept": "application/json"}
"""Shows that no foreign page sent this: the page's form did, which has proved itself (``forms``)."""
_CARRIED: Final = ("cookie", "user-agent")


class RefusedError(Exception):
    """The interface said no. ``code`` is its stable word; ``current`` the incident as it is, with a 409."""

    def __init__(self, status: int, code: str, current: Mapping[str, Any] | None) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.current = current


@dataclass(frozen=True, slots=True)
class Api:
    """The interface as this reader has it."""

    http: httpx.AsyncClient

    async def read(self, path: str) -> dict[str, Any]:
        """What stands at ``path``. Raises ``RefusedError``."""
        return _answer(await self.http.get(API + path))

    async def send(self, path: str, body: Mapping[str, Any], key: str = "") -> httpx.Response:
        """Give a command, done once for one ``key``. Raises ``RefusedError``."""
        headers = {"Idempotency-Key": key} if key else {}
        response = await self.http.post(API + path, json=dict(body), headers=headers)
        _answer(response)
        return response

    async def leave(self) -> httpx.Response:
        """Sign out."""
        return await self.http.delete(f"{API}/session")


@asynccontextmanager
async def asking(request: Request) -> AsyncIterator[Api]:
    """The interface of the application that ``request`` came to."""
    client = (request.client.host, request.client.port) if request.client else ("127.0.0.1", 0)
    carried = {name: request.headers[name] for name in _CARRIED if name in request.headers}
    transport = httpx.ASGITransport(request.app, client=client)
    async with httpx.AsyncClient(
        transport=transport, base_url=str(request.base_url), headers=INTENT | carried
    ) as http:
        yield Api(http)


def _answer(response: httpx.Response) -> dict[str, Any]:
    said: dict[str, Any] = response.json() if response.content else {}
    if response.is_error:
        raise RefusedError(response.status_code, said.get("code", ""), said.get("current"))
    return said
