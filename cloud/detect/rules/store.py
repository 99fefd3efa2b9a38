"""The rules in the database: one look at one home is one decision, in one transaction.

What this is: read what is known, ask ``frame``, write what it says; an alarm is stored and handed to the
incidents exactly as a gateway's. What it is not: a rule. The one idea: a row says when the home is looked
at next, and the look reads everything again, so a kill loses nothing and data that come late are counted
before anybody is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import msgspec
from psycopg.types.json import Jsonb

from cloud.db import Connection, Pool, Queries
from cloud.detect.rules import reading
from cloud.detect.rules.device_days import with_equipment
from cloud.detect.rules.frame import LEAD_IN, LONGEST, Before, End, Raise, look, window
from cloud.detect.rules.habits import DAYS, MIDNIGHT, ONE_DAY, PLUGS, day_of, local_time
from cloud.detect.rules.house import walk
from cloud.detect.rules.model import Finding, Hole, Known, RuleSpec, Sign
from cloud.detect.rules.table import RULES
from cloud.incidents.model import Priority
from cloud.incidents.store import attach_or_open
from cloud.ingest import alarms
from cloud.ingest.admit import UNNAMED
from cloud.ingest.model import Gateway
from cloud.ingest.rows import Device, unnamed
from firmware_protocols.model import (
    PRIORITY,
    Alarm,
    AlarmId,
    AlarmState,
    DeviceId,
    EventKind,
    GatewayId,
    Quantity,
)
from firmware_protocols.supervision import BY_HAND

IN_USE_W: Final = 5.0
"""A plug that gives more is in use; what only waits takes one or two. D."""
BODY_PERCENT: Final = 10.0
"""Radars give breathing a few percent of body movement. D."""
PAUSE: Final = timedelta(minutes=2)
"""Movement that is reported so long after the last report begins anew. D."""
BEHIND: Final = timedelta(minutes=3)
"""A look that knew less than this of the home came while its line was gone: three heartbeats. D."""
PATIENCE: Final = timedelta(minutes=15)
"""A stretch without a word that came so late is taken for one in which nothing was recorded. D."""
_UNKNOWN_FOR: Final = timedelta(hours=1)
"""A home without a gateway is asked for so often. D."""
_REMEMBERED: Final = max([timedelta(days=1), *(spec.cool_down for spec in RULES)])
_MOST_ROWS: Final = 20
_QUANTITIES: Final = (
    Quantity.MOTION,
    Quantity.PRESENCE,
    Quantity.OPENING,
    Quantity.IN_BED,
    Quantity.BODY_MOVEMENT,
    Quantity.POWER,
    Quantity.BATTERY,
)
_LASTING: Final = (Quantity.MOTION, Quantity.BODY_MOVEMENT)
WANTED: Final[Mapping[str, Any]] = {
    "quantities": [quantity.number for quantity in _QUANTITIES],
    "lasting": [quantity.number for quantity in _LASTING],
    "power": Quantity.POWER.number,
    "in_use_w": IN_USE_W,
    "body": Quantity.BODY_MOVEMENT.number,
    "body_percent": BODY_PERCENT,
    "pause": PAUSE,
}
"""What the statement ``signs`` reads of a home, here and for the family's page."""
_LEARNT: Final[Mapping[str, Any]] = {
    **WANTED,
    "quantities": [*WANTED["quantities"], Quantity.WORN.number, Quantity.VIBRATION.number],
}
"""What is read besides of a day that is over: once a day, and not at each look."""
_EVENTS: Final = (EventKind.BUTTON, EventKind.ALL_WELL)

_SQL: Final = Queries(__package__ or "")


async def due(conn: Connection, now: datetime, skip: Sequence[int] = (), limit: int = 100) -> list[int]:
    """Homes to look at."""
    found = await conn.execute(_SQL["due_homes"], {"now": now, "skip": list(skip), "limit": limit})
    return [row["id"] for row in await found.fetchall()]


async def work(pool: Pool, home_id: int, now: datetime) -> bool:
    """Look at one home; ``False`` when another worker does or did."""
    async with pool.connection() as conn, conn.transaction():
        return await look_at(conn, home_id, now)


