"""Whether a batch may be stored, and which of its records. Pure.

Two rules stand above the rest. A bad record never costs the good ones beside it. And an alarm is not
refused for a wrong clock or a wrong shard: a gateway that has lost the time still has a person calling
through it, so the alarm is stored with the cloud's time.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from cloud.ingest.model import BatchMessage, Gateway, Poison
from firmware_protocols.model import (
    Alarm,
    AlarmId,
    ClockState,
    DeviceId,
    Event,
    GatewayId,
    JsonValue,
    Quality,
    Reading,
)
from firmware_protocols.wire.envelope import Anchor, Gap, Record
from firmware_protocols.wire.topics import Lane

EARLIEST: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""No gateway existed before. A clock that was never set may say so, and is put right later (``timeline``)."""
OLDEST: Final = timedelta(days=400)
"""[D] By a clock that was set: no outbox holds more, and readings are kept for 13 months."""
AHEAD: Final = timedelta(minutes=5)
"""How far a gateway's clock may run before ours. More would make partitions in the far future."""
LATE: Final = timedelta(minutes=5)
"""[D] A record that comes later than this after it was taken was held up: by an outage, not by grouping."""
LONGEST_NAME: Final = 64
LONGEST_TEXT: Final = 200
LONGEST_CONFIRM_S: Final = 600.0
UNNAMED: Final = DeviceId("unnamed")
"""The device of an alarm whose device name cannot be stored."""
_VALUELESS: Final = {Quality.NO_VALUE, Quality.OUT_OF_RANGE, Quality.NOT_WORN}


@dataclass(frozen=True, slots=True)
class Admitted:
    """A batch that will be stored: the records that go to the tables and why the others do not."""

    message: BatchMessage
    gateway: Gateway
    records: tuple[Record, ...]
    refused: tuple[str, ...] = ()


def admit(message: BatchMessage, gateways: Mapping[GatewayId, Gateway], now: datetime) -> Admitted | Poison:
    """Judge one batch against what enrolment says of its gateway."""
    batch = message.batch
    gateway = gateways.get(batch.gateway)
    reason = stranger(gateway)
    if gateway is None or reason:
        return Poison(message.delivery, reason, batch.gateway, message.shard)
    if "\0" in batch.epoch:
        return Poison(message.delivery, "epoch has a NUL character", batch.gateway, message.shard)
    alarm_lane = batch.lane is Lane.ALARM
    if message.shard != gateway.shard and not alarm_lane:
        return Poison(message.delivery, wrong_shard(message.shard, gateway), batch.gateway, message.shard)
    records = [
        _repaired(record, now) if alarm_lane or isinstance(record, Alarm) else record
        for record in batch.records
    ]
    unset = batch.clock is ClockState.UNSYNCED
    earliest = EARLIEST if unset else oldest(now)
    faults = [_fault(record, earliest, now) for record in records]
    return Admitted(
        message,
        gateway,
        tuple(record for record, fault in zip(records, faults, strict=True) if fault is None),
        tuple(fault for fault in faults if fault is not None),
    )


def stranger(gateway: Gateway | None) -> str:
    """Why nothing is taken from this gateway, ``""`` if it is one of ours."""
    if gateway is None:
        return "unknown gateway"
    return "revoked gateway" if gateway.revoked else ""


def wrong_shard(shard: int, gateway: Gateway) -> str:
    """The reason for a topic with another shard than the enrolled one."""
    return f"shard {shard}, enrolled with {gateway.shard}"


def oldest(now: datetime) -> datetime:
    """The earliest time that a clock which was set may say."""
    return max(EARLIEST, now - OLDEST)


def youngest(now: datetime) -> datetime:
    """The latest time that any clock may say."""
    return now + AHEAD


def _possible(at: datetime, earliest: datetime, now: datetime) -> bool:
    return earliest <= at <= youngest(now)


def _repaired(record: Record, now: datetime) -> Record:
    """A record of the alarm lane, or an alarm in the other, with what is impossible in it replaced by what is
    safe.
    """
    if isinstance(record, Anchor):
        return record  # its time is all it says: an impossible one is refused
    at = record.observed_at if _possible(record.observed_at, EARLIEST, now) else now
    if not isinstance(record, Alarm):
        return replace(record, observed_at=at)
    reported: dict[str, JsonValue] = {}
    if at != record.observed_at:
        reported["reported_at"] = record.observed_at.isoformat()
    evidence = record.evidence if "\\u0000" not in json.dumps(record.evidence) else {}
    confirm_s = min(record.confirm_s, LONGEST_CONFIRM_S) if record.confirm_s > 0 else 0.0  # NaN is not > 0
    return replace(
        record,
        id=_storable_id(record.id),
        observed_at=at,
        evidence={**evidence, **reported},
        confirm_s=confirm_s,
        device=UNNAMED if name_fault(record.device) else record.device,
        actions=tuple(action for action in record.actions if not _text_fault(action)),
    )


def _fault(record: Record, earliest: datetime, now: datetime) -> str | None:
    """Why this record cannot be stored."""
    if not _possible(record.observed_at, earliest, now):
        return f"time {record.observed_at.isoformat()} is impossible"
    match record:
        case Reading():
            return name_fault(record.device) or _value_fault(record)
        case Event():
            return name_fault(record.device) or _text_fault(record.detail)
        case Alarm():
            return None  # it was repaired
        case Gap():
            return _text_fault(record.epoch + record.reason) or _range_fault(record)
        case Anchor():
            return None


def name_fault(name: str) -> str | None:
    """Why a device cannot be called so."""
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        return "device name is empty, too long or unprintable"
    return None


def _text_fault(text: str) -> str | None:
    return "text has a NUL character or is too long" if "\0" in text or len(text) > LONGEST_TEXT else None


def _value_fault(reading: Reading) -> str | None:
    if reading.value is None:
        return None if reading.quality in _VALUELESS else f"{reading.quantity} has no value"
    if reading.quality in _VALUELESS:
        return f"{reading.quantity} has a value although it is {reading.quality}"
    return None if math.isfinite(reading.value) else f"{reading.quantity} is not finite"


def _storable_id(alarm: AlarmId) -> AlarmId:
    """``alarm``, or what stands for it wherever it comes again when it cannot be stored."""
    if 1 <= len(alarm) <= LONGEST_NAME and alarm.isalnum():
        return alarm
    return AlarmId(sha256(alarm.encode()).hexdigest()[:26].upper())


def _range_fault(gap: Gap) -> str | None:
    return None if 1 <= gap.first <= gap.last < 2**53 else f"gap {gap.first}-{gap.last} is no range"
