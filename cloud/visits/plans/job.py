"""Makes the plans that were asked for, and in the evening those of tomorrow.

What this is: one job of the worker, a row per township and day. What it is not: where a plan is searched;
that happens in a process of its own, which may take long, hang or die without anybody waiting at a door for
it. The one idea: what comes back is judged once more by the checker, and only a plan without a fault becomes
visits; a task that somebody else took meanwhile is passed over.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from anyio import to_process

from cloud.auth import Purpose, Scope
from cloud.db import Connection, Pool, Queries
from cloud.metrics import LOOPS
from cloud.respond.travel import Mode, Point, expected
from cloud.respond.ways import Journey, Ways, learn
from cloud.visits import tasks
from cloud.visits.compiled import COMPILED
from cloud.visits.duties import store as duties
from cloud.visits.forms.table import VisitKind
from cloud.visits.plans import weeks
from cloud.visits.plans.areas import Seat, allot, planned
from cloud.visits.plans.build import Asked, Carer, Fixed, Made, Why, midnight_of, places_of
from cloud.visits.plans.router import Router
from cloud.visits.plans.weeks import Known, Week
from cloud.visits.records.desk import NotFound
from cloud.visits.task import Task

NAME: Final = "plans"
STEPS: Final = 20_000 if COMPILED else 60
"""Moves tried for each visit of a township: some six seconds for 270 visits where they are compiled. D."""
AT_MOST_S: Final = 300.0
"""A search that has not ended by then is given up, and tried again later. D."""
LEARNED_FROM: Final = timedelta(days=180)
JOURNEYS: Final = 20_000
"""How far back, and from how many journeys at most, ways are learned. D."""
_DAY: Final = timedelta(days=1)
_TURN_S: Final = 5.0
_NICE: Final = 10
_SQL: Final = Queries("cloud.visits.plans", "job.sql")
_log = logging.getLogger(__name__)

Asking = TypeVar("Asking")
Answer = TypeVar("Answer")


async def due(conn: Connection, now: datetime, skip: Sequence[int], limit: int) -> list[int]:
    """Plans to be made; in the evening those of tomorrow are asked for first."""
    await conn.execute(_SQL["ask_for_tomorrow"], {"now": now})
    values = {"skip": list(skip), "limit": limit}
    return [row["id"] for row in await _rows(conn, "due_plans", **values)]


async def work(pool: Pool, router: Router | None, plan_id: int, now: datetime) -> bool:
    """Give each duty its day and make one plan; ``False`` where somebody else has. ``router``: ``None``: ways
    are estimated.
    """
    async with pool.connection() as conn:
        found = await _rows(conn, "plan", id=plan_id)
        if not found:
            return False
        week = await _week(conn, found[0], now)
    asked = replace(week.asked, tasks=await apart(NAME, weeks.with_days, week, 0))
    if router is not None:
        asked = await on_roads(router, asked)
    made = await apart(NAME, planned, asked, STEPS)
    async with pool.connection() as conn, conn.transaction():
        return await _keep(conn, found[0], asked, made, now)


async def _week(conn: Connection, row: Mapping[str, Any], now: datetime) -> Week:
    """The day that is to be planned, and what is known of the week behind it."""
    asked = await day_of(conn, row)
    scope = Scope((row["tenant_id"],), None, Purpose.CONSOLE)
    first, seats = row["on_day"], await _seats(conn, row["tenant_id"])
    booked = await tasks.booked_ahead(conn, scope, first + _DAY, first + weeks.DAYS * _DAY)
    mine = allot(booked, seats).get(row["township"], ())
    span = [first + number * _DAY for number in range(weeks.DAYS)]
    days = [Known(*await _who_works(conn, asked, day), _on(mine, asked, day)) for day in span]
    rule = await duties.rule(conn, scope)
    return Week(
        replace(asked, carers=days[0].carers, fixed=days[0].fixed),
        tuple(days),
        {group: period / _DAY for group, period in rule.period.items()},
        now.astimezone(asked.zone).date(),
    )


def _on(mine: Sequence[Task], asked: Asked, on_day: date) -> tuple[Task, ...]:
    """What is booked for a day; of the first one it stands among the tasks."""
    if on_day == asked.on_day:
        return tuple(task for task in asked.tasks if task.visit_id is not None)
    return tuple(one for one in mine if one.open_at and one.open_at.astimezone(asked.zone).date() == on_day)


async def _who_works(
    conn: Connection, asked: Asked, on_day: date
) -> tuple[tuple[Carer, ...], tuple[Fixed, ...]]:
    """Who is not away at any time of a day, and what they go to already."""
    begin, staff = midnight_of(replace(asked, on_day=on_day)), [one.staff_id for one in asked.carers]
    end = midnight_of(replace(asked, on_day=on_day + _DAY))
    away = await _rows(conn, "away", staff=staff, begin=begin, end=end)
    gone = {one["staff_id"] for one in away}
    carers = tuple(one for one in asked.carers if one.staff_id not in gone)
    here = [one.staff_id for one in carers]
    fixed = await _rows(conn, "fixed", staff=here, begin=begin, end=end)
    return carers, tuple(_fixed(one, begin) for one in fixed)


async def day_of(conn: Connection, row: Mapping[str, Any]) -> Asked:
    """A township's open tasks and everybody who works there, as ``row`` names it."""
    scope = Scope((row["tenant_id"],), None, Purpose.CONSOLE)
    open_tasks = await tasks.open_tasks(conn, scope, row["on_day"])
    mine = allot(open_tasks, await _seats(conn, row["tenant_id"])).get(row["township"], ())
    found = await _rows(conn, "carers", tenant_id=row["tenant_id"], township=row["township"])
    carers, zone = tuple(_carer(one) for one in found), ZoneInfo(row["time_zone"])
    return Asked(
        row["on_day"], zone, mine, carers, area=row["township"], ways=await learned(conn, row["tenant_id"])
    )


