"""From tasks and people to appointments, and to why something is not among them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from cloud.respond.travel import Mode, Point
from cloud.visits.forms.table import VisitKind
from cloud.visits.plans.build import MUST, Asked, Carer, Fixed, Why, make, weight_of
from cloud.visits.task import Task
from tests.harness import ROOT

ZONE: Final = ZoneInfo("Asia/Shanghai")
DAY: Final = date(2026, 11, 27)
MIDNIGHT: Final = datetime(2026, 11, 27, tzinfo=ZONE)
STEPS: Final = 300


def task(number: int, **other: Any) -> Task:
    """A visit of half an hour, owed by the end of the day."""
    plain = Task(
        resident_id=number,
        home_id=number,
        division="520103001001",
        latitude=26.6 + number / 1_000,
        longitude=106.7,
        kind=VisitKind.REGULAR,
        visit_id=None,
        open_at=None,
        due_at=MIDNIGHT + timedelta(hours=20),
        overdue=False,
        group=None,
        minutes=30,
        people=1,
        skills=frozenset(),
        usual=(),
    )
    return replace(plain, **other)


def carer(number: int, *skills: str, **other: Any) -> Carer:
    """By bicycle from eight to five, with a rest."""
    plain = Carer(
        number, frozenset(skills), Mode.BIKE, Point(26.6, 106.7), begin_min=480, end_min=1020, rests=True
    )
    return replace(plain, **other)


def asked(tasks: list[Task], carers: list[Carer], *fixed: Fixed) -> Asked:
    """The day."""
    return Asked(DAY, ZONE, tuple(tasks), tuple(carers), fixed)


def test_everybody_is_visited_within_the_hours_of_who_goes() -> None:
    made = make(asked([task(one) for one in range(8)], [carer(1), carer(2)]), STEPS)
    assert (made.left, made.faults) == ((), ())
    begins = [one.begin_at.astimezone(ZONE) for one in made.appointments]
    assert all(MIDNIGHT + timedelta(hours=8) <= at <= MIDNIGHT + timedelta(hours=17) for at in begins)


def test_a_bath_brings_two_and_one_of_them_is_able_to() -> None:
    bath = task(1, people=2, skills=frozenset({"bathing"}))
    made = make(asked([bath], [carer(1), carer(2, "bathing"), carer(3)]), STEPS)
    (appointment,) = made.appointments
    assert len(appointment.staff_ids) == 2
    assert appointment.staff_ids[0] == 2


def test_who_comes_as_a_rule_comes_again_where_that_costs_little() -> None:
    made = make(asked([task(1, usual=(2,))], [carer(1), carer(2), carer(3)]), STEPS)
    assert [one.staff_ids for one in made.appointments] == [(2,)]


def test_a_booked_time_is_kept() -> None:
    open_at = datetime(2026, 11, 27, 6, tzinfo=UTC)
    meal = task(1, open_at=open_at, due_at=open_at + timedelta(minutes=20))
    (appointment,) = make(asked([meal, task(2)], [carer(1)]), STEPS).appointments[:1]
    assert open_at <= appointment.begin_at <= open_at + timedelta(minutes=20)


def test_nobody_is_sent_to_two_doors_because_one_was_planned_before() -> None:
    before = Fixed((1,), Point(26.601, 106.7), begin_min=600, minutes=60)
    at_ten = datetime(2026, 11, 27, 2, tzinfo=UTC)
    made = make(asked([task(1, open_at=at_ten, due_at=at_ten)], [carer(1)], before), STEPS)
    assert (made.appointments, made.faults) == ((), ())
    assert [why for _, why in made.left] == [Why.FULL]


@pytest.mark.parametrize(
    ("one", "carers", "why"),
    [
        (task(1, latitude=None), [carer(1)], Why.NO_PLACE),
        (task(1, skills=frozenset({"nursing"})), [carer(1)], Why.NO_SKILL),
        (task(1, people=2), [carer(1)], Why.NO_SECOND),
        (task(1), [carer(1, end_min=490.0)], Why.NO_HOURS),
        (task(1), [], Why.NO_SKILL),
    ],
)
def test_what_is_left_out_is_told_why(one: Task, carers: list[Carer], why: Why) -> None:
    assert [(left.resident_id, said) for left, said in make(asked([one], carers), STEPS).left] == [(1, why)]


def test_a_day_that_is_full_leaves_out_what_may_wait() -> None:
    later = task(99, latitude=26.6, due_at=MIDNIGHT + timedelta(days=4))
    short = carer(1, end_min=540.0, rests=False)
    made = make(asked([later, task(1)], [short]), STEPS)
    assert [(left.resident_id, why) for left, why in made.left] == [(99, Why.FULL)]


@pytest.mark.parametrize(
    ("due_in_h", "worth"), [(-60, 4 * MUST), (-1, 2 * MUST), (20, MUST), (30, 600), (60, 200), (200, 100)]
)
def test_the_longer_it_is_owed_the_less_it_is_left_out(due_in_h: int, worth: float) -> None:
    assert weight_of(task(1, due_at=MIDNIGHT + timedelta(hours=due_in_h)), MIDNIGHT) == worth


@pytest.mark.parametrize("process", ["cloud.worker", "cloud.web"])
def test_no_process_that_watches_over_alarms_carries_the_compiler(process: str) -> None:
    carried = f"import sys, {process}; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", carried], cwd=ROOT, check=False).returncode == 0
