"""Reads what a wall shows, masked.

What this is: the views, and the reads of one moment. What it is not: a queue to work from; nothing here names
a home, a telephone or a member of staff. The one idea: a wall shows the same rows in the same order as the
desk (``incidents.flood``), so who looks up from one to the other finds the place.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from cloud.auth import Scope
from cloud.db import Connection, Queries
from cloud.incidents import flood
from cloud.incidents.model import IncidentState, IncidentView
from cloud.incidents.queue_routes import AlarmRate, rate
from cloud.wall import masks

MOST_ROWS: Final = 96
"""Rows that a wall gets: twelve pages of eight, which take more than two minutes to pass."""

_SQL: Final = Queries(__package__)


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class WallRow(_View):
    """One row. ``homes`` above 1: several, and nobody is named. ``taken``: somebody answers for it; ``late``:
    its timer has run out. ``kind`` is that of the most urgent incident.
    """

    id: int
    cause: str
    kind: str
    priority: int
    state: IncidentState
    taken: bool
    late: bool
    since: datetime
    eta_at: datetime | None
    homes: int
    incidents: int
    surname: str
    sex: masks.Sex
    area_name: str
    village: str


class WallPlace(_View):
    """One township. ``at``: its middle in WGS-84, to a kilometre; none where too few homes are known.
    ``open_priority``: of its most urgent open incident.
    """

    name: str
    at: tuple[float, float] | None
    homes: int
    online: int
    open: int
    open_priority: int | None


class WallNumbers(_View):
    """``answered`` of ``urgent``: incidents of priority 1 and 2 of the last 24 h that a person took within
    60 s. ``visits_done`` of ``visits``: planned for today.
    """

    unacknowledged: int
    in_progress: int
    homes: int
    online: int
    urgent: int
    answered: int
    visits: int
    visits_done: int


class WallView(_View):
    """All that a wall shows at ``now``. ``name``: of the centre or the place; ``more``: incidents in rows
    beyond those that are sent.
    """

    now: datetime
    name: str
    rows: list[WallRow]
    more: int
    places: list[WallPlace]
    numbers: WallNumbers
    rate: AlarmRate


async def read(conn: Connection, scope: Scope, now: datetime) -> WallView:
    """The wall of ``scope`` at ``now``."""
    known = {row["id"]: row for row in await _rows(conn, "people", scope, now)}
    incidents = [IncidentView.model_validate(row) for row in known.values()]
    rows = flood.rows(incidents, now)
    (numbers,) = await _rows(conn, "numbers", scope, now)
    waiting = sum(one.state is IncidentState.RAISED for one in incidents)
    places = [_place(row) for row in await _rows(conn, "places", scope, now)]
    return WallView(
        now=now,
        name=numbers.pop("name"),
        rows=[_row(row, known[row.first.id], now) for row in rows[:MOST_ROWS]],
        more=sum(len(row.incidents) for row in rows[MOST_ROWS:]),
        places=places,
        numbers=WallNumbers(unacknowledged=waiting, in_progress=len(incidents) - waiting, **numbers),
        rate=await rate(conn, scope, now),
    )


def _row(row: flood.Row, person: Mapping[str, Any], now: datetime) -> WallRow:
    first, alone = row.first, not row.is_group
    return WallRow(
        id=first.id,
        cause=row.cause,
        kind=first.kind,
        priority=min(one.priority for one in row.incidents),
        state=first.state,
        taken=first.state is not IncidentState.RAISED,
        late=flood.band(first, now) is flood.Band.OVERDUE,
        since=min(one.opened_at for one in row.incidents),
        eta_at=first.eta_at if alone else None,
        homes=row.homes,
        incidents=len(row.incidents),
        surname=masks.surname(first.resident) if alone else "",
        sex=masks.sex(person["sex"]) if alone else "",
        area_name=first.area_name,
        village=person["village"] if alone else "",
    )


def _place(row: Mapping[str, Any]) -> WallPlace:
    return WallPlace(
        name=row["name"],
        at=masks.dot(row["latitude"], row["longitude"], row["located"]),
        homes=row["homes"],
        online=row["online"],
        open=row["open"],
        open_priority=row["open_priority"],
    )


async def _rows(conn: Connection, statement: str, scope: Scope, now: datetime) -> list[dict[str, Any]]:
    return await (await conn.execute(_SQL[statement], scope.params | {"now": now})).fetchall()
