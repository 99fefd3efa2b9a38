"""A running day as a planner takes it, and what was moved by mending it. Pure.

What this is: visits that people wait for, who cannot be sent any more, and what came on top, to a ``Day``
with the plan that runs; a mended plan back to changes, each with why. What it is not: the search
(``mend``). The one idea: somebody was told who comes and when, so a change names its reason, and what stays
within five minutes is no change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import inf
from typing import Final

from cloud.respond.travel import Point
from cloud.visits.check import Violation, broken
from cloud.visits.cost import Weights
from cloud.visits.model import Day, Part, Plan, Route, Stop, Visit, VisitId, Window, Worker, WorkerId
from cloud.visits.plans.build import FIXED, MUST, Asked, Carer, day_of, midnight_of, self_of
from cloud.visits.task import Task

SAME_MIN: Final = 5.0
"""A visit that begins so little earlier or later is not moved: nobody looks at the clock for it. D."""
WEIGHTS: Final = Weights(late=10.0)
"""Late is better than nobody, and worse than anybody else. D."""
SOON_MIN: Final = 1 / 60
"""What should have begun begins so soon."""


class Why(StrEnum):
    """Why a visit was moved."""

    AWAY = "away"
    ROOM = "room"
    TIME = "time"
    NEW = "new"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Booked:
    """A visit of the running day. ``begin_min``: by the plan; ``began_min``, ``ended_min``: as it went, or
    ``None``. ``by_people``: somebody chose who goes and when, and that stays while they can.
    """

    task: Task
    staff_ids: tuple[int, ...]
    begin_min: float
    began_min: float | None = None
    ended_min: float | None = None
    by_people: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """Somebody who is not to be sent before ``back_min`` (infinity: not today), and goes on from ``at``."""

    staff_id: int
    back_min: float
    at: Point


@dataclass(frozen=True, slots=True)
class Running:
    """A township's day at ``now_min``. ``asked``: what nobody goes to yet, and who works."""

    asked: Asked
    booked: tuple[Booked, ...]
    gone: tuple[Gone, ...]
    now_min: float


@dataclass(frozen=True, slots=True)
class Change:
    """``booked``: ``None`` for what nobody went to before. Empty ``staff_ids`` and no time: nobody goes."""

    task: Task
    booked: Booked | None
    staff_ids: tuple[int, ...]
    begin_at: datetime | None
    why: Why


@dataclass(frozen=True, slots=True)
class Mended:
    """``faults``: of the checker, and then nothing else is to be believed. ``left_out``: to how many nobody
    goes.
    """

    changes: tuple[Change, ...]
    left_out: int
    faults: tuple[Violation, ...]

    @property
    def moved(self) -> int:
        """Visits that others make than before, or nobody."""
        return sum(one.why in {Why.AWAY, Why.ROOM, Why.NOBODY} for one in self.changes)


def mended(running: Running, steps: int, seed: int = 0) -> Mended:
    """The day as it goes on, judged by who did not mend it."""
    from cloud.visits.mend import Away, mend

    placed = tuple(one for one in running.booked if one.task.latitude is not None)
    running = replace(running, booked=placed)
    day, plan = day_and_plan(running)
    last = len(next(iter(day.travel.values()))) if day.travel else 0
    away = {
        WorkerId(str(one.staff_id)): Away(one.back_min, last - len(running.gone) + place)
        for place, one in enumerate(running.gone)
    }
    found = mend(day, plan, now_min=running.now_min, away=away, weights=WEIGHTS, steps=steps, seed=seed)
    before = set(broken(day, plan))
    faults = tuple(one for one in broken(day, found) if one not in before and one.worker not in away)
    changes = tuple(_changes(running, plan, found))
    return Mended(changes, len(found.left_out), faults)


def day_and_plan(running: Running) -> tuple[Day, Plan]:
    """The day with what is booked after what is new, and the plan that runs."""
    asked = replace(running.asked, tasks=(*running.asked.tasks, *(one.task for one in running.booked)))
    day = day_of(asked, [one.at for one in running.gone])
    known = {carer.staff_id: carer for carer in asked.carers}
    unable = {one.staff_id for one in running.gone}
    new = len(running.asked.tasks)
    booked = {_id(new + number): one for number, one in enumerate(running.booked)}
    visits = tuple(
        _visit(one, booked[one.id], known, unable) if one.id in booked else one for one in day.visits
    )
    workers = tuple(replace(one, lunch=None) if _rested(running, one) else one for one in day.workers)
    return replace(day, visits=visits, workers=workers), _plan(running, booked, known)


def _id(number: int) -> VisitId:
    return VisitId(str(number))


