"""No home falls between townships, and a big township is cut into days that are planned each for itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from cloud.respond.travel import Mode, Point
from cloud.visits.forms.table import VisitKind
from cloud.visits.plans.areas import Seat, allot, cut, planned
from cloud.visits.plans.build import Asked, Carer, Fixed, Why
from cloud.visits.task import Task

EAST, WEST = "431202001", "431202002"
SEATS = (Seat(EAST, Point(27.5, 110.0)), Seat(WEST, Point(27.5, 109.0)))


def task(division: str, longitude: float | None = 110.0, latitude: float = 27.5) -> Task:
    return Task(
        resident_id=1,
        home_id=1,
        division=division,
        latitude=None if longitude is None else latitude,
        longitude=longitude,
        kind=VisitKind.REGULAR,
        visit_id=None,
        open_at=None,
        due_at=None,
        overdue=False,
        group=None,
        minutes=30,
        people=1,
        skills=frozenset(),
        usual=(),
    )


def carer(number: int, longitude: float, skills: frozenset[str] = frozenset()) -> Carer:
    return Carer(number, skills, Mode.BIKE, Point(27.5, longitude), 480, 1020, rests=False)


@pytest.mark.parametrize(
    ("one", "township"),
    [
        (task(f"{WEST}003", longitude=110.0), WEST),
        (task("431299001001", longitude=109.9), EAST),
        (task("431299001001", longitude=109.1), WEST),
        (task("431202003001", longitude=None), EAST),
    ],
)
def test_a_task_belongs_where_it_lies_or_to_who_lives_nearest(one: Task, township: str) -> None:
    assert allot([one], SEATS) == {township: (one,)}


def test_where_nobody_works_nobody_plans() -> None:
    assert allot([task(EAST)], ()) == {}


def day(workers: int) -> Asked:
    """As many tasks as workers, around a middle; every third worker is a nurse."""
    nurse = frozenset({"nursing"})
    carers = tuple(
        carer(number, 110 + (number % 7 - 3) / 100, nurse if number % 3 == 0 else frozenset())
        for number in range(workers)
    )
    tasks = tuple(
        task(EAST, 110 + (number % 5 - 2) / 100, 27.5 + (number % 3 - 1) / 100) for number in range(workers)
    )
    return Asked(date(2026, 11, 26), ZoneInfo("Asia/Shanghai"), tasks, carers)


def test_a_small_township_is_not_cut() -> None:
    assert cut(day(60)) == (day(60),)


def test_a_big_one_is_cut_into_shares_of_workers_roles_and_tasks() -> None:
    groups = cut(day(126))
    assert [len(one.carers) for one in groups] == [42, 42, 42]
    assert [sum(bool(who.skills) for who in one.carers) for one in groups] == [14, 14, 14]
    assert [len(one.tasks) for one in groups] == [42, 42, 42]
    assert {who.staff_id for one in groups for who in one.carers} == set(range(126))


def test_who_goes_to_a_visit_together_is_planned_together() -> None:
    big = day(70)
    apart = (cut(big)[0].carers[0].staff_id, cut(big)[1].carers[0].staff_id)
    together = Fixed(apart, Point(27.5, 110.0), 600, 30)
    groups = cut(replace(big, fixed=(together,)))
    assert sum(together in one.fixed for one in groups) == 1


def test_the_plans_of_the_sectors_are_one_plan_and_what_stays_out_is_said() -> None:
    asked = day(4)
    asked = replace(asked, tasks=(*asked.tasks, task(EAST, longitude=None)))
    made = planned(asked, 0, at_most=2)
    assert ([why for _, why in made.left], made.faults) == ([Why.NO_PLACE], ())
    assert len(made.appointments) == 4
