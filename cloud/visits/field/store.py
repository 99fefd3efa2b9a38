"""A day of one visitor, out of the database, within their bounds.

What this is: a handful of statements for the whole day. What it is not: a list that can be paged: a telephone
takes it along as it is. The one idea: what somebody must know at a door is read at once and before they set
out, because there may be no network where they go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from cloud.auth import Scope
from cloud.db import Connection, Queries
from cloud.visits.records import store as records

SQL: Final = Queries(__package__)
LEFT_OVER: Final = timedelta(days=7)
"""How long a visit that nobody began stays in the day of whoever was to make it. D."""
SOON: Final = timedelta(days=7)
"""Duties that a visitor is told of although they are not due yet. D."""
MOST: Final = 100
"""Visits of one day on one telephone. D."""
MOST_DOORS: Final = 200
"""People that one telephone knows beside its day: two or three times whom one caseworker has. D."""
MOST_OPEN: Final = 500
"""Open visits of one visitor that are looked through for those of no time. D."""
MOST_ENTRIES: Final = 50
"""Entries of an account that are shown, the newest first. D."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """A day by the tenant's calendar, from ``begin`` until before ``end``."""

    day: date
    begin: datetime
    end: datetime
    time_zone: str


@dataclass(frozen=True, slots=True)
class Doors:
    """What is needed at doors, by resident or home."""

    people: Mapping[int, Row]
    keys: Mapping[int, list[Row]]
    owed: Mapping[int, list[Row]]


@dataclass(frozen=True, slots=True)
class Day(Doors):
    """Rows of visits in the order of the way, and what belongs to each."""

    visits: Sequence[Row]
    lasts: Mapping[int, Row]


async def span(conn: Connection, scope: Scope, day: date | None, now: datetime) -> Span:
    """``day``, or today, where the tenant of ``scope`` is."""
    name = (await records.rows(conn, "zone", scope))[0]["time_zone"]
    zone = ZoneInfo(name)
    chosen = day or now.astimezone(zone).date()
    begin = datetime.combine(chosen, time(), zone)
    return Span(chosen, begin, datetime.combine(chosen + timedelta(days=1), time(), zone), name)


async def day_of(conn: Connection, scope: Scope, staff_id: int, when: Span) -> Day:
    """What ``staff_id`` is to do and has done on a day, with what was left over from the days before."""
    asked = {"staff_id": staff_id, "since": when.begin - LEFT_OVER, "until": when.end, "limit": MOST}
    dated = await records.visits(conn, scope, **asked)
    open_ones = await records.visits(conn, scope, staff_id=staff_id, open=True, limit=MOST_OPEN)
    undated = [row for row in open_ones if _at(row) is None]
    visits = sorted([*undated, *(row for row in dated if _is_for(row, when))], key=_on_the_way)
    doors = await doors_of(conn, scope, visits, when.end)
    lasts = await rows(conn, "lasts", scope, ids=_all(visits, "resident_id"))
    return Day(doors.people, doors.keys, doors.owed, visits, {row["resident_id"]: row for row in lasts})


async def found(conn: Connection, scope: Scope, search: str, limit: int) -> list[Row]:
    """Whom ``search`` names, by name or address; all of one's own homes where it is empty, and nobody where
    one's bounds are not homes but a whole tenant: that is no list to carry about.
    """
    if not search and scope.homes is None:
        return []
    return await rows(conn, "found", scope, search=search, limit=limit)


async def doors_of(conn: Connection, scope: Scope, people: Iterable[Row], until: datetime) -> Doors:
    """What is needed at the doors of ``people``, with duties up to ``SOON`` after ``until``."""
    known = list(people)
    ids, homes = _all(known, "resident_id"), _all(known, "home_id")
    return Doors(
        {row["resident_id"]: row for row in await rows(conn, "people", scope, ids=ids)},
        _grouped(await rows(conn, "keys", scope, home_ids=homes), "home_id"),
        _grouped(await rows(conn, "owed", scope, ids=ids, before=until + SOON), "resident_id"),
    )


async def rows(conn: Connection, statement: str, scope: Scope, **values: object) -> list[Row]:
    """What a statement answers within the bounds."""
    return await (await conn.execute(SQL[statement], {**scope.params, **values})).fetchall()


def _is_for(row: Row, when: Span) -> bool:
    """Whether a visit of this week belongs to the day: it falls on it, or was left open before."""
    at = _at(row)
    falls_on_it = at is not None and at >= when.begin
    return falls_on_it or (row["ended_at"] is None and row["cancelled_at"] is None)


def _at(row: Row) -> datetime | None:
    at: datetime | None = row["began_at"] or row["planned_at"] or row["open_at"]
    return at


def _on_the_way(row: Row) -> tuple[bool, float, int]:
    """By the plan's time; what has none comes last."""
    at = row["planned_at"] or row["open_at"] or row["began_at"]
    return at is None, at.timestamp() if at else 0.0, row["id"]


def _all(visits: Iterable[Row], column: str) -> list[int]:
    return sorted({row[column] for row in visits})


def _grouped(found: Iterable[Row], column: str) -> Mapping[int, list[Row]]:
    groups: defaultdict[int, list[Row]] = defaultdict(list)
    for row in found:
        groups[row[column]].append(row)
    return groups
