"""The books of what arrived: the ledger, which has each batch once, and the counts of a home's day.

What this is: the one place that writes either. What it is not: the decision what follows from it (``store``).
The rows of a transaction travel as one JSON document: lists of texts cost the driver ten times what this
costs the server.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from cloud.db import Connection, Queries
from cloud.ingest import tally
from cloud.ingest.model import Identity
from cloud.ingest.rows import Parcel
from cloud.ingest.tally import Counts
from firmware_protocols.wire.topics import Lane

_SQL: Final = Queries(__package__ or "")


class Entry(Struct, frozen=True, omit_defaults=True):
    """A row of the ledger: which batch, and how many of its records became what."""

    gateway_id: str
    epoch: str
    lane: Lane
    first_seq: int
    n: int
    readings: int = 0
    events: int = 0
    alarms: int = 0
    gaps: int = 0
    refused: int = 0
    withheld: int = 0


def entry(parcel: Parcel) -> Entry:
    """The row of ``parcel``."""
    batch = parcel.identity
    return Entry(
        batch.gateway,
        batch.epoch,
        batch.lane,
        batch.first,
        batch.n,
        len(parcel.readings),
        len(parcel.events),
        len(parcel.alarms),
        len(parcel.gaps),
        len(parcel.refused),
        parcel.withheld,
    )


async def enter(conn: Connection, parcels: Mapping[Identity, Parcel], now: datetime) -> Collection[Identity]:
    """Write the rows of ``parcels``; return which are new."""
    rows = await _enter(conn, list(map(entry, parcels.values())), now)
    if rows[0]["entered"] == len(parcels):
        return parcels.keys()
    new = {(row["gateway_id"], row["epoch"], row["lane"], row["first_seq"]) for row in rows}
    return {one for one in parcels if (one.gateway, one.epoch, one.lane, one.first) in new}


async def enter_one(conn: Connection, row: Entry, now: datetime) -> bool:
    """Write one row; return whether it is new."""
    return bool((await _enter(conn, [row], now))[0]["entered"])


async def already_stored(conn: Connection, identities: Sequence[Identity]) -> set[Identity]:
    """Which of ``identities`` the ledger has."""
    if not identities:
        return set()
    found = await conn.execute(_SQL["stored_batches"], _columns(identities))
    return {
        Identity(row["gateway_id"], row["epoch"], Lane(row["lane"]), row["first_seq"], row["n"])
        for row in await found.fetchall()
    }


async def count(conn: Connection, counted: Sequence[Counts], now: datetime) -> None:
    """Add to the counts of the day."""
    await conn.execute(_SQL["count_days"], {"rows": _json(counted), "day": tally.day_of(now)})


async def _enter(conn: Connection, rows: Sequence[Entry], now: datetime) -> list[dict[str, Any]]:
    return await (await conn.execute(_SQL["add_batches"], {"rows": _json(rows), "now": now})).fetchall()


def _json(rows: Sequence[Struct]) -> str:
    return msgspec.json.encode(rows).decode()


def _columns(identities: Sequence[Identity]) -> dict[str, list[Any]]:
    return {
        "gateway_id": [one.gateway for one in identities],
        "epoch": [one.epoch for one in identities],
        "lane": [one.lane.value for one in identities],
        "first_seq": [one.first for one in identities],
        "n": [one.n for one in identities],
    }
