"""What a withdrawal asks for beyond the moment: a consent runs out, what is under way stops, data are erased.

What this is: the worker's loop over ``consent_task``. The one idea: each turn does one bounded piece in one
transaction and leaves the row due until nothing is left, so a kill costs a piece and a big home blocks
nobody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cloud.consent import effect
from cloud.consent.purposes import PURPOSES, Purpose, PurposeSpec
from cloud.db import Connection, Pool, Queries
from cloud.incidents import rows
from cloud.incidents.store import hold
from firmware_protocols.model import EventKind, Quantity
from firmware_protocols.wire.withheld import SAFETY

PIECE: Final = timedelta(days=1)
"""Of one home: at most some ten thousand rows."""
HELD_FOR: Final = timedelta(days=1)
"""A legal hold is asked for again so often."""

_SQL: Final = Queries(__package__, "tasks.sql")
_AFTER_SERIES: Final = (
    "erase_rolled",
    "forget_rule_findings",
    "forget_habits",
    "forget_vital_findings",
    "forget_vital_limits",
    "forget_routine_days",
    "forget_routine_findings",
    "forget_routine_home",
    "blank_incidents",
    "blank_alarms",
    "blank_changes",
    "drop_quarantine",
)
"""What was made of the series, in this order."""
_KEPT: Final = sorted(one.number for one in SAFETY if isinstance(one, Quantity))
_KEPT_EVENTS: Final = sorted(one.value for one in SAFETY if isinstance(one, EventKind))


@dataclass(frozen=True, slots=True)
class _Task:
    id: int
    home_id: int
    purpose: Purpose
    position: datetime | None
    now: datetime

    @property
    def params(self) -> dict[str, Any]:
        """What the purpose covers, as the statements want it."""
        spec: PurposeSpec = PURPOSES[self.purpose]
        return {
            "home_id": self.home_id,
            "kinds": sorted(spec.kinds),
            "quantities": sorted(quantity.number for quantity in spec.quantities),
            "events": sorted(event.value for event in spec.events),
            "alarms": sorted(alarm.value for alarm in spec.alarms),
            "kept": _KEPT,
            "kept_events": _KEPT_EVENTS,
            "position": self.position,
            "now": self.now,
        }


@dataclass(frozen=True, slots=True)
class _Again:
    """The task is not done: go on ``at``, from ``position``."""

    at: datetime
    position: datetime | None = None


async def due(conn: Connection, now: datetime, skip: Sequence[int], limit: int) -> list[int]:
    """Tasks whose time has come, without those in ``skip``."""
    found = await conn.execute(_SQL["due_tasks"], {"now": now, "skip": list(skip), "limit": limit})
    return [row["id"] for row in await found.fetchall()]


async def work(pool: Pool, task_id: int, now: datetime) -> bool:
    """Do one piece of a task; ``False`` when another worker is at it or it is done."""
    async with pool.connection() as conn, conn.transaction():
        found = await conn.execute(_SQL["lock_task"], {"id": task_id, "now": now})
        row = await found.fetchone()
        if row is None:
            return False
        task = _Task(task_id, row["home_id"], Purpose(row["purpose"]), row["position"], now)
        again = await _WORK[row["task"]](conn, task)
        if again is None:
            await conn.execute(_SQL["finish_task"], {"id": task_id})
        else:
            values = {"id": task_id, "due_at": again.at, "position": again.position}
            await conn.execute(_SQL["postpone_task"], values)
    return True


async def _expire(conn: Connection, task: _Task) -> None:
    await effect.stand(conn, task.home_id, task.purpose, task.now)


async def _stop(conn: Connection, task: _Task) -> None:
    """Messages to the family that wait, and what screens show of open incidents."""
    if task.purpose is Purpose.FAMILY:
        await conn.execute(_SQL["withdraw_family"], {"home_id": task.home_id, "now": task.now})
    if not PURPOSES[task.purpose].alarms:
        return
    await conn.execute(_SQL["blank_changes"], task.params)
    found = await conn.execute(_SQL["open_incidents"], task.params)
    for incident in await found.fetchall():
        held = await hold(conn, incident["id"], wait=True)
        if held is not None:
            await rows.show(conn, held, task.now)


async def _erase(conn: Connection, task: _Task) -> _Again | None:
    """One day of a home, the oldest first; with the last one what was made of it."""
    if not PURPOSES[task.purpose].collects:
        return None
    if await _value(conn, "is_held", task.params, "held"):
        return _Again(task.now + HELD_FOR)
    oldest: datetime | None = await _value(conn, "oldest", task.params, "at")
    if oldest is not None:
        piece = {"from": oldest, "to": oldest + PIECE}
        await conn.execute(_SQL["erase"], task.params | piece)
        return _Again(task.now, piece["to"])
    for statement in _AFTER_SERIES:
        await conn.execute(_SQL[statement], task.params)
    return None


async def _value(conn: Connection, statement: str, params: Mapping[str, Any], name: str) -> Any:
    row = await (await conn.execute(_SQL[statement], params)).fetchone()
    return row[name] if row else None


_WORK: Final[Mapping[str, Callable[[Connection, _Task], Awaitable[_Again | None]]]] = {
    "expire": _expire,
    "stop": _stop,
    "erase": _erase,
}
