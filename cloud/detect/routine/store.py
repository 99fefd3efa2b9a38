"""A home's days in the database: what is known of it, read and written.

What this is: rows to values and back; the only reader of ``queries.sql``. What it is not: a decision
(``look``). The one idea: days are kept as they are counted, a kilobyte each, so that an hour's look reads
weeks of a home in one row a day and only today from the roll-up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
from psycopg.types.json import Jsonb

from cloud.db import Connection, Queries
from cloud.detect.routine.findings import Finding
from cloud.detect.routine.follow import LONGEST, Before
from cloud.detect.routine.grid import SLOT_S, SLOTS, Place
from cloud.detect.routine.quarters import UNKNOWN, Bytes, Days, Quarter
from cloud.detect.routine.sensors import KINDS, SIGNS, Sensor, Sign, place_of
from firmware_protocols.model import QUANTITIES

BEHIND_S: Final = 300.0
"""D. A gateway that holds older records than this may hold the sign that is missed."""
_BY_NUMBER: Final = {spec.number: quantity for quantity, spec in QUANTITIES.items()}
_WITHHELD: Final = [quantity.number for quantity in SIGNS]
_EACH: Final = [quantity.number for quantity, sign in SIGNS.items() if sign is Sign.EACH]
_CHANGES: Final = [quantity.number for quantity, sign in SIGNS.items() if sign is Sign.CHANGE]

_SQL: Final = Queries(__package__ or "")


@dataclass(frozen=True, slots=True)
class Watched:
    """A home's row, locked. ``weights``: usual signs a day of each sensor. ``away``: the plan says that the
    person is, and nobody misses them.
    """

    home_id: int
    judged: date | None
    scored: date | None
    hour_score: float | None
    weights: Mapping[int, float]
    time_zone: str
    retired: bool
    away: bool
    market: date | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored day."""

    day: date
    counts: Bytes
    listening: Bytes
    in_bed: Bytes
    hour_score: float | None
    night_score: float | None


async def due(conn: Connection, now: datetime, skip: Sequence[int] = (), limit: int = 100) -> list[int]:
    """Homes to look at."""
    return [row["id"] for row in await _rows(conn, "due_homes", now=now, skip=list(skip), limit=limit)]


async def lock(conn: Connection, home_id: int, now: datetime) -> Watched | None:
    """The home's row, locked until the transaction ends; None while another worker has it, or had it."""
    await conn.execute(_SQL["begin_home"], {"home_id": home_id, "now": now})
    row = next(iter(await _rows(conn, "lock_home", home_id=home_id, now=now)), None)
    if row is None:
        return None
    weights = {int(sensor): float(weight) for sensor, weight in row.pop("weights").items()}
    return Watched(weights=weights, **row)


async def is_withheld(conn: Connection, home_id: int) -> bool:
    """Whether the resident withholds what a routine is made of."""
    (row,) = await _rows(conn, "withheld", home_id=home_id, quantities=_WITHHELD)
    return bool(row["withheld"])


async def sensors(conn: Connection, home_id: int) -> dict[int, Sensor]:
    """The home's devices that tell of a place."""
    found = await _rows(conn, "sensors", home_id=home_id, kinds=sorted(KINDS))
    placed = ((row, place_of(row["kind"], row["room"], row["name"])) for row in found)
    return {row["id"]: Sensor(**row, place=place) for row, place in placed if place is not None}


async def quarters(
    conn: Connection, home_id: int, devices: Sequence[int], since: datetime, until: datetime
) -> list[Quarter]:
    """What ``devices`` said from ``since`` (a midnight, slot 0) up to ``until``."""
    found = await _rows(conn, "quarters", home_id=home_id, devices=list(devices), since=since, until=until)
    return [
        Quarter(
            row["device_id"],
            _BY_NUMBER[row["quantity"]],
            int((row["bucket"] - since).total_seconds()) // SLOT_S,
            row["n"],
            row["sum"],
            row["min"],
            row["max"],
        )
        for row in found
    ]


async def days(conn: Connection, home_id: int, first: date, until: date) -> dict[date, Kept]:
    """The stored days from ``first`` up to, without, ``until``."""
    found = await conn.cursor(binary=True).execute(
        _SQL["days"], {"home_id": home_id, "first": first, "until": until}
    )
    return {row["day"]: _kept(row) for row in await found.fetchall()}


