"""What the gateway notices by itself, situation by situation: a resident does just that, and then what is
usually taken for it. Every test has the number of its situation (``docs/situations.md``); all rules run, so
each also shows that nothing else is called for.
"""

from __future__ import annotations

import pytest

from edge_agent.rules.climate import heat_index_c
from firmware_protocols.model import AlarmKind, AlarmState, DeviceId, Event, EventKind, Quantity
from tests.unit.edge_agent.rules.dwelling import DEVICES, Dwelling, at

HOME = {
    **DEVICES,
    "radar-living": ("radar", "living_room"),
    "smoke": ("smoke", "kitchen"),
    "gas": ("gas", "kitchen"),
    "co": ("carbon_monoxide", "kitchen"),
    "water": ("water", "bathroom"),
    "air": ("climate", "living_room"),
    "stove": ("stove", "kitchen"),
    "pills": ("pill_box", "kitchen"),
    "stranger": ("visitor_button", "hall"),
}
WANDERS = {"version": 1, "person": {"wanders": True}}
DOSES = {"version": 1, "doses": [{"at": "08:00", "box": "pills"}]}
RAISED, CANCELLED, SUSPECTED = AlarmState.RAISED, AlarmState.CANCELLED, AlarmState.SUSPECTED


def dwelling(clock: str, plan: dict[str, object] | None = None, dead: set[str] | None = None) -> Dwelling:
    return Dwelling(at(clock), plan or {}, dict(HOME), dead or set())


def called(home: Dwelling) -> set[AlarmKind]:
    """What people were called for."""
    return {alarm.kind for _, alarm in home.told if alarm.state is RAISED}


def first_reminder_min(home: Dwelling, kind: AlarmKind) -> float:
    """When the home spoke first of ``kind``, in minutes since the start."""
    return next(second for second, what in home.reminded if what is kind) / 60


def hold(
    home: Dwelling, minutes: float, device: str, quantity: Quantity, value: float, *, room: str = ""
) -> None:
    """``device`` says ``value`` each minute for so long, while somebody is about in ``room`` each ten."""
    for minute in range(int(minutes)):
        home.read(device, quantity, value)
        if room and minute % 10 == 0:
            home.move(room)
            home.wait(50)
        else:
            home.wait(60)


# -- 1: a fall ---------------------------------------------------------------------------------------


def test_01_a_fall_that_nobody_answers_calls_and_a_radar_sees_who_lies() -> None:
    home = dwelling("10:00")
    home.move("living_room")
    for _ in range(9):
        home.read("radar-living", Quantity.HEIGHT, 0.25)
        home.wait(5)
    home.fall()
    home.wait(30)
    assert {AlarmKind.FALL, AlarmKind.LONG_LIE} <= called(home)
    assert home.minute_of(AlarmKind.LONG_LIE) <= 1
    (fall,) = home.raised(AlarmKind.FALL)
    assert fall.evidence["by"] == "unanswered"


def test_01_sitting_on_the_floor_and_a_dropped_watch_call_nobody() -> None:
    home = dwelling("10:00")
    home.move("living_room")
    for height in (0.3, 0.3, 0.3, 0.9):
        home.read("radar-living", Quantity.HEIGHT, height)
        home.wait(5)
    home.fall()
    home.wait(8)
    home.press("watch")
    home.wait_min(10)
    assert home.states(AlarmKind.FALL) == [SUSPECTED, CANCELLED]
    assert not called(home)


# -- 2: a long lie -----------------------------------------------------------------------------------


def test_02_silence_after_the_hall_is_urgent_after_45_minutes_and_for_life_after_90() -> None:
    home = dwelling("10:00")
    home.move("hall")
    home.wait_min(47)
    assert called(home) == {AlarmKind.LONG_LIE}
    home.restart()
    home.wait_min(46)
    told = [(alarm.state, alarm.evidence["priority"]) for alarm in home.alarms(AlarmKind.LONG_LIE)]
    assert told == [(SUSPECTED, 2), (RAISED, 2), (AlarmState.UPDATED, 1)]
    assert home.minute_of(AlarmKind.LONG_LIE) == pytest.approx(45.5, abs=0.7)


