"""What the resident withholds switches off exactly the rules that rest on it."""

from __future__ import annotations

from edge_agent.rules import Home
from edge_agent.rules.disarmed import RESTS_ON, disarmed, unarmed
from firmware_protocols.model import DeviceId, Quantity
from firmware_protocols.wire.plan import DEFAULT, Plan, as_document, parse
from firmware_protocols.wire.plan_rules import Rules
from firmware_protocols.wire.withheld import Withheld
from tests.unit.edge_agent.household import counting

HALL = DeviceId("hall")


def plan(**withheld: tuple[str, ...]) -> Plan:
    return Plan(version=1, withheld=Withheld(**withheld))


def test_every_rule_of_the_table_is_one_of_the_plan() -> None:
    assert set(RESTS_ON) <= set(Rules.__struct_fields__)


def test_nothing_withheld_changes_nothing() -> None:
    assert disarmed(DEFAULT) is DEFAULT


def test_vital_signs_and_movement_are_apart() -> None:
    assert unarmed(plan(quantities=(Quantity.SPO2,))) == ("vitals",)
    assert unarmed(plan(kinds=("motion",))) == ("long_lie", "bed_exit", "night_door", "stillness", "stove")
    assert not disarmed(plan(kinds=("motion",))).rules.stillness.armed
    assert disarmed(plan(kinds=("motion",))).rules.vitals.armed


def test_a_pill_box_and_a_cooker_that_are_withheld_switch_off_their_rules_and_no_hazard() -> None:
    assert unarmed(plan(kinds=("pill_box",))) == ("medicine",)
    assert unarmed(plan(quantities=(Quantity.POWER,))) == ("stove",)
    assert unarmed(plan(quantities=(Quantity.SMOKE, Quantity.CO_CONCENTRATION, Quantity.MOISTURE))) == ()


def test_a_name_that_this_program_does_not_know_costs_nothing() -> None:
    newer = plan(quantities=("gait_of_2029",), kinds=("hologram",))
    assert parse(as_document(newer)) == newer
    assert unarmed(newer) == ()


def test_a_device_that_is_withheld_is_not_missed() -> None:
    home = Home({HALL: "motion"}, counting())
    home.in_force.plan = plan(kinds=("motion",))
    assert home.surroundings.supervision(HALL).alarm_s == 0
