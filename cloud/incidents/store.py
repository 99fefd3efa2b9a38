"""Incidents in the database: each function is one decision, in the transaction that its caller opened.

What this is: lock, ask ``machine``, write what it said. What it is not: it decides nothing, sends nothing,
and never reads a clock. The one idea: everything that follows from a step (timeline, ladder, messages, the
change that screens see) is a row written in the same transaction, so no step is ever half taken.

Locks are taken in one order everywhere: home, incident, escalation, rung, message, command; change at the
commit.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, TypedDict, Unpack

from psycopg.types.json import Jsonb

from cloud.auth import Scope
from cloud.db import Connection
from cloud.incidents import mutes, rows
from cloud.incidents.errors import Conflict, IncidentError, NotFound, Reason, Refused
from cloud.incidents.kinds import KINDS, KindSpec, confirm_until
from cloud.incidents.machine import ACTIONS, SETTLED, Detail, Incident, Trigger, opened
from cloud.incidents.model import IncidentState, IncidentView, OutcomeCode, Priority
from cloud.incidents.mute import Heard
from cloud.incidents.screens import card, detail, open_incidents, snapshot
from cloud.incidents.script import Question, urgency
from cloud.incidents.timers import ARRIVE_WITHIN
from cloud.incidents.transitions import SETTLED_BY_PEOPLE
from cloud.ingest.model import StoredAlarm
from firmware_protocols.model import AlarmState

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
    "due",
    "fire",
    "hold",
    "hold_in_scope",
    "open_incidents",
    "snapshot",
]

TIMER_ACTOR: Final = "timer"

_TRIGGERS: Final = {
    AlarmState.SUSPECTED: Trigger.SUSPECT,
    AlarmState.RAISED: Trigger.ALARM,
    AlarmState.UPDATED: Trigger.UPDATE,
    AlarmState.ACCEPTED: Trigger.UPDATE,
    AlarmState.CANCELLED: Trigger.CANCEL,
}
_ONCE: Final = frozenset({AlarmState.SUSPECTED, AlarmState.RAISED, AlarmState.CANCELLED})
"""States an alarm reaches once; a second record of them is a repeat."""


_FRAMES: Final = "frames"
"""What the devices said before the alarm (``edge_agent.evidence``)."""
_MOST_SHOWN: Final = 2_048
"""Characters of one value. D."""


class ActDetail(TypedDict, total=False):
    """What an action may carry; see the HTTP contract. ``eta_minutes``: from ``now``, at least 1.

    ``dispatch`` with a ``responder``: that person is on the way (EN_ROUTE); without: the ladder runs
    (DISPATCHING). ``reply`` needs a ``question`` and ``yes``, ``close`` an ``outcome``, ``note`` a ``note``.
    """

    priority: int | None
    responder: str
    eta_minutes: int | None
    service: str
    note: str
    outcome: OutcomeCode | None
    question: Question
    yes: bool


# Alarms ------------------------------------------------------------------------------------------------


async def attach_or_open(conn: Connection, alarm: StoredAlarm, now: datetime) -> None:
    """Join ``alarm`` to the home's open incident of its family, or open one.

    Safe to repeat and in any order of an alarm's records: a raise that comes after its own cancel still
    raises, a suspicion that comes after it does not.
    """
    await rows.one(conn, "lock_home", home_id=alarm.home_id)
    heard = await mutes.hear(conn, alarm, now)
    incident_id = await _incident_for(conn, alarm)
    if incident_id is not None:
        await _join(conn, incident_id, alarm, heard, now)
    elif await _opens(conn, alarm):
        await _open(conn, alarm, heard, now)


async def _incident_for(conn: Connection, alarm: StoredAlarm) -> int | None:
    """The incident that this record belongs to: its alarm's own, or the open one of its family."""
    known = await rows.maybe(conn, "incident_of_alarm", **_key(alarm))
    current = await _open_of_family(conn, alarm.home_id, _spec(alarm).family)
    if known is None:
        return current
    own: int = known["incident_id"]
    mine = (await rows.lock(conn, own)).incident
    if _calls_on(mine, alarm):
        return current
    revived = mine.state is IncidentState.CANCELLED_LOCAL and alarm.alarm.state is AlarmState.RAISED
    return current if revived and current is not None else own


def _calls_on(settled: Incident, alarm: StoredAlarm) -> bool:
    """Whether the home calls on after people have settled the alarm: a detector that still smells smoke, a
    fall that was closed while the resident could still cancel it. Then it is a new trouble.
    """
    return (
        settled.state in SETTLED_BY_PEOPLE
        and settled.closed_at is not None
        and settled.closed_at < alarm.alarm.observed_at
        and alarm.alarm.state in {AlarmState.RAISED, AlarmState.UPDATED}
    )


async def _opens(conn: Connection, alarm: StoredAlarm) -> bool:
    """A raise always opens; a cancel never; anything else unless its cancel is already stored."""
    state = alarm.alarm.state
    if state in {AlarmState.RAISED, AlarmState.CANCELLED}:
        return state is AlarmState.RAISED
    return not (await rows.one(conn, "alarm_cancelled", **_key(alarm)))["cancelled"]


