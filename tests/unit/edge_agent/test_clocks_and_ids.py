"""Time that never runs before what is known to be past, ids that never run backwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from edge_agent.clock import BUILT_AT, Clock
from edge_agent.ulid import Ulids
from firmware_protocols.model import ClockState
from tests.unit.edge_agent.household import NOON


class Fake:
    wall = 0.0
    elapsed = 100.0
    synced = False

    def clock(self) -> Clock:
        return Clock(lambda: self.wall, lambda: self.elapsed, lambda: self.synced, "b")


def test_a_clock_that_wakes_up_in_1970_counts_on_from_the_floor() -> None:
    fake = Fake()
    clock = fake.clock()
    assert clock.now() == BUILT_AT
    fake.elapsed += 5
    assert clock.now() == BUILT_AT + timedelta(seconds=5)
    clock.not_before(NOON)
    fake.elapsed += 7
    assert clock.now() == NOON + timedelta(seconds=7)
    fake.wall = datetime(2027, 1, 1, tzinfo=UTC).timestamp()
    assert clock.now() == datetime(2027, 1, 1, tzinfo=UTC)


def test_an_earlier_floor_does_not_lower_it() -> None:
    clock = Fake().clock()
    clock.not_before(BUILT_AT - timedelta(days=900))
    assert clock.now() == BUILT_AT


def test_the_state_goes_from_unsynced_to_synced_to_holdover() -> None:
    fake = Fake()
    fake.synced = True
    clock = fake.clock()
    assert clock.state() is ClockState.UNSYNCED  # whatever the kernel says: 1970 is wrong
    fake.wall = NOON.timestamp()
    assert clock.state() is ClockState.SYNCED
    fake.synced = False
    assert clock.state() is ClockState.HOLDOVER


def test_a_wrong_time_that_was_noted_holds_only_until_the_clock_is_in_step() -> None:
    fake = Fake()
    fake.wall = NOON.timestamp()
    clock = Clock(lambda: fake.wall, lambda: fake.elapsed, lambda: fake.synced, "b", lambda: fake.elapsed)
    clock.not_before(NOON + timedelta(days=9_000))
    assert clock.now() == NOON + timedelta(days=9_000)
    fake.synced = True
    assert (clock.now(), clock.state()) == (NOON, ClockState.SYNCED)
    fake.synced, fake.elapsed = False, fake.elapsed + 9
    assert (clock.now(), clock.state()) == (NOON + timedelta(seconds=9), ClockState.HOLDOVER)


def test_a_clock_set_back_two_weeks_while_out_of_step_does_not_take_the_time_with_it() -> None:
    fake = Fake()
    fake.wall, fake.synced = NOON.timestamp(), True
    clock = Clock(lambda: fake.wall, lambda: fake.elapsed, lambda: fake.synced, "b", lambda: fake.elapsed)
    assert clock.now() == NOON
    before = clock.stamp()
    fake.synced, fake.wall, fake.elapsed = False, fake.wall - 14 * 86_400, fake.elapsed + 9
    assert clock.now() == NOON + timedelta(seconds=9)
    assert clock.state() is ClockState.HOLDOVER
    assert clock.stamp().booted_at == before.booted_at
    fake.synced, fake.wall = True, NOON.timestamp() + 10
    assert clock.now() == NOON + timedelta(seconds=10), "in step again, the wall is believed"


def test_a_clock_that_is_set_while_it_is_read_is_not_taken_for_true_with_its_old_time() -> None:
    fake = Fake()

    def wall() -> float:
        before, fake.wall, fake.synced = fake.wall, NOON.timestamp(), True
        return before

    fake.wall = NOON.timestamp() - 14 * 86_400
    clock = Clock(wall, lambda: fake.elapsed, lambda: fake.synced, "b", lambda: fake.elapsed)
    now, stamp = clock.moment()
    assert (now, stamp.clock) == (NOON - timedelta(days=14), ClockState.UNSYNCED)
    now, stamp = clock.moment()
    assert (now, stamp.clock) == (NOON, ClockState.SYNCED)


def test_ids_ascend_within_a_millisecond_and_over_a_clock_set_back() -> None:
    moments = [NOON, NOON, NOON, NOON - timedelta(days=1), NOON + timedelta(milliseconds=1)]
    source = iter(moments)
    draw = Ulids(lambda: next(source))
    ids = [draw() for _ in moments]
    assert ids == sorted(set(ids))
    assert {len(one) for one in ids} == {26}


def test_an_id_begins_with_its_time() -> None:
    """Milliseconds 1469918176385 are 01ARYZ6S41 in the ULID specification's own example."""
    moment = datetime.fromtimestamp(1469918176.385, UTC)
    assert Ulids(lambda: moment)().startswith("01ARYZ6S41")
