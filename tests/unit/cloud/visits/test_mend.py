"""A running plan goes on when somebody is taken away, and moves little."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.visits.anneal import plan
from cloud.visits.check import Fault, broken, check
from cloud.visits.cost import Weights
from cloud.visits.mend import Away, mend, moved
from cloud.visits.model import Day, Part, Plan, Route, Stop, Visit, VisitId, Window, Worker, WorkerId
from tests.unit.cloud.visits.days import AN, BATHED, BO, DAY, MEAL, PLAN, TALK, days, line

WEIGHTS: Final = Weights()
AFTERNOON: Final = 800.0
NEAR, FAR = WorkerId("near"), WorkerId("far")
TWO: Final = Day(
    tuple(
        Visit(VisitId(name), place, (Part(30),), (Window(480, 900),))
        for name, place in (("one", 1), ("two", 2), ("three", 3))
    ),
    (Worker(NEAR, 0, 0, close_min=1020), Worker(FAR, 4, 4, close_min=1020)),
    {"": line(5)},
)
RUNNING: Final = Plan(
    {
        NEAR: Route((Stop(VisitId("one"), 480), Stop(VisitId("two"), 520))),
        FAR: Route((Stop(VisitId("three"), 490),)),
    }
)


def test_without_a_reason_nothing_moves() -> None:
    mended = mend(TWO, RUNNING, now_min=485, away={}, weights=WEIGHTS, steps=300)
    assert (check(TWO, mended), moved(RUNNING, mended)) == ((), frozenset())


def test_what_somebody_away_was_to_make_is_made_by_others() -> None:
    mended = mend(TWO, RUNNING, now_min=485, away={NEAR: Away(inf, 0)}, weights=WEIGHTS, steps=300)
    assert check(TWO, mended) == ()
    assert mended.routes[NEAR].stops == (Stop(VisitId("one"), 480),)
    assert moved(RUNNING, mended) == {"two"}


def test_some_moves_are_enough_in_a_full_day_because_half_begin_with_what_it_is_mended_for() -> None:
    others = tuple(Visit(VisitId(f"{n}"), 3, (Part(5),), (Window(480, 1000),)) for n in range(60))
    day = replace(TWO, visits=(TWO.visits[0], *others))
    round_of_far = Route(tuple(Stop(one.id, 490 + 5 * n) for n, one in enumerate(others)))
    running = Plan({NEAR: Route((Stop(VisitId("one"), 600),)), FAR: round_of_far})
    mended = mend(day, running, now_min=485, away={NEAR: Away(inf, 0)}, weights=WEIGHTS, steps=60)
    assert (check(day, mended), moved(running, mended)) == ((), frozenset({VisitId("one")}))


def test_whoever_is_back_in_time_keeps_their_visits() -> None:
    mended = mend(TWO, RUNNING, now_min=485, away={NEAR: Away(600, 2)}, weights=WEIGHTS, steps=300)
    assert (check(TWO, mended), moved(RUNNING, mended)) == ((), frozenset())
    assert mended.routes[NEAR].stops[-1] == Stop(VisitId("two"), 600)


def test_a_visit_that_comes_on_top_is_made_by_who_is_near() -> None:
    urgent = Visit(VisitId("urgent"), 4, (Part(10),), (Window(500, 540),))
    day = replace(TWO, visits=(*TWO.visits, urgent))
    mended = mend(day, RUNNING, now_min=485, away={}, weights=WEIGHTS, steps=300)
    assert check(day, mended) == ()
    assert "urgent" in {stop.visit for stop in mended.routes[FAR].stops}
    assert moved(RUNNING, mended) == frozenset()


def test_who_has_rested_does_not_rest_again_and_what_is_done_stays() -> None:
    mended = mend(DAY, PLAN, now_min=AFTERNOON, away={}, weights=WEIGHTS, steps=100)
    assert check(DAY, mended) == ()
    assert mended.routes[AN] == PLAN.routes[AN]
    assert [stop.visit for stop in mended.routes[BO].stops] == [BATHED, TALK]


def test_what_nobody_else_is_able_to_do_is_left_out_and_told() -> None:
    mended = mend(DAY, PLAN, now_min=590, away={BO: Away(inf, 0)}, weights=WEIGHTS, steps=100)
    assert (broken(DAY, mended), BATHED in mended.left_out) == ((), True)
    assert next(stop.visit for stop in mended.routes[AN].stops) == MEAL


@settings(max_examples=40, deadline=None)
@given(days(), st.integers(480, 900), st.data())
def test_whenever_and_whoever_is_away_the_rest_can_be_done(
    day: Day, now_min: int, data: st.DataObject
) -> None:
    running = plan(day, WEIGHTS, steps=30)
    who = data.draw(st.sampled_from(day.workers))
    away = {who.id: Away(now_min + 60, who.begin)}
    mended = mend(day, running, now_min=now_min, away=away, weights=WEIGHTS, steps=30)
    wrong = [one for one in broken(day, mended) if one.worker != who.id]
    assert [one for one in wrong if one.fault is not Fault.HALF_DONE] == []
