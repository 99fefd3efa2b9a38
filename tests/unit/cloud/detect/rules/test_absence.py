"""Situations 4, 6, 8, 9, 12, 13 and 26: a resident who does just that, and the usual false alarm of each."""

from __future__ import annotations

from datetime import date, timedelta

from cloud.detect.rules.habits import Day
from cloud.detect.rules.model import Hole
from firmware_protocols.model import Quantity
from firmware_protocols.wire.plan import Person, Plan
from firmware_protocols.wire.plan_watch import BathroomLong, NotReturned, NotUp, Watch
from tests.unit.cloud.detect.rules.resident import DAY, Resident, at

USUAL = Day(
    told=True,
    up=420.0,
    gap=90.0,
    outings=(60.0, 150.0),
    baths=(5.0, 12.0, 20.0),
    uses={"kettle": 430.0},
    ate=(4, 6, 5),
)
"""Up at seven, kettle at 7:10, out for two and a half hours at most, twenty minutes in the bathroom."""


def weeks(day: Day = USUAL, count: int = 14) -> tuple[tuple[date, Day], ...]:
    """So many days that were like this one."""
    return tuple((DAY - timedelta(days=ago), day) for ago in range(count, 0, -1))


def evening() -> Resident:
    """The evening before: at home, in bed at ten."""
    resident = Resident(now=at("20:00", -1), days=weeks())
    resident.busy("living", at("18:00", -1), at("21:40", -1), 15)
    resident.busy("kitchen", at("17:30", -1), at("18:00", -1), 10)
    resident.moves("bedroom", at("21:55", -1))
    resident.lies(at("22:00", -1), down=True)
    return resident


def breakfast(resident: Resident) -> Resident:
    """An ordinary morning."""
    resident.lies(at("06:50"), down=False)
    resident.busy("bath", at("06:52"), at("07:00"))
    resident.busy("kitchen", at("07:05"), at("08:00"))
    resident.says("kettle", Quantity.POWER, 1, at("07:10"))
    resident.says("kettle", Quantity.POWER, 0, at("07:14"))
    return resident


# 4 -----------------------------------------------------------------------------------------------------


def test_4_not_up_an_hour_past_the_usual_time_is_asked_today_and_another_hour_later_at_once() -> None:
    resident = evening()
    resident.until(at("08:00"))
    assert resident.found == []
    resident.until(at("08:10"))
    assert resident.found == [("not_up", 3)]
    resident.until(at("09:10"))
    assert resident.found == [("not_up", 3), ("not_up", 2)]
    ((_, finding), _) = resident.raised
    assert finding.numbers == {"by": "08:00", "usual": "07:00"}


def test_4_whoever_has_no_usual_time_yet_is_missed_at_ten() -> None:
    resident = evening()
    resident.days = ()
    resident.until(at("09:58"))
    assert resident.found == []
    resident.until(at("10:05"))
    assert resident.found == [("not_up", 2)]


def test_4_a_walk_to_the_bathroom_is_not_getting_up() -> None:
    resident = evening()
    resident.lies(at("05:30"), down=False)
    resident.moves("bath", at("05:31"))
    resident.lies(at("05:36"), down=True)
    resident.until(at("08:10"))
    assert resident.found == [("not_up", 3)]


def test_4_whoever_stirs_in_bed_is_asked_after_today_and_not_at_once() -> None:
    resident = evening()
    resident.moves("bedroom", at("08:40"))
    resident.until(at("09:20"))
    assert resident.found == [("not_up", 3)]
    resident.until(at("09:45"))
    assert resident.found[-1] == ("not_up", 2)


def test_4_whoever_stayed_out_overnight_is_not_missed_in_bed() -> None:
    resident = Resident(now=at("20:00", -1), days=weeks())
    resident.plan = Plan(watch=Watch(not_returned=NotReturned(armed=False)))
    resident.busy("living", at("15:00", -1), at("17:00", -1), 15)
    resident.through_door(at("17:00", -1))
    assert resident.until(at("11:00")) == []


def test_4_a_late_riser_is_missed_later() -> None:
    resident = evening()
    resident.days = weeks(Day(told=True, up=600.0))
    assert resident.until(at("10:50")) == []
    assert resident.until(at("11:05")) == [("not_up", 3)]


def test_4_a_plan_that_is_told_of_a_journey_misses_nobody() -> None:
    resident = evening()
    resident.plan = Plan(watch=Watch(away_until=int(at("12:00", 3).timestamp())))
    assert resident.until(at("12:00")) == []


