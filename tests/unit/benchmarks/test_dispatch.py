"""The policy against the nearest free worker, on few shifts; and that the comparison is a fair one."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from benchmarks.county import DAY, NIGHT_12, County, Shift, posts
from benchmarks.dispatch import POLICIES, best_posts, compare, nearest_free
from benchmarks.dispatch_figures import BASELINE, OURS, Row, figures, gained, missed
from benchmarks.dispatch_world import START, Case, World
from cloud.respond.model import Callout, Candidate, Kind, Orders, Surroundings
from cloud.respond.policy import carry_out, decide

COUNTY = County.draw(1)
WORKERS = tuple(
    Candidate(number, Kind.WORKER, timedelta(minutes=number), 900.0, in_visit=number == 1)
    for number in (1, 2, 3)
)
CALLOUT = Callout(START, Surroundings.TOWN, night=False, candidates=WORKERS)


@pytest.mark.parametrize("shift", [DAY, NIGHT_12], ids=lambda shift: shift.name)
def test_the_policy_holds_what_was_asked_of_it_on_six_shifts(shift: Shift) -> None:
    """Forty are in ``docs/dispatch.md``; six are what the suite has time for."""
    both = {name: POLICIES[name] for name in (BASELINE, OURS)}
    rows = compare(COUNTY, shift, 6, posts(COUNTY.centres, shift.units), both)
    assert missed(rows) == []
    assert [row.policy for row in rows] == [BASELINE, OURS]


def test_both_policies_meet_the_same_people_in_the_same_mood() -> None:
    one, again = COUNTY.shift(DAY, "7")[3], County.draw(1).shift(DAY, "7")[3]
    assert one == again
    person = one.staff[5]
    assert one.mood(person) == again.mood(person) != one.mood(one.staff[6])


def test_a_shift_ends_the_same_each_time_and_nobody_is_at_two_doors_at_once() -> None:
    incidents = COUNTY.shift(NIGHT_12, "1")
    waiting = posts(COUNTY.centres, NIGHT_12.units)
    one, two = (World(NIGHT_12, decide, waiting).run(incidents) for _ in range(2))
    assert [(case.reached_s, case.alerts) for case in one] == [(case.reached_s, case.alerts) for case in two]
    stays = sorted(
        (ask.who.id, trip.arrived_at)
        for case in one
        for ask in case.callout.asks
        if ask.who.kind is Kind.WORKER and ask.on_site
        for trip in [ask.answer]
        if not isinstance(trip, str) and trip.arrived_at
    )
    assert len(stays) > 15
    for (unit, came), (other, next_came) in pairwise(stays):
        assert unit != other or next_came - came >= timedelta(minutes=35)


def test_the_baseline_asks_one_free_worker_for_60_s_and_then_the_next_instead() -> None:
    first = nearest_free(CALLOUT, START)
    assert ([one.id for one in first.ask], first.due_at) == ([2], START + timedelta(seconds=60))
    one = carry_out(CALLOUT, first, START)
    assert nearest_free(one, START + timedelta(seconds=59)) == Orders(due_at=START + timedelta(seconds=60))
    then = nearest_free(one, START + timedelta(seconds=60))
    assert ([one.id for one in then.ask], then.relieve) == ([3], (2,))


def test_figures_count_who_was_never_reached_and_who_came_for_nothing() -> None:
    incident = COUNTY.shift(NIGHT_12, "1")[0]
    soon = Case(incident, CALLOUT, yes_s=20, reached_s=240, worker_s=600, alerts=6, arrivals=3)
    never = Case(incident, CALLOUT, alerts=4)
    found = figures([soon, never])
    assert (found.within_5, found.within_15, found.worker_within_15) == (50, 50, 50)
    assert (found.p50_min, found.p90_min) == (4, math.inf)
    assert (found.alerts, found.surplus) == (5, 1)


def test_the_interval_of_the_gain_is_over_shifts() -> None:
    incident = COUNTY.shift(NIGHT_12, "1")[0]
    hit, miss = Case(incident, CALLOUT, reached_s=60), Case(incident, CALLOUT)
    mean, low, high = gained([[hit, hit], [hit, miss]], [[miss, miss], [hit, miss]])
    assert (mean, low < 0, high > 100) == (50, True, True)


def test_a_miss_is_said() -> None:
    at_15 = figures([Case(COUNTY.shift(NIGHT_12, "1")[0], CALLOUT, reached_s=60, alerts=9, arrivals=4)])
    row = Row(DAY.name, OURS, at_15, at_15, at_15, gain=(6.9, 5.0, 8.0))
    assert missed([row]) == [
        "day, 300 workers: gains 6.9 points, not 7",
        "day, 300 workers: 9.0 alerts an incident, over 8",
        "day, 300 workers: 3.00 surplus arrivals, over 1.5",
    ]
    assert missed([replace(row, policy=BASELINE)]) == []


def test_units_that_wait_by_cover_stand_where_the_town_is() -> None:
    chosen = best_posts(COUNTY, NIGHT_12)
    assert len(chosen) == NIGHT_12.units
    assert any(post.town for post in chosen)
