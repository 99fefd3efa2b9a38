"""``anban audit``: proves from the ledger that nothing a gateway sent is missing, or says exactly what is
and why.

A gateway numbers the records of each lane from 1 and reports the next number. Each number below it must
be stored, or dropped by the gateway's own account, or still wait in its outbox; what is left is missing.
The tables are then counted against the ledger, so that a record stored twice shows too.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import psycopg

from cloud.db import Connection, Queries, connect
from cloud.embedded import ServiceError
from cloud.embedded.access import database
from firmware_protocols.wire.control import State

_SQL: Final = Queries(__package__ or "", "audit.sql")
_LEAST: Final = 0.001
"""A smaller share is told as less than this."""
_UNSURE: Final = {
    "open": "is that of a clock that was not set yet",
    "estimated": "is estimated: the clock was never set in that boot",
}


class Lane(NamedTuple):
    """One lane of one outbox."""

    gateway: str
    epoch: str
    lane: str


class Range(NamedTuple):
    """Sequence numbers from ``first`` to ``last``, both included."""

    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one lane. ``sent``: how many records its gateway numbered, as far as the cloud can
    know.
    """

    lane: Lane
    sent: int
    stored: int
    refused: int
    dropped: tuple[tuple[Range, str], ...]
    waiting: tuple[Range, ...]
    missing: tuple[Range, ...]
    doubled: int


class Road(NamedTuple):
    """How the batches of a home's lane arrived since the day ``since``. ``gateways``: that it has or had.

    ``records`` are those in the ``batches`` that were stored; of them ``late`` came 5 min after they were
    taken or more, and ``refused`` are in quarantine only. ``repeated``: batches of readings that came
    once more.
    """

    gateways: str
    lane: str
    since: date
    batches: int
    records: int
    late: int
    refused: int
    repeated: int


@dataclass(frozen=True, slots=True)
class Report:
    """The whole audit. ``off``: tables that hold more or fewer rows than the ledger promised. ``unsure``: how
    many records of a gateway carry a time that is only an estimate, or not put right yet.
    """

    findings: tuple[Finding, ...]
    off: tuple[tuple[str, str, int, int], ...]
    unsure: tuple[tuple[str, str, int], ...] = ()
    roads: tuple[Road, ...] = ()

    @property
    def missing(self) -> int:
        short = sum(max(0, wanted - found) for _, _, wanted, found in self.off)
        return short + sum(part.size for one in self.findings for part in one.missing)

    @property
    def doubled(self) -> int:
        over = sum(max(0, found - wanted) for _, _, wanted, found in self.off)
        return over + sum(one.doubled for one in self.findings)

    @property
    def sent(self) -> int:
        return sum(one.sent for one in self.findings)


def holes(parts: Iterable[Range], last: int) -> Iterator[Range]:
    """What ``parts`` leave open of ``1..last``."""
    reached = 0
    for part in sorted(parts):
        if part.first > reached + 1:
            yield Range(reached + 1, min(part.first - 1, last))
        reached = max(reached, part.last)
        if reached >= last:
            return
    if reached < last:
        yield Range(reached + 1, last)


def overlap(parts: Sequence[Range]) -> int:
    """How many sequence numbers are covered more than once (each extra time counts)."""
    if not parts:
        return 0
    last = max(part.last for part in parts)
    return sum(part.size for part in parts) - (last - sum(hole.size for hole in holes(parts, last)))


def newest(parts: Sequence[Range], count: int) -> tuple[list[Range], list[Range]]:
    """Split ``parts`` into the ``count`` highest numbers and the rest, both ascending."""
    taken: list[Range] = []
    rest: list[Range] = []
    for part in sorted(parts, reverse=True):
        size = min(part.size, count)
        count -= size
        if size:
            taken.insert(0, Range(part.last - size + 1, part.last))
        if size < part.size:
            rest.insert(0, Range(part.first, part.last - size))
    return taken, rest


def judge(
    lane: Lane,
    stored: Sequence[Range],
    dropped: Sequence[tuple[Range, str]],
    *,
    sent: int,
    depth: int,
    refused: int = 0,
) -> Finding:
    """Say what became of the numbers of one lane. ``sent``: highest number given; ``depth``: how many
    wait.
    """
    last = max([sent, *(part.last for part in stored)])
    covered = [*stored, *(part for part, _ in dropped)]
    waiting, missing = newest(list(holes(covered, last)), depth)
    return Finding(
        lane,
        last,
        sum(part.size for part in stored),
        refused,
        tuple(dropped),
        tuple(waiting),
        tuple(missing),
        overlap(stored),
    )


