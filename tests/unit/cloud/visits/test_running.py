"""A running day as a planner takes it: what people chose stays, who is away is stood in for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import inf
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from cloud.respond.travel import Mode, Point
from cloud.visits.forms.table import VisitKind
from cloud.visits.plans.build import Asked, Carer
from cloud.visits.plans.running import Booked, Gone, Running, Why, day_and_plan, mended
from cloud.visits.task import Task

HOME: Final = Point(27.5, 110.0)
BATH: Final = frozenset({"bathing"})
AN, BO, CY = (
    Carer(number, skills, Mode.BIKE, HOME, 480, 1020, rests=False)
    for number, skills in ((1, BATH), (2, frozenset()), (3, BATH))
)


def task(number: int, people: int = 1, skills: frozenset[str] = frozenset()) -> Task:
    return Task(
        resident_id=number,
        home_id=number,
        division="431202001001",
        latitude=27.5,
        longitude=110.0 + number / 1000,
        kind=VisitKind.SERVICE,
        visit_id=number,
        open_at=None,
        due_at=None,
        overdue=False,
        group=None,
        minutes=30,
        people=people,
        skills=skills,
        usual=(),
    )


def running(*booked: Booked, gone: tuple[Gone, ...] = (), new: tuple[Task, ...] = ()) -> Running:
    """At ten in the morning."""
    asked = Asked(date(2026, 11, 26), ZoneInfo("Asia/Shanghai"), new, (AN, BO, CY))
    return Running(asked, booked, gone, 600.0)


SICK: Final = Gone(1, inf, HOME)


def told(day: Running) -> list[tuple[int, tuple[int, ...], Why]]:
    found = mended(day, 200)
    assert found.faults == ()
    return [(one.task.resident_id, one.staff_ids, one.why) for one in found.changes]


def test_without_a_reason_nothing_is_changed() -> None:
    assert told(running(Booked(task(1), (1,), 620), Booked(task(2), (2,), 640, by_people=True))) == []


def test_who_was_chosen_by_people_stays_and_is_stood_in_for_when_away() -> None:
    chosen = Booked(task(1), (1,), 660, by_people=True)
    assert told(running(chosen)) == []
    ((_, who, why),) = told(running(chosen, gone=(SICK,)))
    assert (who in {(2,), (3,)}, why) == (True, Why.AWAY)


def test_a_bath_that_loses_one_of_two_keeps_the_other_and_finds_who_is_able() -> None:
    ((_, who, why),) = told(running(Booked(task(1, 2, BATH), (1, 2), 660), gone=(SICK,)))
    assert (who, why) == ((3, 2), Why.AWAY)


def test_with_somebody_from_elsewhere_a_visit_is_not_moved_but_told_when_nobody_is_left() -> None:
    shared = Booked(task(1, 2, BATH), (1, 99), 660)
    assert told(running(shared)) == []
    assert told(running(shared, gone=(SICK,))) == [(1, (), Why.NOBODY)]


def test_what_is_begun_is_done_by_who_began_it() -> None:
    begun = Booked(task(1), (1,), 590, began_min=592)
    day, plan = day_and_plan(running(begun, gone=(SICK,)))
    assert [stop.start_min for stop in plan.routes[next(iter(plan.routes))].stops] == [592]
    assert [one.parts[0].duration_min for one in day.visits] == [30]
    assert told(running(begun, gone=(SICK,))) == []


def test_what_should_have_begun_still_begins() -> None:
    found = mended(running(Booked(task(1), (2,), 500)), 200)
    ((who, why),) = [(one.staff_ids, one.why) for one in found.changes]
    assert (who, why, found.left_out) == ((2,), Why.TIME, 0)


def test_what_comes_on_top_is_new() -> None:
    ((number, who, why),) = told(running(Booked(task(1), (1,), 620), new=(task(7, skills=BATH),)))
    assert (number, who[0] in {1, 3}, why) == (7, True, Why.NEW)


@pytest.mark.parametrize(("ended_min", "rested"), [(655.0, True), (700.0, False), (None, False)])
def test_a_gap_at_noon_was_the_rest(ended_min: float | None, rested: bool) -> None:
    begun = Booked(task(1), (2,), 600, began_min=600, ended_min=ended_min)
    day = running(begun, Booked(task(2), (2,), 800))
    carers = tuple(replace(one, rests=True) for one in day.asked.carers)
    day = replace(day, asked=replace(day.asked, carers=carers), now_min=725.0)
    worker = next(one for one in day_and_plan(day)[0].workers if one.id == "2")
    assert (worker.lunch is None) is rested