async def _seats(conn: Connection, tenant_id: int) -> list[Seat]:
    return [
        Seat(one["township"], Point(one["latitude"], one["longitude"]))
        for one in await _rows(conn, "seats", tenant_id=tenant_id)
    ]


async def on_roads(router: Router, asked: Asked) -> Asked:
    """The same with what a router knows of the ways."""
    places = places_of(asked)
    routed = {mode: await router.minutes(places, mode) for mode in {one.mode for one in asked.carers}}
    return replace(asked, routed=routed)


async def learned(conn: Connection, tenant_id: int) -> Ways:
    """What the visits of the last months show of the ways between homes."""
    found = await _rows(conn, "journeys", tenant_id=tenant_id, within=LEARNED_FROM, limit=JOURNEYS)
    return learn(_journey(row) for row in found)


def _journey(row: Mapping[str, Any]) -> Journey:
    mode = Mode(row["mode"])
    origin = Point(row["origin_latitude"], row["origin_longitude"])
    goal = Point(row["goal_latitude"], row["goal_longitude"])
    took = row["began_at"] - row["left_at"]
    return Journey(row["origin"], row["goal"], mode, row["hour"], expected(origin, goal, mode), took)


def _carer(row: Mapping[str, Any]) -> Carer:
    return Carer(
        row["staff_id"],
        frozenset(row["skills"]),
        Mode(row["mode"]),
        Point(row["latitude"], row["longitude"]),
        row["begin_min"],
        row["end_min"],
        rests=row["rests"],
    )


def _fixed(row: Mapping[str, Any], midnight: datetime) -> Fixed:
    return Fixed(
        tuple(row["staff_ids"]),
        Point(row["latitude"], row["longitude"]),
        (row["planned_at"] - midnight) / timedelta(minutes=1),
        float(tasks.takes_of(row).minutes),
    )


async def apart(name: str, search: Callable[[Asking, int], Answer], asked: Asking, steps: int) -> Answer:
    """Search in a process of its own, and let the worker know meanwhile that the loop of that name lives.

    Raises:
        TimeoutError: it took longer than ``AT_MOST_S``.
    """
    searching = asyncio.ensure_future(to_process.run_sync(_aside, search, asked, steps, cancellable=True))
    try:
        async with asyncio.timeout(AT_MOST_S):
            while not (await asyncio.wait({searching}, timeout=_TURN_S))[0]:
                LOOPS.turned(name)
    finally:
        searching.cancel()
    return searching.result()


def _aside(search: Callable[[Asking, int], Answer], asked: Asking, steps: int) -> Answer:
    """In the other process: alarms come before plans, where it is let do that for itself."""
    with suppress(PermissionError):
        os.nice(_NICE - os.nice(0))
    return search(asked, steps)


async def _keep(conn: Connection, row: Mapping[str, Any], asked: Asked, made: Made, now: datetime) -> bool:
    """Write a plan and the days of duties down. One with a fault becomes nothing but a line that says so."""
    scope = Scope((row["tenant_id"],), None, Purpose.CONSOLE)
    faults = sorted({one.fault for one in made.faults})
    if faults:
        _log.error("plan is wrong plan=%d faults=%s", row["id"], ",".join(faults))
    values = {
        "id": row["id"],
        "now": now,
        "appointments": 0 if faults else len(made.appointments),
        "left_out": sum(why is not Why.LATER for _, why in made.left),
        "travel_min": round(made.travel_min),
        "faults": faults,
    }
    if not await _rows(conn, "made", **values):
        return False
    for one in () if faults else made.appointments:
        try:
            await tasks.plan(conn, scope, one.task, one.staff_ids, one.begin_at, now, None)
        except NotFound:
            _log.info("task was taken meanwhile plan=%d", row["id"])
    for task in asked.tasks:
        if task.chosen is not None:
            await conn.execute(_SQL["keep_day"], {**_about(task), "now": now})
    for task, why in made.left:
        left = {"plan_id": row["id"], **_about(task), "kind": task.kind, "due_at": task.due_at, "why": why}
        await conn.execute(_SQL["leave"], left)
    return True


def _about(task: Task) -> dict[str, object]:
    return {
        "resident_id": task.resident_id,
        "home_id": task.home_id,
        "assessed": task.kind is VisitKind.ASSESSMENT,
        "on_day": task.chosen,
        "because": task.because,
    }


async def _rows(conn: Connection, statement: str, **values: object) -> list[dict[str, Any]]:
    given: Mapping[str, object] = values
    return await (await conn.execute(_SQL[statement], given)).fetchall()
