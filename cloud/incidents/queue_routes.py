"""``/queue``: the open incidents as a person should read them, floods as one row; and how loud it is.

What this is: the reads of screens that do not follow changes (``/lite``), and of whoever counts. What it is
not: the console's start (``/snapshot``), which groups by the same rule as it follows the stream. The one
idea: the rule is ``flood``; here are only its words for a client.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from cloud import across
from cloud.access import Api, require
from cloud.auth import Permission, Principal, Purpose, Scope
from cloud.db import Connection
from cloud.db.scope import narrow
from cloud.incidents import flood
from cloud.incidents.model import IncidentState, IncidentView
from cloud.incidents.screens import SQL, open_incidents
from cloud.problems import responses

router = APIRouter(tags=["incidents"])

TEN_MINUTES: Final = timedelta(minutes=10)
"""The span in which EEMUA 191 counts."""
DAY: Final = timedelta(days=1)

Reader = Annotated[Principal, Depends(require(Permission.READ_QUEUE))]
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class GroupView(_View):
    """What the incidents of one row have in common. ``homes``: concerned by it, those without an incident of
    their own, too. ``taken``: somebody answers for each of them. ``since``: the oldest of them opened.
    """

    cause: str
    area: str
    area_name: str
    homes: int
    taken: bool
    priority: int
    since: datetime


class QueueRow(_View):
    """One row: an incident (``group`` is none), or several that one decision can answer."""

    group: GroupView | None
    incidents: list[IncidentView]


class AlarmRate(_View):
    """Incidents that opened within the reader's bounds in the ten minutes and the 24 hours before ``now``.

    One position can follow about one in ten minutes and 150 in a day; more than ten in ten minutes are a
    flood, 300 in a day must be made fewer (EEMUA 191).
    """

    now: datetime
    ten_minutes: int
    day: int


class QueueView(_View):
    """The queue at ``now``, the most urgent row first."""

    now: datetime
    rows: list[QueueRow]
    rate: AlarmRate


@router.get("/queue", operation_id="readQueue", summary="The queue, floods as one row", responses=ERRORS)
async def read_queue(api: Api, reader: Reader) -> QueueView:
    """Open incidents in the order in which they need somebody; each stands in exactly one row."""
    scope = reader.scope(Purpose.CONSOLE)
    api.saw(scope.purpose, scope.homes)
    async with api.reading(scope) as conn:
        found_rate = await rate(conn, scope, api.now)
        found = await open_incidents(conn, scope, api.now)
        for shared in await across.all_shared(conn, reader, scope, api.now):
            await narrow(conn, shared)
            found.extend(await open_incidents(conn, shared, api.now))
    return QueueView(now=api.now, rows=[shown(row) for row in flood.rows(found, api.now)], rate=found_rate)


@router.get(
    "/alarm-rate",
    operation_id="readAlarmRate",
    summary="How many alarms one position gets",
    responses=ERRORS,
)
async def read_alarm_rate(api: Api, reader: Reader) -> AlarmRate:
    """Numbers only."""
    scope = reader.scope(Purpose.CONSOLE)
    api.saw(scope.purpose, [])
    async with api.reading(scope) as conn:
        return await rate(conn, scope, api.now)


def shown(row: flood.Row) -> QueueRow:
    """``row`` as a client reads it."""
    group = GroupView(
        cause=row.cause,
        area=row.first.area,
        area_name=row.first.area_name,
        homes=row.homes,
        taken=row.first.state is not IncidentState.RAISED,
        priority=min(one.priority for one in row.incidents),
        since=min(one.opened_at for one in row.incidents),
    )
    return QueueRow(group=group if row.is_group else None, incidents=list(row.incidents))


async def rate(conn: Connection, scope: Scope, now: datetime) -> AlarmRate:
    """How loud it was before ``now`` within ``scope``."""
    since = {"ten_minutes": now - TEN_MINUTES, "day": now - DAY}
    row = await (await conn.execute(SQL["alarm_rate"], scope.params | since)).fetchone()
    if row is None:
        raise LookupError("alarm_rate")
    return AlarmRate(now=now, **row)
