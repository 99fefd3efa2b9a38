"""Leases: which worker takes in which range of shards, as rows that run out.

What this is: take, renew, give up, and the fence that keeps a worker which slept through its lease from
storing anything. What it is not: the work on a range (``station``). The one idea: a lease says who *should*
store, for order and speed; that nothing is stored twice rests on the ledger alone, so no mistake about time
can double or lose a record.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from cloud.db import Connection, Queries
from cloud.ingest.shards import Range, cut, fair_share
from cloud.ingest.workers import proved_dead
from cloud.settings import ConfigError

LEASE: Final = timedelta(seconds=5)
"""[D] Nobody takes in for so long what a worker had that vanished with its machine, and one that hangs for
less keeps it. One that was killed beside another is replaced at its next beat (``workers.proved_dead``).
"""
BEAT_S: Final = 1.0
"""How often a worker renews."""

_SQL: Final = Queries(__package__ or "", "leases.sql")
_log = logging.getLogger(__name__)


class LeaseLostError(Exception):
    """Somebody else takes in this range now; what was to be stored is theirs."""

    def __init__(self, range_: Range) -> None:
        super().__init__(f"shards {range_} have another owner")
        self.range = range_


@dataclass(frozen=True, slots=True)
class Lease:
    """A range that ``worker`` had when it last looked."""

    range: Range
    token: int
    worker: str

    async def check(self, conn: Connection) -> None:
        """Go on only if it is still ours.

        Raises:
            LeaseLostError: it is not.
        """
        values = {"first": self.range.first, "worker": self.worker, "token": self.token}
        row = await (await conn.execute(_SQL["held"], values)).fetchone()
        if row is None or not row["held"]:
            raise LeaseLostError(self.range)


def application(worker: str) -> str:
    """What the connections of a worker that store are called, so that they can be cut off."""
    return f"anban-ingest-{worker}"


@dataclass(frozen=True, slots=True)
class Holder:
    """One worker among those that share ``whole``, cut into ``parts``."""

    worker: str
    whole: Range
    parts: int

    async def lay(self, conn: Connection, *, alone: bool) -> list[Range]:
        """Make the rows of our cut; return the ranges of another one that they replace, whose sessions at the
        broker nobody needs any more. ``alone``: nobody else can be working, so all is free.

        Raises:
            ConfigError: somebody works by another cut.
        """
        await conn.execute(_SQL["lock_cut"])
        if alone:
            await conn.execute(_SQL["free_ranges"], self._values())
        there = await self._all(conn, "ranges", self._values())
        wanted = cut(self.whole, self.parts)
        foreign = [row for row in there if _range(row) not in wanted]
        dead = proved_dead(row["owner"] for row in foreign if row["live"])
        if any(row["live"] and row["owner"] not in dead for row in foreign):
            raise ConfigError(
                f"ingest.ranges: others work on {len(there)} ranges of the shards {self.whole}, this "
                f"configuration cuts {len(wanted)}: give all workers the same, or stop the others first"
            )
        await conn.execute(_SQL["drop_ranges"], {"firsts": [row["first_shard"] for row in foreign]})
        firsts, lasts = [one.first for one in wanted], [one.last for one in wanted]
        await conn.execute(_SQL["lay_ranges"], {"firsts": firsts, "lasts": lasts})
        return [_range(row) for row in foreign]

    async def beat(self, conn: Connection) -> tuple[list[Lease], list[str]]:
        """Renew what is ours, take what we should have besides; return all of it, and the names of the
        connections of former owners: cut them off (``cut_off``) after COMMIT, before anything is taken in.
        """
        others = await self._all(conn, "others", self._values())
        dead = proved_dead(row["worker"] for row in others)
        values = {**self._values(), "length": LEASE, "dead": dead}
        await conn.execute(_SQL["beat"], values)
        await conn.execute(_SQL["forget_workers"], values)
        ours = await self._all(conn, "renew", values)
        share = await self._share(conn)
        taken: list[dict[str, Any]] = []
        if len(ours) < share:
            taken = await self._all(conn, "take", {**values, "most": share - len(ours)})
        for row in taken:
            _log.info("shards taken range=%s token=%d before=%s", _range(row), row["token"], row["before"])
        former = sorted({application(row["before"]) for row in taken if row["before"]})
        held = [Lease(_range(row), row["token"], self.worker) for row in (*ours, *taken)]
        return sorted(held, key=lambda lease: lease.range), former

    async def surplus(self, conn: Connection, held: Sequence[Lease]) -> list[Lease]:
        """What of ``held`` a worker that came later should have."""
        return list(held)[await self._share(conn) :]

    async def give_up(self, conn: Connection, leases: Iterable[Lease]) -> None:
        """Let others have these; nothing may be under way on them any more."""
        firsts = [lease.range.first for lease in leases]
        await conn.execute(_SQL["give_up"], {"worker": self.worker, "firsts": firsts})

    async def leave(self, conn: Connection) -> None:
        """We take no part any more."""
        await conn.execute(_SQL["leave"], {"worker": self.worker})

    async def _share(self, conn: Connection) -> int:
        row = (await self._all(conn, "workers", self._values()))[0]
        return fair_share(len(cut(self.whole, self.parts)), row["n"])

    def _values(self) -> dict[str, Any]:
        return {"worker": self.worker, "first": self.whole.first, "last": self.whole.last}

    @staticmethod
    async def _all(conn: Connection, statement: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        return await (await conn.execute(_SQL[statement], values)).fetchall()


async def cut_off(conn: Connection, names: Sequence[str]) -> None:
    """End the connections called so. A former owner that was only asleep then finds its transactions rolled
    back, and its next one fails at ``Lease.check``.
    """
    if names:
        await conn.execute(_SQL["cut_off"], {"names": list(names)})


def _range(row: Mapping[str, Any]) -> Range:
    return Range(row["first_shard"], row["last_shard"])
