"""The plan of a home: taken whole or refused whole, with a reason that a person can act on."""

from __future__ import annotations

import contextlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocols.model import Quantity
from firmware_protocols.wire import plan as plans
from firmware_protocols.wire.control import State, encode
from firmware_protocols.wire.control import parse as parse_control
from firmware_protocols.wire.plan import BadPlan, Limit, Plan
from firmware_protocols.wire.plan_rules import NIGHT, Hours

FULL: dict[str, Any] = {
    "version": 7,
    "time_zone": "Asia/Urumqi",
    "person": {"lives_alone": False, "wanders": True, "ability_level": 3},
    "confirm_s": 30,
    "limits": {"spo2": {"low": 83}, "systolic": {"low": 95, "high": 180, "twice": False}},
    "rules": {
        "long_lie": {"soon_s": 1200},
        "bed_exit": {"armed": False},
        "night_door": {"night": {"begins": "22:30", "ends": "05:30"}},
    },
    "soon_rooms": ["bathroom", "kitchen"],
    "exits": ["door-front"],
    "devices": {
        "door-front": {"expected_s": 3600, "alarm_s": 10800},
        "pendant": {"expected_s": 0, "alarm_s": 0},
    },
    "phones": {"centre": "+8674512345", "contacts": ["+8613800000000"]},
}


def test_an_empty_document_is_the_built_in_default() -> None:
    assert plans.parse({}) == plans.DEFAULT == Plan()
    assert plans.as_document(plans.DEFAULT) == {}


def test_a_plan_comes_back_from_its_document_as_it_was() -> None:
    plan = plans.parse(FULL)
    assert (plan.version, plan.person.wanders, plan.rules.bed_exit.armed) == (7, True, False)
    assert plans.parse(plans.as_document(plan)) == plan
    assert plans.parse(msgspec.json.decode(msgspec.json.encode(plans.as_document(plan)))) == plan


def test_a_personal_limit_replaces_the_default_and_no_other() -> None:
    plan = plans.parse(FULL)
    assert plan.limit(Quantity.SPO2) == Limit(low=83)
    assert plan.limit(Quantity.HEART_RATE) == Limit(low=40, high=131)
    assert plan.limit(Quantity.HUMIDITY) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"versoin": 1}, "Object contains unknown field `versoin`"),
        ({"version": -1}, "Expected `int` >= 0 - at `version`"),
        ({"version": 1.5}, "Expected `int`, got `float` - at `version`"),
        ({"time_zone": "Asia/Shangai"}, "time_zone 'Asia/Shangai' is not known here; give an IANA name"),
        ({"time_zone": "../etc/passwd"}, "is not known here"),
        ({"time_zone": "Asia"}, "is not known here"),
        ({"person": {"ability_level": 5}}, "Expected `int` <= 4 - at `person.ability_level`"),
        ({"confirm_s": 61}, "Expected `float` <= 60.0 - at `confirm_s`"),
        ({"limits": {"spo2": {"low": 9}}}, "limits.spo2.low must be 50-100 %"),
        ({"limits": {"spo2": {"low": None}}}, "limits.spo2: give low, high or both"),
        ({"limits": {"systolic": {"low": 200, "high": 100}}}, "limits.systolic: low must be below high"),
        ({"limits": {"humidity": {"low": 20}}}, "limits.humidity: only spo2, heart_rate"),
        ({"limits": {"mood": {"low": 1}}}, "Invalid enum value - at `key` in `limits`"),
        ({"rules": {"sos": {"armed": False}}}, "Object contains unknown field `sos` - at `rules`"),
        ({"rules": {"bed_exit": {"wait_s": 1}}}, "Expected `float` >= 60.0 - at `rules.bed_exit.wait_s`"),
        ({"rules": {"stillness": {"day": {"begins": "25:00", "ends": "06:00"}}}},
         "at `rules.stillness.day.begins`"),
        ({"rules": {"stillness": {"day": {"begins": "06:00", "ends": "06:00"}}}},
         "begins and ends must differ"),
        ({"devices": {"bed": {"expected_s": 0, "alarm_s": 60}}}, "devices.bed: alarm_s must be at least 300"),
        ({"devices": {"bed": {"expected_s": 600, "alarm_s": 300}}},
         "devices.bed: alarm_s must not be below"),
        ({"phones": {"centre": "074512345"}}, "at `phones.centre`"),
        ({"phones": {"contacts": ["+8613800000000"] * 2}}, "phones: a number is listed twice"),
        ({"phones": {"contacts": [f"+861380000000{n}" for n in range(3)]}}, "at `phones.contacts`"),
        ({"devices": {f"d{n}": {"expected_s": 60, "alarm_s": 600} for n in range(500)}},
         "at most 16384 allowed"),
    ],
)  # fmt: skip
def test_what_is_unknown_or_impossible_is_refused_with_what_to_change(
    change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BadPlan) as refusal:
        plans.parse({**FULL, **change})
    assert reason in str(refusal.value)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*FULL, "x"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(_JSON)
def test_whatever_the_document_nothing_but_a_refusal_comes_out(document: object) -> None:
    with contextlib.suppress(BadPlan):
        assert isinstance(plans.parse(document), Plan)


def test_a_device_that_the_home_does_not_have_is_named() -> None:
    (fault, other) = plans.unknown_devices(plans.parse(FULL), ["door-frnt", "pendnt"])
    assert fault == "no device 'door-front' here; there are: door-frnt, pendnt"
    assert "pendant" in other


@pytest.mark.parametrize(
    ("utc_hour", "held"), [(13, False), (14, True), (20, True), (22, False), (21, True), (4, False)]
)
def test_a_night_spans_midnight_in_the_home_and_not_in_greenwich(utc_hour: int, held: bool) -> None:
    local = Plan().local(datetime(2026, 6, 1, utc_hour, 0, tzinfo=UTC))
    assert NIGHT.hold(local) is held


def test_a_night_ends_with_the_minute_it_names() -> None:
    hours = Hours(begins="00:30", ends="05:00")
    assert hours.hold(datetime(2026, 6, 1, 4, 59, 59, tzinfo=UTC))
    assert not hours.hold(datetime(2026, 6, 1, 5, 0, tzinfo=UTC))


def test_the_heartbeat_says_which_plan_is_in_force_and_an_older_gateways_says_none() -> None:
    assert parse_control(State, encode(State(online=True, plan=7))).plan == 7
    assert parse_control(State, b'{"online":true}').plan == 0
    assert b"plan" not in encode(State(online=True))


def test_the_plan_in_the_documentation_is_one() -> None:
    page = (Path(__file__).parents[3] / "docs" / "rules.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    plan = plans.parse(json.loads(example))
    assert (plan.limits[Quantity.SPO2].low, plan.exits, plan.phones.centre) == (
        88,
        ("door-front",),
        "+8674512345",
    )
