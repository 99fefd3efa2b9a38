"""``GET /wall``: a wall as a stream of whole views.

What this is: one view at once, then another whenever something changed and every few seconds. What it is not:
changes to be applied; a wall that lost a line needs nothing but the next view. The one idea: each view was
read from the database after the token was found in it, so whatever arrives is a proof of life, and when
nothing arrives the wall says so by itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

import psycopg
from fastapi import APIRouter, Depends, Query, Request
from psycopg_pool import PoolTimeout

from cloud import api_tokens, sessions
from cloud.access import Api, Parts, SignedIn, require
from cloud.auth import Permission, Principal, Purpose, Scope
from cloud.db.scope import narrow
from cloud.feed import Feed
from cloud.problems import responses
from cloud.sessions import Session
from cloud.stream import CHECK_S, LIFE_S, RETRY_MS, EventStream
from cloud.wall import board
from cloud.wall.board import WallView

router = APIRouter(tags=["live"])

BEAT_S: Final = 4.0
"""A wall calls its data old after 12 s: two views may be late."""
PAUSE_S: Final = 1.0
"""Between two views: in a storm the wall is read once a second, not once for each change."""


@router.get(
    "/wall",
    operation_id="followWall",
    summary="What a wall shows, live and masked",
    response_class=EventStream,
    responses=responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    | {200: {"model": WallView, "description": "server-sent events named ``wall``"}},
)
async def follow_wall(
    request: Request,
    api: Api,
    session: SignedIn,
    reader: Annotated[Principal, Depends(require(Permission.READ_WALL))],
    follow: Annotated[bool, Query(description="go on with every change; else one view, and the end")] = False,
) -> EventStream:
    """For a device with a token that reads only this, and for the desk. It ends with the token, and after an
    hour at the latest; the wall then opens the next.
    """
    scope = reader.scope(Purpose.WALL)
    api.saw(scope.purpose, scope.homes)
    stream = _Stream(api.parts, request.app.state.feed, session, scope)
    return EventStream(
        stream.events(follow=follow), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


@dataclass(frozen=True, slots=True)
class _Stream:
    parts: Parts
    feed: Feed
    session: Session
    scope: Scope

    async def events(self, *, follow: bool) -> AsyncGenerator[bytes, None]:
        """Frames for the wire, for as long as the token is good and the database answers."""
        yield f"retry: {RETRY_MS}\n\n".encode()
        ends_at = time.monotonic() + LIFE_S
        while time.monotonic() < ends_at and not self.feed.closing:
            with self.feed.listen(self.scope) as changes:  # before the read: what comes after it wakes us
                try:
                    view = await self._read()
                except (psycopg.Error, PoolTimeout):
                    return
                if view is None:
                    return
                yield f"event: wall\ndata: {view.model_dump_json()}\n\n".encode()
                if not follow:
                    return
                await changes.wait(BEAT_S)
            await asyncio.sleep(PAUSE_S)

    async def _read(self) -> WallView | None:
        """The wall as it is now; ``None``: this reader sees it no more, or sees something else."""
        now = self.parts.clock()
        async with self.parts.service.connection(timeout=CHECK_S) as conn:
            find = sessions.find if self.session.principal.token_id is None else api_tokens.find
            session = await find(conn, self.session.key, now)
        if session is None or session.principal != self.session.principal:
            return None
        async with self.parts.pool.connection(timeout=CHECK_S) as conn, conn.transaction():
            await conn.execute("set transaction isolation level repeatable read, read only")
            await narrow(conn, self.scope)
            return await board.read(conn, self.scope, now)
