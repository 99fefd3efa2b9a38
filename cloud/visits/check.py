"""Whether a plan can be done, told by somebody who did not make it. Pure.

What this is: every rule of a day of visits asked of a finished plan, each broken one named with whom, what
and by how much. What it is not: part of any solver; it shares no line with them but the nouns, so what a
solver gets wrong, it cannot get wrong in the same way. The one idea: it only reads what the plan says, and
never works out what the plan may have meant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import isfinite
from typing import Final

from cloud.visits.model import Day, Part, Plan, Route, Stop, Visit, VisitId, Worker, WorkerId

TOLERANCE_MIN: Final = 1e-6
"""Rounding of sums of minutes; a twentieth of a millisecond."""


class Fault(StrEnum):
    """How a plan can be wrong."""

    UNKNOWN_WORKER = "unknown_worker"
    UNKNOWN_VISIT = "unknown_visit"
    NO_TIME = "no_time"
    FORGOTTEN = "forgotten"
    HALF_DONE = "half_done"
    TWICE = "twice"
    DONE_AND_LEFT_OUT = "done_and_left_out"
    MUST_LEFT_OUT = "must_left_out"
    UNSKILLED = "unskilled"
    OUT_OF_WINDOW = "out_of_window"
    LATE = "late"
    SAME_PERSON = "same_person"
    APART = "apart"
    CANNOT_ARRIVE = "cannot_arrive"
    BEFORE_SHIFT = "before_shift"
    AFTER_SHIFT = "after_shift"
    NO_LUNCH = "no_lunch"
    LUNCH_OUT_OF_WINDOW = "lunch_out_of_window"
    LUNCH_TOO_SHORT = "lunch_too_short"
    OVERLOADED = "overloaded"


SOFT: Final = frozenset({Fault.LATE, Fault.MUST_LEFT_OUT})
"""What a plan may show and still be done: a soft visit begun late, a must that nobody can make."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule. ``by_min``: by how many minutes, where that is the question, or by how much load."""

    fault: Fault
    worker: WorkerId | None = None
    visit: VisitId | None = None
    by_min: float = 0.0


@dataclass(frozen=True, slots=True)
class _Done:
    """A part as the plan has it."""

    worker: Worker
    visit: Visit
    part: Part
    number: int
    start_min: float

    @property
    def end_min(self) -> float:
        return self.start_min + self.part.duration_min


def check(day: Day, plan: Plan) -> tuple[Violation, ...]:
    """Every broken rule of ``plan``; of a stop that the day does not know, only that is said."""
    workers = {one.id: one for one in day.workers}
    visits = {one.id: one for one in day.visits}
    return (
        *_strangers(plan, workers, visits),
        *_all_accounted_for(day, plan),
        *_visits(plan, workers, visits),
        *(
            found
            for worker in day.workers
            for found in _worker(day, worker, plan.routes.get(worker.id, Route()), visits)
        ),
    )


def broken(day: Day, plan: Plan) -> tuple[Violation, ...]:
    """The violations with which a plan cannot be done at all."""
    return tuple(one for one in check(day, plan) if one.fault not in SOFT)


def _strangers(
    plan: Plan, workers: Mapping[WorkerId, Worker], visits: Mapping[VisitId, Visit]
) -> Iterator[Violation]:
    for who, route in plan.routes.items():
        if who not in workers:
            yield Violation(Fault.UNKNOWN_WORKER, who)
        for stop in route.stops:
            known = visits.get(stop.visit)
            if known is None or not 0 <= stop.part < len(known.parts):
                yield Violation(Fault.UNKNOWN_VISIT, who, stop.visit)
            elif not isfinite(stop.start_min):
                yield Violation(Fault.NO_TIME, who, stop.visit)
        if route.lunch_min is not None and not isfinite(route.lunch_min):
            yield Violation(Fault.NO_TIME, who)
    for visit in sorted(plan.left_out - visits.keys()):
        yield Violation(Fault.UNKNOWN_VISIT, None, visit)


def _all_accounted_for(day: Day, plan: Plan) -> Iterator[Violation]:
    """Each visit is done once and whole, or said to be left out."""
    parts: dict[VisitId, list[int]] = defaultdict(list)
    for route in plan.routes.values():
        for stop in route.stops:
            parts[stop.visit].append(stop.part)
    for visit in day.visits:
        done, whole = parts[visit.id], set(range(len(visit.parts)))
        if len(done) > len(set(done)):
            yield Violation(Fault.TWICE, None, visit.id)
        if visit.id in plan.left_out:
            if done:
                yield Violation(Fault.DONE_AND_LEFT_OUT, None, visit.id)
            elif visit.must:
                yield Violation(Fault.MUST_LEFT_OUT, None, visit.id)
        elif not done:
            yield Violation(Fault.FORGOTTEN, None, visit.id)
        elif whole - set(done):
            yield Violation(Fault.HALF_DONE, None, visit.id)