def _kept(row: Mapping[str, Any]) -> Kept:
    return Kept(
        row["day"],
        _bytes(row["counts"]).reshape(SLOTS, len(Place)),
        _bytes(row["listening"]),
        _bytes(row["in_bed"]),
        row["hour_score"],
        row["night_score"],
    )


def _bytes(value: bytes) -> Bytes:
    return np.frombuffer(value, dtype=np.uint8)


def nothing(day: date) -> Kept:
    """A day of which nothing is stored: nobody was listening."""
    return Kept(
        day,
        np.zeros((SLOTS, len(Place)), dtype=np.uint8),
        np.zeros(SLOTS, dtype=np.uint8),
        np.full(SLOTS, UNKNOWN, dtype=np.uint8),
        None,
        None,
    )


async def keep(conn: Connection, home_id: int, first: date, days: Days, scores: Mapping[date, Kept]) -> None:
    """Store ``days`` from ``first`` on; ``scores`` holds the scores that some of them have."""
    for index in range(len(days.counts)):
        day = first + timedelta(days=index)
        one = scores.get(day)
        values = {
            "home_id": home_id,
            "day": day,
            "counts": days.counts[index].tobytes(),
            "listening": days.listening[index].tobytes(),
            "in_bed": days.in_bed[index].tobytes(),
            "hour_score": one.hour_score if one else None,
            "night_score": one.night_score if one else None,
        }
        await conn.execute(_SQL["keep_day"], values)


async def forget_days(conn: Connection, home_id: int, before: date) -> None:
    """Drop the days before ``before``."""
    await conn.execute(_SQL["forget_days"], {"home_id": home_id, "before": before})


async def looked(conn: Connection, home: Watched, due_at: datetime) -> None:
    """Keep what ``home`` says now, and when to look again."""
    values = {
        "home_id": home.home_id,
        "due_at": due_at,
        "judged": home.judged,
        "scored": home.scored,
        "hour_score": home.hour_score,
        "weights": Jsonb({str(sensor): weight for sensor, weight in home.weights.items()}),
    }
    await conn.execute(_SQL["looked"], values)


async def before(conn: Connection, home_id: int, now: datetime) -> list[Before]:
    """What was told of the home and may still stand."""
    return [Before(**row) for row in await _rows(conn, "before", home_id=home_id, since=now - LONGEST)]


async def is_silence(
    conn: Connection, home_id: int, devices: Sequence[int], since: datetime, now: datetime
) -> bool:
    """Whether the silence since ``since`` is one, and unanswered: the gateway is there, nothing moved that no
    roll-up knows yet, and nobody who was called since then has settled it.
    """
    (line,) = await _rows(conn, "connected", home_id=home_id, behind_s=BEHIND_S)
    values = {"home_id": home_id, "since": since, "now": now}
    (room,) = await _rows(conn, "stirred", devices=list(devices), each=_EACH, changes=_CHANGES, **values)
    (people,) = await _rows(conn, "called", **values)
    return bool(line["connected"] and not room["stirred"] and not people["called"])


async def is_feverish(conn: Connection, home_id: int, since: datetime) -> bool:
    """Whether a fever was told since ``since``."""
    (row,) = await _rows(conn, "feverish", home_id=home_id, since=since)
    return bool(row["feverish"])


async def add_finding(  # noqa: PLR0917 - the columns of one row
    conn: Connection,
    home_id: int,
    finding: Finding,
    evidence: Mapping[str, Any],
    alarm_id: str,
    now: datetime,
) -> None:
    values = {
        "home_id": home_id,
        "kind": finding.kind.value,
        "priority": finding.priority,
        "onset": finding.onset,
        "now": now,
        "evidence": Jsonb(dict(evidence)),
        "alarm_id": alarm_id,
    }
    await conn.execute(_SQL["add_finding"], values)


async def source(conn: Connection, device_id: int) -> Mapping[str, Any]:
    """Whose device it is."""
    (row,) = await _rows(conn, "source", device_id=device_id)
    return row


async def _rows(conn: Connection, statement: str, **values: object) -> list[dict[str, Any]]:
    return await (await conn.execute(_SQL[statement], values)).fetchall()
