"""Vital signs in the database: one look at one home is one decision, in one transaction.

What this is: read what was measured, ask ``judge`` and ``follow``, write what they say; an alarm is stored
and handed to the incidents exactly as a gateway's. What it is not: a rule. The one idea: which findings stand
is rows, so any number of workers may look and none says a thing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from psycopg.types.json import Jsonb

from cloud.db import Connection, Pool, Queries
from cloud.detect.vitals.follow import Ask, Before, End, Raise, State, steps
from cloud.detect.vitals.gate import WATCHED
from cloud.detect.vitals.judge import judge
from cloud.detect.vitals.model import RULES, Day, Finding, Limit, Person, Rule, Sample
from cloud.detect.vitals.view import day_of
from cloud.incidents.model import Priority
from cloud.incidents.store import attach_or_open
from cloud.ingest import alarms
from cloud.ingest.model import Gateway
from cloud.ingest.rows import Device
from firmware_protocols.model import (
    PRIORITY,
    QUALITY_NUMBERS,
    QUANTITIES,
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    DeviceId,
    GatewayId,
    Quantity,
)

PACE: Final = timedelta(minutes=5)
"""How often a home is looked at whose sensors never stop. D."""
SPARSE: Final = frozenset(
    {
        Quantity.SYSTOLIC,
        Quantity.DIASTOLIC,
        Quantity.BODY_TEMPERATURE,
        Quantity.BODY_WEIGHT,
        Quantity.BODY_WATER,
        Quantity.GLUCOSE,
    }
)
"""Measured by hand: of these the last days are read."""
READ: Final = frozenset({*WATCHED, Quantity.PULSE_AMPLITUDE})
SAMPLES: Final = timedelta(hours=49)
DENSE: Final = timedelta(hours=1, minutes=30)
"""How far back samples are read, by hand and of sensors that never stop. D."""
DAYS: Final = timedelta(days=37)
"""How far back days are read: a month and a week. D."""
LONGEST: Final = max(spec.cool_down for spec in RULES.values())
"""How far back findings are read."""
_MOST_ROWS: Final = 20
"""Rows that are kept of one finding."""
_BY_NUMBER: Final = {spec.number: quantity for quantity, spec in QUANTITIES.items()}
_QUALITY: Final = {number: quality for quality, number in QUALITY_NUMBERS.items()}

_SQL: Final = Queries(__package__ or "")


async def due(conn: Connection, now: datetime, skip: Sequence[int] = (), limit: int = 100) -> list[int]:
    """Homes to look at."""
    found = await conn.execute(_SQL["due_homes"], {"now": now, "skip": list(skip), "limit": limit})
    return [row["id"] for row in await found.fetchall()]


async def work(pool: Pool, home_id: int, now: datetime) -> bool:
    """Look at one home; ``False`` when another worker does."""
    async with pool.connection() as conn, conn.transaction():
        return await look(conn, home_id, now)


async def look(conn: Connection, home_id: int, now: datetime) -> bool:
    """Look at one home, in the transaction that the caller opened."""
    await conn.execute(_SQL["begin_watch"], {"home_id": home_id})
    if not await _rows(conn, "lock_watch", home_id=home_id):
        return False
    (heard,) = await _rows(conn, "heard", home_id=home_id, now=now)
    judged = judge(
        await _samples(conn, home_id, now),
        await _days(conn, home_id, now),
        await _person(conn, home_id),
        now,
    )
    for step in steps(judged, await _before(conn, home_id, now), now):
        match step:
            case Raise():
                await _raise(conn, home_id, step.finding, step.priority, now)
            case Ask():
                await _ask(conn, home_id, step, now)
            case End():
                await _end(conn, home_id, step, now)
    looked = {"home_id": home_id, "heard_at": heard["at"], "due_at": now + PACE}
    await conn.execute(_SQL["looked"], looked)
    return True


async def _samples(conn: Connection, home_id: int, now: datetime) -> list[Sample]:
    found = await _rows(
        conn,
        "samples",
        home_id=home_id,
        now=now,
        since=now - SAMPLES,
        dense_since=now - DENSE,
        quantities=_numbers(READ),
        sparse=_numbers(SPARSE),
    )
    return [
        Sample(
            row["device_id"],
            _BY_NUMBER[row["quantity"]],
            row["observed_at"],
            row["value"],
            _QUALITY[row["quality"]],
        )
        for row in found
    ]


async def _days(conn: Connection, home_id: int, now: datetime) -> list[Day]:
    found = await _rows(
        conn, "days", home_id=home_id, now=now, first=now - DAYS, quantities=_numbers(WATCHED)
    )
    return [
        Day(_BY_NUMBER[row["quantity"]], day_of(row["bucket"]), row["n"], row["sum"] / row["n"])
        for row in found
    ]


async def _person(conn: Connection, home_id: int) -> Person:
    record = next(iter(await _rows(conn, "record", home_id=home_id)), None)
    limits = {
        _BY_NUMBER[row["quantity"]]: Limit(row["low"], row["high"], row["set_by"])
        for row in await _rows(conn, "limits", home_id=home_id)
    }
    if record is None:
        return Person(limits=limits)
    return Person(record["scale2"], record["oxygen"], limits)


async def _before(conn: Connection, home_id: int, now: datetime) -> list[Before]:
    found = await _rows(conn, "before", home_id=home_id, since=now - LONGEST)
    return [
        Before(
            row["id"],
            Rule(row["rule"]),
            _BY_NUMBER[row["quantity"]],
            State(row["state"]),
            None if row["priority"] is None else Priority(row["priority"]),
            row["observed_at"],
            row["found_at"],
            row["due_at"],
        )
        for row in found
    ]


async def _raise(conn: Connection, home_id: int, finding: Finding, priority: Priority, now: datetime) -> None:
    said = _evidence(finding) | {PRIORITY: int(priority)}
    await _tell(conn, home_id, finding.rows[0].device_id, finding, priority, said, now)


async def _ask(conn: Connection, home_id: int, step: Ask, now: datetime) -> None:
    await _keep(
        conn, home_id, step.finding, State.ASKED, None, _evidence(step.finding), now, due_at=step.due_at
    )


async def _end(conn: Connection, home_id: int, step: End, now: datetime) -> None:
    (row,) = await _rows(conn, "end_finding", id=step.before.id, state=step.state.value)
    if step.unanswered is None:
        return
    evidence = row["evidence"]
    asked = {"asked_for": step.before.rule.value}
    said = evidence | asked | {"finding": Rule.NOT_REPEATED.value, PRIORITY: int(step.unanswered)}
    first = evidence["rows"][0]
    sample = Sample(first["device"], step.before.quantity, step.before.at, first["value"])
    finding = Finding(Rule.NOT_REPEATED, step.before.quantity, {}, (sample,))
    await _tell(conn, home_id, sample.device_id, finding, step.unanswered, said, now)


async def _tell(  # noqa: PLR0917 - one row and one alarm of it
    conn: Connection,
    home_id: int,
    device_id: int,
    finding: Finding,
    priority: Priority,
    said: Mapping[str, Any],
    now: datetime,
) -> None:
    """Keep what was found, and hand it to the incidents as an alarm of the device that measured it."""
    alarm_id = _alarm_id(home_id, finding)
    await _keep(conn, home_id, finding, State.RAISED, priority, said, now, alarm_id=alarm_id)
    (row,) = await _rows(conn, "source", device_id=device_id)
    alarm = Alarm(
        alarm_id, AlarmKind.VITALS, AlarmState.RAISED, DeviceId(row["name"]), finding.at, dict(said)
    )
    gateway = Gateway(
        GatewayId(row["gateway"]), row["shard"], row["home_id"], row["tenant_id"], row["revoked"]
    )
    device = Device(row["device_id"], row["room"], row["kind"])
    await alarms.store(conn, gateway, [(alarm, device)], attach_or_open, now, path="cloud")


async def _keep(  # noqa: PLR0917 - the columns of one row
    conn: Connection,
    home_id: int,
    finding: Finding,
    state: State,
    priority: Priority | None,
    evidence: Mapping[str, Any],
    now: datetime,
    *,
    due_at: datetime | None = None,
    alarm_id: str | None = None,
) -> None:
    values = {
        "home_id": home_id,
        "rule": finding.rule.value,
        "quantity": finding.quantity.number,
        "state": state.value,
        "priority": None if priority is None else int(priority),
        "observed_at": finding.at,
        "now": now,
        "due_at": due_at,
        "evidence": Jsonb(dict(evidence)),
        "alarm_id": alarm_id,
    }
    await conn.execute(_SQL["add_finding"], values)


def _evidence(finding: Finding) -> dict[str, Any]:
    """What an incident shows: the sentence's key, its numbers, and the rows it rests on."""
    return {
        "finding": finding.rule.value,
        "quantity": finding.quantity.value,
        "numbers": dict(finding.numbers),
        "rows": [
            {
                "device": row.device_id,
                "quantity": row.quantity.value,
                "at": row.at.isoformat(),
                "value": row.value,
            }
            for row in finding.rows[:_MOST_ROWS]
        ],
    }


def _alarm_id(home_id: int, finding: Finding) -> AlarmId:
    """The same for the same finding, whoever makes it."""
    key = f"vitals {home_id} {finding.rule} {finding.quantity} {finding.at.isoformat()}"
    return AlarmId(sha256(key.encode()).hexdigest()[:26].upper())


def _numbers(quantities: Iterable[Quantity]) -> list[int]:
    return sorted(quantity.number for quantity in quantities)


async def _rows(conn: Connection, statement: str, **values: object) -> list[dict[str, Any]]:
    return await (await conn.execute(_SQL[statement], values)).fetchall()