async def audit(conn: Connection, gateway: str | None = None) -> Report:
    """Compare all gateways, or one."""
    chosen = {"gateway": gateway}
    reported: dict[Lane, tuple[int, int]] = {}
    for row in await _all(conn, "sent", chosen):
        reported |= _reported(row["gateway_id"], row["state"])
    stored: dict[Lane, list[Range]] = defaultdict(list)
    refused: dict[Lane, int] = defaultdict(int)
    for row in await _all(conn, "ledger", chosen):
        lane = Lane(row["gateway_id"], row["epoch"], row["lane"])
        stored[lane].append(Range(row["first_seq"], row["last_seq"]))
        refused[lane] += row["refused"]
    dropped: dict[Lane, list[tuple[Range, str]]] = defaultdict(list)
    for row in await _all(conn, "dropped", chosen):
        lane = Lane(row["gateway_id"], row["epoch"], row["lane"])
        dropped[lane].append((Range(row["first_seq"], row["last_seq"]), row["reason"]))
    findings = [
        judge(
            lane,
            stored.get(lane, []),
            dropped.get(lane, []),
            sent=reported.get(lane, (0, 0))[0],
            depth=reported.get(lane, (0, 0))[1],
            refused=refused.get(lane, 0),
        )
        for lane in sorted({*reported, *stored, *dropped})
    ]
    off = [tuple(row.values()) for row in await _all(conn, "rows", chosen)]
    unsure = [(row["gateway_id"], row["mark"], int(row["n"])) for row in await _all(conn, "unsure", chosen)]
    return Report(
        tuple(findings),
        tuple((who, what, int(a), int(b)) for who, what, a, b in off),
        tuple(unsure),
        tuple([Road(**row) for row in await _all(conn, "roads", chosen)]),
    )


def lines(report: Report) -> Iterator[str]:
    """The report for people: one line per lane, its exact ranges, and the sum at the end."""
    for one in report.findings:
        yield f"{one.lane.gateway} {one.lane.epoch} {one.lane.lane}: {one.stored} stored of {one.sent}"
        yield from (f"  {_shown(part)} dropped by the gateway: {reason}" for part, reason in one.dropped)
        yield from (f"  {_shown(part)} waiting in the outbox" for part in one.waiting)
        yield from (f"  {_shown(part)} MISSING" for part in one.missing)
        if one.refused:
            yield f"  {one.refused} of the stored are in quarantine"
        if one.doubled:
            yield f"  {one.doubled} DOUBLED in the ledger"
    for gateway, table, wanted, found in report.off:
        yield f"{gateway}: {found} rows in {table}, the ledger promises {wanted}"
    yield from (f"{gateway}: the time of {n} records {_UNSURE[mark]}" for gateway, mark, n in report.unsure)
    yield from (_told(road) for road in report.roads)
    yield f"{report.missing} missing of {report.sent}, {report.doubled} doubled"


def main(argv: Sequence[str]) -> int:
    """Run the command: 0 nothing missing or doubled, 1 something is, 2 it could not be found out.

    ``log …`` is about another log: who read and changed what (``cloud.audit_log``).
    """
    if argv[:1] == ["log"]:
        from cloud import audit_log

        return audit_log.main(argv[1:])
    parser = argparse.ArgumentParser(
        prog="anban audit", description="prove that nothing that was sent is missing"
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--dsn", help="connection string of the database")
    where.add_argument("--data", type=Path, metavar="DIR", help="data folder of the embedded database")
    parser.add_argument("--gateway", metavar="ID", help="only this gateway")
    chosen = parser.parse_args(argv)
    try:
        with nullcontext(chosen.dsn) if chosen.dsn else database(chosen.data) as dsn:
            report = asyncio.run(audit_at(dsn, chosen.gateway))
    except (ServiceError, psycopg.Error) as error:
        sys.stderr.write(f"anban audit: {error}\n")
        return 2
    sys.stdout.writelines(f"{line}\n" for line in lines(report))
    return 1 if report.missing or report.doubled else 0


async def audit_at(dsn: str, gateway: str | None = None) -> Report:
    """``audit`` of the database at ``dsn``.

    Raises:
        psycopg.Error: it is away.
    """
    conn = await connect(dsn)
    try:
        return await audit(conn, gateway)
    finally:
        await conn.close()


def _reported(gateway: str, state: Any) -> Mapping[Lane, tuple[int, int]]:
    """Highest number given and records waiting, per lane, by the gateway's last heartbeat."""
    if not state:
        return {}
    said = msgspec.convert(state, State)
    return {
        Lane(gateway, said.epoch, lane.value): (one.next - 1, one.depth) for lane, one in said.lanes.items()
    }


def _told(road: Road) -> str:
    """Late and refused are shares of the records, what came again is one of the batches."""
    late, refused = _share(road.late, road.records), _share(road.refused, road.records)
    again = _share(road.repeated, road.batches + road.repeated)
    return (
        f"{road.gateways} {road.lane} since {road.since}: {late} late, {refused} refused, {again} came again"
    )


def _share(part: int, whole: int) -> str:
    """As a percentage; nothing of nothing is nothing, and a little is never told as none."""
    share = part / whole if whole else 0.0
    return "0 %" if share == 0 else "under 0.1 %" if share < _LEAST else f"{share:.1%}".replace("%", " %")


def _shown(part: Range) -> str:
    return f"{part.first}" if part.size == 1 else f"{part.first}-{part.last}"


async def _all(conn: Connection, statement: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return await (await conn.execute(_SQL[statement], values)).fetchall()