def _visit(visit: Visit, booked: Booked, known: Mapping[int, Carer], unable: set[int]) -> Visit:
    """A booked visit: nobody comes earlier than was said, and late rather than never; what people chose stays
    while they can.
    """
    here = [who for who in booked.staff_ids if who in known]
    minutes = visit.parts[0].duration_min
    if booked.began_min is not None and booked.ended_min is not None:
        minutes = booked.ended_min - booked.began_min
    stays = len(here) < len(booked.staff_ids) or (booked.by_people and not unable & set(here))
    if stays:
        parts = tuple(Part(minutes, frozenset({self_of(who)})) for who in here)
        windows: tuple[Window, ...] = (Window(booked.begin_min, booked.begin_min),)
    else:
        parts = tuple(
            Part(minutes, part.skills & known[who].skills if who not in unable else part.skills)
            for part, who in zip(visit.parts, here, strict=False)
        )
        opens = [max(one.open_min, booked.begin_min - SAME_MIN) for one in visit.windows]
        windows = tuple(
            Window(open_min, max(open_min, one.due_min))
            for open_min, one in zip(opens, visit.windows, strict=True)
        )
    return replace(
        visit, parts=parts, windows=windows, soft=True, weight=FIXED if stays else max(MUST, visit.weight)
    )


def _plan(running: Running, booked: Mapping[VisitId, Booked], known: Mapping[int, Carer]) -> Plan:
    stops: dict[WorkerId, list[Stop]] = {}
    for visit, one in sorted(
        booked.items(), key=lambda item: (_start_min(item[1], running.now_min), item[1].begin_min)
    ):
        here = [who for who in one.staff_ids if who in known]
        for part, who in enumerate(here):
            stop = Stop(visit, _start_min(one, running.now_min), part)
            stops.setdefault(WorkerId(str(who)), []).append(stop)
    return Plan({who: Route(tuple(found)) for who, found in stops.items()})


def _start_min(booked: Booked, now_min: float) -> float:
    if booked.began_min is not None:
        return min(booked.began_min, now_min)
    return max(booked.begin_min, now_min + SOON_MIN)


def _rested(running: Running, worker: Worker) -> bool:
    """Whether somebody's rest is behind them, as far as their visits tell: its time is over, or there was
    room for it.
    """
    rest = worker.lunch
    if rest is None or running.now_min > rest.due_min:
        return True
    mine = sorted(
        (one.began_min, one.ended_min)
        for one in running.booked
        if int(worker.id) in one.staff_ids and one.began_min is not None and one.ended_min is not None
    )
    ends, begins = [ended for _, ended in mine], [*(began for began, _ in mine[1:]), running.now_min]
    return any(
        after - max(ended, rest.open_min) >= rest.duration_min
        for ended, after in zip(ends, begins[: len(ends)], strict=True)
    )


def _changes(running: Running, was: Plan, now: Plan) -> Iterator[Change]:
    midnight, unable = midnight_of(running.asked), {one.staff_id for one in running.gone}
    before, after = _made(was), _made(now)
    new = len(running.asked.tasks)
    for number, task in enumerate(running.asked.tasks):
        if _id(number) in after:
            who, begin_min = after[_id(number)]
            yield Change(task, None, who, _at(midnight, begin_min), Why.NEW)
    for number, booked in enumerate(running.booked, new):
        who, begin_min = after.get(_id(number), ((), inf))
        was_who, _ = before[_id(number)]
        if booked.began_min is not None:
            continue
        if len(was_who) < len(booked.staff_ids):  # somebody from elsewhere goes with them
            who = booked.staff_ids if who else ()
        if not who:
            yield Change(booked.task, booked, (), None, Why.NOBODY)
        elif set(who) != set(booked.staff_ids):
            why = Why.AWAY if unable & set(booked.staff_ids) else Why.ROOM
            yield Change(booked.task, booked, who, _at(midnight, begin_min), why)
        elif abs(begin_min - booked.begin_min) > SAME_MIN:
            yield Change(booked.task, booked, who, _at(midnight, begin_min), Why.TIME)


def _at(midnight: datetime, minutes: float) -> datetime:
    return midnight + timedelta(minutes=round(minutes))


def _made(plan: Plan) -> dict[VisitId, tuple[tuple[int, ...], float]]:
    """Who makes each visit, the first part first, and when it begins."""
    stops: dict[VisitId, list[tuple[int, int, float]]] = {}
    for who, route in plan.routes.items():
        for stop in route.stops:
            stops.setdefault(stop.visit, []).append((stop.part, int(who), stop.start_min))
    return {
        visit: (tuple(who for _, who, _ in sorted(found)), min(found)[2]) for visit, found in stops.items()
    }
