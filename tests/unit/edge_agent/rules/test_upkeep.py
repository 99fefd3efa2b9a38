"""Devices that are lost, unpowered, empty, opened or stuck: one alarm each, and a word when it is over."""

from __future__ import annotations

import pytest

from firmware_protocols.model import Alarm, AlarmKind, AlarmState, Quantity
from tests.unit.edge_agent.rules.dwelling import DEVICES, DISTURBANCES, Dwelling, at

RAISED, UPDATED, CANCELLED = AlarmState.RAISED, AlarmState.UPDATED, AlarmState.CANCELLED
SILENT, MAINS, BATTERY, TAMPER = (
    AlarmKind.SENSOR_SILENT,
    AlarmKind.MAINS_LOST,
    AlarmKind.BATTERY_LOW,
    AlarmKind.TAMPER,
)


@pytest.mark.parametrize(
    ("device", "minutes"),
    [("radar-bath", 15), ("mains", 15), ("pir-hall", 120), ("bed", 120), ("pendant", 1440)],
)
def test_a_silent_device_is_told_of_once_when_its_time_has_passed(device: str, minutes: float) -> None:
    home = Dwelling(at("00:00"), devices={device: DEVICES[device]}, dead={device})
    home.wait_min(minutes - 1)
    assert not home.told
    home.wait_min(minutes + 2)
    (alarm,) = home.alarms(SILENT)
    assert (alarm.device, alarm.state, alarm.evidence) == (device, RAISED, {"silent_min": minutes})


@pytest.mark.parametrize("device", ["watch", "oximeter", "cuff"])
def test_what_speaks_only_when_used_is_never_missed(device: str) -> None:
    home = Dwelling(at("00:00"), devices={device: DEVICES[device]}, dead={device})
    home.wait_min(60 * 30)
    assert not home.told


@pytest.mark.parametrize("disturbance", DISTURBANCES)
def test_neither_a_restart_nor_a_wrong_clock_changes_who_is_missed(disturbance: str) -> None:
    home = Dwelling(at("00:00"), dead={"radar-bath"})
    home.wait_min(8)
    DISTURBANCES[disturbance](home)
    home.wait_min(5)
    assert not home.told
    home.wait_min(3)
    home.restart()
    home.wait_min(20)
    assert [alarm.device for alarm in home.alarms(SILENT)] == ["radar-bath"]


def test_a_device_that_is_back_is_told_and_missed_again_when_it_goes_again() -> None:
    home = Dwelling(at("00:00"), dead={"radar-bath"})
    home.wait_min(16)
    home.restart()
    home.dead.clear()
    home.wait_min(5)
    assert home.states(SILENT) == [RAISED, CANCELLED]
    assert home.alarms(SILENT)[-1].evidence == {"restored": True}
    home.dead.add("radar-bath")
    home.wait_min(30)
    first, _, second = home.alarms(SILENT)
    assert first.id != second.id


def test_the_plan_says_how_long_a_device_may_be_silent_and_whether_it_is_missed_at_all() -> None:
    devices = {"pendant": {"expected_s": 0, "alarm_s": 0}, "pir-hall": {"expected_s": 60, "alarm_s": 300}}
    home = Dwelling(at("00:00"), {"version": 1, "devices": devices}, dead={"pendant", "pir-hall"})
    home.wait_min(60 * 26)
    assert [alarm.device for alarm in home.alarms(SILENT)] == ["pir-hall"]


def test_a_device_that_was_added_today_is_not_missed_since_last_year() -> None:
    home = Dwelling(at("00:00"), devices={"mains": DEVICES["mains"]})
    home.wait_min(60 * 30)
    home.devices["radar-bath"] = DEVICES["radar-bath"]
    home.restart()
    home.wait_min(10)
    assert not home.told


def test_power_that_is_out_for_a_minute_is_told_and_a_flicker_is_not() -> None:
    home = Dwelling(at("12:00"))
    for on in (True, False):
        home.read("mains", Quantity.MAINS, on)
        home.wait(50)
    home.read("mains", Quantity.MAINS, True)
    home.wait(300)
    assert not home.told
    home.read("mains", Quantity.MAINS, False)
    home.wait(40)
    home.restart()
    home.wait(20)
    (lost,) = home.alarms(MAINS)
    assert lost.state is RAISED
    assert 60 <= float(str(lost.evidence["out_s"])) <= 75
    home.restart()
    home.read("mains", Quantity.MAINS, True)
    home.wait_min(5)
    assert home.states(MAINS) == [RAISED], "it may go again"
    home.restart()
    home.wait_min(5)
    assert [(alarm.id, alarm.state) for alarm in home.alarms(MAINS)][1:] == [(lost.id, CANCELLED)]


