"""Valves: shut by what they are for, told until they obey, and a fault when they do not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from edge_agent.valves import EVERY_S, GIVE_UP_S, Valves
from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    DeviceId,
    JsonValue,
    Quantity,
    Reading,
)

NOW = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
GAS, WATER = DeviceId("gas-tap"), DeviceId("water-tap")


@dataclass
class Tap:
    """A home with both kinds of valve, and its clock."""

    at_s: float = 1_000.0
    valves: Valves = field(init=False)

    def __post_init__(self) -> None:
        kinds = {GAS: "gas_valve", WATER: "water_valve"}
        self.valves = Valves(kinds, lambda: self.at_s)

    def alarm(
        self, kind: AlarmKind, state: AlarmState = AlarmState.RAISED, **evidence: JsonValue
    ) -> tuple[str, ...]:
        return self.valves.hear(Alarm(AlarmId("01"), kind, state, DeviceId("sensor"), NOW, evidence))

    def says(self, device: DeviceId, is_open: bool) -> None:
        self.valves.see(Reading(device, Quantity.VALVE, is_open, NOW))

    def faults(self) -> list[DeviceId]:
        return [alarm.device for alarm in self.valves.failed(lambda: AlarmId("02"), NOW)]


@pytest.mark.parametrize(
    ("kind", "valve"),
    [
        (AlarmKind.GAS, [GAS]),
        (AlarmKind.CARBON_MONOXIDE, [GAS]),
        (AlarmKind.SMOKE, [GAS]),
        (AlarmKind.FLOOD, [WATER]),
        (AlarmKind.FALL, []),
    ],
)
def test_each_alarm_shuts_its_own_valve(kind: AlarmKind, valve: list[DeviceId]) -> None:
    tap = Tap()
    assert tap.alarm(kind) == (("valve",) if valve else ())
    assert tap.valves.due() == valve


@pytest.mark.parametrize(
    ("state", "evidence"),
    [(AlarmState.SUSPECTED, {}), (AlarmState.CANCELLED, {}), (AlarmState.RAISED, {"test": True})],
)
def test_a_suspicion_an_end_and_a_test_shut_nothing(
    state: AlarmState, evidence: dict[str, JsonValue]
) -> None:
    tap = Tap()
    assert tap.alarm(AlarmKind.GAS, state, **evidence) == ()
    assert tap.valves.due() == []


def test_a_valve_is_told_again_until_it_says_that_it_is_shut() -> None:
    tap = Tap()
    tap.alarm(AlarmKind.GAS)
    assert tap.valves.due() == [GAS]
    assert tap.valves.due() == []
    tap.says(GAS, is_open=True)
    tap.at_s += EVERY_S
    assert tap.valves.due() == [GAS]
    tap.says(GAS, is_open=False)
    tap.at_s += GIVE_UP_S
    assert (tap.valves.due(), tap.faults()) == ([], [])


def test_a_valve_that_stays_open_is_a_fault_that_is_told_once() -> None:
    tap = Tap()
    tap.alarm(AlarmKind.FLOOD)
    tap.at_s += GIVE_UP_S - 1
    tap.alarm(AlarmKind.FLOOD)  # the sensor goes on calling: the valve gets no more time
    assert tap.faults() == []
    tap.at_s += 1
    assert tap.faults() == [WATER]
    assert tap.faults() == []
