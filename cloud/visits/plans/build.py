"""A township's day as a planner takes it, and a plan as times and people. Pure.

What this is: tasks and workers to a ``Day``; a plan back to appointments, and to why something is not in it.
What it is not: a search (``anneal``) or a rule about plans (``check``). The one idea: what a task costs to be
left out says how urgent it is, and the search does the rest. The search is imported where a plan is made: it
brings a compiler of 110 MiB, which no process that watches over alarms has to carry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from math import floor
from typing import Final
from zoneinfo import ZoneInfo

from cloud.respond.travel import Mode, Point, expected
from cloud.respond.ways import NOTHING, Ways
from cloud.visits.check import Violation, broken
from cloud.visits.cost import Weights, cost
from cloud.visits.model import Day, Lunch, Part, Plan, Visit, VisitId, Window, Worker, WorkerId
from cloud.visits.task import Task

DOORS_OPEN_MIN: Final = 8 * 60.0
DOORS_CLOSE_MIN: Final = 18 * 60.0
"""Nobody is visited earlier or later without having asked for it. D."""
MUST: Final = 2_000.0
"""Minutes of travel that a visit is worth which is owed by the end of the day."""
MAY: Final = ((1, 600.0), (3, 200.0))
"""The same for what may wait so many days and was given no day; the rest is worth ``LATER``."""
LATER: Final = 100.0
ON_THE_WAY: Final = 15.0
"""What it is worth to make on the evening's tomorrow what is to be made on the day after. D, no more than it
saves: with more, each day would take the share of the next, and what is kept for emergencies would be gone.
"""
FIXED: Final = 1e6
"""Nothing is worth to lose what was planned by people."""
BY_DAY: Final = 10
"""The hour whose traffic a plan is made with."""
_DAY: Final = timedelta(days=1)

Routed = Mapping[Mode, Mapping[tuple[Point, Point], float]]
"""Minutes from a place to another, by mode."""


class Why(StrEnum):
    """Why a task is not in a plan, in the order in which it is asked."""

    NO_PLACE = "no_place"
    LATER = "later"
    NO_SKILL = "no_skill"
    NO_SECOND = "no_second"
    NO_HOURS = "no_hours"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Carer:
    """Somebody who works on the day. ``begin_min``, ``end_min``: from midnight; ``rests``: at noon."""

    staff_id: int
    skills: frozenset[str]
    mode: Mode
    home: Point
    begin_min: float
    end_min: float
    rests: bool


@dataclass(frozen=True, slots=True)
class Fixed:
    """A visit that is planned already, and stays."""

    staff_ids: tuple[int, ...]
    at: Point
    begin_min: float
    minutes: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A township's day. ``area``: the township's own code. ``ways``: by what they take longer than expected.
    ``routed``: minutes between places as a router knows them, by mode; where it knows none, they are
    estimated.
    """

    on_day: date
    zone: ZoneInfo
    tasks: tuple[Task, ...]
    carers: tuple[Carer, ...]
    fixed: tuple[Fixed, ...] = ()
    area: str = ""
    ways: Ways = NOTHING
    routed: Routed = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Appointment:
    """``staff_ids`` go to the task at ``begin_at``."""

    task: Task
    staff_ids: tuple[int, ...]
    begin_at: datetime


@dataclass(frozen=True, slots=True)
class Made:
    """A plan as it is kept. ``left``: with why; ``faults``: of the checker, and then nothing else is to be
    believed.
    """

    appointments: tuple[Appointment, ...]
    left: tuple[tuple[Task, Why], ...]
    travel_min: float
    faults: tuple[Violation, ...]


def make(asked: Asked, steps: int, seed: int = 0) -> Made:
    """Plan a township's day, and have it judged by who did not make it."""
    from cloud.visits.anneal import plan

    day = day_of(asked)
    found = plan(day, Weights(), steps=steps, seed=seed)
    return Made(
        tuple(appointments(asked, found)),
        tuple(_left(asked, day, found)),
        cost(day, found).travel_min,
        broken(day, found),
    )


def day_of(asked: Asked, also: Sequence[Point] = ()) -> Day:
    """The day as a planner takes it; a task is known by its place in ``asked``, a worker by their number.
    ``also``: places that stand last in the tables of travel.
    """
    placed = [
        (number, task, point)
        for number, task in enumerate(asked.tasks)
        if not waits(task, midnight_of(asked)) and (point := point_of(task)) is not None
    ]
    points = [*places_of(asked), *also]
    at_tasks = len(asked.carers)
    at_fixed = at_tasks + len(placed)
    visits = (
        *(_visit(asked, number, task, at_tasks + place) for place, (number, task, _) in enumerate(placed)),
        *(_fixed(asked, number, one, at_fixed + number) for number, one in enumerate(asked.fixed)),
    )
    modes = {one.mode for one in asked.carers}
    areas = [
        *(asked.area for _ in asked.carers),
        *(task.division for _, task, _ in placed),
        *(asked.area for _ in (*asked.fixed, *also)),
    ]
    travel = {str(mode): _travel(asked, list(zip(points, areas, strict=True)), mode) for mode in modes}
    return Day(visits, tuple(_worker(one, place) for place, one in enumerate(asked.carers)), travel)


def places_of(asked: Asked) -> list[Point]:
    """Where carers live, then what is to be done, then what is planned already."""
    at_tasks = (
        point
        for task in asked.tasks
        if not waits(task, midnight_of(asked)) and (point := point_of(task)) is not None
    )
    return [*(one.home for one in asked.carers), *at_tasks, *(one.at for one in asked.fixed)]