def test_what_a_bridge_remembers_of_a_device_is_no_fault_of_now() -> None:
    home = Dwelling(at("12:00"))
    home.read("mains", Quantity.MAINS, False, "estimated")
    home.read("pir-hall", Quantity.TAMPER, True, "estimated")
    home.wait_min(10)
    assert not home.told


def test_a_battery_is_told_of_once_on_its_way_down() -> None:
    home = Dwelling(at("12:00"))
    for percent in (40, 11, 10, 12, 9, 14, 3, 11):
        home.read("pir-hall", Quantity.BATTERY, float(percent))
        home.wait_min(30)
    (alarm,) = home.alarms(BATTERY)
    assert alarm.evidence == {"battery": 10.0}
    home.read("pir-hall", Quantity.BATTERY, 100.0)
    home.read("bed", Quantity.BATTERY_LOW, True)
    home.wait_min(10)
    assert [(alarm.device, alarm.state) for alarm in home.alarms(BATTERY)] == [
        ("pir-hall", RAISED),
        ("bed", RAISED),
        ("pir-hall", CANCELLED),
    ]
    assert home.alarms(BATTERY)[-1].evidence == {"restored": True}


def test_a_case_that_is_opened_is_told_and_a_loose_one_is_one_alarm() -> None:
    home = Dwelling(at("12:00"))
    for _ in range(50):
        home.read("pir-hall", Quantity.TAMPER, True)
        home.wait(20)
        home.read("pir-hall", Quantity.TAMPER, False)
        home.wait(20)
    home.wait_min(10)
    assert len({alarm.id for alarm in home.alarms(TAMPER)}) == 1
    assert home.states(TAMPER) == [RAISED, *[UPDATED] * 5, CANCELLED]
    assert [alarm.evidence["count"] for alarm in home.alarms(TAMPER)[1:-1]] == [2, 4, 8, 16, 32]


def test_a_sensor_that_sees_nobody_while_the_others_do_is_told_of_and_taken_back() -> None:
    home = Dwelling(at("06:00"))
    for _ in range(2):
        home.live(600, "kitchen", "living_room", "hall", "bathroom")
        home.wait_min(400)
    home.restart()
    home.live(600, "kitchen", "living_room", "hall", "bathroom")
    (fault,) = home.alarms(AlarmKind.DEVICE_FAULT)
    assert (fault.device, fault.state, fault.evidence["fault"]) == ("pir-bedroom", RAISED, "blind")
    home.move("bedroom")
    assert home.states(AlarmKind.DEVICE_FAULT) == [RAISED, CANCELLED]


def test_a_quiet_home_and_a_sensor_that_is_lost_make_no_blind_one() -> None:
    quiet = Dwelling(at("06:00"))
    quiet.live(200, "kitchen", "living_room")
    quiet.wait_min(60 * 40)
    lost = Dwelling(at("06:00"), dead={"pir-bedroom", "pir-hall"})
    lost.live(60 * 40, "kitchen", "living_room", "bathroom")
    assert not quiet.alarms(AlarmKind.DEVICE_FAULT)
    assert not lost.alarms(AlarmKind.DEVICE_FAULT)


def test_many_lost_devices_are_one_alarm_each_and_no_alarm_about_the_person() -> None:
    home = Dwelling(at("00:00"), dead=set(DEVICES))
    home.wait_min(60 * 25)
    supervised = {
        name
        for name, (kind, _) in DEVICES.items()
        if kind not in {"wearable", "pulse_oximeter", "blood_pressure"}
    }
    assert sorted(alarm.device for alarm in home.alarms(SILENT)) == sorted(supervised)
    assert len(home.told) == len(supervised)


def test_upkeep_can_be_disarmed() -> None:
    home = Dwelling(at("00:00"), {"version": 1, "rules": {"upkeep": {"armed": False}}}, dead=set(DEVICES))
    home.read("mains", Quantity.MAINS, False)
    home.read("pir-hall", Quantity.TAMPER, True)
    home.wait_min(60 * 25)
    told: list[Alarm] = [alarm for _, alarm in home.told]
    assert told == []


def test_a_device_that_does_not_work_is_told_of_when_that_has_lasted() -> None:
    home = Dwelling(at("00:00"))
    home.read("pir-hall", Quantity.PROBLEM, True)
    home.wait_min(4)
    assert not home.alarms(AlarmKind.DEVICE_FAULT)
    home.wait_min(2)
    (alarm,) = home.alarms(AlarmKind.DEVICE_FAULT)
    assert (alarm.state, alarm.evidence) == (RAISED, {"fault": "problem", "out_s": 300})
