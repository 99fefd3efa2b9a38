"""The nouns of a replay: what was recorded of a home, and what a detector says of it.

What this is: frozen values. What it is not: a reader or a detector. The one idea: whatever the source, a
record is observations in order of time, the plans that were in force, and what people ordered meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from cloud.detect.vitals.model import Day, Person
from edge_agent.rules import FallSign
from firmware_protocols.model import AlarmId, AlarmKind, AlarmState, DeviceId, Event, Reading
from firmware_protocols.wire.plan import DEFAULT, Plan

Observed = Reading | Event | FallSign


class RecordError(ValueError):
    """This cannot be replayed; ``str()`` says why and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a device is (``edge_agent.settings.DeviceKind``) and where it stands (``""``: not known)."""

    kind: str
    room: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """One record of an alarm that was stored when it happened. ``confirm_s``: how long it was asked about."""

    id: AlarmId
    kind: AlarmKind
    state: AlarmState
    device: DeviceId
    at: datetime
    evidence: Mapping[str, Any]
    path: str = ""
    confirm_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Order:
    """What people told the gateway at ``at``: ``cancel``, ``accepted`` or ``closed``, and of which alarm."""

    at: datetime
    name: str
    alarm: AlarmId | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """All that is known of one home.

    ``observed``: by time. ``plans``: from when on which was in force, by time. ``days``: daily means from
    before ``observed`` begins. ``told``: what was said when it happened, by time; empty for data that nobody
    judged. ``checked_in``: whether a device that says nothing new would have been heard all the same.
    ``left_out``: rows that nothing here can read, by what they are.
    """

    name: str
    devices: Mapping[DeviceId, Place]
    observed: tuple[Observed, ...]
    plans: tuple[tuple[datetime, Plan], ...] = ()
    orders: tuple[Order, ...] = ()
    person: Person = field(default_factory=Person)
    days: tuple[Day, ...] = ()
    told: tuple[Told, ...] = ()
    checked_in: bool = True
    left_out: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def begins(self) -> datetime:
        """When the first thing was observed."""
        return self.observed[0].observed_at

    @property
    def ends(self) -> datetime:
        """When the last thing was observed."""
        return self.observed[-1].observed_at

    @property
    def plan(self) -> Plan:
        """The newest plan."""
        return self.plans[-1][1] if self.plans else DEFAULT


@dataclass(frozen=True, slots=True)
class Row:
    """One stored row that a finding rests on. ``said``: the value in the quantity's unit, or the event."""

    device: DeviceId
    what: str
    at: datetime
    said: float | bool | str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says at ``at``.

    ``by``: the detector (``edge``, ``vitals``, ``routine``, ``rules``); ``rule``: its rule. ``state``: that
    of the alarm, or ``asked`` where something is to be measured again, and how that ends. ``priority``: 1 to
    5, ``None`` where nobody is called. ``id``: which of the run's alarms it belongs to. ``since``: when it
    began, if that is not ``at``: the time that its alarm is recorded under.
    """

    at: datetime
    by: str
    rule: str
    kind: str
    state: str
    priority: int | None
    device: str
    room: str
    sentence: str
    numbers: Mapping[str, Any]
    rows: tuple[Row, ...]
    id: str = ""
    since: datetime | None = None

    @property
    def calls(self) -> bool:
        """Whether somebody is called about it."""
        return self.state == AlarmState.RAISED

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two findings of two runs the same, but for when."""
        return self.rule, self.state, self.device
