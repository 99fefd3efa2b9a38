"""The checker of plans: a good plan passes, and each way of spoiling it is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import nan

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cloud.visits.anneal import plan as make
from cloud.visits.check import Fault, Violation, broken, check
from cloud.visits.cost import Cost, Weights, cost
from cloud.visits.model import Day, Gap, Lunch, Plan, Route, Stop, VisitId, Window, WorkerId
from tests.unit.cloud.visits.days import AN, BATHED, BO, DAY, MEAL, PLAN, TALK, days


def spoiled(routes: Mapping[WorkerId, Route], *left_out: VisitId) -> Plan:
    """``PLAN`` with other routes."""
    return Plan({**PLAN.routes, **routes}, frozenset(left_out))


AN_STOPS, BO_STOPS = PLAN.routes[AN].stops, PLAN.routes[BO].stops


def test_the_plan_drawn_by_hand_can_be_done() -> None:
    assert check(DAY, PLAN) == ()
    assert cost(DAY, PLAN) == Cost(travel_min=100, late_min=0, worst_late_min=0, strangers=0, left_out=0)


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (spoiled({WorkerId("cy"): Route()}), [Violation(Fault.UNKNOWN_WORKER, WorkerId("cy"))]),
        (spoiled({}, VisitId("x")), [Violation(Fault.UNKNOWN_VISIT, None, VisitId("x"))]),
        (
            spoiled({AN: Route((*AN_STOPS, Stop(MEAL, 900, 1)), 660)}),
            [Violation(Fault.UNKNOWN_VISIT, AN, MEAL)],
        ),
        (spoiled({AN: Route((Stop(MEAL, nan), AN_STOPS[1]), 660)}), [Violation(Fault.NO_TIME, AN, MEAL)]),
        (spoiled({AN: Route((AN_STOPS[1],), 660)}), [Violation(Fault.FORGOTTEN, None, MEAL)]),
        (spoiled({AN: Route((AN_STOPS[0],), 660)}), [Violation(Fault.HALF_DONE, None, BATHED)]),
        (
            spoiled({AN: Route((*AN_STOPS, Stop(TALK, 900)), 660)}),
            [Violation(Fault.TWICE, None, TALK)],
        ),
        (spoiled({}, TALK), [Violation(Fault.DONE_AND_LEFT_OUT, None, TALK)]),
        (spoiled({AN: Route((AN_STOPS[1],), 660)}, MEAL), [Violation(Fault.MUST_LEFT_OUT, None, MEAL)]),
        (spoiled({BO: Route((BO_STOPS[0],), 660)}, TALK), []),
        (
            spoiled(
                {
                    AN: Route((AN_STOPS[0], Stop(BATHED, 740, 1)), 660),
                    BO: Route((Stop(BATHED, 740, 0), BO_STOPS[1]), 660),
                }
            ),
            [Violation(Fault.UNSKILLED, AN, BATHED)],
        ),
        (
            spoiled({AN: Route((Stop(MEAL, 599), AN_STOPS[1]), 660)}),
            [Violation(Fault.OUT_OF_WINDOW, AN, MEAL, 1)],
        ),
        (
            spoiled({AN: Route((Stop(MEAL, 633), AN_STOPS[1]), 660)}),
            [
                Violation(Fault.OUT_OF_WINDOW, AN, MEAL, 3),
            ],
        ),
        (
            spoiled({BO: Route((BO_STOPS[0], Stop(TALK, 839)), 660)}),
            [Violation(Fault.OUT_OF_WINDOW, BO, TALK, 1)],
        ),
        (
            spoiled({AN: Route((AN_STOPS[0], Stop(BATHED, 742, 0)), 660)}),
            [Violation(Fault.APART, None, BATHED, 2)],
        ),
        (
            spoiled({BO: Route((Stop(TALK, 480), BO_STOPS[0]), 660)}),
            [Violation(Fault.BEFORE_SHIFT, BO, TALK, 30)],
        ),
        (spoiled({AN: Route(AN_STOPS)}), [Violation(Fault.NO_LUNCH, AN)]),
        (spoiled({AN: Route(AN_STOPS, 650)}), [Violation(Fault.LUNCH_OUT_OF_WINDOW, AN, None, 10)]),
        (spoiled({AN: Route(AN_STOPS, 690)}), [Violation(Fault.LUNCH_TOO_SHORT, AN, None, 10)]),
    ],
)
def test_each_spoiled_plan_is_told_by_its_fault(plan: Plan, expected: list[Violation]) -> None:
    assert list(check(DAY, plan)) == expected


def test_one_person_cannot_be_both_at_a_visit_of_two() -> None:
    both = spoiled({AN: Route(), BO: Route((BO_STOPS[0], Stop(BATHED, 740, 0), BO_STOPS[1]), 660)}, MEAL)
    assert {one.fault for one in broken(DAY, both)} == {Fault.SAME_PERSON, Fault.CANNOT_ARRIVE}


def test_the_way_between_two_visits_takes_its_time() -> None:
    near = replace(DAY, visits=tuple(replace(one, windows=(Window(480, 900),)) for one in DAY.visits))
    early = spoiled({BO: Route((BO_STOPS[0], Stop(TALK, 785)), 660)})
    assert check(near, early) == (Violation(Fault.CANNOT_ARRIVE, BO, TALK, 5),)


def test_whoever_comes_home_after_the_shift_is_named() -> None:
    short = replace(DAY, workers=(DAY.workers[0], replace(DAY.workers[1], close_min=890)))
    assert check(short, PLAN) == (Violation(Fault.AFTER_SHIFT, BO, TALK, 10),)


def test_a_rest_beside_the_way_needs_room_for_both() -> None:
    long = replace(DAY, workers=(replace(DAY.workers[0], lunch=Lunch(115, 600, 810)), DAY.workers[1]))
    assert check(long, spoiled({AN: Route(AN_STOPS, 620)})) == (
        Violation(Fault.LUNCH_TOO_SHORT, AN, None, 5),
    )


def test_a_soft_visit_may_be_late_but_never_early() -> None:
    soft = replace(DAY, visits=(replace(DAY.visits[0], soft=True), *DAY.visits[1:]))
    late = spoiled({AN: Route((Stop(MEAL, 640), AN_STOPS[1]), 660)})
    early = spoiled({AN: Route((Stop(MEAL, 590), AN_STOPS[1]), 660)})
    assert (check(soft, late), broken(soft, late)) == ((Violation(Fault.LATE, AN, MEAL, 10),), ())
    assert broken(soft, early) == (Violation(Fault.OUT_OF_WINDOW, AN, MEAL, 10),)


def test_a_second_person_who_comes_after_an_hour_is_held_to_it() -> None:
    one_hour = replace(DAY, visits=(DAY.visits[0], replace(DAY.visits[1], gap=Gap(60, 70)), DAY.visits[2]))
    assert check(one_hour, PLAN) == (Violation(Fault.APART, None, BATHED, 60),)


def test_a_day_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="given twice: meal"):
        replace(DAY, visits=(DAY.visits[0], DAY.visits[0]))
    with pytest.raises(ValueError, match="no travel table"):
        replace(DAY, travel={})
    with pytest.raises(ValueError, match="not in order"):
        replace(DAY.visits[0], windows=(Window(600, 700), Window(650, 750)))


@given(days(), st.data())
def test_a_start_outside_every_shift_is_never_overlooked(day: Day, data: st.DataObject) -> None:
    plan = make(day, Weights(), steps=0)
    assume(plan.routes)
    who = data.draw(st.sampled_from(sorted(plan.routes)))
    stops = list(plan.routes[who].stops)
    number = data.draw(st.integers(0, len(stops) - 1))
    stops[number] = replace(stops[number], start_min=data.draw(st.sampled_from([0.0, 5000.0])))
    moved = Plan({**plan.routes, who: Route(tuple(stops), plan.routes[who].lunch_min)}, plan.left_out)
    assert broken(day, moved)


@given(days(), st.data())
def test_a_stop_that_disappears_is_missed(day: Day, data: st.DataObject) -> None:
    plan = make(day, Weights(), steps=0)
    assume(plan.routes)
    who = data.draw(st.sampled_from(sorted(plan.routes)))
    route = plan.routes[who]
    gone = data.draw(st.sampled_from(route.stops))
    less = Plan(
        {**plan.routes, who: replace(route, stops=tuple(one for one in route.stops if one != gone))},
        plan.left_out,
    )
    faults = {one.fault for one in broken(day, less) if one.visit == gone.visit}
    assert faults & {Fault.FORGOTTEN, Fault.HALF_DONE}
