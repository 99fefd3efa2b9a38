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
from cloud.detect.routine.quarters import UNKNOWN, Bytes, Days, Said
from cloud.detect.routine.sensors import KINDS, Sensor, place_of
from cloud.series.signs import SIGNS, Quarter, Sign
from firmware_protocols.model import QUANTITIES

BEHIND_S: Final = 300.0
"""D. A gateway that holds older records than this may hold the sign that is missed."""
_BY_NUMBER: Final = {spec.number: quantity for quantity, spec in QUANTITIES.items()}
_WITHHELD: Final = [quantity.number for quantity in SIGNS]
_EACH: Final = [quantity.number for quantity, sign in SIGNS.items() if sign is Sign.EACH]
_CHANGES: Final = [quantity.number for quantity, sign in SIGNS.items() if sign is Sign.CHANGE]
_STATES: Final = [quantity.number for quantity, sign in SIGNS.items() if sign is not Sign.EACH]

_SQL: Final = Queries(__package__ or "")


@dataclass(frozen=True, slots=True)
class Watched:
    """A home's row, locked. ``weights``: usual signs a day of each sensor. ``away``: the plan says that the
    person is, and nobody misses them. ``withheld``: they keep what a routine is made of to themselves.
    """

    home_id: int
    judged: date | None
    scored: date | None
    hour_score: float | None
    weights: Mapping[int, float]
    time_zone: str
    retired: bool
    away: bool
    withheld: bool
    market: date | None
    sensors: Mapping[int, Sensor]


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
    asked = {"home_id": home_id, "now": now, "quantities": _WITHHELD, "kinds": sorted(KINDS)}
    found = await _rows(conn, "lock_home", **asked)
    if not found and await _rows(conn, "begin_home", home_id=home_id, now=now):
        found = await _rows(conn, "lock_home", **asked)
    return _watched(found[0]) if found else None


def _watched(row: dict[str, Any]) -> Watched:
    weights = {int(sensor): float(weight) for sensor, weight in row.pop("weights").items()}
    placed = ((one, place_of(one["kind"], one["room"], one["name"])) for one in row.pop("devices"))
    sensors = {one["id"]: Sensor(**one, place=place) for one, place in placed if place is not None}
    return Watched(weights=weights, sensors=sensors, **row)


async def said(
    conn: Connection, home_id: int, devices: Sequence[int], since: datetime, until: datetime
) -> Said:
    """What ``devices`` said from ``since`` (a midnight, slot 0) up to ``until``."""
    asked: dict[str, Any] = {"home_id": home_id, "devices": list(devices), "since": since, "until": until}
    signs = await _rows(conn, "quarters", **asked, changes=_STATES)
    words = await _rows(conn, "words", **asked, slot_s=SLOT_S)
    return Said(
        tuple(_quarter(row, since) for row in signs),
        {row["device_id"]: np.unique(row["slots"]).astype(np.int64) for row in words},
    )


def _quarter(row: Mapping[str, Any], since: datetime) -> Quarter:
    return Quarter(
        row["device_id"],
        _BY_NUMBER[row["quantity"]],
        int((row["bucket"] - since).total_seconds()) // SLOT_S,
        row["n"],
        row["sum"],
        row["min"],
        row["max"],
    )


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
    dates = [first + timedelta(days=index) for index in range(len(days.counts))]
    scored = [scores.get(day) for day in dates]
    values = {
        "home_id": home_id,
        "day": dates,
        "counts": [day.tobytes() for day in days.counts],
        "listening": [day.tobytes() for day in days.listening],
        "in_bed": [day.tobytes() for day in days.in_bed],
        "hour_score": [one.hour_score if one else None for one in scored],
        "night_score": [one.night_score if one else None for one in scored],
    }
    await conn.execute(_SQL["keep_days"], values)


async def learnt(conn: Connection, after: int, fewest: int, limit: int) -> list[int]:
    """The next homes after ``after`` with at least ``fewest`` stored days."""
    found = await _rows(conn, "trained_homes", after=after, fewest=fewest, limit=limit)
    return [row["home_id"] for row in found]


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