async def look_at(conn: Connection, home_id: int, now: datetime) -> bool:
    """Look at one home, in the transaction that the caller opened."""
    await conn.execute(_SQL["begin"], {"home_id": home_id})
    if not await _rows(conn, "lock", home_id=home_id, now=now):
        return False
    due_at, until = await _look(conn, home_id, now)
    values = {"home_id": home_id, "due_at": due_at, "until": until, "now": now}
    await conn.execute(_SQL["looked"], values)
    return True


async def _look(conn: Connection, home_id: int, now: datetime) -> tuple[datetime, datetime | None]:
    """When to look again, and up to when the home is known."""
    before = await _before(conn, home_id, now)
    since = window(before, now)
    (home,) = await _rows(conn, "home", home_id=home_id, since=since)
    if home["retired"] or not home["lines"]:
        return now + _UNKNOWN_FOR, None
    known = await _known(conn, home_id, home, since, now)
    await _learn(conn, home_id, home, known)
    looked = look(known, before, RULES)
    for step in looked.steps:
        match step:
            case Raise():
                await _raise(conn, home_id, step.spec, step.finding, now)
            case End():
                await _end(conn, step.before, now)
    return looked.due_at, known.until


async def _known(
    conn: Connection, home_id: int, home: Mapping[str, Any], since: datetime, now: datetime
) -> Known:
    holes = await _holes(conn, home_id, home, since)
    signs = await _signs(conn, home_id, home, since, now)
    first = now.date() - timedelta(days=DAYS + 1)
    habits = reading.habits(await _rows(conn, "habits", home_id=home_id, first=first))
    return reading.known(home, signs, habits, since, now, holes=holes)


async def _holes(conn: Connection, home_id: int, home: Mapping[str, Any], since: datetime) -> list[Hole]:
    """The holes in what is known of the home; the newest is found when it ends."""
    until = reading.known_until(map(reading.line, home["lines"]))
    if until is not None:
        params = {"home_id": home_id, "until": until, "behind": BEHIND, "patience": PATIENCE}
        await conn.execute(_SQL["find_holes"], params)
        await conn.execute(_SQL["forget_holes"], {"home_id": home_id, "since": until - 2 * LONGEST})
    return [
        Hole(row["since"], row["until"]) for row in await _rows(conn, "holes", home_id=home_id, since=since)
    ]


async def _signs(  # noqa: PLR0917 - what is read of which home, and of which time
    conn: Connection,
    home_id: int,
    home: Mapping[str, Any],
    since: datetime,
    until: datetime,
    wanted: Mapping[str, Any] = WANTED,
) -> list[Sign]:
    """What the devices of the home said in that time."""
    params: dict[str, Any] = {"home_id": home_id, "since": since, "until": until}
    by_hand = [one["id"] for one in home["devices"] if one["kind"] in BY_HAND]
    states = await _rows(conn, "signs", **params, **wanted, by_hand=by_hand)
    events = await _rows(conn, "events", **params, events=[kind.value for kind in _EVENTS])
    return [*map(reading.sign, states), *map(reading.event, events)]


async def _learn(conn: Connection, home_id: int, home: Mapping[str, Any], known: Known) -> None:
    """One day more of what is usual; a home that is new to us is learnt a day at each look."""
    day = reading.to_learn(known)
    if day is None:
        return
    begins, ends = local_time(known.plan, day, MIDNIGHT), local_time(known.plan, day + ONE_DAY, MIDNIGHT)
    since = begins - LEAD_IN
    signs = await _signs(conn, home_id, home, since, ends, _LEARNT)
    holes = [
        Hole(row["since"], row["until"]) for row in await _rows(conn, "holes", home_id=home_id, since=since)
    ]
    house = walk(signs, known.devices, known.plan, since, ends, holes=holes)
    plugs = {device.id: device.name for device in known.of_kinds(PLUGS)}
    body = day_of(house, known.plan, day, plugs)
    body = with_equipment(body, signs, house, known.devices, known.plan, day)
    values = {"home_id": home_id, "day": day, "body": Jsonb(msgspec.to_builtins(body))}
    await conn.execute(_SQL["add_habit"], values)
    await conn.execute(_SQL["forget_habits"], {"home_id": home_id, "first": day - timedelta(days=DAYS)})


