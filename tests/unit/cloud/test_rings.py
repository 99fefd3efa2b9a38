"""Who gets a release next, and when it stops."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.releases.rings import Policy, Standing, Step, Tally, judge, place, ring_of, tally, to_tell

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = Policy("2.0", frozenset({"gw-pilot"}), (0.01, 0.1, 0.5, 1.0), DAY, 0.02)
CITY = [f"gw-{number:05}" for number in range(10_000)]


def test_the_rings_grow_as_the_shares_say() -> None:
    counts = [sum(ring_of(gateway, POLICY) <= ring for gateway in CITY) for ring in range(5)]
    assert counts[0] == 0
    assert counts == pytest.approx([0, 100, 1_000, 5_000, 10_000], rel=0.25)
    assert ring_of("gw-pilot", POLICY) == 0


def test_with_another_version_others_go_first() -> None:
    first = {gateway for gateway in CITY if ring_of(gateway, POLICY) == 1}
    other = {gateway for gateway in CITY if ring_of(gateway, replace(POLICY, version="2.1")) == 1}
    assert len(first & other) < 10


@given(st.text(max_size=48), st.sampled_from(["1.0", "2.0"]))
def test_a_place_is_stable_and_a_larger_share_only_adds(gateway: str, version: str) -> None:
    assert place(gateway, version) == place(gateway, version)
    assert 0 <= place(gateway, version) < 1
    policy = replace(POLICY, version=version)
    larger = replace(policy, shares=(0.02, 0.2, 0.6, 1.0))
    assert ring_of(gateway, larger) <= ring_of(gateway, policy) <= policy.last


@pytest.mark.parametrize(
    ("count", "ring", "age", "step"),
    [
        (Tally(10, 10, 0), 0, 9 * DAY, Step.STAY),  # nobody has shown that it works
        (Tally(10, 10, 8), 1, 9 * DAY, Step.STAY),  # too few
        (Tally(10, 10, 9), 1, DAY / 2, Step.STAY),  # too early
        (Tally(10, 10, 9), 1, DAY, Step.NEXT),
        (Tally(10, 4, 4), 1, DAY, Step.NEXT),  # nobody waits for those that are away
        (Tally(0, 0, 0), 1, 0 * DAY, Step.NEXT),  # an empty ring
        (Tally(100, 100, 97, back=1), 2, DAY, Step.NEXT),
        (Tally(100, 100, 95, back=3), 2, DAY, Step.PAUSE),
        (Tally(1, 1, 0, back=1), 0, 0 * DAY, Step.PAUSE),
        (Tally(100, 100, 95, back=3), 4, 9 * DAY, Step.PAUSE),  # in the last ring too
        (Tally(100, 100, 100), 4, 9 * DAY, Step.STAY),
    ],
)
def test_a_ring_begins_only_when_the_one_before_is_well(
    count: Tally, ring: int, age: timedelta, step: Step
) -> None:
    assert judge(POLICY, ring, NOW - age, count, NOW)[0] is step


ONE = Standing("gw-pilot", online=True, runs="1.0")


@pytest.mark.parametrize(
    ("standing", "is_told"),
    [
        (ONE, True),
        (replace(ONE, online=False), False),
        (replace(ONE, runs="2.0"), False),
        (replace(ONE, gateway="gw-00001"), False),  # of a later ring
        (replace(ONE, told_at=NOW, waits=True), False),
        (replace(ONE, told_at=NOW - DAY), True),  # it was away until the command was over
        (replace(ONE, told_at=NOW, answer=True), False),
        (replace(ONE, told_at=NOW - DAY, answer=True), True),  # and says nothing of it: a new disk
        (replace(ONE, told_at=NOW - DAY, answer=True, about="2.0", state="back"), False),
        (replace(ONE, told_at=NOW - DAY, answer=False), False),  # it refuses
    ],
)
def test_a_gateway_is_told_once_unless_it_forgot(standing: Standing, is_told: bool) -> None:
    assert to_tell([standing], POLICY, 0, NOW) == ["gw-pilot"] * is_told


def test_who_went_back_is_told_again_when_a_person_wants_it() -> None:
    back = replace(ONE, told_at=NOW - DAY, answer=True, about="2.0", state="back")
    assert to_tell([back], replace(POLICY, again_at=NOW), 0, NOW) == ["gw-pilot"]


def test_a_ring_is_counted_by_what_the_heartbeats_say() -> None:
    everyone = replace(POLICY, pilots=frozenset("abcdefg"))
    standings = [
        Standing("a", online=True, runs="2.0", about="2.0", state="kept"),
        Standing("b", online=False, runs="2.0", about="2.0", state="kept"),
        Standing("c", online=True, runs="2.0", about="2.0", state="trial"),
        Standing("d", online=True, runs="1.0", about="2.0", state="back"),
        Standing("e", online=True, runs="1.0", about="2.0", state="failed"),
        Standing("f", online=False, runs="1.0"),
        Standing("g", online=True, runs="1.0", told_at=NOW, answer=False),
        Standing("z", online=True, runs="1.0"),
    ]
    count = tally(standings, replace(everyone, shares=()), 0)
    assert count == Tally(members=7, reachable=5, kept=2, back=1, failed=1, refused=1)
