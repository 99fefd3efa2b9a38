"""A recorded night, judged again: by the gateway's rules and the cloud's, under its plan and another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from firmware_protocols.model import AlarmId, AlarmKind, AlarmState
from firmware_protocols.wire.plan import Plan
from simulators.replay import changes, differ
from simulators.replay.changes import Setting
from simulators.replay.edge import STEP_S
from simulators.replay.model import Finding, Order, Record, RecordError, Told
from simulators.replay.run import findings
from tests.unit.simulators.replay.homes import (
    BEDROOM,
    DOOR,
    LIVING,
    NIGHT,
    WANDERER,
    after,
    checks_in,
    moves,
    opens,
    pressure,
    recorded,
    usual_day,
)

AS_IT_WAS = Setting()


def calls(record: Record, *assignments: str) -> list[Finding]:
    return [one for one in findings(record, changes.setting(None, assignments)) if one.calls]


def test_who_goes_out_at_night_and_does_not_come_back_is_missed_after_the_plans_wait() -> None:
    (door,) = calls(recorded(*NIGHT))
    assert (door.rule, door.device, door.room, door.priority) == ("night_door", DOOR, "hall", 2)
    asked_at = after(305.1) + timedelta(minutes=10)
    assert asked_at <= door.at <= asked_at + timedelta(seconds=20 + STEP_S)
    assert door.numbers["away_min"] == 10
    assert door.sentence == "Out at night, not back for 10 min"
    assert [(row.what, row.said) for row in door.rows] == [("opening", False), ("opening", True)]


def test_the_end_of_it_is_told_too() -> None:
    found = findings(recorded(*NIGHT), AS_IT_WAS)
    assert [one.state for one in found] == ["suspected", "raised", "updated"]


def test_the_same_record_says_the_same_again() -> None:
    record = recorded(*NIGHT, pressure(30, 195, 95), pressure(36, 199, 97))
    assert findings(record, AS_IT_WAS) == findings(record, AS_IT_WAS)


def test_another_wait_is_tried_without_changing_anything() -> None:
    record = recorded(*NIGHT)
    assert calls(record, "night_door.wait_s=3000") == []
    assert record.plan == WANDERER


def test_a_plan_holds_from_when_it_was_in_force() -> None:
    record = recorded(*NIGHT)
    off = replace(record, plans=(*record.plans, (after(300), Plan(version=4, person=WANDERER.person))))
    late = changes.changed(off.plans[1][1], {("rules", "night_door", "armed"): False})
    switched = replace(record, plans=(record.plans[0], (after(300), late)))
    assert calls(switched) == []
    (door,) = [one for one in findings(switched, changes.setting(3, [])) if one.calls]
    assert door.rule == "night_door"


def test_a_very_high_pressure_is_asked_about_and_then_called() -> None:
    found = findings(recorded(pressure(0, 195, 95), pressure(6, 199, 97)), AS_IT_WAS)
    told = [(one.rule, one.state, one.priority) for one in found]
    assert told == [
        ("pressure_high", "asked", None),
        ("pressure_high", "confirmed", None),
        ("pressure_high", "raised", 2),
    ]
    assert found[-1].sentence == "Systolic pressure 199, limit 180, measured twice"
    assert {row.said for row in found[-1].rows} == {199, 195}


def test_a_second_measurement_that_never_comes_is_told_when_its_time_is_over() -> None:
    found = findings(recorded(pressure(0, 195, 95)), AS_IT_WAS)
    assert [(one.rule, one.state) for one in found[-2:]] == [
        ("pressure_high", "unanswered"),
        ("not_repeated", "raised"),
    ]


def test_what_is_withheld_is_judged_by_nobody() -> None:
    quiet = changes.changed(WANDERER, {("withheld", "kinds"): ["door", "blood_pressure"]})
    assert findings(recorded(*NIGHT, pressure(0, 195, 95), plan=quiet), AS_IT_WAS) == []


def test_two_settings_are_compared_by_what_they_call_more_less_and_later() -> None:
    record = recorded(*NIGHT, opens(460))
    first, later, never = (calls(record, f"night_door.wait_s={s}") for s in (600, 1200, 3000))
    moved = differ.between(first, later).moved
    assert [(one.rule, round((other.at - one.at).total_seconds(), -2)) for one, other in moved] == [
        ("night_door", 600)
    ]
    assert [one.rule for one in differ.between(first, never).gone] == ["night_door"]
    assert [one.rule for one in differ.between(never, first).new] == ["night_door"]


def told(state: AlarmState, minutes: float, kind: AlarmKind = AlarmKind.NIGHT_DOOR) -> Told:
    return Told(AlarmId("01JA"), kind, state, DOOR, after(minutes), {"silent_min": 0}, "ip", 20.0)


def test_a_suspicion_that_people_called_off_is_called_off_again() -> None:
    record = replace(
        recorded(*NIGHT),
        told=(told(AlarmState.SUSPECTED, 315.1),),
        orders=(Order(after(315.2), "cancel", AlarmId("01JA")),),
    )
    found = findings(record, AS_IT_WAS)
    assert [one.state for one in found][:2] == ["suspected", "cancelled"]


def test_what_was_recorded_and_is_not_found_again_is_named() -> None:
    record = recorded(*NIGHT)
    at = calls(record)[0].at
    same = replace(record, told=(told(AlarmState.RAISED, (at - after(0)).total_seconds() / 60),))
    assert (differ.against(same, calls(record)).same, differ.against(same, calls(record)).missing) == (1, ())
    found = differ.against(replace(record, told=(told(AlarmState.RAISED, 100),)), calls(record))
    assert (len(found.missing), len(found.new)) == (1, 1)


def test_a_device_that_was_not_missed_has_spoken_and_one_that_was_has_not() -> None:
    quiet = recorded(moves(LIVING, 0), moves(BEDROOM, 1), moves(LIVING, 60 * 30))
    assert [one for one in calls(quiet) if one.rule == "sensor_silent"] == []
    missed = Told(
        AlarmId("x"), AlarmKind.SENSOR_SILENT, AlarmState.RAISED, BEDROOM, after(600), {"silent_min": 240}
    )
    silent = [one for one in calls(replace(quiet, told=(missed,))) if one.rule == "sensor_silent"]
    assert [one.device for one in silent] == [BEDROOM]


@pytest.mark.parametrize(
    ("assignment", "says"),
    [
        ("night_door", "write PATH=VALUE"),
        ("nigt_door.wait_s=600", "did you mean night_door"),
        ("night_door.wait_s=1", "wait_s"),
        ("night_door.wait=600", "wait"),
        ("limits.spo2.low=12", "limits.spo2.low must be 50-100"),
        ("version.x=1", "a plan has no version"),
    ],
)
def test_a_setting_that_a_plan_cannot_have_is_refused_with_what_would_be_right(
    assignment: str, says: str
) -> None:
    with pytest.raises(RecordError, match=says):
        calls(recorded(*NIGHT), assignment)


def test_a_version_that_the_record_does_not_have_is_refused_with_those_that_it_has() -> None:
    with pytest.raises(RecordError, match=r"no plan version 9 in this record; there are: \[3\]"):
        findings(recorded(*NIGHT), changes.setting(9, []))


DAY_MIN = 24 * 60
LAST_DAY = (checks_in(0, 4 * 60 + 3 * DAY_MIN), usual_day(0), usual_day(1))
"""Two usual days, and one on which nobody stirs while the sensors live."""


def by(detector: str, record: Record) -> list[Finding]:
    return [one for one in findings(record, AS_IT_WAS, frozenset({detector})) if one.calls]


def test_who_does_not_get_up_is_found_by_the_clouds_rules_before_the_routine_knows_the_home() -> None:
    record = recorded(*LAST_DAY)
    assert [one.rule for one in by("rules", record)][:1] == ["not_up"]
    assert by("routine", record) == []


def test_who_does_not_get_up_is_found_by_the_routine_of_a_home_that_it_knows() -> None:
    days = 9
    record = recorded(checks_in(0, 4 * 60 + (days + 1) * DAY_MIN), *(usual_day(day) for day in range(days)))
    (silent,) = [one for one in by("routine", record) if one.at >= after(4 * 60 + days * DAY_MIN)][:1]
    assert (silent.kind, silent.priority, silent.room) == ("routine", 2, "living_room")
    assert silent.since is not None
    assert silent.since < silent.at


def test_what_the_gateway_has_called_for_is_not_called_for_again_by_the_cloud() -> None:
    calls_ = [one for one in findings(recorded(*LAST_DAY), AS_IT_WAS) if one.calls]
    assert "stillness" in {one.rule for one in calls_ if one.by == "edge"}
    assert "no_movement" not in {one.rule for one in calls_ if one.by == "rules"}


def test_silent_equipment_is_nobodys_behaviour() -> None:
    record = recorded(*(part[: len(part) * 2 // 3] for part in LAST_DAY[:1]), *LAST_DAY[1:])
    record = replace(record, observed=(*record.observed, *moves(LIVING, 4 * 60 + 3 * DAY_MIN)))
    assert [one for one in by("routine", record) if one.at >= after(4 * 60 + 2 * DAY_MIN)] == []