async def _before(conn: Connection, home_id: int, now: datetime) -> list[Before]:
    found = await _rows(conn, "before", home_id=home_id, since=now - _REMEMBERED)
    return [
        Before(
            row["id"],
            row["rule"],
            row["subject"],
            Priority(row["priority"]),
            row["since"],
            row["found_at"],
            row["ended_at"],
        )
        for row in found
    ]


async def _raise(conn: Connection, home_id: int, spec: RuleSpec, finding: Finding, now: datetime) -> None:
    """Keep what was found, and hand it to the incidents as an alarm; once, whoever looks."""
    source = await _source(conn, home_id, finding.device_id)
    if source is None:
        return
    alarm_id, evidence = _alarm_id(home_id, finding), _evidence(spec, finding)
    values = {
        "home_id": home_id,
        "rule": finding.rule,
        "subject": finding.subject,
        "priority": int(finding.priority),
        "since": finding.since,
        "now": now,
        "device_id": source.device.id,
        "alarm_id": alarm_id,
        "evidence": Jsonb(evidence),
    }
    if await _rows(conn, "add_finding", **values):
        alarm = Alarm(alarm_id, spec.kind, AlarmState.RAISED, source.name, finding.since, evidence)
        await _hand_on(conn, source, alarm, now)


async def _end(conn: Connection, before: Before, now: datetime) -> None:
    (row,) = await _rows(conn, "end_finding", id=before.id, now=now)
    kind = next((spec.kind for spec in RULES if spec.name == row["rule"]), None)
    source = await _device(conn, row["device_id"])
    if kind is not None and source is not None:
        gone = {"restored": True}
        alarm = Alarm(AlarmId(row["alarm_id"]), kind, AlarmState.CANCELLED, source.name, now, gone)
        await _hand_on(conn, source, alarm, now)


@dataclass(frozen=True, slots=True)
class Source:
    """Whose alarm it is."""

    gateway: Gateway
    device: Device
    name: DeviceId


async def gateway_of(conn: Connection, home_id: int) -> Source | None:
    """The home's gateway, as the sender of an alarm that is about no device; ``None``: it has none any
    more.
    """
    row = next(iter(await _rows(conn, "gateway", home_id=home_id)), None)
    if row is None:
        return None
    gateway = Gateway(GatewayId(row["id"]), row["shard"], row["home_id"], row["tenant_id"], row["revoked"])
    return Source(gateway, (await unnamed(conn, [gateway.id]))[gateway.id, UNNAMED], UNNAMED)


async def _source(conn: Connection, home_id: int, device_id: int | None) -> Source | None:
    return await (gateway_of(conn, home_id) if device_id is None else _device(conn, device_id))


async def _device(conn: Connection, device_id: int) -> Source | None:
    row = next(iter(await _rows(conn, "source", device_id=device_id)), None)
    if row is None:
        return None
    gateway = Gateway(
        GatewayId(row["gateway"]), row["shard"], row["home_id"], row["tenant_id"], row["revoked"]
    )
    return Source(gateway, Device(row["device_id"], row["room"], row["kind"]), DeviceId(row["name"]))


async def _hand_on(conn: Connection, source: Source, alarm: Alarm, now: datetime) -> None:
    await alarms.store(conn, source.gateway, [(alarm, source.device)], attach_or_open, now, path="cloud")


def _evidence(spec: RuleSpec, finding: Finding) -> dict[str, Any]:
    """What an incident shows: the sentence's key, its numbers, and the rows it rests on."""
    return {
        "finding": finding.words or finding.rule,
        "situation": spec.number,
        "numbers": dict(finding.numbers),
        "rows": [_row(sign) for sign in finding.rows[:_MOST_ROWS]],
        PRIORITY: int(finding.priority),
    }


def _row(sign: Sign) -> dict[str, Any]:
    return {
        "device": sign.device_id,
        "quantity": sign.what.value,
        "at": sign.at.isoformat(),
        "value": sign.value,
    }


def _alarm_id(home_id: int, finding: Finding) -> AlarmId:
    """The same for the same finding, whoever makes it; a graver one is another alarm."""
    key = f"rule {home_id} {finding.rule} {finding.subject} {finding.since.isoformat()} {finding.priority}"
    return AlarmId(sha256(key.encode()).hexdigest()[:26].upper())


async def _rows(conn: Connection, statement: str, **values: object) -> list[dict[str, Any]]:
    return await (await conn.execute(_SQL[statement], values)).fetchall()