async def _open(conn: Connection, alarm: StoredAlarm, heard: Heard, now: datetime) -> None:
    spec, until = _spec(alarm), _confirm_until(alarm, now)
    columns = {
        "tenant_id": alarm.tenant_id,
        "home_id": alarm.home_id,
        "kind": alarm.alarm.kind.value,
        "family": spec.family.value,
        "observed_at": alarm.alarm.observed_at,
        "room": alarm.room,
        "evidence": Jsonb(_shown(alarm)),
    }
    trigger = Trigger.SUSPECT if until else Trigger.ALARM
    step = rows.Step(trigger, _gateway(alarm), now, record=_record(alarm, heard))
    incident_id = await rows.create(conn, columns, opened(heard.priority, now, until), step)
    await _link(conn, incident_id, alarm)


async def _join(conn: Connection, incident_id: int, alarm: StoredAlarm, heard: Heard, now: datetime) -> None:
    row = await rows.lock(conn, incident_id)
    if await _is_repeat(conn, row, alarm):
        await _retime(conn, row, alarm, now)
        return
    trigger = await _trigger(conn, row, alarm, now)
    if row.incident.state in SETTLED and trigger is not Trigger.ALARM:
        return
    await _link(conn, row.id, alarm)
    given = Detail(priority=heard.priority, confirm_until=_confirm_until(alarm, now))
    if _tells_more(row, alarm, heard.priority):
        await _describe(conn, row.id, alarm)
    await rows.take(conn, row, rows.Step(trigger, _gateway(alarm), now, given, _record(alarm, heard)))


def _tells_more(row: rows.Row, alarm: StoredAlarm, priority: Priority) -> bool:
    """Whether the incident is about this alarm from now on: a more urgent one, or the newest of its kind (of
    a graded kind only if it is no less urgent).
    """
    if priority < row.incident.priority:
        return True
    return alarm.alarm.kind.value == row.kind and (
        priority == row.incident.priority or not _spec(alarm).graded
    )


async def _trigger(conn: Connection, row: rows.Row, alarm: StoredAlarm, now: datetime) -> Trigger:
    """What this record means to an incident that may already rest on its alarm."""
    trigger = _TRIGGERS[alarm.alarm.state]
    params: dict[str, Any] = {"incident_id": row.id, "alarm_id": alarm.alarm.id}
    if trigger is Trigger.CANCEL:
        stands = (await rows.one(conn, "other_alarm_stands", **params))["stands"]
        return Trigger.UPDATE if stands else trigger
    if trigger is Trigger.SUSPECT and _confirm_until(alarm, now) is None:
        trigger = Trigger.ALARM
    known = await rows.maybe(conn, "incident_of_alarm", **_key(alarm))
    waiting = {IncidentState.DETECTED, IncidentState.CANCELLED_LOCAL}
    raised_for_it = known is not None and known["incident_id"] == row.id and row.incident.state not in waiting
    return Trigger.UPDATE if raised_for_it else trigger


async def _is_repeat(conn: Connection, row: rows.Row, alarm: StoredAlarm) -> bool:
    if alarm.alarm.state not in _ONCE:
        return False
    params = {"incident_id": row.id, "alarm_id": alarm.alarm.id, "alarm_state": alarm.alarm.state.value}
    known: bool = (await rows.one(conn, "alarm_record_known", **params))["known"]
    return known


async def _retime(conn: Connection, row: rows.Row, alarm: StoredAlarm, now: datetime) -> None:
    """An incident happened when the record that opened it says; that may be put right afterwards."""
    params = {"alarm_id": alarm.alarm.id, "alarm_state": alarm.alarm.state.value}
    times = {"incident_id": row.id, "observed_at": alarm.alarm.observed_at}
    if await rows.maybe(conn, "retime_incident", **params, **times):
        await rows.show(conn, row, now)


async def _link(conn: Connection, incident_id: int, alarm: StoredAlarm) -> None:
    await conn.execute(rows.SQL["link_alarm"], {**_key(alarm), "incident_id": incident_id})


async def _describe(conn: Connection, incident_id: int, alarm: StoredAlarm) -> None:
    params = {"kind": alarm.alarm.kind.value, "room": alarm.room, "evidence": Jsonb(_shown(alarm))}
    await conn.execute(rows.SQL["describe_incident"], {**params, "incident_id": incident_id})


async def _open_of_family(conn: Connection, home_id: int, family: str) -> int | None:
    row = await rows.maybe(conn, "open_incident_of_family", home_id=home_id, family=family)
    return row["id"] if row else None


def _spec(alarm: StoredAlarm) -> KindSpec:
    return KINDS[alarm.alarm.kind]


def _confirm_until(alarm: StoredAlarm, now: datetime) -> datetime | None:
    if alarm.alarm.state is not AlarmState.SUSPECTED or not _spec(alarm).confirmable:
        return None
    return confirm_until(alarm.alarm.observed_at, alarm.alarm.confirm_s, now)