def test_02_a_nap_on_the_sofa_and_a_walk_out_of_the_door_are_none() -> None:
    nap = dwelling("13:00")
    nap.move("living_room")
    nap.wait_min(120)
    out = dwelling("13:00")
    out.move("hall")
    out.door()
    out.wait_min(180)
    assert not called(nap)
    assert not called(out)


# -- 5: out at night ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("plan", "minutes"), [(WANDERS, 10), ({}, 30)], ids=["wanders", "does not"])
def test_05_out_at_night_is_told_after_a_time_that_depends_on_the_person(
    plan: dict[str, object], minutes: float
) -> None:
    home = dwelling("01:00", plan)
    home.move("hall")
    home.door()
    home.wait_min(minutes + 2)
    assert called(home) == {AlarmKind.NIGHT_DOOR}
    assert home.minute_of(AlarmKind.NIGHT_DOOR) == pytest.approx(minutes + 0.7, abs=0.7)


def test_05_the_rubbish_a_night_worker_and_a_deaf_sensor_are_none() -> None:
    rubbish = dwelling("23:30")
    rubbish.move("hall")
    rubbish.door()
    rubbish.wait_min(6)
    rubbish.door()
    rubbish.move("hall")
    rubbish.move("bedroom")
    rubbish.bed(True)
    rubbish.wait_min(60)
    worker = dwelling("23:30", {"version": 1, "rules": {"night_door": {"armed": False}}})
    worker.move("hall")
    worker.door()
    worker.wait_min(120)
    deaf = dwelling("20:00", dead={"pir-bedroom"})
    deaf.wait_min(210)
    deaf.move("hall")
    deaf.door()
    deaf.wait_min(60)
    assert not called(rubbish) | called(worker)
    assert called(deaf) == {AlarmKind.SENSOR_SILENT}


# -- 7: wandering ------------------------------------------------------------------------------------


def pace(home: Dwelling, trips: int, every_s: float = 240) -> None:
    for _ in range(trips):
        home.door()
        home.move("hall")
        home.wait(every_s - 20)


def test_07_six_trips_through_the_door_in_half_an_hour_of_the_night_call() -> None:
    home = dwelling("02:00", WANDERS)
    pace(home, 5)
    home.restart()
    assert not called(home)
    pace(home, 1)
    (alarm,) = home.raised(AlarmKind.WANDERING)
    assert (alarm.device, alarm.evidence["trips"], alarm.evidence["within_min"]) == ("door-front", 6, 20)
    home.wait_min(40)
    assert len(home.raised(AlarmKind.WANDERING)) == 1, "one night, one alarm"


def test_07_guests_a_contact_that_bounces_and_who_does_not_wander_are_none() -> None:
    day = dwelling("15:00", WANDERS)
    pace(day, 10)
    bounces = dwelling("02:00", WANDERS)
    for _ in range(12):
        bounces.read("door-front", Quantity.OPENING, True)
        bounces.read("door-front", Quantity.OPENING, False)
        bounces.wait(2)
    bounces.move("hall")
    smokes = dwelling("02:00")
    pace(smokes, 8)
    for home in (day, bounces, smokes):
        assert not home.alarms(AlarmKind.WANDERING)


# -- 20: a medicine ----------------------------------------------------------------------------------


def test_20_a_box_that_stays_shut_is_reminded_of_and_then_told_and_counted() -> None:
    home = dwelling("06:30", DOSES)
    home.live(160, "kitchen", "living_room")
    assert first_reminder_min(home, AlarmKind.MEDICINE) == pytest.approx(150, abs=1)
    assert not home.alarms(AlarmKind.MEDICINE)
    home.restart()
    home.live(70, "kitchen", "living_room")
    (missed,) = home.raised(AlarmKind.MEDICINE)
    assert (missed.device, missed.evidence["dose"], missed.evidence["priority"]) == ("pills", "08:00", 3)
    home.live(24 * 60, "kitchen", "living_room")
    assert [alarm.evidence.get("in_row") for alarm in home.raised(AlarmKind.MEDICINE)] == [None, 2]


