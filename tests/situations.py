"""The thirty situations of the care domain's table: who judges each, from which sensors, and what shows that
it does.

What this is: one table, and the page made of it (``python -m tests.situations`` writes
``docs/situations.md``). What it is not: a rule. The one idea: a situation counts as noticed when a rule that
exists names it, a test shows it raised, and a test shows its usual false alarm not raised;
``tests/unit/test_situations.py`` holds each line to that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_protocols.wire.plan import DEFAULT

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "situations.md"
_HOME, _DAYS = "tests/scenario/situations/test_at_home.py::", "tests/scenario/situations/test_by_days.py::"
_PERSON, _UPKEEP = (f"tests/unit/edge_agent/rules/{name}.py::" for name in ("test_person", "test_upkeep"))
_LIE = "tests/unit/edge_agent/rules/test_silences.py::"
_ABSENCE = "tests/unit/cloud/detect/rules/test_absence.py::"
_AREA = "tests/scenario/test_area_outage.py::"
_TRENDS = "tests/unit/cloud/detect/routine/test_trends.py::"
_RULES, _GATE = "tests/unit/cloud/detect/test_rules.py::", "tests/unit/cloud/detect/test_gate.py::"
_BODY = "tests/scenario/test_vital_signs.py::"
_TAPS = "tests/scenario/local_mqtt/test_devices.py::"
_RULE = DEFAULT.rules


@dataclass(frozen=True, slots=True)
class Situation:
    """``by``: ``edge NAME`` (``edge_agent.rules.RULES``), ``cloud NAME`` (``cloud.detect.rules``), ``vitals
    NAME`` (``cloud.detect.vitals``), ``routine NAME`` (``cloud.detect.routine``), ``area NAME``
    (``cloud.detect.rules.area``). ``own``: the fields of a person's plan that replace the default.
    ``raised``, ``quiet``: the tests. ``short_of``: what of the care domain's line is not noticed.
    """

    number: int
    name: str
    by: tuple[str, ...]
    when: str
    priority: str
    own: tuple[str, ...]
    false_alarm: str
    raised: tuple[str, ...]
    quiet: tuple[str, ...]
    short_of: str = ""


def _min(seconds: float) -> str:
    return f"{seconds / 60:g} min"


def _h(seconds: float) -> str:
    return f"{seconds / 3_600:g} h"


SITUATIONS: Final = (
    Situation(
        1,
        "Fall",
        ("edge fall", "edge long_lie"),
        "a sign of a fall (model, radar) that nobody answers within 20 s; close to the floor for "
        f"{_RULE.long_lie.lying_s:g} s",
        "P1",
        ("confirm_s", "rules.long_lie.lying_s"),
        "sitting on the floor, a pet, a dropped device",
        (_HOME + "test_01_a_fall_that_nobody_answers_calls_and_a_radar_sees_who_lies",),
        (_HOME + "test_01_sitting_on_the_floor_and_a_dropped_watch_call_nobody",),
        "a dropped device is told from a fall by its wearer's press; the model's own false "
        "alarms are in `falls.md`",
    ),
    Situation(
        2,
        "Long lie, no sensor hit",
        ("edge long_lie",),
        f"silence after the bathroom or the hall for {_min(_RULE.long_lie.soon_s)} by day and "
        f"{_min(_RULE.long_lie.soon_night_s)} by night, elsewhere for "
        f"{_min(_RULE.long_lie.late_s)}; and unlike the home's own days, where nothing but silence tells it",
        "P2; P1 when it goes on for as long again, close to the floor, or after a sign of a fall",
        ("rules.long_lie", "soon_rooms", "rest_rooms"),
        "a nap on the sofa, left by an unsensed door",
        (_HOME + "test_02_silence_after_the_hall_is_urgent_after_45_minutes_and_for_life_after_90",),
        (
            _HOME + "test_02_a_nap_on_the_sofa_and_a_walk_out_of_the_door_are_none",
            _LIE + "test_a_home_in_which_somebody_goes_to_bed_unseen_waits_for_longer_than_its_nights",
        ),
        "without a mat in the bed, sleep next door and a lie look alike: half of the lies are called for "
        "within two hours, all within eight (`detection.md`)",
    ),
    Situation(
        3,
        "No movement since X",
        ("edge stillness", "cloud no_movement"),
        f"no sign of life for {_h(_RULE.stillness.wait_s)} of the day; sooner for whoever is "
        "never still so long",
        "P2",
        ("rules.stillness",),
        "away, sleeping late",
        (
            "tests/unit/cloud/detect/rules/test_still.py::test_four_hours_of_the_day_without_a_sign_of_life_call_somebody",
        ),
        (
            _PERSON + "test_an_empty_home_is_still_for_as_long_as_it_likes",
            _PERSON + "test_the_night_does_not_count_and_a_late_sleeper_is_asked_about_at_ten",
        ),
    ),
    Situation(
        4,
        "Not up by the usual time",
        ("cloud not_up", "routine does_not_rise"),
        f"{_min(DEFAULT.watch.not_up.after_s)} after the usual time; "
        f"{DEFAULT.watch.not_up.latest} for whoever has none yet",
        "P3, later P2",
        ("watch.not_up", "watch.away_until"),
        "holiday, stayed out",
        (
            _ABSENCE
            + "test_4_not_up_an_hour_past_the_usual_time_is_asked_today_and_another_hour_later_at_once",
        ),
        (
            _ABSENCE + "test_4_whoever_stayed_out_overnight_is_not_missed_in_bed",
            _ABSENCE + "test_4_a_plan_that_is_told_of_a_journey_misses_nobody",
        ),
    ),
    Situation(
        5,
        "Out at night",
        ("edge night_door",),
        f"out of the door {_RULE.night_door.night.begins}-{_RULE.night_door.night.ends} and "
        "nobody inside for 30 min, 10 min for somebody who wanders",
        "P2",
        ("rules.night_door", "person.wanders", "exits"),
        "took out the rubbish, works at night",
        (_HOME + "test_05_out_at_night_is_told_after_a_time_that_depends_on_the_person",),
        (_HOME + "test_05_the_rubbish_a_night_worker_and_a_deaf_sensor_are_none",),
    ),
    Situation(
        6,
        "Not returned home",
        ("cloud not_returned",),
        "longer than nearly every outing of their own, or after "
        f"{DEFAULT.watch.not_returned.latest}; 2 h for somebody who wanders",
        "P3, later P2",
        ("watch.not_returned", "watch.away_until"),
        "visiting the children",
        (_ABSENCE + "test_6_out_for_longer_than_nearly_ever_is_asked_today_and_later_at_once",),
        (
            _ABSENCE + "test_6_whoever_comes_back_in_time_is_not_missed",
            _ABSENCE + "test_6_a_visitor_who_leaves_is_not_the_resident_who_is_still_seen",
        ),
    ),
    Situation(
        7,
        "Wandering",
        ("edge pacing", "edge night_door", "routine night_wandering"),
        f"{_RULE.pacing.trips} times through the door within {_min(_RULE.pacing.within_s)} of the night",
        "P2",
        ("rules.pacing", "person.wanders"),
        "guests, a contact that bounces",
        (_HOME + "test_07_six_trips_through_the_door_in_half_an_hour_of_the_night_call",),
        (_HOME + "test_07_guests_a_contact_that_bounces_and_who_does_not_wander_are_none",),
        "there is no driver for a tracker, so nobody is followed outside: no geofence",
    ),
    Situation(
        8,
        "Bathroom too long",
        ("edge long_lie", "cloud bathroom_long"),
        f"longer than nearly ever, and at least {_min(DEFAULT.watch.bathroom_long.wait_s)} by "
        f"day, {_min(DEFAULT.watch.bathroom_long.wait_night_s)} by night",
        "P2",
        ("watch.bathroom_long", "rules.long_lie.soon_s", "rules.long_lie.soon_night_s"),
        "a bath, left without being seen, a sensor that does not see who sits still",
        (
            _ABSENCE + "test_8_in_the_bathroom_at_night_for_half_an_hour",
            _ABSENCE + "test_8_by_day_it_takes_three_quarters_of_an_hour",
        ),
        (
            _ABSENCE + "test_8_a_bath_as_long_as_their_own_is_left_alone",
            _ABSENCE + "test_8_whoever_left_unseen_by_a_still_sensor_is_seen_in_the_next_room",
        ),
    ),
    Situation(
        9,
        "Out of bed and not back",
        ("edge bed_exit", "cloud not_in_bed"),
        "45 min of the night, 15 min from ability level 3 on",
        "P2",
        ("rules.bed_exit", "person.ability_level"),
        "moved to the sofa",
        (
            _PERSON + "test_out_of_bed_at_night_and_not_back",
            _ABSENCE + "test_9_out_of_bed_at_night_and_not_back",
        ),
        (
            _PERSON + "test_up_and_about_is_no_danger_for_the_able_and_is_one_for_the_dependent",
            _ABSENCE + "test_9_whoever_moved_to_the_sofa_is_left_alone",
        ),
    ),
    Situation(
        10,
        "Night toileting",
        ("routine toileting",),
        "two visits more than usual, and far beyond the own spread, on two of three nights",
        "P4",
        ("watch.away_until",),
        "tea, guests, a diuretic",
        (_TRENDS + "test_row_10_the_bathroom_four_times_on_two_nights_of_three",),
        (
            _TRENDS + "test_row_10_a_pot_of_tea_on_one_evening_is_no_trend",
            _TRENDS + "test_row_10_guests_who_use_the_bathroom_are_no_trend",
        ),
    ),
    Situation(
        11,
        "Sleep disruption",
        ("routine sleep",),
        "two hours more or less in bed, or three exits more, for three nights",
        "P4",
        ("watch.away_until",),
        "heat, television",
        (_TRENDS + "test_row_11_three_hours_less_in_bed_for_three_nights",),
        (_TRENDS + "test_row_11_two_hot_nights_are_no_trend",),
    ),
    Situation(
        12,
        "Not eating",
        ("cloud not_eating", "routine no_meals"),
        "no use of the kitchen in two meal windows; for a day",
        "P3, later P2",
        ("watch.meals",),
        "eats at the canteen, dines out",
        (_ABSENCE + "test_12_two_meals_missed_are_asked_about_and_a_day_without_is_urgent",),
        (
            _ABSENCE + "test_12_whoever_always_eats_at_the_canteen_at_noon_does_not_miss_that_meal",
            _ABSENCE + "test_12_whoever_dines_out_is_not_asked",
        ),
    ),
    Situation(
        13,
        "Kettle or plug silent",
        ("cloud no_usual_use",),
        f"no usual morning use {_h(DEFAULT.watch.usual_use.after_s)} after its time, and nobody seen",
        "P3",
        ("watch.usual_use",),
        "a power cut",
        (_ABSENCE + "test_13_the_kettle_is_silent_and_nobody_is_seen",),
        (
            _ABSENCE + "test_13_a_power_cut_is_the_plug_that_says_nothing",
            _ABSENCE + "test_13_whoever_skips_their_tea_is_seen_elsewhere",
        ),
    ),
    Situation(
        14,
        "Falling mobility",
        ("routine mobility",),
        "a quarter less movement for 14 days",
        "P4",
        ("watch.away_until",),
        "season, rain",
        (_TRENDS + "test_row_14_a_third_less_movement_for_two_weeks",),
        (_TRENDS + "test_row_14_five_days_of_rain_are_no_trend",),
        "no speed of gait: no sensor here measures it over a line",
    ),
    Situation(
        15,
        "Withdrawal",
        ("routine withdrawal",),
        "half as many outings for two weeks",
        "P4",
        ("watch.away_until",),
        "weather, market days",
        (_TRENDS + "test_row_15_no_more_outings_for_two_weeks",),
        (
            _TRENDS + "test_row_15_a_week_of_bad_weather_is_no_trend",
            _TRENDS + "test_row_15_whoever_only_goes_to_market_every_fifth_day_does_not_withdraw",
        ),
        "telephone calls are not seen",
    ),
    Situation(
        16,
        "Day and night change places",
        ("routine reversal",),
        "relative amplitude 0.2 below usual for seven days",
        "P4",
        ("watch.away_until",),
        "guests at night",
        (_TRENDS + "test_row_16_a_week_of_days_and_nights_that_change_places",),
        (_TRENDS + "test_row_16_guests_on_three_nights_are_no_reversal",),
    ),
    Situation(
        17,
        "Fever",
        ("vitals fever", "vitals fever_repeated", "vitals fever_rise", "vitals fever_high", "edge vitals"),
        "above 37.8 °C once, above 37.2 °C again, 1.1 °C over the own baseline; urgent from 39.1 °C on",
        "P3, P2",
        ("limits",),
        "a hot drink, a sensor that sits loose",
        (_BODY + "test_a_fever_of_an_older_person_is_told_today_with_its_numbers",),
        (
            _RULES + "test_a_normal_measurement_between_ends_what_was_repeated",
            _BODY + "test_what_is_not_worn_or_impossible_is_shown_and_never_scored",
        ),
    ),
    Situation(
        18,
        "SpO2, pulse, breathing, pressure out of range",
        ("vitals news2_emergency", "vitals news2_urgent", "vitals news2_single", "edge vitals"),
        "NEWS2: a single 3 or a total of 5; of 7 at once; measured again within 15 min",
        "P2, P1",
        ("limits", "rules.vitals"),
        "a cold finger, motion, a wrong cuff",
        (_BODY + "test_falling_oxygen_is_measured_again_before_anybody_is_called",),
        (
            _GATE + "test_a_cold_finger_is_not_scored_and_a_warm_one_is",
            _BODY + "test_a_loose_cuff_raises_nothing",
        ),
    ),
    Situation(
        19,
        "Trends of pressure, weight and sugar",
        (
            "vitals pressure_high",
            "vitals pressure_low",
            "vitals pressure_mean",
            "vitals weight_gain",
            "vitals weight_loss",
            "vitals sugar_very_low",
            "vitals sugar_low",
            "vitals sugar_high",
            "vitals sugar_very_high",
        ),
        "180/110 twice; the mean of a week; 2 kg in three days; sugar 3.0 or HI at once, 3.9 or 16.7 twice",
        "P2, P3, P4",
        (),
        "technique, a visitor on the scale",
        (
            _BODY + "test_a_pressure_that_is_high_twice_calls_somebody",
            _BODY + "test_three_kilograms_in_three_days_are_told",
            _BODY + "test_low_sugar_that_nobody_measures_again_calls_somebody",
        ),
        (
            _BODY + "test_a_high_pressure_that_the_second_measurement_does_not_confirm_raises_nothing",
            _BODY + "test_a_visitor_on_the_scale_is_not_a_heart_that_fails",
        ),
        "limits of a named clinician stand in `vital_limit`, not in the plan",
    ),
    Situation(
        20,
        "Medicine missed",
        ("edge medicine",),
        f"the box of a dose not opened: the home reminds after {_min(_RULE.medicine.remind_s)}, "
        f"people are told after {_min(_RULE.medicine.late_s)}",
        "P3; P2 if it must not be missed",
        ("doses", "rules.medicine"),
        "taken by hand",
        (
            _HOME + "test_20_a_box_that_stays_shut_is_reminded_of_and_then_told_and_counted",
            _HOME + "test_20_a_dose_that_must_not_be_missed_is_urgent_until_it_is_taken",
        ),
        (
            _HOME + "test_20_taken_in_time_taken_by_hand_and_an_empty_home_are_none",
            _HOME + "test_20_what_nobody_could_have_seen_is_not_missed",
        ),
    ),
    Situation(
        21,
        "Smoke, heat",
        ("edge hazard", "edge heat"),
        f"a smoke detector at once; {_RULE.heat.rise_k:g} K warmer within 10 min to "
        f"{_RULE.heat.least_c:g} °C or more",
        "P1; a hint P2",
        ("rules.heat",),
        "cooking, incense (smoke stays P1)",
        (
            _HOME + "test_21_smoke_calls_at_once",
            _HOME + "test_21_a_room_that_warms_by_8_kelvin_in_10_minutes_is_a_hint_of_fire",
        ),
        (_HOME + "test_21_cooking_is_one_alarm_and_steam_beside_the_cook_no_hint",),
    ),
    Situation(
        22,
        "Gas, carbon monoxide",
        ("edge hazard", "edge carbon_monoxide"),
        "a detector at once; 300 ppm for 1 min, 100 ppm for 10 min, 50 ppm for 60 min (EN 50291-1)",
        "P1",
        (),
        "a spray, an aging sensor",
        (
            _HOME + "test_22_gas_calls_at_once",
            _HOME + "test_22_carbon_monoxide_calls_after_the_time_of_its_concentration",
            _TAPS + "test_smoke_shuts_the_gas_and_a_valve_that_is_deaf_at_first_is_told_again",
        ),
        (_HOME + "test_22_a_spray_a_lorry_outside_and_an_aging_sensor_are_none",),
        "a valve is shut where one is fitted (`protocols/zigbee2mqtt.md`); a hand opens it again",
    ),
    Situation(
        23,
        "Water leak",
        ("edge water",),
        f"wet for {_RULE.water.wet_s:g} s",
        "P2",
        ("rules.water",),
        "mopping",
        (_HOME + "test_23_a_floor_that_is_wet_for_half_a_minute_is_a_leak",),
        (_HOME + "test_23_mopping_is_none",),
        "no meter of flow speaks to a gateway yet",
    ),
    Situation(
        24,
        "Too cold, too hot",
        ("edge room_climate",),
        f"below {_RULE.climate.cool_c:g} °C for {_h(_RULE.climate.notice_s)}, below "
        f"{_RULE.climate.cold_c:g} °C for {_h(_RULE.climate.wait_s)}, below "
        f"{_RULE.climate.freezing_c:g} °C for {_min(_RULE.climate.grave_s)}; above "
        f"{_RULE.climate.warm_c:g} °C for {_h(_RULE.climate.wait_s)}, above "
        f"{_RULE.climate.hot_c:g} °C or a heat index of {_RULE.climate.heat_index_c:g} °C for "
        f"{_min(_RULE.climate.grave_s)}",
        "P4, P3, P2",
        ("rules.climate",),
        "an open window, a sensor by the stove",
        (
            _HOME + "test_24_each_step_of_cold_and_heat_has_its_time_and_its_urgency",
            _HOME + "test_24_humid_air_is_hotter_than_it_is",
        ),
        (_HOME + "test_24_airing_an_empty_home_a_lost_sensor_and_who_likes_it_cool_are_none",),
    ),
    Situation(
        25,
        "Cooker left on",
        ("edge stove",),
        f"on and nobody near it for {_min(_RULE.stove.wait_s)}; the home reminds from "
        f"{_min(_RULE.stove.wait_s - 300)} on",
        "P2",
        ("rules.stove",),
        "a slow soup",
        (_HOME + "test_25_a_cooker_that_nobody_looks_after_is_reminded_of_then_called_for",),
        (
            _HOME + "test_25_a_stirred_soup_a_plate_that_is_off_and_a_blind_kitchen_are_none",
            _HOME + "test_25_whoever_says_that_all_is_well_buys_the_whole_wait_again",
        ),
        "a gas flame has no meter; what it does wrong is gas or carbon monoxide",
    ),
    Situation(
        26,
        "Device silent, battery, tamper",
        ("edge silent", "edge upkeep", "cloud home_silent", "cloud battery_low"),
        f"mains sensors 15 min, battery sensors 2 h; battery at {_RULE.upkeep.battery_percent:g} "
        f"%; case opened; power out for {_RULE.upkeep.mains_s:g} s; the home itself 5 min",
        "P3, P4; P2 where somebody is at risk",
        ("devices", "rules.upkeep", "watch.offline"),
        "a power cut",
        (
            _UPKEEP + "test_a_silent_device_is_told_of_once_when_its_time_has_passed",
            _ABSENCE + "test_26_a_gateway_that_dies_is_one_technical_call_and_no_word_about_the_person",
            _UPKEEP + "test_a_battery_is_told_of_once_on_its_way_down",
            _UPKEEP + "test_a_case_that_is_opened_is_told_and_a_loose_one_is_one_alarm",
        ),
        (
            _ABSENCE + "test_26_a_place_that_is_out_speaks_for_its_homes",
            _UPKEEP + "test_power_that_is_out_for_a_minute_is_told_and_a_flicker_is_not",
            _UPKEEP + "test_many_lost_devices_are_one_alarm_each_and_no_alarm_about_the_person",
        ),
    ),
    Situation(
        27,
        "Pendant not worn",
        ("cloud not_worn",),
        f"worn for less than {DEFAULT.watch.not_worn.least:.0%} of the hours with somebody about,"
        f" on {DEFAULT.watch.not_worn.days} days in a row",
        "P4",
        ("watch.not_worn",),
        "charging",
        (_DAYS + "test_27_a_pendant_in_the_drawer_for_three_days_is_told_of_once",),
        (
            _DAYS + "test_27_a_charger_two_days_and_a_button_without_that_sense_are_none",
            _DAYS + "test_27_a_watch_that_is_lost_is_not_unworn",
        ),
        "a button that cannot say that it is worn is not judged",
    ),
    Situation(
        28,
        "Sensor that lies",
        ("edge blind", "edge upkeep", "edge chatter", "cloud sensor_dumb", "cloud sensor_restless"),
        "motion without a pause for 4 h; nobody seen for 24 h while others are; "
        f"{_RULE.upkeep.per_hour} times in an hour, alone; unlike its own days",
        "P3, P4",
        ("rules.upkeep",),
        "guests",
        (
            _HOME + "test_28_a_sensor_that_never_pauses_or_never_stops_is_told_of",
            _UPKEEP + "test_a_sensor_that_sees_nobody_while_the_others_do_is_told_of_and_taken_back",
            _DAYS + "test_28_a_sensor_that_spoke_every_day_and_is_dumb_is_told_of",
            _DAYS + "test_28_a_contact_that_flutters_alone_is_told_of",
        ),
        (
            _HOME + "test_28_guests_in_every_room_are_no_fault",
            _DAYS + "test_28_guests_a_night_in_the_armchair_and_an_empty_home_are_none",
        ),
    ),
    Situation(
        29,
        "Unwelcome visitor",
        ("edge sos",),
        "a press of the button beside the door, in silence",
        "P2",
        (),
        "another button",
        (_HOME + "test_29_the_button_beside_the_door_calls_at_once_and_in_silence",),
        (_HOME + "test_29_a_bell_and_a_press_of_another_button_are_none",),
        "telephone calls are not seen",
    ),
    Situation(
        30,
        "Area outage",
        ("area area_outage",),
        "30 % of a village silent within 10 min: one incident",
        "P2",
        (),
        "a broker that is down",
        (_AREA + "test_many_silent_homes_of_a_village_are_one_incident_that_ends_when_they_are_back",),
        (
            _AREA + "test_two_silent_homes_of_ten_are_two_homes",
            _ABSENCE + "test_26_when_it_is_we_who_do_not_hear_no_home_is_told_of",
        ),
    ),
)
"""By their number in the care domain's table."""


