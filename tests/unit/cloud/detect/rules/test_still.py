"""Situation 3: no movement, and what must not be taken for it."""

from __future__ import annotations

from datetime import timedelta

from firmware_protocols.model import EventKind
from tests.unit.cloud.detect.rules.resident import Resident, at


def morning() -> Resident:
    """Somebody gets up, has breakfast and sits down in the living room at nine."""
    resident = Resident(now=at("06:00"))
    resident.busy("bedroom", at("06:30"), at("06:40"))
    resident.busy("kitchen", at("06:45"), at("08:00"))
    resident.busy("living", at("08:00"), at("09:00"))
    return resident


def still(resident: Resident) -> list[tuple[str, int]]:
    return [one for one in resident.found if one[0] == "no_movement"]


def test_four_hours_of_the_day_without_a_sign_of_life_call_somebody() -> None:
    resident = morning()
    resident.until(at("13:00"))
    assert still(resident) == []
    resident.until(at("13:15"))
    assert still(resident) == [("no_movement", 2)]
    ((_, finding),) = resident.raised
    assert finding.numbers["wait_min"] == 240
    assert finding.rows[0].at == at("08:55")


def test_it_ends_when_somebody_moves() -> None:
    resident = morning()
    resident.moves("living", at("14:00"))
    resident.until(at("14:30"))
    assert [rule for _, rule in resident.ended] == ["no_movement"]


def test_the_night_does_not_count() -> None:
    resident = Resident(now=at("18:00"))
    resident.busy("living", at("18:00"), at("21:30"))
    resident.until(at("09:00", 1))
    assert still(resident) == []


def test_whoever_has_gone_out_is_not_missed_indoors() -> None:
    resident = morning()
    resident.through_door(at("09:00"))
    resident.until(at("16:00"))
    assert still(resident) == []


def test_whoever_says_that_all_is_well_is_left_alone_for_as_long_again() -> None:
    resident = morning()
    resident.devices["cancel"] = ("cancel_button", "living_room")
    resident.says("cancel", EventKind.BUTTON, 1, at("12:30"))
    resident.until(at("16:30"))
    assert still(resident) == []


def test_a_dead_sensor_proves_nothing() -> None:
    resident = morning()
    resident.dead = {"pir-kitchen": at("09:00")}
    resident.until(at("16:00"))
    assert still(resident) == []


def test_a_gateway_that_died_says_nothing_about_the_person() -> None:
    resident = morning()
    resident.gateway_died = at("09:01")
    resident.until(at("09:00", 1))
    assert still(resident) == []


def test_what_comes_late_is_counted_before_anybody_is_called() -> None:
    """The line is down for the day; its home had somebody in the kitchen at noon, which comes in the
    evening.
    """
    resident = morning()
    resident.busy("kitchen", at("12:00"), at("12:30"))
    resident.behind = timedelta(hours=4)
    resident.until(at("15:00"))
    resident.behind = timedelta()
    resident.until(at("16:00"))
    assert still(resident) == []


def test_a_clock_that_is_not_set_is_not_judged() -> None:
    resident = morning()
    resident.clock_set = False
    resident.until(at("18:00"))
    assert still(resident) == []


def test_what_is_withheld_switches_the_rule_off() -> None:
    resident = morning()
    resident.withheld = ("motion",)
    resident.until(at("18:00"))
    assert still(resident) == []


def test_somebody_to_whom_people_were_called_since_is_not_called_to_again() -> None:
    resident = morning()
    resident.called_at = at("11:00")
    resident.until(at("18:00"))
    assert still(resident) == []


def test_a_look_comes_when_it_is_due_and_otherwise_every_five_minutes() -> None:
    resident = morning()
    resident.until(at("13:15"))
    assert resident.looks < 110