def test_20_a_dose_that_must_not_be_missed_is_urgent_until_it_is_taken() -> None:
    home = dwelling("06:30", {"version": 1, "doses": [{"at": "08:00", "box": "pills", "critical": True}]})
    home.live(220, "kitchen")
    (missed,) = home.raised(AlarmKind.MEDICINE)
    assert missed.evidence["priority"] == 2
    home.read("pills", Quantity.OPENING, True)
    assert home.states(AlarmKind.MEDICINE) == [RAISED, CANCELLED]


def test_20_taken_in_time_taken_by_hand_and_an_empty_home_are_none() -> None:
    taken = dwelling("06:30", DOSES)
    taken.live(40, "kitchen")
    taken.read("pills", Quantity.OPENING, True)
    taken.live(240, "kitchen")
    by_hand = dwelling("06:30", DOSES)
    by_hand.live(160, "kitchen")
    by_hand.press("bedside")
    by_hand.live(120, "kitchen")
    away = dwelling("06:30", DOSES)
    away.move("hall")
    away.door()
    away.wait_min(300)
    assert not taken.reminded
    assert by_hand.reminded
    for home in (taken, by_hand, away):
        assert not home.alarms(AlarmKind.MEDICINE)


@pytest.mark.parametrize("blind", ["gateway", "box"])
def test_20_what_nobody_could_have_seen_is_not_missed(blind: str) -> None:
    home = dwelling("06:30", DOSES, {"pills"} if blind == "box" else set())
    if blind == "gateway":
        home.live(40, "kitchen")
        home.restart(seconds=1_800)
    home.live(300, "kitchen")
    assert not home.alarms(AlarmKind.MEDICINE)
    assert not home.reminded


# -- 21: smoke ---------------------------------------------------------------------------------------


def test_21_smoke_calls_at_once() -> None:
    home = dwelling("12:00")
    home.read("smoke", Quantity.SMOKE, True)
    assert called(home) == {AlarmKind.SMOKE}


def test_21_a_room_that_warms_by_8_kelvin_in_10_minutes_is_a_hint_of_fire() -> None:
    home = dwelling("12:00")
    home.move("bedroom")
    for minute in range(8):
        home.read("air", Quantity.TEMPERATURE, 24 + 1.5 * minute)
        home.wait(60)
    (hint,) = home.raised(AlarmKind.HEAT)
    assert hint.evidence["rise_k"] == 9.0


def test_21_cooking_is_one_alarm_and_steam_beside_the_cook_no_hint() -> None:
    home = dwelling("12:00")
    for minute in range(4):
        home.read("smoke", Quantity.SMOKE, True)
        home.read("air", Quantity.TEMPERATURE, 24 + 3.0 * minute)
        home.move("living_room")
        home.read("smoke", Quantity.SMOKE, False)
        home.wait(30)
    aired = dwelling("12:00")
    for value in (22, 12, 12, 13, 18, 22):
        aired.read("air", Quantity.TEMPERATURE, value)
        aired.wait(90)
    assert len(home.raised(AlarmKind.SMOKE)) == 1
    assert not home.alarms(AlarmKind.HEAT)
    assert not called(aired)


# -- 22: gas and carbon monoxide ---------------------------------------------------------------------


def test_22_gas_calls_at_once() -> None:
    home = dwelling("12:00")
    home.read("gas", Quantity.GAS, True)
    assert called(home) == {AlarmKind.GAS}


@pytest.mark.parametrize(("ppm", "minutes"), [(300, 1), (100, 10), (50, 60)])
def test_22_carbon_monoxide_calls_after_the_time_of_its_concentration(ppm: float, minutes: float) -> None:
    home = dwelling("12:00")
    hold(home, minutes + 2, "co", Quantity.CO_CONCENTRATION, ppm, room="kitchen")
    assert called(home) == {AlarmKind.CARBON_MONOXIDE}
    assert len(home.raised(AlarmKind.CARBON_MONOXIDE)) == 1
    assert home.minute_of(AlarmKind.CARBON_MONOXIDE) == pytest.approx(minutes, abs=1)
    assert home.raised(AlarmKind.CARBON_MONOXIDE)[0].evidence["ppm"] == ppm


