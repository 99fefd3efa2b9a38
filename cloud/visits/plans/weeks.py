"""The week ahead of a township: what is owed in it, who has how much time, and the days of duties. Pure.

What this is: tasks and carers to the question that ``week`` answers, and the answer back to tasks. What it is
not: rows (``job``), or a plan of a day (``build``). The one idea: what is booked, or planned by people, has
its day already; it takes its minutes there, and whoever lives beside it is better visited on that day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from cloud.respond.travel import Mode, Point, expected
from cloud.visits.duty import Group
from cloud.visits.forms.table import VisitKind
from cloud.visits.plans.build import Asked, Carer, Fixed, midnight_of, point_of
from cloud.visits.task import Task
from cloud.visits.week import Booked, Chosen, Owed, Room, choose

DAYS: Final = 8
"""The day that is planned, and the week that its duties reach into."""
WAY_MIN: Final = 8.0
"""The way to a visit, beside its own minutes: what a township's plans take (``benchmarks.visits town``: 28 h
for 260 visits is 6.5 minutes), and a little for waiting. D.
"""
REST_MIN: Final = 60.0
FAR_MIN: Final = 30.0
"""No way counts as longer: behind that it is a journey of its own on any day. D."""
ASSESSED_AGAIN_DAYS: Final = 365.0
_DAY: Final = timedelta(days=1)

Key = tuple[int, bool]
"""A person, and whether it is their assessment."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one day: who works, what they go to already, and what is booked for nobody yet."""

    carers: tuple[Carer, ...]
    fixed: tuple[Fixed, ...]
    booked: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """A township on an evening. ``asked``: its first day, with every open duty. ``period_days``: of each
    group. ``today``: when it is asked; the first day may be a later one than tomorrow.
    """

    asked: Asked
    days: tuple[Known, ...]
    period_days: Mapping[Group, float]
    today: date


def key_of(task: Task) -> Key:
    """The same for a person's duties from one evening to the next."""
    return task.resident_id, task.kind is VisitKind.ASSESSMENT


def with_days(week: Week, _steps: int = 0) -> tuple[Task, ...]:
    """The tasks of the first day, each duty with its day and why."""
    duties = [task for task in week.asked.tasks if _asks(week, task)]
    places = [_anchors(week, number) for number in range(len(week.days))]
    owed = [_owed(week, task, places) for task in duties]
    found = choose(owed, [_room(day) for day in week.days], list(_booked(week)))
    return tuple(_given(week, task, found.get(key_of(task))) for task in week.asked.tasks)


def _asks(week: Week, task: Task) -> bool:
    """A duty without a day, or whose day is not one that is still to come before this week."""
    if task.visit_id is not None or task.due_at is None:
        return False
    return task.chosen is None or not week.today < task.chosen < week.asked.on_day


def _given(week: Week, task: Task, chosen: Chosen | None) -> Task:
    if chosen is None:
        return task
    return replace(task, chosen=week.asked.on_day + chosen.day * _DAY, because=chosen.because)


def _owed(week: Week, task: Task, places: Sequence[Sequence[Point]]) -> Owed:
    period = ASSESSED_AGAIN_DAYS
    if task.kind is not VisitKind.ASSESSMENT and task.group is not None:
        period = week.period_days[task.group]
    return Owed(
        key_of(task),
        task.minutes + WAY_MIN,
        _needs(task),
        _last(task.due_at, midnight_of(week.asked)),
        period,
        tuple(_way_min(point_of(task), near) for near in places),
        task.sooner,
        _kept(week, task),
    )


def _last(due_at: datetime | None, midnight: datetime) -> int:
    """The last day on which it is not late, 0 the first of the week."""
    return DAYS if due_at is None else (due_at.astimezone(midnight.tzinfo).date() - midnight.date()).days


def _kept(week: Week, task: Task) -> Chosen | None:
    if task.chosen is None or task.because is None or task.chosen < week.asked.on_day:
        return None
    return Chosen((task.chosen - week.asked.on_day).days, task.because)


def _needs(task: Task) -> tuple[frozenset[str], ...]:
    return task.skills, *[frozenset[str]()] * (task.people - 1)


def _room(day: Known) -> Room:
    """Minutes of everybody beside their rest and what they go to already."""
    taken: dict[int, float] = defaultdict(float)
    for visit in day.fixed:
        for who in visit.staff_ids:
            taken[who] += visit.minutes + WAY_MIN
    found: dict[frozenset[str], float] = defaultdict(float)
    for one in day.carers:
        minutes = one.end_min - one.begin_min - REST_MIN * one.rests - taken[one.staff_id]
        found[one.skills] += max(0.0, minutes)
    return found


def _booked(week: Week) -> Iterator[Booked]:
    for number, day in enumerate(week.days):
        for task in day.booked:
            yield Booked(number, task.minutes + WAY_MIN, _needs(task))


def _anchors(week: Week, number: int) -> list[Point]:
    """Where somebody is on that day anyway: at home, at what is planned or booked, at whom had it before, and
    at those whose last day it is.
    """
    known = week.days[number]
    on_day, midnight = week.asked.on_day + number * _DAY, midnight_of(week.asked)
    mine = [
        task
        for task in week.asked.tasks
        if task.chosen == on_day or (task.chosen is None and _last(task.due_at, midnight) == number)
    ]
    places = (point for task in (*known.booked, *mine) if (point := point_of(task)) is not None)
    return [*(one.home for one in known.carers), *(one.at for one in known.fixed), *places]


def _way_min(at: Point | None, near: Sequence[Point]) -> float:
    """To the nearest of others, by bicycle."""
    if at is None:
        return 0.0
    ways = (expected(other, at, Mode.BIKE) / timedelta(minutes=1) for other in near if other != at)
    return min((FAR_MIN, *ways))