def test_4_a_personal_wait_is_kept() -> None:
    resident = evening()
    resident.plan = Plan(watch=Watch(not_up=NotUp(after_s=7_200)))
    assert resident.until(at("08:50")) == []


# 6 -----------------------------------------------------------------------------------------------------


def outing(resident: Resident, clock: str = "09:00") -> Resident:
    """Out of the door."""
    breakfast(resident)
    resident.moves("living", at("08:30"))
    resident.through_door(at(clock))
    return resident


def test_6_out_for_longer_than_nearly_ever_is_asked_today_and_later_at_once() -> None:
    resident = outing(evening())
    assert resident.until(at("13:28")) == []
    assert resident.until(at("13:35")) == [("not_returned", 3)]
    assert resident.until(at("15:35")) == [("not_returned", 3), ("not_returned", 2)]
    assert resident.raised[0][1].numbers["wait_min"] == 270


def test_6_whoever_comes_back_in_time_is_not_missed() -> None:
    resident = outing(evening())
    resident.through_door(at("11:30"))
    resident.busy("living", at("11:33"), at("16:30"), 20)
    resident.busy("kitchen", at("12:00"), at("12:30"))
    assert resident.until(at("16:00")) == []


def test_6_a_return_ends_it() -> None:
    resident = outing(evening())
    resident.until(at("14:00"))
    resident.through_door(at("14:10"))
    resident.busy("living", at("14:13"), at("16:00"), 20)
    resident.until(at("15:00"))
    assert [rule for _, rule in resident.ended] == ["not_returned"]


def test_6_without_habits_the_evening_decides() -> None:
    resident = outing(evening())
    resident.days = ()
    assert resident.until(at("20:55")) == []
    assert resident.until(at("21:05")) == [("not_returned", 3)]


def test_6_whoever_may_not_find_back_is_missed_after_two_hours_at_once() -> None:
    resident = outing(evening())
    resident.plan = Plan(person=Person(wanders=True))
    assert resident.until(at("11:05")) == [("not_returned", 2)]


def test_6_somebody_of_two_who_goes_out_is_not_missed() -> None:
    resident = outing(evening())
    resident.plan = Plan(person=Person(lives_alone=False))
    assert resident.until(at("22:00")) == []


def test_6_a_visitor_who_leaves_is_not_the_resident_who_is_still_seen() -> None:
    resident = outing(evening())
    resident.busy("living", at("09:03"), at("15:00"), 30)
    resident.busy("kitchen", at("12:00"), at("12:30"))
    assert resident.until(at("15:00")) == []


def test_6_an_absence_of_days_is_still_known_when_its_door_is_long_past() -> None:
    resident = outing(evening())
    resident.until(at("16:00"))
    resident.until(at("15:00", 3))
    assert resident.standing.count("not_returned") == 2
    assert resident.ended == []


# 8 -----------------------------------------------------------------------------------------------------


def test_8_in_the_bathroom_at_night_for_half_an_hour() -> None:
    resident = evening()
    resident.lies(at("02:00"), down=False)
    resident.busy("bath", at("02:02"), at("02:35"))
    assert resident.until(at("02:30")) == []
    assert resident.until(at("02:36")) == [("bathroom_long", 2)]
    assert resident.raised[0][1].numbers["wait_min"] == 30


def test_8_by_day_it_takes_three_quarters_of_an_hour() -> None:
    resident = breakfast(evening())
    resident.busy("bath", at("09:00"), at("09:40"))
    assert resident.until(at("09:44")) == []
    assert resident.until(at("09:50")) == [("bathroom_long", 2)]


def test_8_a_bath_as_long_as_their_own_is_left_alone() -> None:
    resident = breakfast(evening())
    resident.days = weeks(Day(told=True, up=420.0, baths=(10.0, 70.0)))
    resident.busy("bath", at("09:00"), at("10:05"))
    resident.busy("living", at("10:06"), at("12:00"), 20)
    assert resident.until(at("10:30")) == []


def test_8_whoever_left_unseen_by_a_still_sensor_is_seen_in_the_next_room() -> None:
    resident = breakfast(evening())
    resident.moves("bath", at("09:00"))
    resident.moves("living", at("09:06"))
    resident.busy("living", at("09:30"), at("11:00"), 25)
    assert resident.until(at("10:30")) == []


def test_8_whoever_went_back_to_bed_unseen_leaves_a_bathroom_that_says_nothing() -> None:
    resident = evening()
    del resident.devices["bed"]
    resident.said = [sign for sign in resident.said if sign.what is not Quantity.IN_BED]
    resident.moves("bath", at("02:02"))
    assert resident.until(at("05:00")) == []


