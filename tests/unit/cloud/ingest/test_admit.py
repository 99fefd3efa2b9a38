"""Admission: bad records cost nobody else, and an alarm comes through whatever the clock says."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from cloud.ingest.admit import AHEAD, EARLIEST, UNNAMED, Admitted, admit
from cloud.ingest.model import BatchMessage, Delivery, Gateway, Poison
from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmState,
    ClockState,
    DeviceId,
    Event,
    EventKind,
    GatewayId,
    Quality,
    Quantity,
    Reading,
)
from firmware_protocols.wire.envelope import Batch, Gap, Record
from firmware_protocols.wire.topics import Lane
from tests.harness import alarm, reading

NOW = datetime(2026, 5, 1, 3, 0, tzinfo=UTC)
OURS = GatewayId("gw-a")
GATEWAY = Gateway(OURS, shard=3, home_id=1, tenant_id=1, revoked=False)


def judged(
    *records: Record, lane: Lane = Lane.BULK, shard: int = 3, known: Gateway | None = GATEWAY
) -> object:
    batch = Batch(OURS, "e1", lane, 1, "boot", ClockState.UNSYNCED, records)
    message = BatchMessage(Delivery("topic", b"body", NOW), shard, batch)
    return admit(message, {} if known is None else {known.id: known}, NOW)


def admitted(*records: Record, lane: Lane = Lane.BULK, shard: int = 3) -> Admitted:
    result = judged(*records, lane=lane, shard=shard)
    assert isinstance(result, Admitted)
    return result


GOOD = reading(at=NOW)


@pytest.mark.parametrize(
    ("known", "shard", "reason"),
    [
        (None, 3, "unknown gateway"),
        (structs.replace(GATEWAY, revoked=True), 3, "revoked gateway"),
        (GATEWAY, 4, "shard 4, enrolled with 3"),
    ],
)
def test_readings_of_a_stranger_or_a_wrong_shard_are_refused(
    known: Gateway | None, shard: int, reason: str
) -> None:
    result = judged(GOOD, known=known, shard=shard)
    assert isinstance(result, Poison)
    assert result.reason == reason


def test_an_alarm_is_admitted_on_a_wrong_shard() -> None:
    assert len(admitted(alarm(at=NOW), lane=Lane.ALARM, shard=4).records) == 1


@pytest.mark.parametrize("known", [None, structs.replace(GATEWAY, revoked=True)])
def test_an_alarm_of_a_stranger_is_refused(known: Gateway | None) -> None:
    assert isinstance(judged(alarm(at=NOW), lane=Lane.ALARM, known=known), Poison)


@pytest.mark.parametrize(
    "at",
    [NOW + AHEAD + timedelta(seconds=1), EARLIEST - timedelta(seconds=1), datetime(1970, 1, 1, tzinfo=UTC)],
)
def test_a_reading_at_an_impossible_time_is_refused_and_the_one_beside_it_is_not(at: datetime) -> None:
    result = admitted(GOOD, reading(at=at))
    assert result.records == (GOOD,)
    assert "is impossible" in result.refused[0]


@pytest.mark.parametrize("at", [NOW + AHEAD, EARLIEST, NOW - timedelta(days=400)])
def test_late_and_slightly_early_readings_are_admitted(at: datetime) -> None:
    assert admitted(reading(at=at)).refused == ()


def test_an_alarm_at_an_impossible_time_gets_ours_and_keeps_what_was_reported() -> None:
    (record,) = admitted(alarm(at=datetime(1970, 1, 1, tzinfo=UTC)), lane=Lane.ALARM).records
    assert isinstance(record, Alarm)
    assert record.observed_at == NOW
    assert record.evidence["reported_at"] == "1970-01-01T00:00:00+00:00"


def test_an_event_of_the_alarm_lane_at_an_impossible_time_gets_ours() -> None:
    event = Event(DeviceId("pendant"), EventKind.BUTTON, "press", datetime(1970, 1, 1, tzinfo=UTC))
    (record,) = admitted(event, lane=Lane.ALARM).records
    assert record.observed_at == NOW


@pytest.mark.parametrize(
    ("given_s", "kept_s"), [(math.nan, 0.0), (-1.0, 0.0), (math.inf, 600.0), (1e9, 600.0), (20.0, 20.0)]
)
def test_an_impossible_confirmation_window_is_bounded(given_s: float, kept_s: float) -> None:
    (record,) = admitted(alarm(at=NOW, confirm_s=given_s), lane=Lane.ALARM).records
    assert isinstance(record, Alarm)
    assert record.confirm_s == kept_s


def test_an_alarm_loses_what_cannot_be_stored_but_stays_an_alarm() -> None:
    wild = replace(
        alarm(at=NOW), device=DeviceId("a\0b"), evidence={"note": "a\0b"}, actions=("siren", "so\0und")
    )
    (record,) = admitted(wild, lane=Lane.ALARM).records
    assert isinstance(record, Alarm)
    assert (record.device, record.evidence, record.actions) == (UNNAMED, {}, ("siren",))


@pytest.mark.parametrize("lane", list(Lane))
@pytest.mark.parametrize("number", ["", "x" * 65, "no number", "a\0b"])
def test_an_alarm_with_a_number_that_cannot_be_stored_gets_one_that_is_the_same_each_time(
    number: str, lane: Lane
) -> None:
    wild = replace(alarm(at=NOW), id=AlarmId(number))
    (record,) = admitted(wild, lane=lane).records
    (again,) = admitted(replace(wild, state=AlarmState.CANCELLED), lane=lane).records
    assert isinstance(record, Alarm)
    assert isinstance(again, Alarm)
    assert (len(record.id), record.id.isalnum(), again.id) == (26, True, record.id)


@pytest.mark.parametrize(
    "record",
    [
        replace(GOOD, value=math.nan),
        replace(GOOD, value=math.inf),
        replace(GOOD, value=None),
        replace(GOOD, quality=Quality.NOT_WORN),
        replace(GOOD, device=DeviceId("")),
        replace(GOOD, device=DeviceId("x" * 65)),
        replace(GOOD, device=DeviceId("a\0b")),
        Event(DeviceId("d"), EventKind.BUTTON, "a\0b", NOW),
        Event(DeviceId("d"), EventKind.BUTTON, "x" * 201, NOW),
        Gap("e1", Lane.BULK, 5, 4, "full", NOW),
        Gap("e1", Lane.BULK, 0, 4, "full", NOW),
        Gap("e\0", Lane.BULK, 1, 4, "full", NOW),
    ],
)
def test_a_record_that_cannot_be_stored_is_refused_alone(record: Record) -> None:
    result = admitted(GOOD, record)
    assert result.records == (GOOD,)
    assert len(result.refused) == 1


@pytest.mark.parametrize("value", [None])
def test_a_reading_without_a_value_is_admitted_when_its_quality_says_so(value: None) -> None:
    silent = Reading(DeviceId("d"), Quantity.SPO2, value, NOW, Quality.NOT_WORN)
    assert admitted(silent).records == (silent,)
