"""The nouns of ingest: what came in, what was refused, what an alarm looks like once it is stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from cloud.db import Connection
from firmware_protocols.model import Alarm, GatewayId


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


OnAlarm: TypeAlias = Callable[[Connection, StoredAlarm, datetime], Awaitable[None]]
"""Called for each stored alarm record, inside its transaction, behind a savepoint."""
