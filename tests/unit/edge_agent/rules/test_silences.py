"""What a home is silent by itself lengthens the wait after which its silence is called for; signs do not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from edge_agent.rules.silences import DAYS, FACTOR, MOST_S, own_s
from firmware_protocols.model import AlarmKind, JsonValue, Quantity
from firmware_protocols.wire.plan_rules import DAY_S
from tests.unit.edge_agent.rules.dwelling import DEVICES, Dwelling, at

LONG_LIE = AlarmKind.LONG_LIE
NO_BED = {name: what for name, what in DEVICES.items() if name != "bed"}
HALL = "hall/night"


def known(home: Dwelling, days: list[dict[str, int]]) -> None:
    """Let the home know of ``days`` that it has lived before."""
    numbered = {str(number - len(days)): day for number, day in enumerate(days)}
    home.rules["silences"].restore({"days": numbered, "moved_s": None, "where": "", "at_home": False})


def flat(clock: str, days: list[dict[str, int]]) -> Dwelling:
    """A flat without a mat in the bed that has lived ``days``."""
    home = Dwelling(at(clock), devices=NO_BED)
    known(home, days)
    return home


# -- what is usual, as arithmetic ----------------------------------------------------------------------


def test_six_days_say_nothing_and_seven_quiet_ones_that_any_silence_is_unlike_them() -> None:
    assert own_s([{}] * 6, HALL) is None
    assert own_s([{}] * 7, HALL) == 0


def test_of_four_weeks_the_third_longest_day_counts_so_a_lie_or_two_teach_nothing() -> None:
    usual, lie = {HALL: 40}, {HALL: 400}
    assert own_s([usual] * 26 + [lie, lie], HALL) == 60 * FACTOR * 40
    assert own_s([usual] * 25 + [lie, lie, lie], HALL) == MOST_S


def test_another_room_and_another_part_of_the_day_are_judged_by_their_own_days() -> None:
    assert own_s([{HALL: 40}] * DAYS, "hall/day") == 0


# -- in a home -----------------------------------------------------------------------------------------


UNSEEN = [{HALL: 40}] * 8
"""Nights that begin in the hall, on the way to a bed in which nobody is felt."""


def test_a_home_in_which_somebody_goes_to_bed_unseen_waits_for_longer_than_its_nights() -> None:
    home = flat("23:00", UNSEEN)
    home.move("hall")
    home.wait_min(40 * FACTOR + 2)
    assert home.minute_of(LONG_LIE) == pytest.approx(40 * FACTOR + 0.5, abs=1)
    assert home.raised(LONG_LIE)[0].evidence["own_min"] == 40 * FACTOR


def test_in_the_same_home_the_bathroom_by_night_is_judged_as_soon_as_ever() -> None:
    home = flat("23:00", UNSEEN)
    home.move("bathroom")
    home.wait_min(32)
    assert home.minute_of(LONG_LIE) == pytest.approx(30.5, abs=1)


def test_what_is_learnt_is_the_longest_silence_of_a_day_at_home_and_not_of_who_is_out_or_rests() -> None:
    home = Dwelling(at("12:00"), devices=NO_BED)
    for room, silent_min in ("hall", 25), ("hall", 41), ("kitchen", 10), ("living_room", 90), ("kitchen", 33):
        home.move(room)
        home.wait_min(silent_min)
    home.move("hall")
    home.door()
    home.wait_min(100)
    home.door()
    home.move("hall")
    state = home.rules["silences"].state()
    assert isinstance(state, dict)
    assert state["days"] == {"0": {"hall/day": 41, "kitchen/day": 33}}


@pytest.mark.parametrize(
    ("clock", "room", "minutes"),
    [("09:00", "bathroom", 120), ("09:00", "kitchen", 180), ("23:00", "hall", 480)],
)
def test_a_home_without_a_bed_that_is_not_known_yet_waits_for_as_long_as_hardly_any_home_is_silent(
    clock: str, room: str, minutes: float
) -> None:
    home = Dwelling(at(clock), devices=NO_BED)
    home.move(room)
    home.wait_min(minutes + 2)
    assert home.minute_of(LONG_LIE) == pytest.approx(minutes + 0.5, abs=1)


def test_a_silence_that_began_in_the_evening_of_an_unknown_home_is_judged_by_when_it_began() -> None:
    home = Dwelling(at("22:30"), devices=NO_BED)
    home.move("hall")
    home.wait_min(7.9 * 60)
    assert not home.alarms(LONG_LIE), "six in the morning is no reason"


def test_where_people_have_set_a_wait_it_holds_from_the_first_day_on() -> None:
    for rule in {"soon_night_s": 1200}, {"own": False}:
        home = Dwelling(at("23:00"), {"version": 1, "rules": {"long_lie": rule}}, devices=NO_BED)
        home.move("hall")
        home.wait_min(33)
        assert len(home.raised(LONG_LIE)) == 1


def test_a_sign_of_a_fall_and_a_radar_that_sees_somebody_need_no_own_days() -> None:
    fallen = Dwelling(at("23:00"), devices=NO_BED)
    fallen.move("hall")
    fallen.fall()
    fallen.press("watch")
    seen = Dwelling(at("23:00"), devices=NO_BED)
    seen.read("radar-bath", Quantity.PRESENCE, True)
    for home in fallen, seen:
        home.wait_min(33)
        assert len(home.raised(LONG_LIE)) == 1


def test_a_door_that_is_used_where_nobody_is_seen_inside_is_no_lie_behind_it() -> None:
    home = Dwelling(at("09:00"))
    home.door()
    home.wait_min(5)
    home.door()
    home.wait_min(120)
    assert not home.alarms(LONG_LIE)


def test_days_on_which_nobody_was_there_push_nothing_out() -> None:
    home = flat("23:00", UNSEEN)
    home.around.listened_s += 60 * DAY_S
    home.move("hall")
    home.wait_min(40 * FACTOR - 10)
    assert not home.alarms(LONG_LIE)


@pytest.mark.parametrize("jump", [timedelta(days=90), timedelta(minutes=-20)])
def test_a_restart_and_a_clock_that_jumps_keep_what_is_known(jump: timedelta) -> None:
    home = flat("23:00", UNSEEN)
    home.move("hall")
    home.wait_min(10)
    home.restart()
    home.set_clock(jump)
    home.wait_min(40 * FACTOR - 20)
    assert not home.alarms(LONG_LIE)
    home.wait_min(15)
    assert len(home.raised(LONG_LIE)) == 1


@pytest.mark.parametrize("state", [None, {}, {"days": [1]}, {"days": {"x": {}}}])
def test_a_memory_that_cannot_be_read_begins_anew(state: JsonValue) -> None:
    home = flat("23:00", UNSEEN)
    home.rules["silences"].restore(state)
    home.move("hall")
    home.wait_min(40 * FACTOR + 2)
    assert not home.alarms(LONG_LIE), "a home that is not known waits for eight hours"