def _worker(one: Carer, place: int) -> Worker:
    """Begins and ends at home. Only they have the skill of being themselves."""
    skills = one.skills | {self_of(one.staff_id)}
    lunch = Lunch() if one.rests else None
    return Worker(
        WorkerId(str(one.staff_id)), place, place, skills, one.begin_min, one.end_min, lunch, one.mode
    )


def self_of(staff_id: int) -> str:
    """The skill that only they have."""
    return f"staff:{staff_id}"


def _fixed(asked: Asked, number: int, one: Fixed, place: int) -> Visit:
    """Those of this township who go to it; who comes from elsewhere is not waited for."""
    here = {carer.staff_id for carer in asked.carers}
    who = [staff_id for staff_id in one.staff_ids if staff_id in here]
    parts = tuple(Part(one.minutes, frozenset({self_of(staff_id)})) for staff_id in who)
    begin = Window(one.begin_min, one.begin_min)
    return Visit(VisitId(f"fixed:{number}"), place, parts, (begin,), weight=FIXED)


def point_of(task: Task) -> Point | None:
    """Where the home is."""
    if task.latitude is None or task.longitude is None:
        return None
    return Point(task.latitude, task.longitude)


def weight_of(task: Task, midnight: datetime) -> float:
    """Minutes of travel that it is worth to make it on this day; more with each day that it is overdue."""
    if task.due_at is None:
        return MUST
    today, late = midnight.date(), floor((midnight - task.due_at) / _DAY) + 1
    if task.chosen is not None and task.chosen > today:
        return MAY[0][1] * (1 + late) if late >= 0 else ON_THE_WAY
    if late >= 0:
        return MUST * (1 + late)
    if task.chosen == today:
        return MUST
    return next((worth for days, worth in MAY if -late <= days), LATER)


def waits(task: Task, midnight: datetime) -> bool:
    """Whether it is not asked for on this day: it was given one that is neither this nor the next, and is not
    owed yet.
    """
    if task.chosen is None or task.due_at is None or task.due_at < midnight + _DAY:
        return False
    return task.chosen not in {midnight.date(), midnight.date() + _DAY}


def _visit(asked: Asked, number: int, task: Task, place: int) -> Visit:
    midnight = midnight_of(asked)
    weight = weight_of(task, midnight)
    able = Part(float(task.minutes), task.skills)
    helps = Part(float(task.minutes))
    return Visit(
        VisitId(str(number)),
        place,
        (able, helps) if task.people > 1 else (able,),
        (_window(task, midnight),),
        weight=weight,
        must=weight >= MUST,
        usual=frozenset(WorkerId(str(one)) for one in task.usual),
    )


def _window(task: Task, midnight: datetime) -> Window:
    """When it may begin. What is overdue may begin at any time of the day, and costs by its weight."""
    open_min, due_min = DOORS_OPEN_MIN, DOORS_CLOSE_MIN - task.minutes
    if task.open_at is not None:
        open_min = max(0.0, (task.open_at - midnight) / timedelta(minutes=1))
        due_min = max(open_min, due_min)
    if task.due_at is not None:
        asked_min = (task.due_at - midnight) / timedelta(minutes=1)
        due_min = min(due_min, asked_min) if asked_min >= open_min else due_min
    return Window(open_min, due_min)


def _travel(asked: Asked, places: Sequence[tuple[Point, str]], mode: Mode) -> list[list[float]]:
    routed, seen = asked.routed.get(mode, {}), {area for _, area in places}
    factor = {
        (origin, goal): asked.ways.factor(origin, goal, mode, BY_DAY) for origin in seen for goal in seen
    }

    def way_min(here: Point, origin: str, there: Point, goal: str) -> float:
        if here == there:
            return 0.0
        known = routed.get((here, there))
        return known or expected(here, there, mode) / timedelta(minutes=1) * factor[origin, goal]

    return [[way_min(here, origin, there, goal) for there, goal in places] for here, origin in places]


def appointments(asked: Asked, found: Plan) -> Iterator[Appointment]:
    """Tasks that a plan has, in their order; whoever makes the first part is named first."""
    stops = sorted(
        (stop.visit, stop.part, stop.start_min, int(who))
        for who, route in found.routes.items()
        for stop in route.stops
    )
    for number, task in enumerate(asked.tasks):
        mine = [one for one in stops if one[0] == str(number)]
        if mine:
            begin_at = midnight_of(asked) + timedelta(minutes=round(mine[0][2]))
            yield Appointment(task, tuple(who for *_, who in mine), begin_at)


def _left(asked: Asked, day: Day, found: Plan) -> Iterator[tuple[Task, Why]]:
    visits = {one.id: one for one in day.visits}
    for number, task in enumerate(asked.tasks):
        visit = visits.get(VisitId(str(number)))
        if visit is None:
            yield task, Why.NO_PLACE if point_of(task) is None else Why.LATER
        elif visit.id in found.left_out:
            yield task, Why.LATER if _has_another(task, asked.on_day) else why(day, visit)


def _has_another(task: Task, on_day: date) -> bool:
    return task.chosen is not None and task.chosen > on_day


def why(day: Day, visit: Visit) -> Why:
    """Why a visit that was left out was, asked of the day with nothing else to do."""
    from cloud.visits.anneal import plan

    able = [{one.id for one in day.workers if one.able(part)} for part in visit.parts]
    if not all(able):
        return Why.NO_SKILL
    if len(set[WorkerId]().union(*able)) < len(visit.parts):
        return Why.NO_SECOND
    alone = plan(Day((visit,), day.workers, day.travel), Weights(), steps=0)
    return Why.NO_HOURS if alone.left_out else Why.FULL


def midnight_of(asked: Asked) -> datetime:
    """The beginning of the day, by the clock of its zone."""
    return datetime.combine(asked.on_day, time(), asked.zone)
