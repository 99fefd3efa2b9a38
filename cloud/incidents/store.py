"""Incidents in the database: each function is one decision, in the transaction that its caller opened.

What this is: read a row under lock, ask ``machine``, write what it said. What it is not: it decides nothing,
sends nothing, and never reads a clock. The one idea: everything that follows from a step (timeline, ladder,
messages, the change that screens see) is a row written in the same transaction, so no step is half taken.

Locks are taken in one order everywhere: home, incident, escalation, rung, message, change.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict, Unpack

from cloud.auth import Scope
from cloud.db import Connection
from cloud.incidents.errors import Conflict, IncidentError, NotFound, Refused
from cloud.incidents.machine import Trigger
from cloud.incidents.model import IncidentDetail, IncidentView, OutcomeCode, Snapshot
from cloud.ingest.model import StoredAlarm

__all__ = [
    "ActDetail",
    "Conflict",
    "IncidentError",
    "NotFound",
    "Refused",
    "Trigger",
    "act",
    "attach_or_open",
    "detail",
    "fire_due",
    "open_incidents",
    "snapshot",
]


class ActDetail(TypedDict, total=False):
    """What an action may carry; see the HTTP contract. ``eta_minutes``: 1-1440, from ``now``.

    ``dispatch`` with a ``responder``: that person is on the way (EN_ROUTE); without: the ladder runs
    (DISPATCHING). ``close`` needs an ``outcome``, ``note`` a ``note``.
    """

    priority: int | None
    responder: str
    eta_minutes: int | None
    service: str
    note: str
    outcome: OutcomeCode | None


async def attach_or_open(conn: Connection, alarm: StoredAlarm, now: datetime) -> None:
    """Join ``alarm`` to the home's open incident of its family, or open one. Safe to repeat, in any order."""


async def act(  # noqa: PLR0917 - the contract at the seam
    conn: Connection,
    scope: Scope,
    incident_id: int,
    trigger: Trigger,
    actor: str,
    now: datetime,
    version: int,
    **detail: Unpack[ActDetail],
) -> IncidentView:
    """Take one step for a person. ``actor``: ``staff:ID``. ``version``: of the incident they were looking at.

    Raises:
        NotFound: no such incident in ``scope``.
        Conflict: ``version`` is old.
        Refused: the state does not allow it, or something it needs is missing; ``reason`` is a screen key.
    """
    raise NotFound


async def fire_due(conn: Connection, now: datetime) -> int:
    """Fire the timers that are due, each in a transaction of its own; return how many incidents moved."""
    return 0


async def snapshot(conn: Connection, scope: Scope, now: datetime) -> Snapshot:
    """Open incidents and homes in ``scope``, and the change id to continue from."""
    return Snapshot(seq=0, now=now, incidents=await open_incidents(conn, scope, now), homes=[])


async def open_incidents(conn: Connection, scope: Scope, now: datetime) -> list[IncidentView]:
    """The queue: priority first, then the longest waiting."""
    return []


async def detail(conn: Connection, scope: Scope, incident_id: int) -> IncidentDetail:
    """One incident with its timeline, ladder and messages, and what a person may do now.

    Raises:
        NotFound: no such incident in ``scope``.
    """
    raise NotFound
