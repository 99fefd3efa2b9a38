"""The nouns of an incident: states, priorities, outcome codes, and the views the screens read.

Vocabulary and timers: the alarm-to-visit workflow in ``docs/incidents.md``.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict


class Priority(IntEnum):
    """How fast a person must be helped; the smaller, the faster."""

    LIFE = 1
    URGENT = 2
    TODAY = 3
    PLAN = 4
    INFO = 5


class IncidentState(StrEnum):
    """Where an incident stands."""

    DETECTED = "detected"
    CANCELLED_LOCAL = "cancelled_local"
    RAISED = "raised"
    ACKED = "acked"
    VOICE = "voice"
    TRIAGED = "triaged"
    DISPATCHING = "dispatching"
    EN_ROUTE = "en_route"
    ON_SITE = "on_site"
    EMERGENCY_SERVICES = "emergency_services"
    MONITORING = "monitoring"
    OUTCOME = "outcome"
    RESOLVED = "resolved"
    AUTO_RESOLVED = "auto_resolved"
    FOLLOW_UP = "follow_up"
    CLOSED = "closed"


class OutcomeCode(StrEnum):
    """What it turned out to be; C-codes are the labels that retrain thresholds."""

    A1 = "A1"  # genuine emergency, ambulance
    A2 = "A2"  # genuine, helped at home
    A3 = "A3"  # fire or gas real
    B1 = "B1"  # help wanted, not urgent
    B2 = "B2"  # lonely, reassurance
    C1 = "C1"  # accidental press
    C2 = "C2"  # sensor false
    C3 = "C3"  # rule false
    D1 = "D1"  # device fault
    D2 = "D2"  # test
    E1 = "E1"  # no access
    E2 = "E2"  # away or hospital
    E3 = "E3"  # refused
    F1 = "F1"  # died: silent flow


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class IncidentView(_View):
    """One row of the queue. ``due_at``: the timer that fires next, the state's or the ladder's. ``area``:
    the township, by its statistics code and by name; empty in records from before it was told.
    """

    id: int
    kind: str
    priority: int
    state: IncidentState
    state_since: datetime
    due_at: datetime | None
    observed_at: datetime
    opened_at: datetime
    acked_at: datetime | None
    owner: str | None
    home_id: int
    resident: str
    age: int
    lives_alone: bool
    ability_level: int
    address: str
    room: str
    latitude: float | None
    longitude: float | None
    evidence: dict[str, Any]
    responder: str
    eta_at: datetime | None
    outcome: OutcomeCode | None
    note: str
    closed_at: datetime | None
    version: int
    area: str = ""
    area_name: str = ""


class TimelineEntry(_View):
    """One step in the incident's life."""

    seq: int
    at: datetime
    actor: str
    trigger: str
    from_state: str
    to_state: str
    detail: dict[str, Any]


class RungView(_View):
    """One person on the frozen ladder."""

    step: int
    name: str
    relation: str
    phone: str
    has_key: bool
    state: str
    asked_at: datetime | None
    answered_at: datetime | None


class MessageView(_View):
    """One message and what became of it. The address is masked."""

    id: int
    channel: str
    address: str
    state: str
    attempts: int
    created_at: datetime


class IncidentDetail(_View):
    """Everything the incident pane shows."""

    incident: IncidentView
    timeline: list[TimelineEntry]
    ladder: list[RungView]
    messages: list[MessageView]
    actions: list[str]
    resident_phone: str
    notes: str


class HomeView(_View):
    """One home on the map and in the list."""

    id: int
    resident: str
    age: int
    address: str
    latitude: float | None
    longitude: float | None
    online: bool
    state_at: datetime | None
    open_priority: int | None


class Snapshot(_View):
    """All a console needs to start; ``seq`` is the change id to continue the stream from."""

    seq: int
    now: datetime
    incidents: list[IncidentView]
    homes: list[HomeView]