def test_8_who_stops_moving_there_after_long_is_still_there() -> None:
    resident = evening()
    resident.lies(at("02:00"), down=False)
    resident.busy("bath", at("02:02"), at("02:35"))
    resident.until(at("04:00"))
    assert "bathroom_long" in resident.standing


def test_8_where_the_next_room_is_not_watched_nothing_is_judged() -> None:
    resident = breakfast(evening())
    del resident.devices["bed"]
    resident.said = [sign for sign in resident.said if sign.what is not Quantity.IN_BED]
    resident.plan = Plan(rest_rooms=("bedroom", "living_room", "study"))
    resident.busy("bath", at("09:00"), at("10:30"))
    assert resident.until(at("11:00")) == []


def test_8_a_personal_wait_is_kept() -> None:
    resident = breakfast(evening())
    resident.plan = Plan(watch=Watch(bathroom_long=BathroomLong(wait_s=900)))
    resident.busy("bath", at("09:00"), at("09:12"))
    assert resident.until(at("09:25")) == [("bathroom_long", 2)]


# 9 -----------------------------------------------------------------------------------------------------


def test_9_out_of_bed_at_night_and_not_back() -> None:
    resident = evening()
    resident.lies(at("01:00"), down=False)
    resident.moves("bedroom", at("01:01"))
    assert resident.until(at("01:45")) == []
    assert resident.until(at("01:55")) == [("not_in_bed", 2)]


def test_9_whoever_needs_much_help_is_missed_after_a_quarter_of_an_hour() -> None:
    resident = evening()
    resident.plan = Plan(person=Person(ability_level=3))
    resident.lies(at("01:00"), down=False)
    assert resident.until(at("01:22")) == [("not_in_bed", 2)]


def test_9_whoever_moved_to_the_sofa_is_left_alone() -> None:
    resident = evening()
    resident.lies(at("01:00"), down=False)
    resident.busy("living", at("01:05"), at("05:30"), 10)
    resident.lies(at("05:35"), down=True)
    assert resident.until(at("05:30")) == []


def test_9_back_in_bed_ends_it() -> None:
    resident = evening()
    resident.lies(at("01:00"), down=False)
    resident.until(at("02:00"))
    resident.lies(at("02:05"), down=True)
    resident.until(at("02:20"))
    assert [rule for _, rule in resident.ended] == ["not_in_bed"]


# 12, 13 ------------------------------------------------------------------------------------------------


def hungry() -> Resident:
    """Up, about in the living room all day, and never in the kitchen."""
    resident = evening()
    resident.days = weeks(Day(told=True, up=420.0, ate=(4, 6, 5)))
    resident.lies(at("06:50"), down=False)
    resident.busy("living", at("07:00"), at("21:30"), 20)
    return resident


def test_12_two_meals_missed_are_asked_about_and_a_day_without_is_urgent() -> None:
    resident = hungry()
    assert resident.until(at("13:25")) == []
    assert resident.until(at("13:35")) == [("not_eating", 3)]
    assert resident.until(at("18:05")) == [("not_eating", 3), ("not_eating", 2)]
    assert resident.raised[0][1].numbers == {"meals": 2, "hours": 19}


def test_12_whoever_always_eats_at_the_canteen_at_noon_does_not_miss_that_meal() -> None:
    resident = hungry()
    resident.days = weeks(Day(told=True, up=420.0, ate=(4, 0, 5)))
    assert resident.until(at("17:00")) == []


def test_12_whoever_dines_out_is_not_asked() -> None:
    resident = hungry()
    resident.said = [sign for sign in resident.said if not at("11:10") <= sign.at <= at("13:20")]
    resident.through_door(at("11:20"))
    resident.through_door(at("13:00"))
    assert resident.until(at("16:00")) == []


def test_13_the_kettle_is_silent_and_nobody_is_seen() -> None:
    resident = Resident(now=at("00:30"), days=weeks(), devices={"kettle": ("plug", "kitchen")})
    assert resident.until(at("10:05")) == []
    assert resident.until(at("10:15")) == [("no_usual_use", 3)]


def test_13_a_power_cut_is_the_plug_that_says_nothing() -> None:
    resident = Resident(now=at("00:30"), days=weeks(), devices={"kettle": ("plug", "kitchen")})
    resident.dead = {"kettle": at("06:00")}
    assert resident.until(at("12:00")) == []


def test_13_whoever_skips_their_tea_is_seen_elsewhere() -> None:
    resident = breakfast(evening())
    resident.said = [sign for sign in resident.said if sign.what is not Quantity.POWER]
    resident.busy("living", at("08:00"), at("12:00"), 20)
    assert resident.until(at("10:30")) == []