def _visits(
    plan: Plan, workers: Mapping[WorkerId, Worker], visits: Mapping[VisitId, Visit]
) -> Iterator[Violation]:
    by_visit: dict[VisitId, list[_Done]] = defaultdict(list)
    for who, route in plan.routes.items():
        for done in _known(workers.get(who), route.stops, visits):
            by_visit[done.visit.id].append(done)
    for found in by_visit.values():
        yield from _times(found)
        yield from _pair(found)


def _times(done: Iterable[_Done]) -> Iterator[Violation]:
    for one in done:
        if not one.worker.able(one.part):
            yield Violation(Fault.UNSKILLED, one.worker.id, one.visit.id)
        off_min = min(
            max(window.open_min - one.start_min, one.start_min - window.due_min)
            for window in one.visit.windows
        )
        if off_min > TOLERANCE_MIN:
            late = one.visit.soft and one.start_min > one.visit.windows[-1].due_min
            yield Violation(Fault.LATE if late else Fault.OUT_OF_WINDOW, one.worker.id, one.visit.id, off_min)


def _pair(done: Iterable[_Done]) -> Iterator[Violation]:
    by_part = {one.number: one for one in done}
    if len(by_part) <= 1:
        return
    first, second = by_part[0], by_part[1]
    if first.worker.id == second.worker.id:
        yield Violation(Fault.SAME_PERSON, first.worker.id, first.visit.id)
    gap, apart_min = first.visit.gap, second.start_min - first.start_min
    off_min = max(gap.least_min - apart_min, apart_min - gap.most_min)
    if off_min > TOLERANCE_MIN:
        yield Violation(Fault.APART, None, first.visit.id, off_min)


def _worker(day: Day, worker: Worker, route: Route, visits: Mapping[VisitId, Visit]) -> Iterator[Violation]:
    """Ways, shift and rest, in the order in which the plan has the stops."""
    done = list(_known(worker, route.stops, visits))
    if not done:
        return
    travel = day.travel[worker.mode]
    first, final = done[0], done[-1]
    away_min = first.start_min - travel[worker.begin][first.visit.place]
    back_min = final.end_min + travel[final.visit.place][worker.end]
    if worker.open_min - away_min > TOLERANCE_MIN:
        yield Violation(Fault.BEFORE_SHIFT, worker.id, first.visit.id, worker.open_min - away_min)
    if back_min - worker.close_min > TOLERANCE_MIN:
        yield Violation(Fault.AFTER_SHIFT, worker.id, final.visit.id, back_min - worker.close_min)
    for before, after in pairwise(done):
        short_min = before.end_min + travel[before.visit.place][after.visit.place] - after.start_min
        if short_min > TOLERANCE_MIN:
            yield Violation(Fault.CANNOT_ARRIVE, worker.id, after.visit.id, short_min)
    over = sum(one.visit.load for one in done if one.number == 0) - worker.carries
    if over > TOLERANCE_MIN:
        yield Violation(Fault.OVERLOADED, worker.id, None, over)
    yield from _lunch(day, worker, route.lunch_min, done)


def _lunch(day: Day, worker: Worker, at_min: float | None, done: list[_Done]) -> Iterator[Violation]:
    """A rest lies between two stops, and the way between them has room beside it."""
    rule = worker.lunch
    if rule is None:
        return
    if at_min is None:
        yield Violation(Fault.NO_LUNCH, worker.id)
        return
    off_min = max(rule.open_min - at_min, at_min - rule.due_min)
    if off_min > TOLERANCE_MIN:
        yield Violation(Fault.LUNCH_OUT_OF_WINDOW, worker.id, None, off_min)
    lacks_min = _lacks_min(day, worker, rule.duration_min, at_min, done)
    if lacks_min > TOLERANCE_MIN:
        yield Violation(Fault.LUNCH_TOO_SHORT, worker.id, None, lacks_min)


def _lacks_min(day: Day, worker: Worker, rest_min: float, at_min: float, done: list[_Done]) -> float:
    travel = day.travel[worker.mode]
    before = [one for one in done if one.start_min < at_min]
    after = done[len(before) :]
    free_min = before[-1].end_min if before else worker.open_min
    here = before[-1].visit.place if before else worker.begin
    next_min = after[0].start_min if after else worker.close_min
    there = after[0].visit.place if after else worker.end
    within = max(free_min - at_min, at_min + rest_min - next_min)
    return max(within, free_min + rest_min + travel[here][there] - next_min)


def _known(worker: Worker | None, stops: Iterable[Stop], visits: Mapping[VisitId, Visit]) -> Iterator[_Done]:
    """The stops that speak of this day, with a time."""
    for stop in stops:
        visit = visits.get(stop.visit)
        if worker and visit and 0 <= stop.part < len(visit.parts) and isfinite(stop.start_min):
            yield _Done(worker, visit, visit.parts[stop.part], stop.part, stop.start_min)
