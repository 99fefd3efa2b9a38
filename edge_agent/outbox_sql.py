"""The outbox's SQL: one function, one statement's purpose. The caller holds the transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Final

from edge_agent.frozen import Frozen, Key
from firmware_protocols.wire.topics import Lane

_ROW_BYTES: Final = 64
"""What a row takes beside its payload: header, numbers, its share of the two indexes; a rough figure."""


def insert(connection: sqlite3.Connection, batches: Iterable[Frozen]) -> None:
    """Store frozen batches, in this order."""
    connection.executemany(
        "insert into batch (epoch, lane, first, n, at, payload) values (?, ?, ?, ?, ?, ?)",
        [(*frozen.key, frozen.n, frozen.at, frozen.payload) for frozen in batches],
    )


def number(connection: sqlite3.Connection, following: Mapping[Lane, int]) -> None:
    """Set the next sequence number of lanes of the file's own epoch."""
    connection.executemany("insert or replace into lane (lane, next) values (?, ?)", list(following.items()))


def remember(connection: sqlite3.Connection, notes: Mapping[str, str]) -> None:
    """Keep notes."""
    connection.executemany("insert or replace into note (key, value) values (?, ?)", list(notes.items()))


def notes(connection: sqlite3.Connection) -> dict[str, str]:
    """All notes."""
    return dict(connection.execute("select key, value from note"))


def batches(connection: sqlite3.Connection, lane: Lane, limit: int, *, newest: bool) -> list[Frozen]:
    """The ``limit`` oldest (newest) batches of ``lane``."""
    order = "desc" if newest else "asc"
    rows = connection.execute(
        f"select epoch, first, n, at, payload from batch where lane = ? order by id {order} limit ?",  # noqa: S608
        (lane, limit),
    )
    return [Frozen(Key(epoch, lane, first), n, at, payload) for epoch, first, n, at, payload in rows]


def delete(connection: sqlite3.Connection, keys: Iterable[Key]) -> int:
    """Delete batches; return how many records they held."""
    held = 0
    for key in keys:
        for (n,) in connection.execute(
            "delete from batch where epoch = ? and lane = ? and first = ? returning n", key
        ).fetchall():
            held += n
    return held


def held(connection: sqlite3.Connection, keys: Iterable[Key]) -> int:
    """How many records these batches hold; those that are not there hold none."""
    statement = "select n from batch where epoch = ? and lane = ? and first = ?"
    return sum(n for key in keys for (n,) in connection.execute(statement, key))


def delete_oldest(connection: sqlite3.Connection, lane: Lane, at_least: int) -> list[tuple[Key, int]]:
    """Delete the oldest batches of ``lane`` freeing ``at_least`` bytes; return their keys and counts."""
    dropped: list[tuple[Key, int]] = []
    freed, last = 0, 0
    query = "select id, epoch, first, n, length(payload) from batch where lane = ? order by id"
    for identity, epoch, first, n, size in connection.execute(query, (lane,)):
        if freed >= at_least:
            break
        freed, last = freed + size + _ROW_BYTES, identity
        dropped.append((Key(epoch, lane, first), n))
    connection.execute("delete from batch where lane = ? and id <= ?", (lane, last))
    return dropped


def used_bytes(connection: sqlite3.Connection) -> int:
    """Bytes of the file's pages that hold something."""
    pages, free, size = (
        connection.execute(f"pragma {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def next_numbers(connection: sqlite3.Connection, epoch: str) -> dict[Lane, int]:
    """The next sequence number per lane; never at or below one that a stored batch carries.

    A lane that we do not know is a newer program's.
    """
    following = dict.fromkeys(Lane, 1)
    for lane, stored in connection.execute(
        "select lane, next from lane"
        " union all select lane, max(first + n) from batch where epoch = ? group by lane",
        (epoch,),
    ):
        if lane in following:
            following[Lane(lane)] = max(following[Lane(lane)], stored)
    return following


def depths(connection: sqlite3.Connection) -> dict[Lane, int]:
    """Records waiting per lane."""
    waiting = dict.fromkeys(Lane, 0)
    for lane, n in connection.execute("select lane, sum(n) from batch group by lane"):
        if lane in waiting:
            waiting[Lane(lane)] = n
    return waiting
