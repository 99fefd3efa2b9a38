"""Whose plan a task belongs to, and how a big township is cut. Pure.

What this is: tasks to townships, and a day of many workers into days that are planned each for itself. What
it is not: a plan. The one idea: a task belongs to the township it lies in; where nobody works, to that of
whoever lives nearest, so that no home is forgotten because of where a border runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import atan2, ceil, cos, radians
from typing import Final

from cloud.respond.travel import Point, distance_m
from cloud.visits.plans.build import Asked, Carer, Fixed, Made, make, point_of
from cloud.visits.task import Task

AT_MOST: Final = 60
"""Workers that one search plans for; more are cut by the compass (D; ``python -m benchmarks.visits``)."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Where somebody's day begins, and whose plan they are in."""

    township: str
    at: Point


def allot(tasks: Sequence[Task], seats: Sequence[Seat]) -> Mapping[str, tuple[Task, ...]]:
    """Tasks by the township whose plan they belong to; without seats nobody plans."""
    found: dict[str, list[Task]] = defaultdict(list)
    townships = sorted({seat.township for seat in seats})
    for task in tasks if seats else ():
        found[_township(task, townships, seats)].append(task)
    return {township: tuple(mine) for township, mine in found.items()}


def _township(task: Task, townships: Sequence[str], seats: Sequence[Seat]) -> str:
    """A home whose place nobody knows goes to the township with the most digits in common, which says so
    aloud.
    """
    own = [one for one in townships if task.division.startswith(one)]
    if own:
        return own[0]
    at = point_of(task)
    if at is None:
        return max(townships, key=lambda one: _in_common(one, task.division))
    return min(seats, key=lambda seat: (distance_m(seat.at, at), seat.township)).township


def _in_common(one: str, other: str) -> int:
    return next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def cut(asked: Asked, at_most: int = AT_MOST) -> tuple[Asked, ...]:
    """The day as days of at most so many workers: sectors around the middle of the homes. Workers with the
    same skills are dealt by where they live, so that each sector has its share of each; work goes by the
    compass, as much of it as a sector has workers. What is planned already goes with its people, and people
    who share a visit stay together.
    """
    groups = ceil(len(asked.carers) / at_most)
    if groups <= 1:
        return (asked,)
    middle = _middle(asked)
    sectors = _dealt(asked.carers, asked.fixed, groups, middle)
    tasks = sorted(asked.tasks, key=lambda task: _angle(middle, point_of(task)))
    shares = [sum(len(one) for one in sectors[:number]) / len(asked.carers) for number in range(groups + 1)]
    return tuple(
        replace(
            asked,
            tasks=tuple(tasks[round(shares[number] * len(tasks)) : round(shares[number + 1] * len(tasks))]),
            carers=mine,
            fixed=tuple(
                one for one in asked.fixed if set(one.staff_ids) & {carer.staff_id for carer in mine}
            ),
        )
        for number, mine in enumerate(sectors)
    )


def _middle(asked: Asked) -> Point:
    places = [point for task in asked.tasks if (point := point_of(task))] or [
        one.home for one in asked.carers
    ]
    return Point(
        sum(one.latitude for one in places) / len(places), sum(one.longitude for one in places) / len(places)
    )


def _angle(middle: Point, point: Point | None) -> float:
    if point is None:
        return 0.0
    east = (point.longitude - middle.longitude) * cos(radians(middle.latitude))
    return atan2(point.latitude - middle.latitude, east)


def _dealt(
    carers: Sequence[Carer], fixed: Sequence[Fixed], groups: int, middle: Point
) -> list[tuple[Carer, ...]]:
    """Each role cut by the compass on its own; then whoever shares a planned visit is brought together."""
    roles: dict[tuple[frozenset[str], str], list[Carer]] = defaultdict(list)
    for one in carers:
        roles[one.skills, one.mode].append(one)
    sector: dict[int, int] = {}
    for role in roles.values():
        by_angle = sorted(role, key=lambda one: (_angle(middle, one.home), one.staff_id))
        sector |= {one.staff_id: place * groups // len(by_angle) for place, one in enumerate(by_angle)}
    for visit in fixed:
        together = [who for who in visit.staff_ids if who in sector]
        sector |= dict.fromkeys(together, sector[together[0]])
    return [tuple(one for one in carers if sector[one.staff_id] == number) for number in range(groups)]


def planned(asked: Asked, moves: int, seed: int = 0, at_most: int = AT_MOST) -> Made:
    """A township's day, one search for each sector. ``moves``: tried for each task."""
    made = [make(one, moves * len(one.tasks), seed) for one in cut(asked, at_most)]
    return Made(
        tuple(one for plan in made for one in plan.appointments),
        tuple(one for plan in made for one in plan.left),
        sum(plan.travel_min for plan in made),
        tuple(one for plan in made for one in plan.faults),
    )
