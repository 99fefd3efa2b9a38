"""Which readings are kept: what is new at once, the unchanged once a minute, each vital taken by hand."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.thin import ANNOUNCED_BY, EACH, KEPT_EVERY, TOLERANCES, Thinning
from firmware_protocols.model import DeviceId, Event, EventKind, Quality, Quantity, Reading
from tests.unit.edge_agent.household import NOON, after

BED, DOOR, CUFF = map(DeviceId, ("bed", "door", "cuff"))


def distance(metres: float | None, seconds: float, device: DeviceId = BED) -> Reading:
    quality = Quality.NO_VALUE if metres is None else Quality.GOOD
    return Reading(device, Quantity.DISTANCE, metres, after(seconds), quality)


def kept(*readings: Reading) -> list[Reading]:
    thinning = Thinning()
    return [reading for reading in readings if thinning.keeps(reading)]


def test_the_same_is_kept_once_a_minute() -> None:
    stream = [distance(2.0, tenth / 10) for tenth in range(1800)]
    assert [reading.observed_at for reading in kept(*stream)] == [after(s) for s in (0, 55, 110, 165)]


def test_a_device_that_reports_once_a_minute_by_a_clock_of_its_own_keeps_every_report() -> None:
    stream = [distance(2.0, minute * 60 + wander) for minute, wander in enumerate((0, -1.5, 2, 0.5, -2))]
    assert kept(*stream) == stream


def test_something_new_is_kept_at_once_and_so_is_the_way_back() -> None:
    stream = [distance(2.0, 0), distance(2.3, 0.1), distance(2.0, 0.2)]
    assert kept(*stream) == stream


def test_a_value_that_creeps_is_followed() -> None:
    """Each step alone is below the tolerance; compared with the one before, it would be lost for a minute."""
    stream = [distance(2.0 + step * 0.05, step / 10) for step in range(41)]
    values = [float(reading.value or 0) for reading in kept(*stream)]
    assert values[0] == 2.0
    steps = [later - earlier for earlier, later in pairwise(values)]
    assert all(0.2 < step < 0.3 for step in steps)
    assert values[-1] > 3.7


@pytest.mark.parametrize("base", [0.1, 1.0, 2.0, 5.9])
def test_exactly_the_tolerance_is_the_same_whatever_binary_fractions_make_of_it(base: float) -> None:
    assert len(kept(distance(base, 0), distance(base + 0.2, 1), distance(base - 0.2, 2))) == 1


def test_a_state_that_changes_is_kept_at_once_and_its_repeats_are_not() -> None:
    states = (True, True, False, False, True)
    stream = [Reading(DOOR, Quantity.OPENING, value, after(n)) for n, value in enumerate(states)]
    assert [reading.value for reading in kept(*stream)] == [True, False, True]


def test_no_value_is_something_new_and_its_repeats_are_not() -> None:
    stream = [distance(2.0, 0), distance(None, 1), distance(None, 2), distance(2.0, 3)]
    assert kept(*stream) == [stream[0], stream[1], stream[3]]


def test_another_reason_for_no_value_is_something_new() -> None:
    stream = [
        Reading(BED, Quantity.SPO2, None, after(n), quality)
        for n, quality in enumerate((Quality.NO_VALUE, Quality.NOT_WORN, Quality.NOT_WORN))
    ]
    assert kept(*stream) == stream[:2]


def test_an_estimate_is_not_the_measurement_it_equals() -> None:
    stream = [
        Reading(BED, Quantity.SPO2, 97.0, after(n), quality)
        for n, quality in enumerate((Quality.GOOD, Quality.ESTIMATED))
    ]
    assert kept(*stream) == stream


def test_devices_and_quantities_do_not_thin_each_other() -> None:
    stream = [
        distance(2.0, 0),
        distance(2.0, 0.1, DOOR),
        Reading(BED, Quantity.HEIGHT, 2.0, after(0.2)),
        distance(2.0, 0.3),
    ]
    assert kept(*stream) == stream[:3]


# -- vital signs taken by hand ------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", sorted(EACH))
def test_each_measurement_taken_by_hand_and_each_beat_counts_however_alike(quantity: Quantity) -> None:
    stream = [Reading(CUFF, quantity, 120.0, after(n)) for n in range(5)]
    assert kept(*stream) == stream


def test_a_second_spot_check_with_the_same_result_is_kept() -> None:
    stream = [Reading(CUFF, Quantity.SPO2, 93.0, after(minutes * 60)) for minutes in (0, 5, 10)]
    assert kept(*stream) == stream


def test_measurements_of_yesterday_handed_over_at_once_are_kept() -> None:
    """A spot device connects and delivers what it stored: the same value, taken hours apart, oldest last."""
    stream = [Reading(CUFF, Quantity.SPO2, 93.0, NOON - timedelta(hours=hours)) for hours in (0, 3, 8, 24)]
    assert kept(*stream) == stream


def test_one_percent_of_oxygen_is_a_step_that_people_are_judged_by() -> None:
    stream = [Reading(CUFF, Quantity.SPO2, value, after(n)) for n, value in enumerate((94.0, 93.0, 92.0))]
    assert kept(*stream) == stream


# -- events -------------------------------------------------------------------------------------------


def fallen(seconds: float, device: DeviceId = BED) -> Event:
    return Event(device, EventKind.FALL_SUSPECTED, "radar", after(seconds))


def fall_state(value: bool, seconds: float) -> Reading:
    return Reading(BED, Quantity.FALL_STATE, value, after(seconds))


def test_the_event_of_a_fall_is_kept_with_the_state_that_announces_it() -> None:
    thinning = Thinning()
    told = [
        (thinning.keeps(fall_state(True, second)), thinning.keeps(fallen(second))) for second in range(60)
    ]
    assert [second for second, kept in enumerate(told) if any(kept)] == [0, 55]
    assert all(state is event for state, event in told)


def test_a_second_fall_after_getting_up_is_an_event_of_its_own() -> None:
    thinning = Thinning()
    one, other = (fall_state(True, 0), fallen(0)), (fall_state(True, 5), fallen(5))
    assert all(thinning.keeps(report) for report in (*one, fall_state(False, 3), *other))


def test_an_event_that_no_state_announces_is_kept_each_time() -> None:
    """A wearable tells of falls and has no fall state; another radar's state is not its own."""
    thinning = Thinning()
    assert thinning.keeps(fall_state(True, 0))
    assert all(thinning.keeps(fallen(tenth / 10, DOOR)) for tenth in range(5))
    assert thinning.keeps(fall_state(False, 1))
    assert thinning.keeps(fallen(1.5))


