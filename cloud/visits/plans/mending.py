"""Mends the days that run, when somebody cannot be sent any more or something comes on top.

What this is: one job of the worker, a row for each township and day that something happened to. What it is
not: where it is searched (``running``, in a process of its own). The one idea: everything that was moved is
written with why in one transaction, and only if each visit still stands as it was read; if one does not,
nothing is, and it is read anew.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf
from typing import Any, Final

from cloud.auth import Purpose, Scope
from cloud.db import Connection, Pool, Queries
from cloud.respond.travel import Point
from cloud.visits import tasks
from cloud.visits.compiled import COMPILED
from cloud.visits.plans import job
from cloud.visits.plans.build import MUST, midnight_of, weight_of
from cloud.visits.plans.router import Router
from cloud.visits.plans.running import Booked, Change, Gone, Mended, Running, mended
from cloud.visits.records.desk import NotFound

NAME: Final = "mends"
STEPS: Final = 700_000 if COMPILED else 500
"""Moves tried: less than a second for a township of 270 visits (``python -m benchmarks.visits replan``)."""
AT_DOOR: Final = timedelta(minutes=35)
"""How long somebody stays at the door of an emergency (the time on scene of the simulated county)."""
_TRIES: Final = 3
_MINUTE: Final = timedelta(minutes=1)
_SQL: Final = Queries(__package__ or "", "mend.sql")
_log = logging.getLogger(__name__)


class Meanwhile(Exception):  # noqa: N818 - a noun
    """A visit does not stand any more as it was read."""


async def due(conn: Connection, now: datetime, skip: Sequence[int], limit: int) -> list[int]:
    """Days to be mended; those to which something happened are asked for first."""
    await conn.execute(_SQL["ask_for_mends"], {"now": now})
    return [row["id"] for row in await _rows(conn, "due_mends", skip=list(skip), limit=limit)]


async def work(pool: Pool, router: Router | None, mend_id: int, now: datetime) -> bool:
    """Mend one day; ``False`` where somebody else has, or where people change it faster than it can be
    mended.
    """
    for _ in range(_TRIES):
        async with pool.connection() as conn:
            found = await _rows(conn, "mend", id=mend_id)
            if not found:
                return False
            running, numbers = await _running(conn, found[0], now)
        if router is not None:
            running = replace(running, asked=await job.on_roads(router, running.asked))
        made = await job.apart(NAME, mended, running, STEPS)
        try:
            async with pool.connection() as conn, conn.transaction():
                return await _keep(conn, found[0], made, numbers, now)
        except Meanwhile:
            _log.info("day was changed while it was mended mend=%d", mend_id)
    return False


async def _running(
    conn: Connection, row: Mapping[str, Any], now: datetime
) -> tuple[Running, Mapping[Booked, Mapping[str, Any]]]:
    """The day, and the row of each visit of it."""
    asked = await job.day_of(conn, row)
    begin, staff = midnight_of(asked), [one.staff_id for one in asked.carers]
    values = {"staff": staff, "begin": begin, "end": begin + timedelta(days=1), "now": now}
    found = await _rows(
        conn, "booked", tenant_id=row["tenant_id"], since=begin - tasks.USUAL_WITHIN, **values
    )
    gone = await _rows(conn, "gone", at_door=AT_DOOR, **values)
    numbers = {_booked(one, begin): one for one in found}
    must = tuple(task for task in asked.tasks if task.visit_id is not None or weight_of(task, begin) >= MUST)
    away = {one["staff_id"]: _gone(one, begin) for one in sorted(gone, key=lambda one: _back(one, begin))}
    running = Running(
        replace(asked, tasks=must), tuple(numbers), tuple(away.values()), (now - begin) / _MINUTE
    )
    return running, numbers


def _booked(row: Mapping[str, Any], midnight: datetime) -> Booked:
    def minutes(at: datetime | None) -> float | None:
        return None if at is None else (at - midnight) / _MINUTE

    return Booked(
        tasks.booked_task(row),
        _ids(row),
        (row["planned_at"] - midnight) / _MINUTE,
        minutes(row["began_at"]),
        minutes(row["ended_at"]),
        by_people=row["planned_by"] is not None,
    )


def _gone(row: Mapping[str, Any], midnight: datetime) -> Gone:
    return Gone(row["staff_id"], _back(row, midnight), Point(row["latitude"], row["longitude"]))


def _back(row: Mapping[str, Any], midnight: datetime) -> float:
    return inf if row["back_at"] is None else (row["back_at"] - midnight) / _MINUTE


def _ids(row: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(one for one in (row["staff_id"], row["second_id"]) if one is not None)


async def _keep(
    conn: Connection,
    row: Mapping[str, Any],
    made: Mended,
    numbers: Mapping[Booked, Mapping[str, Any]],
    now: datetime,
) -> bool:
    """Write down what was moved. A day with a fault stays as it was, and says so.

    Raises:
        Meanwhile: a visit was changed by somebody else, or somebody left.
    """
    faults = sorted({one.fault for one in made.faults})
    if faults:
        _log.error("mended day is wrong mend=%d faults=%s", row["id"], ",".join(faults))
    values = {
        "id": row["id"],
        "now": now,
        "moved": 0 if faults else made.moved,
        "left_out": made.left_out,
        "faults": faults,
    }
    if not await _rows(conn, "made", **values):
        return False
    for change in () if faults else made.changes:
        before = numbers[change.booked] if change.booked is not None else None
        if before is None:
            await _send(conn, row, change, now)
        else:
            await _move(conn, row, change, before)
    return True


async def _send(conn: Connection, row: Mapping[str, Any], change: Change, now: datetime) -> None:
    """Somebody goes where nobody was going to."""
    scope = Scope((row["tenant_id"],), None, Purpose.CONSOLE)
    if change.begin_at is None:
        return
    try:
        number = await tasks.plan(conn, scope, change.task, change.staff_ids, change.begin_at, now, None)
    except NotFound as error:
        raise Meanwhile(change.task.visit_id) from error
    await _tell(
        conn, row, change, {"visit_id": number, "planned_at": None, "staff_id": None, "second_id": None}
    )


async def _move(conn: Connection, row: Mapping[str, Any], change: Change, before: Mapping[str, Any]) -> None:
    first, second = (*change.staff_ids, None, None)[:2]
    values = {
        "id": before["visit_id"],
        "staff_id": first,
        "second_id": second,
        "planned_at": change.begin_at,
        "was_at": before["planned_at"],
        "was_ids": list(_ids(before)),
    }
    if not await _rows(conn, "change", **values):
        raise Meanwhile(before["visit_id"])
    await _tell(conn, row, change, before)


async def _tell(conn: Connection, row: Mapping[str, Any], change: Change, before: Mapping[str, Any]) -> None:
    values = {
        "mend_id": row["id"],
        "visit_id": before["visit_id"],
        "was_ids": list(_ids(before)),
        "now_ids": list(change.staff_ids),
        "was_at": before["planned_at"],
        "now_at": change.begin_at,
        "why": change.why,
    }
    await conn.execute(_SQL["moved"], values)


async def _rows(conn: Connection, statement: str, **values: object) -> list[dict[str, Any]]:
    return await (await conn.execute(_SQL[statement], values)).fetchall()