def test_22_a_spray_a_lorry_outside_and_an_aging_sensor_are_none() -> None:
    home = dwelling("12:00")
    hold(home, 8, "co", Quantity.CO_CONCENTRATION, 120, room="kitchen")
    hold(home, 120, "co", Quantity.CO_CONCENTRATION, 30, room="kitchen")
    assert not called(home)


# -- 23: water ---------------------------------------------------------------------------------------


def test_23_a_floor_that_is_wet_for_half_a_minute_is_a_leak() -> None:
    home = dwelling("12:00")
    home.read("water", Quantity.MOISTURE, True)
    home.wait(10)
    home.restart(seconds=10)
    assert not called(home)
    home.wait(20)
    assert called(home) == {AlarmKind.FLOOD}
    home.wait_min(10)
    assert len(home.raised(AlarmKind.FLOOD)) == 1


def test_23_mopping_is_none() -> None:
    home = dwelling("12:00")
    for _ in range(5):
        home.read("water", Quantity.MOISTURE, True)
        home.wait(20)
        home.read("water", Quantity.MOISTURE, False)
        home.wait(60)
    assert not called(home)


# -- 24: too cold, too hot ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("celsius", "minutes", "priority"), [(17, 120, 4), (15, 60, 3), (11, 30, 2), (31, 60, 3), (36, 30, 2)]
)
def test_24_each_step_of_cold_and_heat_has_its_time_and_its_urgency(
    celsius: float, minutes: float, priority: int
) -> None:
    home = dwelling("10:00")
    hold(home, minutes + 3, "air", Quantity.TEMPERATURE, celsius, room="living_room")
    (alarm,) = home.raised(AlarmKind.ROOM_CLIMATE)
    assert (alarm.evidence["temperature"], alarm.evidence["priority"]) == (celsius, priority)
    assert home.minute_of(AlarmKind.ROOM_CLIMATE) == pytest.approx(minutes, abs=1)
    assert called(home) == {AlarmKind.ROOM_CLIMATE}
    hold(home, 12, "air", Quantity.TEMPERATURE, 22)
    assert home.states(AlarmKind.ROOM_CLIMATE) == [RAISED, CANCELLED]


def test_24_humid_air_is_hotter_than_it_is() -> None:
    assert heat_index_c(32.2, 70) == pytest.approx(41, abs=0.5)  # NWS heat index chart: 90 °F, 70 %: 106 °F
    home = dwelling("10:00")
    home.read("air", Quantity.HUMIDITY, 75)
    hold(home, 35, "air", Quantity.TEMPERATURE, 32.5, room="living_room")
    (alarm,) = home.raised(AlarmKind.ROOM_CLIMATE)
    assert (alarm.evidence["priority"], alarm.evidence["limit_c"]) == (2, 40)


def test_24_airing_an_empty_home_a_lost_sensor_and_who_likes_it_cool_are_none() -> None:
    aired = dwelling("10:00")
    hold(aired, 25, "air", Quantity.TEMPERATURE, 10, room="living_room")
    hold(aired, 60, "air", Quantity.TEMPERATURE, 20, room="living_room")
    empty = dwelling("10:00")
    empty.move("hall")
    empty.door()
    hold(empty, 90, "air", Quantity.TEMPERATURE, 13)
    lost = dwelling("10:00")
    lost.read("air", Quantity.TEMPERATURE, 17)
    lost.dead.add("air")
    lost.live(115, "living_room")
    lost.read("air", Quantity.TEMPERATURE, 19)
    lost.live(60, "living_room")
    cool = dwelling("10:00", {"version": 1, "rules": {"climate": {"cool_c": 16}}})
    hold(cool, 180, "air", Quantity.TEMPERATURE, 17, room="living_room")
    for home in (aired, empty, lost, cool):
        assert not home.alarms(AlarmKind.ROOM_CLIMATE)


