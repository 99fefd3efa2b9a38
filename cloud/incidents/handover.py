"""``/shift``: whoever goes writes what matters, whoever comes reads back what is open, and both names stand.

What this is: the handover and its two signatures. What it is not: a roster of duty. The one idea: nothing is
handed over by being written; it is when somebody else has named each open item and put their name to it, so a
night begins with someone who knows what was left undone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from cloud.access import Api, Text, require
from cloud.auth import Permission, Principal, Purpose, Scope
from cloud.db import Connection, Queries
from cloud.incidents.model import IncidentView
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once
from cloud.problems import ProblemError, not_found, responses

router = APIRouter(prefix="/shift", tags=["incidents"])

SHOWN: Final = 20
"""Handovers that the page shows: about a week of three shifts a day."""
KEPT: Final = timedelta(days=90)
"""How long the words of a shift are kept: what must last stands in the incidents. D."""
MOST_READ: Final = 2_000
"""Items that one reading back can name; a storm leaves some hundreds."""

_SQL: Final = Queries(__package__, "handover.sql")
Member = Annotated[Principal, Depends(require(Permission.HAND_OVER))]
HandoverId = Annotated[int, Path(ge=1, lt=2**63, description="number of the handover")]
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class NewHandover(BaseModel):
    """What the next shift should know beside the open incidents, which are named by themselves."""

    model_config = ConfigDict(extra="forbid")

    note: Text = Field(max_length=4_000)


class ReadBack(BaseModel):
    """The incidents that whoever comes has read, by number."""

    model_config = ConfigDict(extra="forbid")

    read: list[Annotated[int, Field(ge=1, lt=2**63)]] = Field(max_length=MOST_READ)


class HandoverView(BaseModel):
    """One handover. ``items``: incidents that were open when it was written. It waits until ``taken_at``, or
    until another one was written instead (``withdrawn_at``). ``mine``: the reader wrote it, so somebody else
    must take it.
    """

    model_config = ConfigDict(frozen=True)

    id: int
    note: str
    items: list[int]
    given_by: str
    given_at: datetime
    taken_by: str | None
    taken_at: datetime | None
    withdrawn_at: datetime | None
    mine: bool


class ShiftView(BaseModel):
    """``waiting``: what is to be taken now, with those of its items that are open still (``open``)."""

    model_config = ConfigDict(frozen=True)

    now: datetime
    waiting: HandoverView | None
    open: list[IncidentView]
    past: list[HandoverView]


@router.get("", operation_id="readShift", summary="What one shift tells the next", responses=ERRORS)
async def read_shift(api: Api, member: Member) -> ShiftView:
    """The handover that waits, and those before it."""
    scope = member.scope(Purpose.CONSOLE)
    async with api.reading(scope) as conn:
        found = [_view(row, member) for row in await _rows(conn, "listed", scope, id=None, limit=SHOWN)]
        waiting = next((one for one in found if one.taken_at is None and one.withdrawn_at is None), None)
        still_open = await _still_open(conn, scope, waiting.items if waiting else [])
    api.saw(scope.purpose, {one.home_id for one in still_open})
    past = [one for one in found if one is not waiting]
    return ShiftView(now=api.now, waiting=waiting, open=still_open, past=past)


@router.post(
    "/handovers",
    operation_id="giveShift",
    summary="Hand over the shift",
    status_code=HTTPStatus.CREATED,
    responses=ERRORS | ONCE_ERRORS,
)
async def give_shift(asked: NewHandover, member: Member, once: Once) -> HandoverView:
    """One waits at a time: what was written before and not taken is withdrawn."""
    scope, now = member.scope(Purpose.CONSOLE), once.call.now

    async def work(conn: Connection) -> HandoverView:
        values = {
            "tenant_id": member.tenant_id,
            "note": asked.note,
            "staff_id": member.staff_id,
            "now": now,
        }
        await conn.execute(_SQL["withdraw"], {"tenant_id": member.tenant_id, "now": now})
        (row,) = await _rows(conn, "give", scope, **values)
        once.call.saw(scope.purpose, [])
        return await _one(conn, scope, member, row["id"])

    return await once.do(scope, HandoverView, work)


@router.post(
    "/handovers/{handover_id}/take",
    operation_id="takeShift",
    summary="Take over the shift",
    responses=ERRORS | ONCE_ERRORS | responses(HTTPStatus.NOT_FOUND),
)
async def take_shift(handover_id: HandoverId, asked: ReadBack, member: Member, once: Once) -> HandoverView:
    """By somebody else than who wrote it, who names each of its items that is open still.

    404 when it does not wait any more.
    """
    scope = member.scope(Purpose.CONSOLE)

    async def work(conn: Connection) -> HandoverView:
        if not await _rows(conn, "hold", scope, id=handover_id):
            raise not_found()
        before = await _one(conn, scope, member, handover_id)
        if before.mine:
            raise ProblemError(
                HTTPStatus.CONFLICT, "own_handover", "Whoever comes signs it, not whoever wrote it."
            )
        unread = {one.id for one in await _still_open(conn, scope, before.items)} - set(asked.read)
        if unread:
            raise ProblemError(
                HTTPStatus.CONFLICT, "not_read_back", f"{len(unread)} open incidents have not been read back."
            )
        values = {"id": handover_id, "staff_id": member.staff_id, "now": once.call.now}
        await conn.execute(_SQL["take"], values)
        once.call.saw(scope.purpose, [])
        return await _one(conn, scope, member, handover_id)

    return await once.do(scope, HandoverView, work)


async def forget(conn: Connection, now: datetime) -> None:
    """Delete what nobody needs to read any more."""
    await conn.execute(_SQL["forget"], {"before": now - KEPT})


async def _one(conn: Connection, scope: Scope, member: Principal, handover_id: int) -> HandoverView:
    (row,) = await _rows(conn, "listed", scope, id=handover_id, limit=1)
    return _view(row, member)


async def _still_open(conn: Connection, scope: Scope, items: list[int]) -> list[IncidentView]:
    return [IncidentView.model_validate(row) for row in await _rows(conn, "still_open", scope, items=items)]


def _view(row: Mapping[str, Any], member: Principal) -> HandoverView:
    return HandoverView.model_validate({**row, "mine": row["giver_id"] == member.staff_id})


async def _rows(conn: Connection, statement: str, scope: Scope, **values: object) -> list[dict[str, Any]]:
    return await (await conn.execute(_SQL[statement], scope.params | values)).fetchall()
