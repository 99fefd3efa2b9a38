"""What is to be done on a day: duties that nobody has planned yet, and visits that nobody goes to yet.

What this is: the border between duties and plans: open tasks out, planned visits in. What it is not: a plan.
The one idea: a person's several duties are one visit, which ends all of them; an assessment is a visit of its
own, because two go and it takes an hour.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from cloud.auth import Scope
from cloud.db import Connection, Queries
from cloud.visits.duty import Group, Reason
from cloud.visits.forms.table import VisitKind
from cloud.visits.records import store
from cloud.visits.records.desk import NotFound
from cloud.visits.records.store import Wanted
from cloud.visits.task import Task
from cloud.visits.week import Because

AHEAD: Final = timedelta(days=7)
"""Duties that a day may already take, so that a week can be spread. D."""
USUAL_WITHIN: Final = timedelta(days=180)
"""Whoever came in this time is known to the person. D."""

MINUTES: Final[Mapping[VisitKind, int]] = {
    VisitKind.EMERGENCY: 60,
    VisitKind.WELFARE: 15,
    VisitKind.REGULAR: 30,
    VisitKind.ASSESSMENT: 60,
    VisitKind.EQUIPMENT: 60,
    VisitKind.SERVICE: 45,
    VisitKind.AFTER_INCIDENT: 30,
    VisitKind.CAMPAIGN: 15,
}
"""How long a visit takes, without the way. D."""
OF_SERVICE: Final[Mapping[str, int]] = {
    "meals": 20,
    "cleaning": 60,
    "bathing": 60,
    "nursing": 45,
    "doctor": 30,
    "company": 45,
}
"""Minutes of each service; several at one visit add up. D."""
BY_TWO: Final = frozenset({"bathing"})
"""Services that nobody does alone. D."""
SKILLS: Final[Mapping[str, str]] = {
    "bathing": "bathing",
    "nursing": "nursing",
    "doctor": "doctor",
    Reason.ASSESSMENT: "assessor",
}
"""What somebody must be able to do for it."""

MOVED_UP: Final = frozenset({Reason.TREND, Reason.EMERGENCY, Reason.CHANGE})
"""Something has happened: sooner is better."""

_SQL: Final = Queries("cloud.visits", "tasks.sql")


async def open_tasks(conn: Connection, scope: Scope, day: date, *, ahead: timedelta = AHEAD) -> list[Task]:
    """What nobody goes to yet: duties until ``ahead`` after ``day`` ends, the longest owed first, and then
    booked visits of ``day``.
    """
    begin, end = await _span(conn, scope, day, day + timedelta(days=1))
    asked = {
        **scope.params,
        "begin": begin,
        "end": end,
        "before": end + ahead,
        "since": begin - USUAL_WITHIN,
    }
    owed = await (await conn.execute(_SQL["owed"], asked)).fetchall()
    booked = await (await conn.execute(_SQL["booked"], asked)).fetchall()
    return [*(_owed(row, begin) for row in owed), *(booked_task(row) for row in booked)]


async def booked_ahead(conn: Connection, scope: Scope, first: date, before: date) -> list[Task]:
    """What is booked from ``first`` until before ``before`` that nobody goes to yet."""
    begin, end = await _span(conn, scope, first, before)
    asked = {**scope.params, "begin": begin, "end": end, "since": begin - USUAL_WITHIN}
    return [booked_task(row) for row in await (await conn.execute(_SQL["booked"], asked)).fetchall()]


async def _span(conn: Connection, scope: Scope, first: date, before: date) -> tuple[datetime, datetime]:
    row = await (await conn.execute(_SQL["zone"], scope.params)).fetchone()
    zone = ZoneInfo(row["time_zone"] if row else "Asia/Shanghai")
    return datetime.combine(first, time(), zone), datetime.combine(before, time(), zone)


async def plan(  # noqa: PLR0917 - what a planned visit consists of
    conn: Connection,
    scope: Scope,
    task: Task,
    workers: tuple[int, ...],
    begin_at: datetime,
    now: datetime,
    planned_by: int | None = None,
) -> int:
    """The number of the visit by which ``workers`` go to ``task``. ``planned_by``: ``None``: a program.

    Raises:
        NotFound: the person left, a worker does not work here, or it has begun meanwhile.
    """
    if not await store.working(conn, scope, workers):
        raise NotFound(workers)
    if task.visit_id is not None:
        if not await store.hold(conn, scope, number=task.visit_id):
            raise NotFound(task.visit_id)
        if not await store.move(conn, scope, task.visit_id, workers, begin_at, planned_by):
            raise NotFound(task.visit_id)
        return task.visit_id
    wanted = Wanted(
        uuid.uuid4(),
        task.resident_id,
        task.kind,
        workers=workers,
        due_at=None,
        planned_at=begin_at,
        planned_by=planned_by,
    )
    number = await store.add(conn, scope, wanted, now)
    if number is None:
        raise NotFound(task.resident_id)
    return number


def kind_of(reasons: Iterable[str]) -> VisitKind:
    """The visit that ends duties of ``reasons``: what happened is asked after before what is due anyway."""
    found = frozenset(reasons)
    if Reason.ASSESSMENT in found:
        return VisitKind.ASSESSMENT
    if Reason.EMERGENCY in found:
        return VisitKind.AFTER_INCIDENT
    return VisitKind.CAMPAIGN if found == {Reason.CAMPAIGN} else VisitKind.REGULAR


@dataclass(frozen=True, slots=True)
class Needed:
    """What a visit takes: minutes, people who go together, what they must be able to do."""

    minutes: int
    people: int
    skills: frozenset[str]


def needed(kind: VisitKind, services: Iterable[str]) -> Needed:
    """What a booked visit of ``kind`` takes, at which ``services`` are done."""
    done = tuple(services)
    asked = [*done, *([Reason.ASSESSMENT] if kind is VisitKind.ASSESSMENT else [])]
    by_two = kind is VisitKind.ASSESSMENT or bool(BY_TWO & set(done))
    minutes = sum(OF_SERVICE[one] for one in done) or MINUTES[kind]
    return Needed(minutes, 2 if by_two else 1, _skills(asked))


def _owed(row: Mapping[str, Any], begin: datetime) -> Task:
    kind = kind_of(row["reasons"])
    asked = [Reason.ASSESSMENT] if kind is VisitKind.ASSESSMENT else []
    return Task(
        visit_id=None,
        kind=kind,
        open_at=None,
        due_at=row["due_at"],
        overdue=row["due_at"] < begin,
        group=Group(row["people_group"]),
        minutes=MINUTES[kind],
        people=2 if kind is VisitKind.ASSESSMENT else 1,
        skills=_skills(asked),
        sooner=bool(MOVED_UP & set(row["reasons"])),
        chosen=row["on_day"],
        because=Because(row["because"]) if row["because"] else None,
        **_where(row),
    )


def takes_of(row: Mapping[str, Any]) -> Needed:
    """What a booked visit takes, from its row; an order may say more than its services do."""
    takes = needed(VisitKind(row["kind"]), row["services"])
    return Needed(
        row["minutes"] or takes.minutes,
        row["people"] or takes.people,
        takes.skills | frozenset(row["skills"] or ()),
    )


def booked_task(row: Mapping[str, Any]) -> Task:
    """What a booked visit is, from its row."""
    kind, takes = VisitKind(row["kind"]), takes_of(row)
    return Task(
        visit_id=row["visit_id"],
        kind=kind,
        open_at=row["open_at"],
        due_at=row["due_at"],
        overdue=False,
        group=None,
        minutes=takes.minutes,
        people=takes.people,
        skills=takes.skills,
        **_where(row),
    )


def _where(row: Mapping[str, Any]) -> dict[str, Any]:
    named = ("resident_id", "home_id", "division", "latitude", "longitude")
    return {**{key: row[key] for key in named}, "usual": tuple(row["usual"])}


def _skills(asked: Iterable[str]) -> frozenset[str]:
    return frozenset(SKILLS[one] for one in asked if one in SKILLS)