def _key(alarm: StoredAlarm) -> dict[str, Any]:
    return {"home_id": alarm.home_id, "alarm_id": alarm.alarm.id}


def _gateway(alarm: StoredAlarm) -> str:
    return f"gateway:{alarm.gateway}"


def _shown(alarm: StoredAlarm) -> dict[str, Any]:
    """The evidence without what no screen can show: raw frames become their number, anything bulky is left
    out.

    An incident travels to every screen with each of its changes; the alarm's own row keeps the evidence
    whole.
    """
    counted = {
        name: len(value) if name == _FRAMES and isinstance(value, list | tuple) else value
        for name, value in alarm.alarm.evidence.items()
    }
    return {name: value for name, value in counted.items() if len(json.dumps(value)) <= _MOST_SHOWN}


def _record(alarm: StoredAlarm, heard: Heard) -> dict[str, Any]:
    muted = {} if heard.muted is None else {"muted": heard.muted.value}
    return muted | {
        "alarm": alarm.alarm.id,
        "alarm_state": alarm.alarm.state.value,
        "kind": alarm.alarm.kind.value,
        "priority": heard.priority.value,
        "observed_at": alarm.alarm.observed_at.isoformat(),
        "actions": list(alarm.alarm.actions),
    }


# People ------------------------------------------------------------------------------------------------


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
    row = await hold_in_scope(conn, scope, incident_id)
    if row.incident.version != version:
        raise Conflict(await card(conn, incident_id))
    try:
        await rows.take(conn, row, await _step(conn, row, rows.Step(trigger, actor, now), detail))
    except Refused as refused:
        raise replace(refused, current=await card(conn, incident_id)) from refused
    return await card(conn, incident_id)


async def hold_in_scope(conn: Connection, scope: Scope, incident_id: int) -> rows.Row:
    """Lock an incident, home first, for a person; whatever they change beside it comes after this.

    Raises:
        NotFound: no such incident in ``scope``.
    """
    params = {**scope.params, "incident_id": incident_id}
    if await rows.maybe(conn, "lock_home_in_scope", **params) is None:
        raise NotFound
    return await rows.lock(conn, incident_id)


async def _step(conn: Connection, row: rows.Row, asked: rows.Step, given: ActDetail) -> rows.Step:
    """``asked`` with what came along, in the machine's words."""
    trigger, responder = asked.trigger, given.get("responder", "").strip()
    if trigger not in ACTIONS:
        raise Refused(Reason.NOT_AN_ACTION)
    if trigger is Trigger.REOPEN and await _open_of_family(conn, row.home_id, row.family) not in {
        None,
        row.id,
    }:
        raise Refused(Reason.ANOTHER_OPEN)
    if trigger is Trigger.DISPATCH and responder:
        trigger = Trigger.ACCEPT
    within, priority = given.get("eta_minutes"), given.get("priority")
    if trigger is Trigger.REPLY:
        priority = urgency(row.kind, given["question"], yes=given["yes"])
    arrives_in = ARRIVE_WITHIN[row.incident.priority] if within is None else timedelta(minutes=within)
    chosen = Detail(
        priority=Priority(priority) if priority else None,
        owner_id=_staff_id(asked.actor),
        responder=responder,
        eta_at=asked.now + arrives_in,
        outcome=given.get("outcome"),
        note=given.get("note", ""),
    )
    record = {key: value for key, value in given.items() if value not in {None, ""}}
    return replace(asked, trigger=trigger, detail=chosen, record=record)


def _staff_id(actor: str) -> int | None:
    kind, _, number = actor.partition(":")
    return int(number) if kind == "staff" else None


# The clock ---------------------------------------------------------------------------------------------


async def due(conn: Connection, now: datetime, skip: Sequence[int] = (), limit: int = 100) -> list[int]:
    """Incidents whose timer has run out, the most urgent first, without those in ``skip``."""
    params = {"now": now, "skip": list(skip), "limit": limit}
    cursor = await conn.execute(rows.SQL["due_incidents"], params)
    return [row["id"] for row in await cursor.fetchall()]


async def fire(conn: Connection, incident_id: int, now: datetime) -> bool:
    """Fire every mark of this incident's timer that is due; ``False`` when another worker is at it or was."""
    row = await hold(conn, incident_id)
    if row is None or not _is_due(row.incident, now):
        return False
    while _is_due(row.incident, now):
        row = await rows.take(conn, row, rows.Step(Trigger.TIMER, TIMER_ACTOR, now))
    return True


async def hold(conn: Connection, incident_id: int, *, wait: bool = False) -> rows.Row | None:
    """Lock an incident, home first; ``None`` when someone is busy with that home and we do not ``wait``."""
    query = "lock_home_of" if wait else "lock_home_if_free"
    if await rows.maybe(conn, query, incident_id=incident_id) is None:
        return None
    return await rows.lock(conn, incident_id)


def _is_due(incident: Incident, now: datetime) -> bool:
    return incident.due_at is not None and incident.due_at <= now
