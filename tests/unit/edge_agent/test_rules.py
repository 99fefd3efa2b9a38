"""The gateway's own judgement: what raises, what waits, what cancels."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from edge_agent.rules import RULES, FallSign
from edge_agent.rules.fall import FallRule
from edge_agent.rules.hazard import HAZARDS, HazardRule
from edge_agent.rules.sos import SosRule
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, Quantity, Reading
from tests.unit.edge_agent.household import (
    BUTTON,
    NOON,
    PENDANT,
    RADAR,
    SMOKE,
    WATCH,
    after,
    home,
    press,
    radar_fall,
    state,
)


def told(alarms: list[Alarm]) -> list[tuple[str, AlarmState]]:
    return [(alarm.id, alarm.state) for alarm in alarms]


def sign(seconds: float = 0.0) -> FallSign:
    return FallSign(WATCH, after(seconds), {"probability": 0.97})


# -- SOS ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("detail", ["press", "double_press", "long_press", "something new"])
def test_every_kind_of_press_of_a_pendant_calls_for_help_at_once(detail: str) -> None:
    (alarm,) = SosRule(home()).see(press(PENDANT, detail=detail), NOON)
    assert (alarm.kind, alarm.state, alarm.device, alarm.confirm_s) == (
        AlarmKind.SOS,
        AlarmState.RAISED,
        PENDANT,
        0,
    )


def test_a_button_that_is_no_help_button_calls_nobody() -> None:
    assert SosRule(home()).see(press(BUTTON), NOON) == []


def test_a_hand_that_keeps_pressing_makes_one_alarm_and_few_records() -> None:
    rule = SosRule(home())
    alarms = [alarm for n in range(100) for alarm in rule.see(press(PENDANT, after(n)), after(n))]
    assert {alarm.id for alarm in alarms} == {"1"}
    assert [alarm.evidence["count"] for alarm in alarms] == [1, 2, 4, 8, 16, 32, 64]


def test_a_press_after_somebody_answered_is_a_new_call_however_soon() -> None:
    rule = SosRule(home())
    (call,) = rule.see(press(PENDANT), NOON)
    rule.answered(call.id)
    assert told(rule.see(press(PENDANT, after(5)), after(5))) == [("2", AlarmState.RAISED)]


def test_a_press_long_after_is_a_new_call() -> None:
    rule = SosRule(home())
    rule.see(press(PENDANT), NOON)
    assert told(rule.see(press(PENDANT, after(61)), after(61))) == [("2", AlarmState.RAISED)]


# -- hazards -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("quantity", "kind"), HAZARDS.items())
def test_each_hazard_raises_on_its_rising_edge_only(quantity: Quantity, kind: AlarmKind) -> None:
    rule = HazardRule(home())
    assert rule.see(state(SMOKE, quantity, False), NOON) == []
    (alarm,) = rule.see(state(SMOKE, quantity, True), NOON)
    assert (alarm.kind, alarm.state) == (kind, AlarmState.RAISED)
    assert rule.see(state(SMOKE, quantity, True, after(1)), after(1)) == []
    assert rule.see(state(SMOKE, quantity, None, after(2)), after(2)) == []
    assert rule.see(state(SMOKE, quantity, False, after(3)), after(3)) == []
    assert told(rule.see(state(SMOKE, quantity, True, after(400)), after(400))) == [("2", AlarmState.RAISED)]


def test_a_flapping_detector_is_one_hazard() -> None:
    rule = HazardRule(home())
    rule.see(state(SMOKE, Quantity.SMOKE, True), NOON)
    rule.see(state(SMOKE, Quantity.SMOKE, False, after(1)), after(1))
    assert told(rule.see(state(SMOKE, Quantity.SMOKE, True, after(2)), after(2))) == [
        ("1", AlarmState.UPDATED)
    ]


def test_a_detector_that_was_on_before_a_restart_raises_no_second_alarm() -> None:
    rule = HazardRule(home())
    rule.see(state(SMOKE, Quantity.SMOKE, True), NOON)
    again = HazardRule(home())
    again.restore(json.loads(json.dumps(rule.state())))
    assert again.see(state(SMOKE, Quantity.SMOKE, True, after(60)), after(60)) == []


# -- falls -------------------------------------------------------------------------------------------


def test_a_sign_is_suspected_at_once_and_raised_when_nobody_answers() -> None:
    rule = FallRule(home())
    (suspected,) = rule.see(sign(), NOON)
    assert (suspected.state, suspected.confirm_s, suspected.observed_at) == (AlarmState.SUSPECTED, 20.0, NOON)
    assert suspected.evidence["probability"] == 0.97
    assert rule.tick(after(19.9)) == []
    assert told(rule.tick(after(20))) == [(suspected.id, AlarmState.RAISED)]
    assert rule.tick(after(21)) == []


@pytest.mark.parametrize("device", [BUTTON, WATCH])
def test_a_press_that_says_all_is_well_cancels(device: Any) -> None:
    rule = FallRule(home())
    rule.see(sign(), NOON)
    (cancelled,) = rule.see(press(device, after(5)), after(5))
    assert (cancelled.state, cancelled.evidence["by"]) == (AlarmState.CANCELLED, f"button {device}")
    assert rule.tick(after(30)) == []


def test_a_help_button_pressed_on_the_floor_raises_and_never_cancels() -> None:
    rule = FallRule(home())
    rule.see(sign(), NOON)
    assert told(rule.see(press(PENDANT, after(5)), after(5))) == [("1", AlarmState.RAISED)]
    assert rule.cancel(after(6), "cloud") == []


def test_a_second_witness_raises_at_once() -> None:
    rule = FallRule(home())
    rule.see(sign(), NOON)
    (raised,) = rule.see(radar_fall(after(4)), after(4))
    assert (raised.state, raised.evidence["witnesses"]) == (AlarmState.RAISED, [WATCH, RADAR])


def test_the_same_witness_again_is_no_second_one() -> None:
    rule = FallRule(home())
    rule.see(sign(), NOON)
    assert rule.see(sign(3), after(3)) == []
    assert rule.suspicion == "1"


def test_a_witness_after_the_alarm_only_adds_to_it() -> None:
    rule = FallRule(home())
    rule.see(sign(), NOON)
    rule.tick(after(20))
    assert told(rule.see(radar_fall(after(40)), after(40))) == [("1", AlarmState.UPDATED)]


def test_a_radar_that_repeats_its_report_after_a_cancel_does_not_ask_again_until_it_clears() -> None:
    rule = FallRule(home())
    rule.see(radar_fall(), NOON)
    rule.cancel(after(5), "cloud")
    assert rule.see(radar_fall(after(10)), after(10)) == []
    rule.see(Reading(RADAR, Quantity.FALL_STATE, False, after(12)), after(12))
    assert told(rule.see(radar_fall(after(15)), after(15))) == [("2", AlarmState.SUSPECTED)]


def test_a_fall_long_after_another_is_a_new_one() -> None:
    rule = FallRule(home())
    rule.see(sign(), NOON)
    rule.tick(after(20))
    rule.tick(after(400))
    assert told(rule.see(sign(500), after(500))) == [("2", AlarmState.SUSPECTED)]


def test_no_confirmation_time_means_raised_at_once() -> None:
    assert told(FallRule(home(confirm_s=0)).see(sign(), NOON)) == [("1", AlarmState.RAISED)]


def test_a_cancel_for_another_alarm_changes_nothing() -> None:
    rule = FallRule(home())
    rule.see(sign(), NOON)
    assert rule.cancel(after(1), "cloud", AlarmId("other")) == []
    assert rule.suspicion == "1"


def test_a_suspicion_survives_a_restart_with_its_id_and_its_time() -> None:
    rule = FallRule(home())
    rule.see(sign(), NOON)
    again = FallRule(home())
    again.restore(json.loads(json.dumps(rule.state())))
    assert again.tick(after(10)) == []
    assert told(again.tick(after(20))) == [("1", AlarmState.RAISED)]


def test_a_clock_set_back_inside_the_window_raises_rather_than_waits() -> None:
    rule = FallRule(home())
    rule.see(sign(), NOON)
    assert told(rule.tick(after(-3600))) == [("1", AlarmState.RAISED)]


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(
    "junk", [None, 7, "x", [], {}, {"episode": {"id": 1}, "reported": 3}, {"episode": None}]
)
def test_no_rule_stumbles_over_an_older_programs_state(name: str, junk: Any) -> None:
    rule = RULES[name](home())
    rule.restore(junk)
    assert rule.tick(NOON) == []


def test_the_documentation_names_every_rule_in_the_order_of_the_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "rules.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `(\w+)` \| `", page, re.MULTILINE)
    assert named == [
        name for name in RULES if name not in {"surroundings", "silences"}
    ]  # these raise nothing
