"""Situations in which nobody presses anything: they are noticed, and their usual false alarms are not
raised.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from edge_agent.settings import DeviceKind
from firmware_protocols.model import AlarmKind, AlarmState, DeviceId, Event, EventKind, Quantity
from firmware_protocols.supervision import SUPERVISION
from tests.unit.edge_agent.rules.dwelling import DEVICES, DISTURBANCES, Dwelling, at

SUSPECTED, RAISED, UPDATED, CANCELLED = (
    AlarmState.SUSPECTED,
    AlarmState.RAISED,
    AlarmState.UPDATED,
    AlarmState.CANCELLED,
)
LONG_LIE, BED_EXIT, NIGHT_DOOR, STILLNESS, FALL, SILENT = (
    AlarmKind.LONG_LIE,
    AlarmKind.BED_EXIT,
    AlarmKind.NIGHT_DOOR,
    AlarmKind.STILLNESS,
    AlarmKind.FALL,
    AlarmKind.SENSOR_SILENT,
)
PERSON = (LONG_LIE, BED_EXIT, NIGHT_DOOR, STILLNESS, FALL, AlarmKind.VITALS)
disturbed = pytest.mark.parametrize("disturbance", DISTURBANCES)
WANDERS = {"version": 1, "person": {"wanders": True}}


def nothing(home: Dwelling) -> bool:
    """Whether nobody was asked or called about the person."""
    return not [alarm for _, alarm in home.told if alarm.kind in PERSON]


# -- long lie: situations 2 and 8 ----------------------------------------------------------------------


@disturbed
def test_silence_after_the_bathroom_by_day_is_asked_about_and_then_raised(disturbance: str) -> None:
    home = Dwelling(at("09:00"))
    home.move("bathroom")
    home.wait_min(20)
    DISTURBANCES[disturbance](home)
    home.wait_min(60)
    assert home.states(LONG_LIE)[:2] == [SUSPECTED, RAISED]
    assert home.minute_of(LONG_LIE) == pytest.approx(45.5, abs=1.2)
    (alarm,) = home.raised(LONG_LIE)
    assert (alarm.device, alarm.evidence["room"], alarm.evidence["by"]) == (
        "radar-bath",
        "bathroom",
        "unanswered",
    )
    assert alarm.evidence["still_min"] == 45


@pytest.mark.parametrize(
    ("clock", "room", "minutes"),
    [
        ("09:00", "hall", 45),
        ("02:00", "bathroom", 30),
        ("09:00", "kitchen", 90),
        ("02:00", "kitchen", 90),
    ],
)
def test_how_long_depends_on_the_room_and_the_time_of_day(clock: str, room: str, minutes: float) -> None:
    home = Dwelling(at(clock))
    home.move(room)
    home.wait_min(minutes + 2)
    assert home.minute_of(LONG_LIE) == pytest.approx(minutes + 0.5, abs=0.7)


def test_a_persons_own_wait_and_rooms_come_from_the_plan() -> None:
    plan = {"version": 1, "rules": {"long_lie": {"soon_s": 600}}, "soon_rooms": ["kitchen"]}
    home = Dwelling(at("09:00"), plan)
    home.move("kitchen")
    home.wait_min(12)
    assert home.minute_of(LONG_LIE) == pytest.approx(10.5, abs=0.7)


def test_a_fall_that_was_called_off_is_watched_more_closely() -> None:
    home = Dwelling(at("09:00"))
    home.move("living_room")
    home.fall()
    home.press("watch")
    home.wait_min(47)
    assert home.states(FALL) == [SUSPECTED, CANCELLED]
    assert home.minute_of(LONG_LIE) == pytest.approx(45.5, abs=1)


def test_a_radar_that_sees_somebody_close_to_the_floor_asks_within_half_a_minute() -> None:
    home = Dwelling(at("09:00"), devices={**DEVICES, "radar-living": ("radar", "living_room")})
    for _ in range(6):
        home.read("radar-living", Quantity.HEIGHT, 0.25)
        home.wait(5)
    home.wait(25)
    (alarm,) = home.raised(LONG_LIE)
    assert (alarm.device, alarm.evidence["lying_s"]) == ("radar-living", 20.0)


def test_two_low_heights_far_apart_are_two_moments() -> None:
    home = Dwelling(at("09:00"), devices={**DEVICES, "radar-living": ("radar", "living_room")})
    for _ in range(3):
        home.read("radar-living", Quantity.HEIGHT, 0.2)
        home.wait_min(5)
    assert nothing(home)


def test_a_moment_on_the_floor_or_a_low_bed_is_no_lie() -> None:
    devices = {**DEVICES, "radar-living": ("radar", "living_room"), "radar-bedroom": ("radar", "bedroom")}
    home = Dwelling(at("09:00"), devices=devices)
    for height in (0.3, 0.3, 0.3, 0.9, 0.3, 0.3, None, 0.3):
        home.read("radar-living", Quantity.HEIGHT, height)
        home.read("radar-bedroom", Quantity.HEIGHT, 0.3)
        home.wait(8)
    home.wait_min(5)
    assert nothing(home)


def test_a_hand_that_moves_on_the_floor_does_not_call_it_off_and_walking_away_does() -> None:
    home = Dwelling(at("09:00"))
    home.move("bathroom")
    home.wait_min(45)
    assert home.states(LONG_LIE) == [SUSPECTED]
    home.move("bathroom")
    home.wait(20)
    assert home.states(LONG_LIE) == [SUSPECTED, RAISED]
    home.move("kitchen")
    home.wait(10)
    assert home.states(LONG_LIE) == [SUSPECTED, RAISED, UPDATED]
    assert home.alarms(LONG_LIE)[-1].evidence["moved_again"] is True


def test_whoever_says_that_all_is_well_is_not_asked_again_for_as_long() -> None:
    home = Dwelling(at("09:00"))
    home.move("bathroom")
    home.wait_min(45)
    home.press("watch")
    home.wait_min(44)
    assert home.states(LONG_LIE) == [SUSPECTED, CANCELLED]
    home.wait_min(3)
    assert home.states(LONG_LIE) == [SUSPECTED, CANCELLED, SUSPECTED, RAISED]
    assert len({alarm.id for alarm in home.alarms(LONG_LIE)}) == 2


def test_whoever_walks_to_the_button_is_not_asked_again_at_all() -> None:
    home = Dwelling(at("09:00"))
    home.move("bathroom")
    home.wait_min(45)
    home.press("bedside")
    home.wait_min(120)
    assert home.states(LONG_LIE) == [SUSPECTED, CANCELLED]


def test_a_pendants_own_word_for_all_is_well_calls_a_suspicion_off() -> None:
    home = Dwelling(at("09:00"))
    home.move("bathroom")
    home.wait_min(45)
    home.see(Event(DeviceId("pendant"), EventKind.ALL_WELL, "pendant", home.wall))
    home.fall()
    home.see(Event(DeviceId("pendant"), EventKind.ALL_WELL, "pendant", home.wall))
    home.wait_min(1)
    assert home.states(LONG_LIE) == home.states(FALL) == [SUSPECTED, CANCELLED]


def test_what_a_bridge_remembers_of_a_sensor_is_no_sign_of_it_nor_of_life() -> None:
    home = Dwelling(at("09:00"), dead={"door-front"})
    home.wait_min(100)
    home.read("door-front", Quantity.OPENING, True, "estimated")
    assert home.around.silent_s(DeviceId("door-front")) == 6_000
    assert home.around.moved_s is None


def test_a_pendant_pressed_on_the_floor_calls_at_once() -> None:
    home = Dwelling(at("09:00"))
    home.move("bathroom")
    home.wait_min(45)
    home.press("pendant")
    assert home.raised(LONG_LIE)[0].evidence["by"] == "help button pendant"
    assert len(home.raised(AlarmKind.SOS)) == 1


def test_a_nap_on_the_sofa_is_no_lie_unless_the_plan_says_that_nobody_naps_there() -> None:
    for plan, asked in ({}, 0), ({"version": 1, "rest_rooms": ["bedroom"]}, 1):
        home = Dwelling(at("13:00"), plan)
        home.move("living_room")
        home.wait_min(150)
        assert len(home.raised(LONG_LIE)) == asked


@pytest.mark.parametrize("unwatched", ["pir-bedroom", "pir-kitchen"])
def test_where_a_room_is_not_watched_only_presence_tells_that_somebody_lies_there(unwatched: str) -> None:
    devices = {name: what for name, what in DEVICES.items() if name not in {unwatched, "bed"}}
    devices["smoke"] = ("smoke", "kitchen")
    home = Dwelling(at("20:00"), devices=devices)
    home.read("radar-bath", Quantity.PRESENCE, True)
    home.read("radar-bath", Quantity.PRESENCE, False)
    home.wait_min(119)
    assert nothing(home), "gone to bed, or cooking"
    home.read("radar-bath", Quantity.PRESENCE, True)
    home.wait_min(50)
    assert len(home.raised(LONG_LIE)) == 1


def test_a_home_with_nothing_but_a_contact_on_the_door_is_not_judged() -> None:
    devices = {name: DEVICES[name] for name in ("door-front", "pendant", "bed")}
    home = Dwelling(at("07:00"), devices=devices)
    home.door()
    home.wait_min(150)
    home.door()
    home.wait_min(600)
    assert nothing(home)


def test_sleep_in_bed_and_a_nap_in_the_bedroom_are_no_lie() -> None:
    home = Dwelling(at("13:00"))
    home.move("bathroom")
    home.move("bedroom")
    home.wait_min(120)
    home.move("bathroom")
    home.bed(False)
    home.bed(True)
    home.wait_min(100)
    assert not home.alarms(LONG_LIE)


def test_whoever_has_gone_out_lies_nowhere() -> None:
    home = Dwelling(at("09:00"))
    home.move("hall")
    home.door()
    home.wait_min(180)
    assert nothing(home)
    home.door()
    home.move("bathroom")
    home.wait_min(50)
    assert len(home.raised(LONG_LIE)) == 1, "back home, and then silent"


def test_a_home_without_a_sensor_on_the_door_is_judged_only_while_somebody_is_seen() -> None:
    devices = {name: what for name, what in DEVICES.items() if name != "door-front"}
    home = Dwelling(at("09:00"), devices=devices)
    home.move("bathroom")
    home.wait_min(60)
    assert nothing(home)
    home.read("radar-bath", Quantity.PRESENCE, False)
    home.read("radar-bath", Quantity.PRESENCE, True)
    home.wait_min(50)
    assert len(home.raised(LONG_LIE)) == 1


@pytest.mark.parametrize("dead", ["radar-bath", "pir-living", "door-front"])
def test_a_lost_sensor_makes_no_long_lie_and_no_stillness_but_is_told_of(dead: str) -> None:
    home = Dwelling(at("06:00"), dead={dead})
    home.wait_min(121)
    home.move("kitchen")
    home.wait_min(300)
    assert nothing(home)
    assert [alarm.device for alarm in home.raised(SILENT)] == [dead]


# -- stillness: situation 3 ----------------------------------------------------------------------------


@disturbed
def test_four_hours_of_the_day_without_a_sign_of_life_are_asked_about(disturbance: str) -> None:
    home = Dwelling(at("09:00"))
    home.move("bedroom")
    home.wait_min(100)
    DISTURBANCES[disturbance](home)
    home.wait_min(150)
    assert home.states(STILLNESS)[:2] == [SUSPECTED, RAISED]
    assert home.minute_of(STILLNESS) == pytest.approx(240.5, abs=1.2)
    assert home.raised(STILLNESS)[0].evidence["still_min"] == 240


def test_the_night_does_not_count_and_a_late_sleeper_is_asked_about_at_ten() -> None:
    home = Dwelling(at("21:00"))
    home.move("bedroom")
    home.wait_min(13 * 60 - 1)
    assert nothing(home)
    home.wait_min(2)
    assert home.minute_of(STILLNESS) == pytest.approx(13 * 60 + 0.5, abs=0.7)


def test_an_answer_to_the_question_is_a_sign_of_life() -> None:
    home = Dwelling(at("09:00"))
    home.move("bedroom")
    home.wait_min(240)
    home.move("bedroom")
    home.wait_min(1)
    assert home.states(STILLNESS) == [SUSPECTED, CANCELLED]
    assert home.alarms(STILLNESS)[-1].evidence["by"] == "movement"


@pytest.mark.parametrize("sign", ["bed", "door", "button", "presence", "cuff", "body"])
def test_every_sign_of_life_counts(sign: str) -> None:
    home = Dwelling(at("09:00"))
    home.bed(False)
    home.read("radar-bath", Quantity.PRESENCE, False)
    home.move("bedroom")
    home.wait_min(200)
    {
        "bed": lambda: home.bed(True),
        "door": lambda: home.read("door-front", Quantity.OPENING, True),
        "button": lambda: home.press("bedside"),
        "presence": lambda: home.read("radar-bath", Quantity.PRESENCE, True),
        "cuff": lambda: home.read("cuff", Quantity.SYSTOLIC, 130.0),
        "body": lambda: home.read("radar-bath", Quantity.BODY_MOVEMENT, 40.0),
    }[sign]()
    home.wait_min(44)
    assert not home.alarms(STILLNESS)


def test_an_empty_home_is_still_for_as_long_as_it_likes() -> None:
    home = Dwelling(at("08:00"))
    home.live(30, "bedroom", "kitchen", "hall")
    home.door()
    home.wait_min(600)
    assert nothing(home)


def test_a_sensor_that_sticks_hides_nobody_and_is_told_of() -> None:
    home = Dwelling(at("06:00"))
    home.move("bedroom")
    for _ in range(16 * 60 // 1):
        home.read("pir-kitchen", Quantity.MOTION, True)
        home.wait_min(1)
    assert home.minute_of(STILLNESS) == pytest.approx(300, abs=2), "an hour it was believed"
    (fault,) = home.raised(AlarmKind.DEVICE_FAULT)
    assert (fault.device, fault.evidence["fault"]) == ("pir-kitchen", "stuck")


def test_a_rule_that_the_plan_disarms_is_silent() -> None:
    rules = {name: {"armed": False} for name in ("long_lie", "stillness", "bed_exit", "night_door")}
    home = Dwelling(at("09:00"), {"version": 1, "rules": rules})
    home.move("bathroom")
    home.wait_min(400)
    assert nothing(home)


# -- bed exit: situation 9 -----------------------------------------------------------------------------


@disturbed
@pytest.mark.parametrize(("level", "minutes"), [(0, 45), (3, 15)])
def test_out_of_bed_at_night_and_not_back(level: int, minutes: float, disturbance: str) -> None:
    home = Dwelling(at("23:59"), {"version": 1, "person": {"ability_level": level}})
    home.bed(True)
    home.wait_min(120)
    home.bed(False)
    home.wait_min(10)
    if disturbance != "clock set back an hour" or level:
        DISTURBANCES[disturbance](home)
    home.wait_min(60)
    assert home.states(BED_EXIT)[:2] == [SUSPECTED, RAISED]
    assert home.minute_of(BED_EXIT) == pytest.approx(120 + minutes + 0.5, abs=1.2)
    assert home.raised(BED_EXIT)[0].evidence["away_min"] == minutes


def test_back_from_the_bathroom_in_time_is_nothing_and_back_late_is_told() -> None:
    home = Dwelling(at("23:00"), {"version": 1, "rules": {"long_lie": {"armed": False}}})
    for away_min in (5, 44, 50):
        home.bed(True)
        home.wait_min(20)
        home.bed(False)
        home.move("bathroom")
        home.wait_min(away_min)
    home.bed(True)
    home.wait_min(1)
    assert home.states(BED_EXIT) == [SUSPECTED, RAISED, UPDATED]


def test_up_and_about_is_no_danger_for_the_able_and_is_one_for_the_dependent() -> None:
    for level, asked in ((1, 0), (3, 1)):
        home = Dwelling(at("23:30"), {"version": 1, "person": {"ability_level": level}})
        home.bed(True)
        home.wait_min(20)
        home.bed(False)
        home.live(100, "living_room", "kitchen")
        assert len(home.raised(BED_EXIT)) == asked, f"level {level}"


def test_getting_up_in_the_evening_or_in_the_morning_is_nothing() -> None:
    for clock in ("21:30", "05:40", "12:00"):
        home = Dwelling(at(clock))
        home.bed(True)
        home.wait_min(5)
        home.bed(False)
        home.live(120, "kitchen", "living_room")
        assert not home.alarms(BED_EXIT), clock


def test_a_mat_that_falls_silent_makes_no_bed_exit() -> None:
    home = Dwelling(at("22:30"), {"version": 1, "devices": {"bed": {"expected_s": 60, "alarm_s": 600}}})
    home.bed(True)
    home.wait_min(20)
    home.bed(False)
    home.dead.add("bed")
    home.wait_min(120)
    assert not home.alarms(BED_EXIT)
    assert [alarm.device for alarm in home.raised(SILENT)] == ["bed"]


# -- out at night: situation 5 -------------------------------------------------------------------------


@disturbed
def test_somebody_who_wanders_is_missed_after_ten_minutes_of_the_night(disturbance: str) -> None:
    home = Dwelling(at("02:30"), WANDERS)
    home.move("hall")
    home.door()
    home.wait_min(4)
    DISTURBANCES[disturbance](home)
    home.wait_min(20)
    assert home.states(NIGHT_DOOR)[:2] == [SUSPECTED, RAISED]
    assert home.minute_of(NIGHT_DOOR) == pytest.approx(10.7, abs=1.2)
    assert (home.raised(NIGHT_DOOR)[0].device, home.raised(NIGHT_DOOR)[0].evidence["away_min"]) == (
        "door-front",
        10,
    )


def test_took_out_the_rubbish_and_came_back() -> None:
    home = Dwelling(at("23:30"), WANDERS)
    home.move("hall")
    home.door()
    home.wait_min(6)
    home.door()
    home.move("hall")
    home.wait_min(3)
    home.move("bedroom")
    home.bed(False)
    home.bed(True)
    home.wait_min(60)
    assert not home.alarms(NIGHT_DOOR)


def test_somebody_who_does_not_wander_has_half_an_hour_and_who_works_at_night_is_let_go() -> None:
    for plan, minute in ({}, 30.7), ({"version": 1, "rules": {"night_door": {"armed": False}}}, None):
        home = Dwelling(at("00:30"), plan)
        home.move("hall")
        home.door()
        home.wait_min(90)
        assert bool(home.raised(NIGHT_DOOR)) is (minute is not None)
        if minute:
            assert home.minute_of(NIGHT_DOOR) == pytest.approx(minute, abs=0.7)


def test_by_day_and_through_an_inner_door_nobody_is_missed() -> None:
    by_day = Dwelling(at("10:00"), WANDERS)
    by_day.door()
    by_day.wait_min(60)
    inner = Dwelling(at("02:00"), {**WANDERS, "exits": ["mains"]})
    inner.door()
    inner.wait_min(60)
    assert not by_day.alarms(NIGHT_DOOR)
    assert not inner.alarms(NIGHT_DOOR)


def test_a_return_after_the_alarm_is_told() -> None:
    home = Dwelling(at("02:30"), WANDERS)
    home.move("hall")
    home.door()
    home.wait_min(15)
    home.door()
    home.wait(10)
    assert home.states(NIGHT_DOOR) == [SUSPECTED, RAISED, UPDATED]


# -- falls: situation 1 --------------------------------------------------------------------------------


def test_what_speaks_against_a_fall_is_written_down_and_cancels_nothing() -> None:
    home = Dwelling(at("09:00"))
    home.move("living_room")
    home.fall()
    home.wait(5)
    home.move("kitchen")
    home.wait(10)
    (raised,) = home.raised(FALL)
    assert raised.evidence["moved_elsewhere"] is True
    home.door()
    home.wait(1)
    assert home.alarms(FALL)[-1].state is UPDATED
    assert home.alarms(FALL)[-1].evidence["door_after"] is True


def test_a_fall_after_which_nothing_moves_says_so() -> None:
    home = Dwelling(at("09:00"))
    home.move("living_room")
    home.fall()
    home.wait(30)
    (raised,) = home.raised(FALL)
    assert raised.evidence["still_elsewhere"] is True
    assert "moved_elsewhere" not in raised.evidence


def test_somebody_who_lives_with_others_is_not_judged_by_their_walking_about() -> None:
    home = Dwelling(at("09:00"), {"version": 1, "person": {"lives_alone": False}})
    home.move("living_room")
    home.fall()
    home.move("kitchen")
    home.wait(30)
    (raised,) = home.raised(FALL)
    assert not {"moved_elsewhere", "still_elsewhere"} & raised.evidence.keys()


# -- all of them ---------------------------------------------------------------------------------------


def test_ordinary_days_call_nobody() -> None:
    home = Dwelling(at("06:30"), {"version": 1, "person": {"wanders": True}})
    home.bed(True)
    for _ in range(3):
        home.bed(False)
        home.live(150, "bathroom", "kitchen", "living_room")
        home.move("hall")
        home.door()
        home.wait_min(100)  # at the market
        home.door()
        home.live(600, "kitchen", "living_room", "living_room")
        home.move("bedroom")
        home.bed(True)
        home.wait_min(240)
        home.bed(False)
        home.move("bathroom")
        home.wait_min(8)
        home.bed(True)
        left = timedelta(days=1) - (home.wall - at("06:30")) % timedelta(days=1)
        home.wait(left.total_seconds())
    assert home.told == []


def test_a_night_without_power_and_a_clock_that_woke_in_the_past_call_nobody() -> None:
    home = Dwelling(at("20:00"), WANDERS)
    home.live(60, "kitchen", "living_room")
    home.set_clock(timedelta(days=-150))
    home.restart()
    home.wait(30)
    home.set_clock(timedelta(days=150, hours=11))
    home.wait_min(5)
    assert home.told == []


def test_every_kind_of_device_has_a_time_to_be_missed_by() -> None:
    assert SUPERVISION.keys() == {str(kind) for kind in DeviceKind}
