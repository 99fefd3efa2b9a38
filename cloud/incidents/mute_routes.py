"""``/mutes``: homes that are muted, why and until when; for the wall, and for whoever sets or ends one.

What this is: parse, hand on, answer. What it is not: the rule what a mute hushes (``mute``). The one idea:
there is no mute without a reason in words and an end, and none is changed: it is ended, and another is set.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from cloud import cursors
from cloud.access import Api, Text, require
from cloud.auth import Permission, Principal, Purpose, Scope
from cloud.cursors import Asked, ById, Page
from cloud.db import Connection
from cloud.incidents import mutes
from cloud.incidents.mute import RULES, Why, too_long
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once
from cloud.problems import ProblemError, not_found, responses

router = APIRouter(tags=["incidents"])

MUTES: Final = "mutes"
LONGEST_H: Final = max(rule.longest for rule in RULES.values()) // timedelta(hours=1)

HomeId = Annotated[int, Path(ge=1, lt=2**31, description="number of the home")]
MuteId = Annotated[int, Path(ge=1, lt=2**63, description="number of the mute")]
Reader = Annotated[Principal, Depends(require(Permission.READ_QUEUE))]
Handler = Annotated[Principal, Depends(require(Permission.HANDLE_INCIDENT))]
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class NewMute(BaseModel):
    """Why, in a word and in words, and for how many hours from now."""

    model_config = ConfigDict(extra="forbid")

    why: Why
    reason: Text = Field(min_length=1, max_length=500)
    hours: int = Field(ge=1, le=LONGEST_H)


class MutesAsked(Asked):
    """Which mutes."""

    home_id: Annotated[int | None, Field(ge=1, lt=2**31)] = None


class MuteView(BaseModel):
    """One home that is muted. ``home``: its key. ``set_by``, ``ended_by``: by name. ``ended_at``: it was
    ended sooner.
    """

    model_config = ConfigDict(frozen=True)

    id: int
    home_id: int
    home: str
    why: Why
    reason: str
    since: datetime
    until: datetime
    set_by: str
    ended_at: datetime | None
    ended_by: str | None


class MutePage(Page[MuteView]):
    """Mutes that stand, the oldest first."""


@router.get(
    "/mutes", operation_id="listMutes", summary="Which homes are muted, and until when", responses=ERRORS
)
async def list_mutes(asked: Annotated[MutesAsked, Query()], api: Api, reader: Reader) -> MutePage:
    """Those that stand now."""
    scope = reader.scope(Purpose.CONSOLE)
    last = cursors.after(asked, MUTES, scope, ById)
    async with api.reading(scope) as conn:
        after = last.id if last else None
        rows = await mutes.standing(
            conn, scope, api.now, home_id=asked.home_id, after=after, limit=asked.limit + 1
        )
    found = [MuteView(**row) for row in rows]
    api.saw(scope.purpose, {one.home_id for one in found})
    items, following = cursors.page(found, lambda one: ById(one.id), asked, MUTES, scope)
    return MutePage(items=items, next=following)


@router.post(
    "/homes/{home_id}/mutes",
    operation_id="muteHome",
    summary="Call nobody for what the reason explains",
    status_code=HTTPStatus.CREATED,
    responses=ERRORS | ONCE_ERRORS | responses(HTTPStatus.NOT_FOUND),
)
async def mute_home(home_id: HomeId, asked: NewMute, handler: Handler, once: Once) -> MuteView:
    """Alarms that the reason explains are kept for information. A life, fire and water are never muted."""
    scope, now = handler.scope(Purpose.CONSOLE), once.call.now
    until = now + timedelta(hours=asked.hours)
    if too_long(asked.why, now, until):
        longest_h = RULES[asked.why].longest // timedelta(hours=1)
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "mute_too_long", f"At most {longest_h} hours for this reason."
        )

    async def work(conn: Connection) -> MuteView:
        values = {"home_id": home_id, "why": asked.why.value, "reason": asked.reason, "until": until}
        number = await mutes.add(conn, scope, **values, now=now, staff_id=handler.staff_id)
        return await _shown(conn, once, scope, number)

    return await once.do(scope, MuteView, work)


@router.post(
    "/mutes/{mute_id}/end",
    operation_id="endMute",
    summary="Call again from now on",
    responses=ERRORS | ONCE_ERRORS | responses(HTTPStatus.NOT_FOUND),
)
async def end_mute(mute_id: MuteId, handler: Handler, once: Once) -> MuteView:
    """404 when it does not stand any more. What it has hushed stays for information until its next word."""
    scope = handler.scope(Purpose.CONSOLE)

    async def work(conn: Connection) -> MuteView:
        ended = await mutes.end(conn, scope, id=mute_id, now=once.call.now, staff_id=handler.staff_id)
        return await _shown(conn, once, scope, mute_id if ended else None)

    return await once.do(scope, MuteView, work)


async def _shown(conn: Connection, once: Once, scope: Scope, number: int | None) -> MuteView:
    row = None if number is None else await mutes.one(conn, scope, number, once.call.now)
    if row is None:
        raise not_found()
    once.call.saw(scope.purpose, [row["home_id"]])
    return MuteView(**row)
