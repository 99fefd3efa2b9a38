"""What the end of an incident says of the rule, and what many ends say together."""

from __future__ import annotations

from typing import Any

import pytest

from cloud.incidents.model import IncidentState, OutcomeCode
from cloud.learning import report
from cloud.learning.labels import Label, label
from cloud.learning.suggest import Case, Seen, suggest
from cloud.learning.tunable import TUNABLE, changed
from edge_agent.rules import Home
from edge_agent.rules.bed_exit import BedExit
from edge_agent.rules.night_door import NightDoor
from firmware_protocols.model import AlarmId
from firmware_protocols.wire.plan import DEFAULT, Person, Plan

CLOSED, AUTO = IncidentState.CLOSED, IncidentState.AUTO_RESOLVED
DOOR, STILL = TUNABLE["rules.night_door.wait_s"], TUNABLE["rules.stillness.wait_s"]
HALF_HOUR = 1_800.0


@pytest.mark.parametrize(
    ("kind", "state", "outcome", "says"),
    [
        ("fall", CLOSED, OutcomeCode.A1, Label.RIGHT),
        ("sos", CLOSED, OutcomeCode.B2, Label.RIGHT),
        ("fall", CLOSED, OutcomeCode.C2, Label.FALSE),
        ("fall", CLOSED, OutcomeCode.D1, Label.FALSE),
        ("sensor_silent", CLOSED, OutcomeCode.D1, Label.RIGHT),
        ("sos", CLOSED, OutcomeCode.D2, Label.TEST),
        ("stillness", CLOSED, OutcomeCode.E2, Label.UNCLEAR),
        ("sensor_silent", AUTO, None, Label.UNCLEAR),
        ("fall", IncidentState.CANCELLED_LOCAL, None, Label.CALLED_OFF),
        ("fall", IncidentState.ACKED, None, Label.OPEN),
    ],
)
def test_an_outcome_is_a_label_or_says_that_it_is_none(
    kind: str, state: IncidentState, outcome: OutcomeCode | None, says: Label
) -> None:
    assert label(kind, state, outcome) is says


def test_every_outcome_code_has_been_thought_of() -> None:
    unclear = {code for code in OutcomeCode if label("fall", CLOSED, code) is Label.UNCLEAR}
    assert unclear == {OutcomeCode.E1, OutcomeCode.E2, OutcomeCode.E3}


@pytest.mark.parametrize(
    ("n", "of", "low", "high"), [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0)]
)
def test_a_share_has_the_wilson_interval(n: int, of: int, low: float, high: float) -> None:
    found = report.wilson(n, of)
    assert found is not None
    assert (found.low, found.high) == (low, high)


def row(rule: str, outcome: str | None, n: int, state: IncidentState = CLOSED) -> dict[str, Any]:
    return {"rule": rule, "kind": rule, "state": state.value, "outcome": outcome, "n": n}


def test_a_rule_is_counted_right_false_and_why() -> None:
    counts = [row("fall", "A2", 3), row("fall", "C2", 2), row("fall", "C3", 1), row("fall", "D2", 9)]
    off = row("fall", None, 4, IncidentState.CANCELLED_LOCAL)
    (fall,) = report.rules([*counts, off, row("fall", "E1", 1)], home_weeks=20.0)
    assert (fall.alerts, fall.right, fall.false, fall.unclear, fall.called_off) == (7, 3, 3, 1, 4)
    assert fall.why == {"C2": 2, "C3": 1}
    assert (fall.alerts_per_home_week, fall.false_per_home_week) == (0.35, 0.15)
    assert fall.right_share is not None
    assert (fall.right_share.n, fall.right_share.of) == (3, 6)


def test_an_emergency_is_missed_when_no_rule_of_its_family_spoke_before_the_person() -> None:
    first = [
        {"outcome": "A1", "before": []},
        {"outcome": "A2", "before": ["sos", "sensor_silent"]},
        {"outcome": "A2", "before": ["stillness"]},
        {"outcome": "A3", "before": ["stillness"]},
        {"outcome": "A3", "before": ["smoke"]},
    ]
    found = {one.family.value: (one.missed, one.raised_by_people) for one in report.missed(first)}
    assert found == {"hazard": (1, 2), "person": (2, 3)}


def seen(*cases: tuple[Label, float | None], missed: int = 0) -> Seen:
    return Seen(tuple(Case(said, lasted_s) for said, lasted_s in cases), missed, home_weeks=10.0)


def false(minutes: float | None) -> tuple[Label, float | None]:
    return Label.FALSE, None if minutes is None else minutes * 60


def right(minutes: float | None) -> tuple[Label, float | None]:
    return Label.RIGHT, None if minutes is None else minutes * 60


def test_the_shortest_wait_is_proposed_that_spares_half_of_the_false_alarms() -> None:
    found = suggest(DOOR, DEFAULT, seen(false(33), false(34), false(40), false(None)))
    assert found is not None
    assert (found.was, found.held, found.becomes) == (None, HALF_HOUR, 2_280.0)
    basis = found.basis
    assert (basis.false, basis.false_gone, basis.right_lost, basis.later_s) == (4, 2, 0, 480.0)
    assert (basis.false_per_home_week, basis.expected_false_per_home_week) == (0.4, 0.2)


@pytest.mark.parametrize(
    ("why", "cases", "missed"),
    [
        ("too few", [false(33), false(34)], 0),
        ("nobody saw the end", [false(None)] * 6, 0),
        ("a right one would be lost", [false(33), false(34), false(33), right(32)], 0),
        ("they lasted longer than any wait", [false(200)] * 6, 0),
        ("people had to call by themselves", [false(33)] * 6, 1),
    ],
)
def test_nothing_is_proposed_when(why: str, cases: list[tuple[Label, float | None]], missed: int) -> None:
    assert suggest(DOOR, DEFAULT, seen(*cases, missed=missed)) is None, why


def test_a_right_one_that_went_on_is_only_later() -> None:
    found = suggest(DOOR, DEFAULT, seen(false(33), false(33), false(33), right(None), right(90)))
    assert found is not None
    assert (found.basis.right, found.basis.right_lost) == (2, 0)


def test_where_people_called_first_a_longer_wait_is_proposed_to_end() -> None:
    slow = changed(DEFAULT, STILL.path, 21_600.0)
    found = suggest(STILL, slow, seen(missed=1))
    assert found is not None
    assert (found.was, found.becomes, found.basis.later_s) == (21_600.0, 14_400.0, -7_200.0)
    assert found.basis.expected_false_per_home_week is None


def test_no_proposal_goes_beyond_what_a_wait_may_be() -> None:
    almost = changed(DEFAULT, DOOR.path, 3_500.0)
    found = suggest(DOOR, almost, seen(*[false(59)] * 4))
    assert found is not None
    assert found.becomes == 3_600.0
    assert suggest(DOOR, changed(DEFAULT, DOOR.path, 3_600.0), seen(*[false(61)] * 4)) is None


@pytest.mark.parametrize(
    "person", [Person(), Person(wanders=True), Person(ability_level=3)], ids=["able", "wanders", "dependent"]
)
def test_what_holds_without_a_word_is_what_the_gateways_rules_do(person: Person) -> None:
    plan = Plan(person=person)
    home = Home({}, lambda: AlarmId("1"))
    home.in_force.plan = plan
    assert DOOR.held(plan) == NightDoor(home)._wait_s()
    assert TUNABLE["rules.bed_exit.wait_s"].held(plan) == BedExit(home)._wait_s()
    assert STILL.held(plan) == plan.rules.stillness.wait_s
