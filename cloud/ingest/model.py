"""The nouns of ingest: what came in, what was refused, what an alarm looks like once it is stored.

Those of which every message needs one are structs of msgspec: a frozen dataclass takes four times as long to
make.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from firmware_protocols.model import Alarm, GatewayId
from firmware_protocols.wire.control import Result, State
from firmware_protocols.wire.envelope import Batch
from firmware_protocols.wire.plain import PlainBatch
from firmware_protocols.wire.topics import Lane


@dataclass(frozen=True, slots=True)
class StoredAlarm:
    """One record of an alarm, in the transaction that stores it.

    ``room`` is the device's, ``""`` when nobody said. ``alarm.observed_at`` is the sensor's time, or the
    cloud's where the gateway's clock was impossible (then ``alarm.evidence["reported_at"]`` holds what it
    said).
    """

    alarm: Alarm
    tenant_id: int
    home_id: int
    gateway: GatewayId
    device_id: int
    room: str
    stored_at: datetime


class Delivery(Struct, frozen=True):
    """One message as the broker handed it over.

    ``mid`` is its number within the connection ``session``; an acknowledgement is worth something only there.
    ``received_at``: the cloud's clock. ``retained``: it was sent some time ago, before we asked.
    """

    topic: str
    payload: bytes
    received_at: datetime
    mid: int = 0
    session: int = 0
    retained: bool = False


class Gateway(Struct, frozen=True):
    """What enrolment says of a gateway. ``withholds``: at some time its home's resident did not allow
    something that it can measure, so its records are looked at one by one.
    """

    id: GatewayId
    shard: int
    home_id: int
    tenant_id: int
    revoked: bool
    withholds: bool = False


class Identity(Struct, frozen=True):
    """What makes a batch the same batch: ``(gateway, epoch, lane, first)``, and how many records it
    claims.
    """

    gateway: GatewayId
    epoch: str
    lane: Lane
    first: int
    n: int


@dataclass(frozen=True, slots=True)
class BatchMessage:
    """A delivery that is a valid batch, sent below the prefix of its own gateway."""

    delivery: Delivery
    shard: int
    batch: Batch


class PlainMessage(Struct, frozen=True):
    """A delivery that is a batch of readings beyond doubt, but for what only the database knows."""

    delivery: Delivery
    shard: int
    gateway: GatewayId
    batch: PlainBatch


@dataclass(frozen=True, slots=True)
class StateMessage:
    """A delivery that is a gateway's state."""

    delivery: Delivery
    shard: int
    gateway: GatewayId
    state: State


@dataclass(frozen=True, slots=True)
class ResultMessage:
    """A delivery that says what became of a command."""

    delivery: Delivery
    shard: int
    gateway: GatewayId
    result: Result


@dataclass(frozen=True, slots=True)
class Poison:
    """A delivery that cannot be stored as what it claims to be; it goes to quarantine whole.

    ``gateway`` is the topic's, where it has one. ``identity`` is known when the body says which batch it is,
    although it does not parse. ``same``: what a repeat has in common (by default its payload).
    """

    delivery: Delivery
    reason: str
    gateway: GatewayId | None = None
    shard: int = -1
    identity: Identity | None = None
    same: bytes | None = None


Message: TypeAlias = BatchMessage | PlainMessage | StateMessage | ResultMessage | Poison
