"""Writes the audit trail: no signed-in request gets a byte of its answer before its entry is stored.

What this is: one plain ASGI layer inside ``guard``. What it is not: it does not know what a route shows;
the route says so on its ``Note``. The one idea: recording hangs on the beginning of the answer, which every
route must pass, streams too; so a new route cannot forget it, and when the entry cannot be stored the answer
is "unavailable" instead of the data.
"""

from __future__ import annotations

import re
from typing import Final

import psycopg
from fastapi import FastAPI
from psycopg_pool import PoolTimeout, TooManyRequests
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud import trail
from cloud.db import Pool
from cloud.problems import unavailable
from cloud.trail import Note

SILENT: Final = frozenset({"whoAmI", "readTile"})
"""Operations that show nobody but the asker, and that screens repeat without end."""
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class NotRecordedError(Exception):
    """The entry was not stored. Of a type that no handler of the application knows: they would answer."""


class Recorder:
    """ASGI middleware. ``pool``: of the application."""

    def __init__(self, app: ASGIApp, pool: Pool) -> None:
        self._app = app
        self._pool = pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def recorded(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._record(scope, message["status"])
            await send(message)

        try:
            await self._app(scope, receive, recorded if scope["type"] == "http" else send)
        except NotRecordedError as error:
            raise unavailable() from error

    async def _record(self, scope: Scope, status: int) -> None:
        note = scope.get("state", {}).get("note")
        if not isinstance(note, Note) or not note.actor or note.written or note.action in SILENT:
            return
        try:
            async with self._pool.connection() as conn:
                await trail.append(conn, note.entry(status))
        except (psycopg.Error, PoolTimeout, TooManyRequests) as error:
            raise NotRecordedError from error


def action_of(scope: Scope) -> str:
    """The operation's name in the contract; an address that is no route leaves none."""
    return str(getattr(scope.get("route"), "operation_id", None) or "unknown")


def about(scope: Scope) -> str:
    """The ids in the address: ``incident_id=7``. What does not look like one may be anything."""
    named = scope.get("path_params", {}).items()
    ids = {name: value for name, value in named if name.endswith("_id") and _ID.fullmatch(str(value))}
    return " ".join(f"{name}={value}" for name, value in sorted(ids.items()))


def install(app: FastAPI, pool: Pool) -> None:
    """Put the recorder in front of ``app``; ``guard`` comes in front of it."""
    app.add_middleware(Recorder, pool=pool)
