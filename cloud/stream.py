"""``GET /stream``: what a screen needs to stay equal to the database, as server-sent events.

What this is: catch up, then follow, with a heartbeat that is a proof and not a habit: it is sent only after
the session was found in the database and while the feed reads the log. What it is not: the feed. The one
idea: *snapshot at id S + every change after S = snapshot now*; whatever cannot be proved to be complete
becomes ``reset``, and the screen starts from a new snapshot.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final, Literal

import psycopg
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, RootModel
from starlette.types import Message, Send

from cloud.access import Api, Parts, SignedIn, require
from cloud.auth import Permission, Principal, Purpose, Scope
from cloud.db import Connection, Queries
from cloud.db.scope import narrow
from cloud.feed import Change, Feed, Listener, change
from cloud.incidents.model import HomeView, IncidentView
from cloud.problems import responses
from cloud.roll import Place, Roll, Standing
from cloud.sessions import Session

LIFE_S: Final = 3_600.0
"""A stream ends after an hour and the browser opens the next: no connection lives for ever."""
SEND_S: Final = 20.0
"""A client that takes nothing for this long is gone."""
CHECK_S: Final = 3.0
"""How long what was missed may wait for the database."""
CATCH_UP: Final = 2_000
"""More missed changes than this cost more than a new snapshot."""
CHANGES_KEPT: Final = timedelta(hours=24)
RETRY_MS: Final = 1_000

_SQL: Final = Queries("cloud", "stream.sql")

router = APIRouter(tags=["live"])


class Heartbeat(BaseModel):
    """``hb``: the stream is complete up to change ``seq`` at ``now``."""

    seq: int
    now: datetime


class Reset(BaseModel):
    """``reset``: read a new snapshot, then open a new stream after its ``seq``; this one ends.

    ``overrun``: changes came faster than they were taken. ``unknown``: the place asked for is not in the log.
    ``scope``: what one may see is no longer the same.
    """

    reason: Literal["overrun", "unknown", "scope"]


class StreamData(RootModel[IncidentView | HomeView | Heartbeat | Reset]):
    """The ``data`` of one event, by its name: ``inc``, ``home``, ``hb``, ``reset``."""


class EventStream(StreamingResponse):
    """A response that gives up on a client which takes nothing."""

    media_type = "text/event-stream"

    async def stream_response(self, send: Send) -> None:
        async def promptly(message: Message) -> None:
            async with asyncio.timeout(SEND_S):
                await send(message)

        with suppress(TimeoutError):
            await super().stream_response(promptly)


@router.get(
    "/stream",
    operation_id="followChanges",
    summary="Follow changes live",
    response_class=EventStream,
    responses=responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    | {200: {"model": StreamData, "description": "server-sent events; ``id`` is the change id"}},
)
async def follow(  # noqa: PLR0917 - FastAPI passes by name
    request: Request,
    api: Api,
    session: SignedIn,
    reader: Annotated[Principal, Depends(require(Permission.READ_QUEUE))],
    after: Annotated[int | None, Query(ge=0, lt=2**63, description="``seq`` of the snapshot")] = None,
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", max_length=32)] = None,
) -> EventStream:
    """Events: ``inc`` (an incident as it now is), ``home``, ``hb`` every 5 s, ``reset``.

    ``Last-Event-ID`` (sent by the browser when it reconnects) wins over ``after``; with neither, the stream
    begins now. It ends with the session, and after an hour at the latest.
    """
    since = int(last_event_id) if last_event_id and last_event_id.isdecimal() else after
    feed = request.app.state.feed
    scope = reader.scope(Purpose.LIVE)
    api.saw(scope.purpose, scope.homes)
    stream = Stream(api.parts, feed, request.app.state.roll, session, scope)
    return EventStream(stream.events(since), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


@dataclass(frozen=True, slots=True)
class Stream:
    """One open stream: whose it is and where it gets its changes."""

    parts: Parts
    feed: Feed
    roll: Roll
    session: Session
    scope: Scope

    async def events(self, since: int | None) -> AsyncGenerator[bytes, None]:
        """Frames for the wire, until the session ends, the listener is overrun or the life is over."""
        yield f"retry: {RETRY_MS}\n\n".encode()
        with self.feed.listen(self.scope) as listener, self.roll.place(self.session, listener.wake) as place:
            try:
                missed = await self._missed(listener, since)
            except (psycopg.Error, PoolTimeout):
                return
            if missed is None:
                yield _reset("unknown")
                return
            yield b"".join(item.frame for item in missed)
            async for frames in self._live(listener, place):
                yield frames

    async def _missed(self, listener: Listener, since: int | None) -> list[Change] | None:
        """What happened after ``since`` up to where the listener begins; ``None``: it cannot be told."""
        upto = listener.offered
        if since is None:
            return []
        remembered = self.feed.remembered(since, self.scope)
        if remembered is not None:
            return remembered
        listener.skip_to(since)
        async with self.parts.pool.connection(timeout=CHECK_S) as conn, conn.transaction():
            await narrow(conn, self.scope)
            if not await _in_log(conn, since):
                return None
            missed = await _missed_changes(conn, self.scope, since, upto)
        return missed if len(missed) <= CATCH_UP else None

    async def _live(self, listener: Listener, place: Place) -> AsyncIterator[bytes]:
        ends_at = time.monotonic() + LIFE_S
        while time.monotonic() < ends_at and not self.feed.closing:
            if place.standing is Standing.OVER:
                return
            if place.standing is Standing.CHANGED:
                yield _reset("scope")
                return
            if listener.overrun:
                yield _reset("overrun")
                return
            # No await from here to the yield: the heartbeat claims exactly what goes out with it.
            frames = b"".join(item.frame for item in listener.take())
            proven = self.feed.current and place.proof()
            if frames or proven:
                yield frames + (self._heartbeat(listener) if proven else b"")
            await listener.wait()

    def _heartbeat(self, listener: Listener) -> bytes:
        beat = Heartbeat(seq=listener.offered, now=self.parts.clock()).model_dump_json()
        return f"id: {listener.offered}\nevent: hb\ndata: {beat}\n\n".encode()


def _reset(reason: Literal["overrun", "unknown", "scope"]) -> bytes:
    """The empty id makes the browser forget where it was."""
    return f"id:\nevent: reset\ndata: {Reset(reason=reason).model_dump_json()}\n\n".encode()


async def _in_log(conn: Connection, since: int) -> bool:
    """Whether the log holds everything after ``since``, and ``since`` is not beyond its end."""
    cursor = await conn.execute(_SQL["log_bounds"])
    bounds = await cursor.fetchone()
    return bounds is not None and bounds["first_id"] - 1 <= since <= bounds["last_id"]


async def _missed_changes(conn: Connection, scope: Scope, since: int, upto: int) -> list[Change]:
    span = {"after": since, "upto": upto, "limit": CATCH_UP + 1}
    cursor = await conn.execute(_SQL["missed_changes"], scope.params | span)
    return [change(row) for row in await cursor.fetchall()]


async def forget_changes(conn: Connection, now: datetime) -> None:
    """Delete changes that no screen asks for any more; a later one gets ``reset``."""
    await conn.execute(_SQL["forget_changes"], {"before": now - CHANGES_KEPT})
