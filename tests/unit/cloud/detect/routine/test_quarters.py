"""From stored quarters to days: what counts as somebody, and when a home was heard."""

from __future__ import annotations

import numpy as np
import pytest

from cloud.detect.routine.grid import HOUR, SLOTS, Place
from cloud.detect.routine.quarters import Said, days_of, faded
from cloud.detect.routine.sensors import Sensor, place_of
from cloud.series.signs import Quarter
from firmware_protocols.model import Quantity

PIR, DOOR, KETTLE = 1, 2, 3
SENSORS = {
    PIR: Sensor(PIR, "pir", "kitchen", "motion", Place.KITCHEN),
    DOOR: Sensor(DOOR, "door", "hall", "door", Place.FRONT_DOOR),
    KETTLE: Sensor(KETTLE, "kettle", "kitchen", "plug", Place.KITCHEN),
}


def said(sensor: int, quantity: Quantity, slot: int, *values: float) -> Quarter:
    return Quarter(sensor, quantity, slot, len(values), sum(values), min(values), max(values))


def heard(*quarters: Quarter) -> Said:
    slots = {one.sensor: {other.slot for other in quarters if other.sensor == one.sensor} for one in quarters}
    return Said(quarters, {sensor: np.array(sorted(each)) for sensor, each in slots.items()})


def signs(*quarters: Quarter) -> list[tuple[int, Place, int]]:
    counts = days_of(heard(*quarters), SENSORS, {}, SLOTS).counts
    return [(int(slot), Place(int(place)), int(counts[day, slot, place])) for day, slot, place in
            zip(*np.nonzero(counts), strict=True)]  # fmt: skip


def test_each_time_that_somebody_moves_counts_and_a_check_in_does_not() -> None:
    moving = said(PIR, Quantity.MOTION, 30, 0, 1, 1, 0)
    assert signs(moving, said(PIR, Quantity.MOTION, 31, 0)) == [(30, Place.KITCHEN, 2)]


def test_a_door_that_stays_open_is_nobody_and_one_that_moves_is() -> None:
    opened = said(DOOR, Quantity.OPENING, 40, 0, 1)
    open_ = [said(DOOR, Quantity.OPENING, slot, 1, 1, 1) for slot in range(42, 50)]
    shut = said(DOOR, Quantity.OPENING, 50, 0)
    assert [slot for slot, _, _ in signs(opened, *open_, shut)] == [40, 50]


def test_a_kettle_counts_when_it_comes_on_and_not_when_it_goes_off() -> None:
    load = [said(KETTLE, Quantity.POWER, 20 + index, watts) for index, watts in enumerate((0.4, 1800, 0.4))]
    assert signs(*load) == [(21, Place.KITCHEN, 1)]


def test_a_quarter_is_heard_while_sensors_speak_and_for_two_hours_after() -> None:
    words = [said(PIR, Quantity.MOTION, slot, 0) for slot in range(40)]
    listening = days_of(heard(*words), SENSORS, {PIR: 30.0}, SLOTS).listening[0]
    assert set(listening[:40]) == {100}
    assert set(listening[40:]) == {0}


def test_a_thermometer_that_speaks_on_does_not_listen_for_the_sensors_that_fell_silent() -> None:
    words = [
        said(PIR, Quantity.MOTION, 0, 0),
        *(said(DOOR, Quantity.BATTERY, slot, 90) for slot in range(SLOTS)),
    ]
    listening = days_of(heard(*words), SENSORS, {PIR: 30.0, DOOR: 10.0}, SLOTS).listening[0]
    assert set(listening[HOUR:]) == {25}


def test_what_has_not_come_yet_was_not_heard() -> None:
    words = [said(PIR, Quantity.MOTION, slot, 0) for slot in range(40)]
    assert days_of(heard(*words), SENSORS, {PIR: 30.0}, 40).listening[0, 39:41].tolist() == [100, 0]


def test_a_sensor_that_is_gone_counts_less_every_night() -> None:
    weights = {PIR: 30.0, DOOR: 4.0}
    for _ in range(28):
        weights = faded(weights, {DOOR: 28.0}, days=7)
    assert weights[DOOR] == 4.0
    assert weights[PIR] < 2.0


@pytest.mark.parametrize(
    ("kind", "room", "name", "place"),
    [
        ("motion", "living_room", "pir", Place.LIVING),
        ("radar", "study", "radar", Place.LIVING),
        ("bed", "", "mat", Place.BEDROOM),
        ("door", "kitchen", "fridge", Place.FRIDGE),
        ("door", "", "front", Place.FRONT_DOOR),
        ("door", "hall", "back-door", Place.BACK_DOOR),
        ("plug", "kitchen", "kettle", Place.KITCHEN),
        ("smoke", "kitchen", "smoke", None),
    ],
)
def test_a_device_tells_of_its_place(kind: str, room: str, name: str, place: Place | None) -> None:
    assert place_of(kind, room, name) is place
