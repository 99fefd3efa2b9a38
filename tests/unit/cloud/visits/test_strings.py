"""Strings taken out and put back: plans that can be done, and the best of what can be counted by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import assume, given, settings

from cloud.visits import strings
from cloud.visits.anneal import plan, split
from cloud.visits.check import broken, check
from cloud.visits.cost import Weights, cost
from cloud.visits.model import Day, Lunch, Part, Visit, VisitId, Window, Worker, WorkerId
from tests.unit.cloud.visits.days import DAY, days, line

WEIGHTS = Weights()


def plain(day: Day) -> Day:
    """The same without rests, visits of two, soft windows and second windows."""
    visits = tuple(
        replace(one, parts=one.parts[:1], windows=one.windows[:1], soft=False) for one in day.visits
    )
    return Day(visits, tuple(replace(one, lunch=None) for one in day.workers), day.travel)


@settings(max_examples=60, deadline=None)
@given(days())
def test_whatever_the_plain_day_the_plan_can_be_done(day: Day) -> None:
    doable, _ = split(plain(day))
    assume(doable.visits)
    found = strings.plan(doable, WEIGHTS, rounds=20)
    assert broken(doable, found) == ()


@settings(max_examples=30, deadline=None)
@given(days())
def test_more_rounds_never_end_worse(day: Day) -> None:
    doable, _ = split(plain(day))
    assume(doable.visits)
    few, more = (strings.plan(doable, WEIGHTS, rounds=rounds) for rounds in (0, 40))
    assert cost(doable, more).total(WEIGHTS) <= cost(doable, few).total(WEIGHTS) + 1e-6


def test_one_round_of_six_doors_is_the_shortest_there_is() -> None:
    doors = [(0.0, 0.0), (3, 1), (1, 4), (5, 5), (2, 2), (6, 1), (4, 3)]
    travel = [[abs(a - c) + abs(b - d) for c, d in doors] for a, b in doors]
    visits = tuple(Visit(VisitId(f"v{one}"), one, (Part(1),), (Window(0, 900),)) for one in range(1, 7))
    day = Day(visits, (Worker(WorkerId("an"), 0, 0),), {"": travel})
    shortest = min(
        sum(travel[here][there] for here, there in zip((0, *way), (*way, 0), strict=True))
        for way in permutations(range(1, 7))
    )
    found = strings.plan(day, WEIGHTS, rounds=300)
    assert (check(day, found), cost(day, found).travel_min) == ((), shortest)


def test_the_same_seed_gives_the_same_plan() -> None:
    day = plain(DAY)
    assert strings.plan(day, WEIGHTS, rounds=50, seed=7) == strings.plan(day, WEIGHTS, rounds=50, seed=7)


def test_nobody_carries_more_than_they_can_and_the_lighter_weight_stays_out() -> None:
    meals = tuple(
        Visit(VisitId(name), 1, (Part(5),), (Window(600, 700),), weight=weight, load=2)
        for name, weight in (("may", 200), ("must", 2000), ("should", 600))
    )
    day = Day(meals, (Worker(WorkerId("an"), 0, 0, carries=5),), {"": line(2)})
    found = plan(day, WEIGHTS, steps=50 * strings.WORTH)
    assert found.left_out == {"may"}
    assert broken(day, found) == ()


def test_who_is_usual_is_worth_a_way() -> None:
    usual = frozenset({WorkerId("far")})
    talk = Visit(VisitId("talk"), 3, (Part(30),), (Window(480, 900),), usual=usual)
    day = Day((talk,), (Worker(WorkerId("near"), 2, 2), Worker(WorkerId("far"), 0, 0)), {"": line(4, 2.0)})
    assert list(strings.plan(day, Weights(stranger_min=10), rounds=10).routes) == ["far"]
    assert list(strings.plan(day, Weights(stranger_min=6), rounds=10).routes) == ["near"]


@pytest.mark.parametrize(
    "day",
    [
        DAY,
        replace(plain(DAY), workers=(replace(DAY.workers[0], lunch=Lunch()),)),
        replace(plain(DAY), visits=(replace(plain(DAY).visits[0], soft=True),)),
        replace(plain(DAY), visits=(DAY.visits[2],)),
    ],
)
def test_what_it_does_not_know_it_leaves_to_the_other_search(day: Day) -> None:
    assert strings.fits(plain(day))
    assert not strings.fits(day)