# 26 ----------------------------------------------------------------------------------------------------


def test_26_a_gateway_that_dies_is_one_technical_call_and_no_word_about_the_person() -> None:
    resident = breakfast(evening())
    resident.busy("living", at("08:00"), at("09:00"))
    resident.gateway_died = at("09:00")
    assert resident.until(at("09:04")) == []
    assert resident.until(at("09:00", 2)) == [("home_silent", 3)]


def test_26_it_ends_when_the_gateway_is_back() -> None:
    resident = breakfast(evening())
    resident.gateway_died = at("09:00")
    resident.until(at("09:30"))
    resident.gateway_died = None
    resident.until(at("09:40"))
    assert [rule for _, rule in resident.ended] == ["home_silent"]


def test_26_a_home_of_high_risk_cannot_wait_for_half_an_hour() -> None:
    resident = breakfast(evening())
    resident.plan = Plan(person=Person(ability_level=3))
    resident.gateway_died = at("09:00")
    assert resident.until(at("09:35")) == [("home_silent", 3), ("home_silent", 2)]


def test_26_a_gateway_that_dies_while_somebody_is_out_of_bed_leaves_a_question_that_is_asked() -> None:
    resident = evening()
    resident.lies(at("01:00"), down=False)
    resident.gateway_died = at("01:10")
    assert resident.until(at("01:40")) == [("home_silent", 3)]
    assert resident.until(at("01:50")) == [("home_silent", 3), ("home_silent", 2)]
    assert resident.raised[1][1].words == "home_silent_out_of_bed"


def test_26_a_place_that_is_out_speaks_for_its_homes() -> None:
    resident = breakfast(evening())
    resident.gateway_died, resident.area_out = at("09:00"), True
    assert resident.until(at("12:00")) == []


def test_26_when_it_is_we_who_do_not_hear_no_home_is_told_of() -> None:
    resident = breakfast(evening())
    resident.gateway_died, resident.listening = at("09:00"), False
    assert resident.until(at("12:00")) == []


def test_26_a_battery_is_told_for_the_week_and_an_empty_one_for_today() -> None:
    resident = breakfast(evening())
    resident.says("door", Quantity.BATTERY, 19, at("07:30"))
    assert resident.until(at("07:40")) == [("battery_low", 4)]
    resident.says("door", Quantity.BATTERY, 9, at("08:00"))
    assert resident.until(at("08:10")) == [("battery_low", 4), ("battery_low", 3)]


def test_26_a_healthy_battery_is_not_told() -> None:
    resident = breakfast(evening())
    resident.says("door", Quantity.BATTERY, 55, at("07:30"))
    assert resident.until(at("07:40")) == []


# What nobody recorded -----------------------------------------------------------------------------------


def test_a_gateway_that_stood_still_says_nothing_about_the_time_in_between() -> None:
    """Off from nine until the next noon; she had gone out, came back unseen, and lives on."""
    resident = outing(evening(), "08:50")
    resident.holes = (Hole(at("09:00"), at("12:00", 1)),)
    resident.busy("living", at("12:10", 1), at("22:00", 1), 30)
    resident.busy("kitchen", at("12:30", 1), at("13:00", 1))
    assert resident.until(at("21:00", 1)) == [("home_silent", 3)]


def test_somebody_in_the_bathroom_when_it_stopped_is_not_said_to_be_there_still() -> None:
    resident = breakfast(evening())
    resident.moves("bath", at("08:58"))
    resident.holes = (Hole(at("09:00"), at("10:20")),)
    resident.busy("living", at("10:25"), at("12:00"), 20)
    assert resident.until(at("10:15")) == [("home_silent", 3), ("home_silent", 2)]
    assert resident.raised[1][1].words == "home_silent_in_bathroom"
    assert {rule for rule, _ in resident.until(at("11:30"))} == {"home_silent"}


def test_whoever_may_have_got_up_in_the_hole_is_not_said_to_be_in_bed() -> None:
    """Back in the evening, when she has gone to bed again."""
    resident = evening()
    resident.holes = (Hole(at("05:00"), at("21:00")),)
    assert resident.until(at("23:50")) == [("home_silent", 3)]


def test_whoever_is_not_seen_for_long_after_it_is_missed_all_the_same() -> None:
    resident = breakfast(evening())
    resident.days = ()
    resident.busy("living", at("08:00"), at("08:55"))
    resident.holes = (Hole(at("09:00"), at("10:00")),)
    resident.until(at("14:05"))
    assert resident.found == [("home_silent", 3)]
    resident.until(at("14:20"))
    assert ("no_movement", 2) in resident.found
