"""Who counts as tried in a walk through the home, and what the protocol says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from edge_agent.rules.sight import Sight
from edge_agent.settings import Device, DeviceKind
from edge_agent.walk import Protocol, TrialAlarm, Walk, line, text
from firmware_protocols.model import DeviceId, Event, EventKind, Quality, Quantity, Reading

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
IT = DeviceId("it")
PRESS = Event(IT, EventKind.BUTTON, "press", NOON)
BATTERY = Reading(IT, Quantity.BATTERY, 90.0, NOON)
OPEN = Reading(IT, Quantity.OPENING, True, NOON)
SHUT = Reading(IT, Quantity.OPENING, False, NOON)
SMOKE = Reading(IT, Quantity.SMOKE, True, NOON)
NOBODY = Reading(IT, Quantity.HEART_RATE, None, NOON, Quality.NOT_WORN)
PULSE = Reading(IT, Quantity.HEART_RATE, 70.0, NOON)


def walk(kind: DeviceKind = DeviceKind.PENDANT) -> Walk:
    return Walk({IT: Device(IT, kind, "hall")})


@pytest.mark.parametrize(
    ("kind", "sight", "done"),
    [
        (DeviceKind.PENDANT, PRESS, True),
        (DeviceKind.PENDANT, BATTERY, False),
        (DeviceKind.DOOR, OPEN, True),
        (DeviceKind.DOOR, SHUT, False),
        (DeviceKind.SMOKE, SMOKE, True),
        (DeviceKind.HEART_RATE, PULSE, True),
        (DeviceKind.HEART_RATE, NOBODY, False),
        (DeviceKind.CLIMATE, BATTERY, True),
    ],
)
def test_a_device_counts_when_it_did_what_it_is_there_for(kind: DeviceKind, sight: Sight, done: bool) -> None:
    tour = walk(kind)
    assert tour.see(sight, NOON) == []
    assert tour.tried[0].heard_at == NOON
    assert (tour.missing == ()) is done


def test_first_times_stay_and_each_step_is_told_once() -> None:
    told: list[str] = []
    tour = Walk({IT: Device(IT, DeviceKind.PENDANT, "hall")}, lambda one: told.append(line(one)))
    sights: list[Sight] = [BATTERY, BATTERY, PRESS, PRESS]
    for second, sight in enumerate(sights):
        tour.see(sight, NOON + timedelta(seconds=second))
    assert told == ["heard    it (pendant, hall): press it", "ok       it (pendant, hall) 12:00:02"]


def test_a_stranger_does_not_count() -> None:
    tour = walk()
    tour.see(Event(DeviceId("other"), EventKind.BUTTON, "press", NOON), NOON)
    assert tour.missing == tour.tried


def protocol(tour: Walk, committed_s: float | None = 0.3, certificate: str = "PEM") -> Protocol:
    alarm = TrialAlarm("01J", NOON, committed_s)
    return Protocol(
        "gw-a", "0.1", NOON, NOON + timedelta(minutes=9), "synced", tour.tried, alarm, certificate
    )


def test_it_is_passed_only_with_every_device_and_the_alarm_committed() -> None:
    tour = walk()
    assert not protocol(tour).passed
    tour.see(PRESS, NOON)
    assert protocol(tour).passed
    assert not protocol(tour, committed_s=None).passed
    assert not protocol(Walk({})).passed, "a gateway without devices watches nothing"


def test_the_protocol_reads_as_a_page_and_survives_json() -> None:
    tour = walk()
    tour.see(BATTERY, NOON)
    done = protocol(tour, committed_s=None, certificate="")
    assert text(done).splitlines() == [
        "Anban commissioning of gw-a: NOT PASSED",
        "2026-11-20 12:00 to 12:09 UTC, clock synced, program 0.1",
        "heard    it (pendant, hall): press it",
        "MISSING  test alarm 01J: the cloud has not confirmed it",
        "not signed: this gateway is not enrolled",
    ]
    assert msgspec.json.decode(msgspec.json.encode(done), type=Protocol) == done