def page() -> str:
    """``docs/situations.md``."""
    lines = [*_table(), "", "## What falls short", *_short(), "", "## What shows it", *_proofs()]
    return _INTRODUCTION + "\n".join(lines) + "\n"


_INTRODUCTION: Final = """# The thirty situations

Written by `python -m tests.situations`; a test holds every line against the rules and tests that exist.
*edge* rules are in `edge_agent/rules` (`rules.md`) and work without a cloud; *cloud* rules, *vitals* and
*routine* are in `cloud/detect`.

What all of them share: a rule is judged only in a home that has its sensors, and only while somebody may be
at home where that matters; silence of a sensor that it rests on stops it, and is told as a fault of the
sensor; what the person withholds switches it off and says so; the same trouble is told once until it has
passed. Defaults are ours unless `firmware_protocols/wire/plan_rules.py` names a source, and a person's plan
replaces them.

| # | situation | judged by | when | priority | own values | usual false alarm |
|---|---|---|---|---|---|---|
"""


def _table() -> Iterable[str]:
    for one in SITUATIONS:
        by, own = (", ".join(f"`{name}`" for name in names) or "-" for names in (one.by, one.own))
        said = (one.number, one.name, by, one.when, one.priority, own, one.false_alarm)
        yield f"| {' | '.join(map(str, said))} |"


def _short() -> Iterable[str]:
    return (f"- {one.number}, {one.name}: {one.short_of}." for one in SITUATIONS if one.short_of)


def _proofs() -> Iterable[str]:
    for one in SITUATIONS:
        yield f"- {one.number}, {one.name}. Raised: {_tests(one.raised)}. Not raised: {_tests(one.quiet)}."


def _tests(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name.removeprefix('tests/')}`" for name in names)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