@pytest.mark.parametrize("kind", sorted(set(EventKind) - set(ANNOUNCED_BY)))
def test_every_other_event_is_an_occurrence(kind: EventKind) -> None:
    thinning = Thinning()
    assert all(thinning.keeps(Event(DOOR, kind, "press", after(0))) for _ in range(5))
    assert thinning.thinned == 0


# -- the clock ----------------------------------------------------------------------------------------


def test_a_clock_that_steps_back_does_not_silence_a_device() -> None:
    stream = [distance(2.0, 3600), distance(2.0, 0), distance(2.0, 60)]
    assert kept(*stream) == stream


# -- in general ---------------------------------------------------------------------------------------

readings = st.builds(
    Reading,
    st.sampled_from([BED, DOOR]),
    st.sampled_from(sorted(TOLERANCES)),
    st.floats(0, 300),
    st.floats(0, 600).map(after),
)


@given(st.lists(readings, max_size=60).map(lambda found: sorted(found, key=lambda r: r.observed_at)))
def test_whatever_is_left_out_was_said_by_a_kept_reading_less_than_a_minute_before(
    stream: list[Reading],
) -> None:
    thinning, last = Thinning(), dict[tuple[DeviceId, Quantity], Reading]()
    left_out = 0
    for reading in stream:
        key = reading.device, reading.quantity
        if thinning.keeps(reading):
            last[key] = reading
            continue
        left_out += 1
        assert reading.observed_at - last[key].observed_at < KEPT_EVERY
        assert abs(float(reading.value or 0) - float(last[key].value or 0)) <= TOLERANCES[key[1]] + 1e-6
    assert thinning.thinned == left_out


def test_only_numbers_have_a_tolerance() -> None:
    assert all(quantity.unit and tolerance > 0 for quantity, tolerance in TOLERANCES.items())
    assert not EACH & set(TOLERANCES)
