"""Climbs the ladder: asks the people whom ``escalate`` names, and takes their answers.

What this is: the thin shell around ``next_rung``. What it is not: it does not freeze the ladder (that is part
of opening an incident) nor deliver a message (it queues one). The one idea: an ``escalation`` row with a
``due_at`` is the whole state of a running ladder; without one nobody is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cloud.db import Connection, Queries
from cloud.dispatch import answers, callout
from cloud.dispatch.escalate import Ladder, Plan, Rung, RungState, next_rung
from cloud.dispatch.model import GOING, HELP_WANTED, Answered, Outcome, Said, UnknownToken
from cloud.incidents import rows, store
from cloud.incidents.machine import SETTLED, Detail, Trigger
from cloud.incidents.model import IncidentState
from cloud.incidents.timers import ARRIVE_WITHIN
from cloud.notify import tokens

__all__ = ["Answered", "Outcome", "UnknownToken", "answer", "arrived", "climb", "due"]

SQL: Final = Queries(__package__)

_CLIMBING: Final = frozenset({IncidentState.DISPATCHING, IncidentState.EMERGENCY_SERVICES})


async def due(conn: Connection, now: datetime, skip: Sequence[int] = (), limit: int = 100) -> list[int]:
    """Incidents whose ladder has to be looked at, the most urgent first, without those in ``skip``."""
    params = {"now": now, "skip": list(skip), "limit": limit}
    cursor = await conn.execute(SQL["due_ladders"], params)
    return [row["incident_id"] for row in await cursor.fetchall()]


async def climb(conn: Connection, incident_id: int, now: datetime) -> bool:
    """Ask whoever is next, and look whom the search beside the ladder wants; ``False`` when another worker is
    at it or has just been.

    When nobody is left, the incident goes on to the emergency services (or back into the queue).
    """
    row = await store.hold(conn, incident_id)
    due = None if row is None else await _one(conn, "escalation_for_update", incident_id=incident_id)
    if row is None or due is None:
        return False
    climbs, looks = (at is not None and at <= now for at in (due["due_at"], due["callout_due_at"]))
    if climbs:
        row, at_end = await _climb(conn, row, now)
    if climbs or looks:
        seen = await callout.look(conn, row, now)
        if climbs and at_end and seen.incident.state is row.incident.state:
            await _end(conn, seen, now)
    return climbs or looks


async def _climb(conn: Connection, row: rows.Row, now: datetime) -> tuple[rows.Row, bool]:
    """The incident after this turn of the ladder, and whether nobody is left to ask or to wait for."""
    if row.incident.state not in _CLIMBING:
        await _move(conn, row.id, Plan())
        return row, False
    plan = next_rung(await _ladder(conn, row, now), now)
    await _write(conn, row.id, plan, now)
    if plan.ask:
        record = {"steps": list(plan.ask)}
        return await rows.take(
            conn, row, rows.Step(Trigger.ASK, store.TIMER_ACTOR, now, record=record)
        ), False
    await rows.show(conn, row, now)
    return row, plan.due_at is None


async def _end(conn: Connection, row: rows.Row, now: datetime) -> None:
    """The ladder has ended. As long as somebody who was called may still come, the search says what is next:
    it gives nobody up without naming the emergency services within five minutes.
    """
    if not await callout.hopes(conn, row.id, now):
        await rows.take(conn, row, rows.Step(Trigger.LADDER_ENDED, store.TIMER_ACTOR, now))


async def answer(conn: Connection, token: str, accepted: bool, now: datetime) -> Answered:
    """Take the answer of someone who was asked. Safe to repeat; the last word counts.

    Raises:
        UnknownToken: no message went out with this token.
    """
    return await _said(conn, token, Said.ACCEPT if accepted else Said.DECLINE, now)


async def arrived(conn: Connection, token: str, now: datetime) -> Answered:
    """Someone who was asked is at the door. Of a member of the care circle it says that they go: the operator
    notes their arrival.

    Raises:
        UnknownToken: no message went out with this token.
    """
    return await _said(conn, token, Said.ARRIVED, now)


async def _said(conn: Connection, token: str, said: Said, now: datetime) -> Answered:
    """Take any answer by a link.

    Raises:
        UnknownToken: no message went out with this token.
    """
    asked = await _one(conn, "asked_by", token_hash=tokens.digest(token))
    if asked is None:
        raise UnknownToken
    return await _take(conn, asked, said, now)


async def answer_to(
    conn: Connection, message_id: int, accepted: bool, now: datetime, within: timedelta | None = None
) -> Answered:
    """Like ``answer``, for somebody of whom is known which message they answer: a key pressed in a call, or a
    text sent back. ``within``: in what time they promise to be there.

    Raises:
        UnknownToken: that message asked nobody.
    """
    asked = await _one(conn, "asked_in", message_id=message_id)
    if asked is None:
        raise UnknownToken
    return await _take(conn, asked, Said.ACCEPT if accepted else Said.DECLINE, now, within)


async def _take(
    conn: Connection, asked: Mapping[str, Any], said: Said, now: datetime, within: timedelta | None = None
) -> Answered:
    row = await store.hold(conn, asked["incident_id"], wait=True)
    if row is None:
        raise UnknownToken
    if asked["ask_id"] is not None:
        given = answers.Given(asked["ask_id"], said, now, within, message_id=asked["message_id"])
        return await answers.answer(conn, row, given)
    if row.incident.state in SETTLED:
        return Answered(Outcome.OVER, "")
    rung = next(rung for rung in await _rungs(conn, row.id, now) if rung["step"] == asked["step"])
    said_yes = said is not Said.DECLINE
    return await _answer(conn, row, _Given(asked["message_id"], rung, said_yes, now, within))


@dataclass(frozen=True, slots=True)
class _Given:
    message_id: int
    rung: dict[str, Any]
    accepted: bool
    now: datetime
    within: timedelta | None

    @property
    def actor(self) -> str:
        return f"contact:{self.rung['contact_id']}"

    @property
    def record(self) -> dict[str, Any]:
        return {"step": self.rung["step"], "accepted": self.accepted}


async def _answer(conn: Connection, row: rows.Row, given: _Given) -> Answered:
    named = row.incident.state in GOING and row.incident.responder == given.rung["name"]
    mine = named and given.rung["state"] == RungState.ACCEPTED
    if given.accepted and mine:
        return await _promise_anew(conn, row, given)
    await _keep_answer(conn, row.id, given)
    taken = await rows.take(conn, row, _step(row, given, mine=mine))
    if taken.incident.state in _CLIMBING:
        await conn.execute(SQL["look_again"], {"incident_id": row.id, "now": given.now})
        await rows.show(conn, row, given.now)
    return Answered(_outcome(row, given), taken.incident.responder)


async def _promise_anew(conn: Connection, row: rows.Row, given: _Given) -> Answered:
    """Whoever is on the way already says so again; with another time they are waited for until then."""
    if given.within is not None:
        row = await rows.take(conn, row, _going(given, given.within))
    return Answered(Outcome.GO, row.incident.responder)


def _step(row: rows.Row, given: _Given, *, mine: bool) -> rows.Step:
    if given.accepted and row.incident.state in HELP_WANTED:
        return _going(given, given.within or ARRIVE_WITHIN[row.incident.priority])
    trigger = Trigger.DECLINE if mine and not given.accepted else Trigger.ANSWER
    return rows.Step(trigger, given.actor, given.now, record=given.record)


def _going(given: _Given, within: timedelta) -> rows.Step:
    eta_at = given.now + within
    going = Detail(responder=given.rung["name"], eta_at=eta_at)
    record = {**given.record, "by": eta_at.isoformat()}
    return rows.Step(Trigger.ACCEPT, given.actor, given.now, going, record)


def _outcome(row: rows.Row, given: _Given) -> Outcome:
    if not given.accepted:
        return Outcome.NOTED
    return Outcome.GO if row.incident.state in HELP_WANTED else Outcome.ALREADY_HELPED


async def _keep_answer(conn: Connection, incident_id: int, given: _Given) -> None:
    state = RungState.ACCEPTED if given.accepted else RungState.DECLINED
    params = {"incident_id": incident_id, "step": given.rung["step"], "state": state.value, "now": given.now}
    await conn.execute(SQL["answer_rung"], params)
    message = {"message_id": given.message_id, "now": given.now, "detail": state.value}
    await conn.execute(SQL["answer_message"], message)


async def _ladder(conn: Connection, row: rows.Row, now: datetime) -> Ladder:
    rungs = tuple(
        Rung(
            step=rung["step"],
            relation=rung["relation"],
            has_key=rung["has_key"],
            reachable=rung["reachable"],
            state=RungState(rung["state"]),
            asked_at=rung["asked_at"],
        )
        for rung in await _rungs(conn, row.id, now)
    )
    return Ladder(row.incident.priority, rungs)


async def _write(conn: Connection, incident_id: int, plan: Plan, now: datetime) -> None:
    await _move(conn, incident_id, plan)
    given_up = {"incident_id": incident_id, "steps": list(plan.give_up)}
    await conn.execute(SQL["give_up_rungs"], given_up)
    asked = {"incident_id": incident_id, "steps": list(plan.ask), "now": now}
    await conn.execute(SQL["ask_rungs"], asked)
    await rows.tell(conn, incident_id, list(plan.ask), "ask", now)


async def _move(conn: Connection, incident_id: int, plan: Plan) -> None:
    params = {"incident_id": incident_id, "step": max(plan.ask, default=0), "due_at": plan.due_at}
    await conn.execute(SQL["move_escalation"], params)


async def _rungs(conn: Connection, incident_id: int, now: datetime) -> list[dict[str, Any]]:
    cursor = await conn.execute(SQL["rungs"], {"incident_id": incident_id, "now": now})
    return await cursor.fetchall()


async def _one(conn: Connection, query: str, **params: object) -> dict[str, Any] | None:
    cursor = await conn.execute(SQL[query], params)
    return await cursor.fetchone()