# -- 25: the cooker ----------------------------------------------------------------------------------


def test_25_a_cooker_that_nobody_looks_after_is_reminded_of_then_called_for() -> None:
    home = dwelling("11:00")
    home.move("kitchen")
    home.read("stove", Quantity.POWER, 1_200)
    home.move("living_room")
    home.wait_min(16)
    assert first_reminder_min(home, AlarmKind.STOVE) == pytest.approx(15, abs=1)
    home.restart()
    home.wait_min(5)
    (alarm,) = home.raised(AlarmKind.STOVE)
    assert (alarm.device, alarm.evidence["unattended_min"], alarm.evidence["power"]) == ("stove", 20, 1200)


def test_25_a_stirred_soup_a_plate_that_is_off_and_a_blind_kitchen_are_none() -> None:
    soup = dwelling("11:00")
    soup.read("stove", Quantity.POWER, 400)
    soup.live(120, "kitchen")
    off = dwelling("11:00")
    off.move("kitchen")
    off.read("stove", Quantity.POWER, 1_200)
    off.wait_min(10)
    off.read("stove", Quantity.POWER, 2)
    off.live(60, "living_room")
    blind = dwelling("08:00", dead={"pir-kitchen"})
    blind.live(130, "living_room")
    blind.read("stove", Quantity.POWER, 1_200)
    blind.live(60, "living_room")
    for home in (soup, off, blind):
        assert not home.alarms(AlarmKind.STOVE)


def test_25_whoever_says_that_all_is_well_buys_the_whole_wait_again() -> None:
    home = dwelling("11:00")
    home.move("kitchen")
    home.read("stove", Quantity.POWER, 1_200)
    home.wait_min(16)
    home.press("bedside")
    home.wait_min(14)
    assert not home.alarms(AlarmKind.STOVE)
    home.wait_min(7)
    assert called(home) == {AlarmKind.STOVE}


# -- 28: a sensor that lies --------------------------------------------------------------------------


def test_28_a_sensor_that_never_pauses_or_never_stops_is_told_of() -> None:
    stuck = dwelling("10:00")
    for _ in range(5 * 60):
        stuck.read("pir-hall", Quantity.MOTION, True)
        stuck.wait(60)
    chatters = dwelling("10:00")
    for _ in range(400):
        chatters.read("pir-hall", Quantity.MOTION, True)
        chatters.read("pir-hall", Quantity.MOTION, False)
        chatters.wait(10)
    (first,) = stuck.raised(AlarmKind.DEVICE_FAULT)
    (second,) = chatters.raised(AlarmKind.DEVICE_FAULT)
    assert (first.device, first.evidence["fault"]) == ("pir-hall", "stuck")
    assert (second.device, second.evidence["fault"], second.evidence["per_hour"]) == (
        "pir-hall",
        "chatter",
        360,
    )


def test_28_guests_in_every_room_are_no_fault() -> None:
    home = dwelling("10:00")
    for step in range(400):
        for room in ("hall", "kitchen") if step % 2 else ("hall", "living_room"):
            sensor = {"hall": "pir-hall", "kitchen": "pir-kitchen", "living_room": "pir-living"}[room]
            home.read(sensor, Quantity.MOTION, True)
            home.read(sensor, Quantity.MOTION, False)
        home.wait(10)
    assert not called(home)


# -- 29: a visitor -----------------------------------------------------------------------------------


def test_29_the_button_beside_the_door_calls_at_once_and_in_silence() -> None:
    home = dwelling("14:00")
    home.press("stranger")
    home.press("stranger")
    (alarm,) = home.raised(AlarmKind.VISITOR)
    assert (alarm.kind, alarm.device) == (AlarmKind.VISITOR, "stranger")
    assert home.reminded == []


def test_29_a_bell_and_a_press_of_another_button_are_none() -> None:
    home = dwelling("14:00")
    home.press("bedside")
    home.see(Event(DeviceId("door-front"), EventKind.BUTTON, "press", home.wall))
    home.wait_min(5)
    assert not called(home)
