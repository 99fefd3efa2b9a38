"""Plans are made that can be done, get better, and are the same twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings

from cloud.visits import pace
from cloud.visits.anneal import first, plan, search, split
from cloud.visits.check import broken, check
from cloud.visits.cost import Weights, cost
from cloud.visits.model import Day, Gap, Lunch, Part, Visit, VisitId, Window, Worker, WorkerId
from cloud.visits.pace import rounds
from cloud.visits.walk import Walk
from tests.unit.cloud.visits.days import BATH, CARE, DAY, days, line

WEIGHTS = Weights()


@settings(max_examples=100, deadline=None)
@given(days())
def test_whatever_the_day_the_plan_can_be_done(day: Day) -> None:
    assert broken(day, plan(day, WEIGHTS, steps=60)) == ()


@settings(max_examples=50, deadline=None)
@given(days())
def test_a_search_never_ends_worse_than_it_began(day: Day) -> None:
    begun, searched = plan(day, WEIGHTS, steps=0), plan(day, WEIGHTS, steps=200)
    assert cost(day, searched).total(WEIGHTS) <= cost(day, begun).total(WEIGHTS) + 1e-6


def test_the_day_drawn_by_hand_is_planned_whole() -> None:
    found = plan(DAY, WEIGHTS, steps=500)
    assert check(DAY, found) == ()
    assert cost(DAY, found).travel_min <= 100


def test_the_same_seed_gives_the_same_plan() -> None:
    assert plan(DAY, WEIGHTS, steps=300, seed=7) == plan(DAY, WEIGHTS, steps=300, seed=7)


def test_the_same_seed_gives_the_same_plan_where_several_beginnings_are_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pace, "ENOUGH", 10)
    assert len(rounds(len(DAY.visits), 300)) > 1
    assert plan(DAY, WEIGHTS, steps=300, seed=7) == plan(DAY, WEIGHTS, steps=300, seed=7)


@settings(max_examples=20, deadline=None)
@given(days())
def test_of_several_beginnings_none_ends_worse_than_the_first_plan(day: Day) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pace, "ENOUGH", 4)
        searched = plan(day, WEIGHTS, steps=400)
    begun = plan(day, WEIGHTS, steps=0)
    assert broken(day, searched) == ()
    assert cost(day, searched).total(WEIGHTS) <= cost(day, begun).total(WEIGHTS) + 1e-6


def test_what_nobody_is_able_to_do_is_left_out_and_told() -> None:
    nobody = Visit(VisitId("tube"), 1, (Part(10, frozenset({"nursing"})),), (Window(480, 900),))
    day = replace(DAY, visits=(*DAY.visits, nobody))
    assert plan(day, WEIGHTS, steps=50).left_out == {"tube"}


def test_the_more_urgent_of_two_that_exclude_each_other_is_made() -> None:
    visits = tuple(
        Visit(VisitId(name), 1, (Part(60),), (Window(600, 600),), weight=weight)
        for name, weight in (("may", 200), ("must", 2000), ("later", 600))
    )
    day = Day(visits, (Worker(WorkerId("an"), 0, 0),), {"": line(2)})
    assert plan(day, WEIGHTS, steps=200).left_out == {"may", "later"}


def far_apart(usual: str) -> Day:
    """Two at one end of the road, one visit at the other; who lives there is not who usually comes."""
    return Day(
        (Visit(VisitId("talk"), 3, (Part(30),), (Window(480, 900),), usual=frozenset({WorkerId(usual)})),),
        (Worker(WorkerId("near"), 2, 2), Worker(WorkerId("far"), 0, 0)),
        {"": line(4, 2.0)},
    )


@pytest.mark.parametrize(("stranger_min", "who"), [(6.0, "near"), (10.0, "far")])
def test_the_usual_carer_comes_when_that_is_worth_the_way(stranger_min: float, who: str) -> None:
    found = plan(far_apart("far"), Weights(stranger_min=stranger_min), steps=100)
    assert list(found.routes) == [who]


def test_a_rest_is_hidden_where_one_waits_anyway() -> None:
    visits = (
        Visit(VisitId("early"), 1, (Part(30),), (Window(600, 600),)),
        Visit(VisitId("late"), 1, (Part(30),), (Window(720, 720),)),
    )
    day = Day(visits, (Worker(WorkerId("an"), 0, 0, lunch=Lunch(60, 630, 660)),), {"": line(2)})
    found = plan(day, WEIGHTS, steps=0)
    assert (check(day, found), found.routes[WorkerId("an")].lunch_min) == ((), 630)


def test_two_come_at_the_same_moment_although_one_is_there_before() -> None:
    bath = Visit(
        VisitId("bath"), 3, (Part(30, frozenset({CARE})), Part(30, frozenset({BATH}))), (Window(480, 900),)
    )
    workers = (
        Worker(WorkerId("near"), 3, 3, frozenset({CARE}), 480),
        Worker(WorkerId("far"), 0, 0, frozenset({BATH}), 480),
    )
    found = plan(Day((bath,), workers, {"": line(4)}), WEIGHTS, steps=0)
    assert {stop.start_min for route in found.routes.values() for stop in route.stops} == {510}


def between(*skills: str) -> Day:
    """A first part at ten, the second an hour later, and a lift that needs both people between them."""
    one, two = frozenset({CARE}), frozenset({BATH})
    apart = Visit(VisitId("apart"), 0, (Part(10, one), Part(10, two)), (Window(600, 700),), gap=Gap(60, 60))
    lift = Visit(VisitId("lift"), 0, (Part(10, one), Part(10, two)), (Window(620, 640),))
    workers = tuple(Worker(WorkerId(skill), 0, 0, frozenset({skill})) for skill in skills)
    return Day((apart, lift), workers, {"": line(1)})


def test_both_people_may_help_elsewhere_between_the_parts_of_a_visit() -> None:
    day = between(CARE, BATH)
    early = replace(day.visits[0], windows=(Window(600, 600), Window(660, 660)))
    day = replace(day, visits=(early, day.visits[1]))
    assert check(day, plan(day, WEIGHTS, steps=2_000)) == ()


def test_one_person_is_never_both_people_of_a_visit() -> None:
    day = between()
    alone = replace(day, workers=(Worker(WorkerId("an"), 0, 0, frozenset({CARE, BATH})),))
    assert plan(alone, WEIGHTS, steps=2_000).left_out == {"apart", "lift"}


@settings(max_examples=100, deadline=None)
@given(days())
def test_walking_only_whom_a_move_touches_costs_what_walking_everybody_does(day: Day) -> None:
    doable, _ = split(day)
    assume(doable.visits)
    walk = Walk(doable, WEIGHTS)
    for steps in (0, 10, 150):
        found = search(walk, first(walk), steps=steps, seed=steps)
        whole = walk.morning()
        for item in found.tour.order:
            walk.step(whole, item, found.tour.crews[walk.visit(item)])
        assert found.cost == pytest.approx(walk.home(whole))
        assert found.cost == pytest.approx(cost(doable, walk.plan(*found.tour)).total(WEIGHTS))


def test_nobody_carries_more_than_they_can() -> None:
    visits = tuple(
        Visit(VisitId(f"meal{one}"), 1, (Part(5),), (Window(600, 700),), load=2) for one in range(3)
    )
    day = Day(visits, (Worker(WorkerId("an"), 0, 0, carries=5),), {"": line(2)})
    found = plan(day, WEIGHTS, steps=100)
    assert (broken(day, found), len(found.left_out)) == ((), 1)
