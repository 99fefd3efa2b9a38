"""The search for people beside the ladder: what the policy orders, written down, and what people answer.

What this is: the thin shell around ``cloud.respond.policy`` and ``alone``. What it is not: a rule. The one
idea: all is read off rows and decided anew, in the transaction that holds the incident: at each due time,
after each answer and each step; so a kill loses nothing and three workers ask nobody twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from cloud.db import Connection
from cloud.dispatch import search
from cloud.dispatch.model import AT_THE_DESK, CALLING, GOING
from cloud.dispatch.search import POLICY, Search, many, one
from cloud.incidents import rows
from cloud.incidents.machine import SETTLED, Detail, Trigger
from cloud.incidents.model import IncidentState
from cloud.incidents.store import TIMER_ACTOR
from cloud.respond.alone import Care, Stay, watch
from cloud.respond.model import Ask, Callout, Candidate, Kind, Orders, Step, Trip
from cloud.respond.policy import OPEN_FOR, accountable, carry_out, decide, is_late

_SENT: Final = frozenset(
    {IncidentState.DISPATCHING, IncidentState.EN_ROUTE, IncidentState.EMERGENCY_SERVICES}
)
ALONE: Final = "alone"
"""Who asked, beside the policy and ``staff:ID``: the care for a worker who is not heard of."""
SOON: Final = timedelta(minutes=1)
"""Somebody who should be there already is expected so soon."""


async def look(conn: Connection, row: rows.Row, now: datetime) -> rows.Row:
    """Decide anew who is wanted at the door, and write it; its caller holds the incident."""
    found = await search.load(conn, row, now)
    if found is None:
        await conn.execute(search.SQL["rest"], {"incident_id": row.id})
        return row
    if row.incident.state not in CALLING | AT_THE_DESK:
        await _end(conn, row, found, now)
        return row
    callout = _undone(row, found)
    orders = decide(callout, now)
    await _write(conn, row, found, orders, now)
    row = await _step(conn, row, orders, now)
    after = carry_out(callout, orders, now)
    row = await _answer_for(conn, row, found, after, now)
    cared_at = await _care(conn, row, found, now)
    due_at = min((at for at in (orders.due_at, cared_at) if at is not None), default=None)
    kept = {"incident_id": row.id, "due_at": due_at, "done": sorted(after.done) if found.calls else None}
    await conn.execute(search.SQL["keep_search"], kept)
    if orders.ask or orders.relieve or orders.telephone or orders.steps:
        await rows.show(conn, row, now)
    return row


async def hopes(conn: Connection, incident_id: int, now: datetime) -> bool:
    """Whether somebody who was called may still answer, or is on the way."""
    asks = await many(conn, "asks", incident_id=incident_id)
    return any(
        ask["relieved_at"] is None
        and (ask["answer"] == "yes" or (ask["answer"] is None and now < ask["asked_at"] + OPEN_FOR))
        for ask in asks
        if not ask["unreached"]
    )


async def call(
    conn: Connection,
    row: rows.Row,
    found: Search,
    people: Iterable[Candidate],
    now: datetime,
    *,
    asked_by: str,
) -> list[int]:
    """Ask ``people``, and send each their question; the numbers of what was asked now."""
    numbers = []
    for person in people:
        asked = await one(
            conn,
            "ask",
            incident_id=row.id,
            responder_id=person.id,
            now=now,
            asked_by=asked_by,
            night=found.callout.night,
            travel_s=round(person.travel.total_seconds()),
            distance_m=round(person.distance_m),
            in_visit=person.in_visit,
            has_key=person.has_key,
        )
        numbers += [asked["id"]] if asked else []
    await _tell(conn, numbers, "ask", now)
    return numbers


async def relieve(
    conn: Connection, ask_ids: list[int], template: str, now: datetime, *, by: str = POLICY
) -> None:
    """Whoever has heard the question hears that they need not go; the others are not woken any more. Whom a
    person has stood down (``by``: ``staff:ID``) the policy does not ask again.
    """
    relieved = await many(conn, "relieve", ask_ids=ask_ids, now=now, by=by)
    await _tell(conn, [ask["id"] for ask in relieved if ask["heard"]], template, now)


async def newest(conn: Connection, incident_id: int, responder_id: int) -> list[int]:
    """The number of the newest question to somebody about this incident, if there was one."""
    asked = await one(conn, "newest_ask", incident_id=incident_id, responder_id=responder_id)
    return [asked["id"]] if asked else []


async def _tell(conn: Connection, ask_ids: list[int], template: str, now: datetime) -> None:
    if ask_ids:
        await conn.execute(search.SQL["tell"], {"ask_ids": ask_ids, "template": template, "now": now})


async def _write(conn: Connection, row: rows.Row, found: Search, orders: Orders, now: datetime) -> None:
    """Whoever stands here by another way (the ladder's, or sent by name) is nobody to write to."""
    await call(conn, row, found, orders.ask, now, asked_by=POLICY)
    await relieve(conn, _numbers(found, orders.relieve), "relieved", now)
    late = {"ask_ids": _numbers(found, orders.telephone), "now": now}
    await conn.execute(search.SQL["telephone"], late)


def _numbers(found: Search, people: Iterable[int]) -> list[int]:
    return [found.asks[person]["id"] for person in people if person in found.asks]


def _undone(row: rows.Row, found: Search) -> Callout:
    """While the ladder runs the emergency services have not been named: whatever was due before is anew."""
    anew = row.incident.state is IncidentState.DISPATCHING and found.calls
    callout = found.callout
    return replace(callout, done=callout.done - {Step.AMBULANCE}) if anew else callout


async def _step(conn: Connection, row: rows.Row, orders: Orders, now: datetime) -> rows.Row:
    """What is due beside asking. The emergency services are called by the operator, who is told to."""
    if Step.AMBULANCE in orders.steps and row.incident.state is IncidentState.DISPATCHING:
        record = {"steps": list(orders.steps)}
        return await rows.take(conn, row, rows.Step(Trigger.LADDER_ENDED, TIMER_ACTOR, now, record=record))
    if {Step.DUTY_OFFICER, Step.AMBULANCE} & set(orders.steps):
        await conn.execute(search.SQL["page_duty"], {"incident_id": row.id, "template": "page", "now": now})
    return row


async def _end(conn: Connection, row: rows.Row, found: Search, now: datetime) -> None:
    """Nobody is wanted any more: whoever has not arrived is told so."""
    going = [ask["id"] for ask in found.asks.values() if _is_going(ask)]
    if row.incident.state in SETTLED:
        await relieve(conn, going, "settled", now)
    else:
        await relieve(conn, going, "relieved", now)
    await conn.execute(search.SQL["end_search"], {"incident_id": row.id})
    await rows.show(conn, row, now)


def _is_going(ask: search.Row) -> bool:
    return ask["relieved_at"] is None and ask["answer"] != "no" and ask["arrived_at"] is None


# Who answers for the resident --------------------------------------------------------------------------


async def _answer_for(
    conn: Connection, row: rows.Row, found: Search, callout: Callout, now: datetime
) -> rows.Row:
    """Let the incident name the one unit that answers for the resident, if it is one of those called."""
    ask = _unit(callout, now)
    name = found.asks[ask.who.id]["name"] if ask is not None and ask.who.id in found.asks else ""
    if name and name != row.incident.responder and row.incident.state in _SENT:
        assert ask is not None and isinstance(ask.answer, Trip)  # noqa: S101, PT018 - it has a name
        eta_at = max(ask.answer.expected_at, now + SOON)
        going, record = Detail(responder=name, eta_at=eta_at), {"by": eta_at.isoformat()}
        step = rows.Step(Trigger.ACCEPT, f"responder:{ask.who.id}", now, going, record)
        return await rows.take(conn, row, step)
    if row.incident.state in GOING and row.incident.responder in _gone(found) - _coming(found, callout):
        return await rows.take(conn, row, rows.Step(Trigger.DECLINE, TIMER_ACTOR, now))
    return row


def _gone(found: Search) -> set[str]:
    """Who has said no, or was told that they need not go."""
    return {ask["name"] for ask in found.asks.values() if ask["answer"] == "no" or ask["relieved_at"]}


def _coming(found: Search, callout: Callout) -> set[str]:
    """Who goes or is there, by whichever way they were asked; the same person may stand here twice."""
    return {found.names.get(ask.who.id, "") for ask in callout.asks if isinstance(ask.answer, Trip)}


def _unit(callout: Callout, now: datetime) -> Ask | None:
    """Who is accountable; somebody late only while nobody else is surely on the way."""
    sure = tuple(
        ask for ask in callout.asks if isinstance(ask.answer, Trip) and not is_late(callout, ask.answer, now)
    )
    return accountable(replace(callout, asks=sure), now)


# Whoever is alone at the door ---------------------------------------------------------------------------


async def _care(conn: Connection, row: rows.Row, found: Search, now: datetime) -> datetime | None:
    """Look after each worker at the door; when to look again."""
    looks = [
        await _look_after(conn, row, found, ask, now)
        for ask in found.asks.values()
        if search.KINDS[ask["kind"]] is Kind.WORKER and ask["arrived_at"] and not ask["left_at"]
    ]
    return min((at for at in looks if at is not None), default=None)


async def _look_after(
    conn: Connection, row: rows.Row, found: Search, ask: search.Row, now: datetime
) -> datetime | None:
    if ask["spoke_at"] is not None and ask["spoke_at"] > ask["heard_at"]:
        await conn.execute(search.SQL["hear"], {"ask_id": ask["id"], "now": ask["spoke_at"]})
        ask = ask | {"heard_at": ask["spoke_at"], "cared": []}
    done = frozenset(Care(care) for care in ask["cared"])
    stay = Stay(ask["heard_at"], duress=ask["duress_at"] is not None, done=done)
    due = watch(stay, now)
    for care in due.now:
        if care in {Care.RING, Care.RING_AGAIN}:
            await _tell(conn, [ask["id"]], "well", now)
        else:
            await conn.execute(
                search.SQL["page_duty"], {"incident_id": row.id, "template": care.value, "now": now}
            )
        if care is Care.SEND_COLLEAGUE:
            await call(conn, row, found, _colleague(found), now, asked_by=ALONE)
    if due.now:
        await conn.execute(search.SQL["care"], {"ask_id": ask["id"], "cared": sorted(done | set(due.now))})
        await rows.show(conn, row, now)
    return due.due_at


def _colleague(found: Search) -> list[Candidate]:
    """The worker who would be there first, of those who were not asked."""
    others = [one for one in found.callout.candidates if one.kind is Kind.WORKER and one.id not in found.asks]
    return sorted(others, key=lambda one: (one.travel, one.id))[:1]
