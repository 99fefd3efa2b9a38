"""A person at the console, without a browser: signs in and follows the live stream over the public API.

What this is: the same requests the operator's screen makes. The one idea: what is measured here is what a
screen gets, at the moment it gets it.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import httpx

API: Final = "/api/v1"
HEADERS: Final = {"X-Anban": "1"}
TIMEOUT_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One event of the stream: its name (``inc``, ``home``, ``hb``, ``reset``), data, and when it came.

    ``number``: where to continue after it; 0 where it names no place.
    """

    name: str
    data: Mapping[str, Any]
    at: float
    number: int = 0


class Console:
    """One signed-in session. Use as an async context manager."""

    def __init__(self, address: str, username: str, password: str) -> None:
        self._sign_in = {"username": username, "password": password}
        self._client = httpx.AsyncClient(
            base_url=address, headers={**HEADERS, "Origin": address}, timeout=TIMEOUT_S, trust_env=False
        )

    async def __aenter__(self) -> Self:
        """Sign in.

        Raises:
            httpx.HTTPError: refused, or nobody answers.
        """
        answer = await self._client.post(f"{API}/session", json=self._sign_in)
        answer.raise_for_status()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def get(self, path: str) -> Any:
        """Return what ``GET /api/v1/path`` answers.

        Raises:
            httpx.HTTPError: it is refused or fails.
        """
        answer = await self._client.get(f"{API}/{path}")
        answer.raise_for_status()
        return answer.json()

    async def act(self, incident_id: int, action: str, **body: Any) -> Any:
        """Do ``action`` on an incident; return how it then is.

        Raises:
            httpx.HTTPError: it is refused or fails.
        """
        answer = await self._client.post(f"{API}/incidents/{incident_id}/{action}", json=body)
        answer.raise_for_status()
        return answer.json()

    async def follow(self, after: int) -> AsyncIterator[LiveEvent]:
        """Yield what the stream says after change ``after``, until it ends.

        Raises:
            httpx.HTTPError: it cannot be opened or breaks.
        """
        async with self._client.stream("GET", f"{API}/stream", params={"after": after}) as answer:
            answer.raise_for_status()
            said = {"event": "", "data": "", "id": ""}
            async for line in answer.aiter_lines():
                field, _, value = line.partition(": ")
                if field in said:
                    said[field] = value
                elif not line and said["data"]:
                    data = json.loads(said["data"])
                    yield LiveEvent(said["event"], data, time.time(), int(said["id"] or 0))
                    said = dict.fromkeys(said, "")


async def answers(address: str) -> bool:
    """Whether the system at ``address`` says that it is ready."""
    try:
        async with httpx.AsyncClient(base_url=address, timeout=2.0, trust_env=False) as client:
            return (await client.get(f"{API}/ready")).is_success
    except httpx.HTTPError:
        return False
