"""``GET /devices/worklist``: what equipment needs, the longest waiting first.

What this is: one list of what the rules found, of gateways that are away, and of devices that were never
heard. What it is not: the queue; equipment seldom needs somebody this minute, and a queue full of batteries
hides a fall (ISA-18.2: what needs no answer now is no alarm). The one idea: a row is a reason to drive there.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict

from cloud.access import Api, require
from cloud.auth import Permission, Principal, Purpose
from cloud.db import Queries
from cloud.problems import responses

router = APIRouter(tags=["incidents"])

MOST: Final = 500
"""Rows: what a county's technicians do in some weeks. D."""

_SQL: Final = Queries(__package__, "upkeep.sql")


class UpkeepItem(BaseModel):
    """One thing to do. ``problem``: the kind of its open incident (``incident_id``), or ``gateway_away``, or
    ``never_heard``. ``since``: none where it was never heard. ``battery``: per cent, where it was told.
    """

    model_config = ConfigDict(frozen=True)

    home_id: int
    resident: str
    address: str
    area_name: str
    problem: str
    since: datetime | None
    incident_id: int | None
    device: str
    kind: str
    room: str
    battery: float | None


class Upkeep(BaseModel):
    """At most 500 items, the longest waiting first, of ``total``."""

    now: datetime
    items: list[UpkeepItem]
    total: int


@router.get(
    "/devices/worklist",
    operation_id="readWorklist",
    summary="What equipment needs",
    responses=responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN),
)
async def read_worklist(
    api: Api,
    reader: Annotated[Principal, Depends(require(Permission.READ_QUEUE))],
    problem: Annotated[str | None, Query(pattern=r"^[a-z_]{1,40}$", description="only these")] = None,
) -> Upkeep:
    """Within the reader's homes."""
    scope = reader.scope(Purpose.CONSOLE)
    async with api.reading(scope) as conn:
        cursor = await conn.execute(_SQL["worklist"], scope.params | {"problem": problem, "limit": MOST})
        rows = await cursor.fetchall()
    items = [UpkeepItem.model_validate(row) for row in rows]
    api.saw(scope.purpose, {item.home_id for item in items})
    return Upkeep(now=api.now, items=items, total=rows[0]["total"] if rows else 0)
