"""Assessments in the database, within a person's bounds.

What this is: rows from and to the values of ``ability``. What it is not: a level (``ability.judge``) or a
decision (``desk``). The one idea: care-risk events are read from where they were said (an alarm's outcome,
a form, a word), so that nobody has to count them twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from cloud.auth import Scope
from cloud.db import Connection, Queries
from cloud.visits.ability.due import CHANGES, VALID_MONTHS, Happened, Reason, due_on, proposed
from cloud.visits.ability.judge import RiskEvent
from cloud.visits.duty import IN_PERSON, Due
from cloud.visits.duty import Reason as Why

SQL: Final = Queries(__package__)
WITHIN: Final = timedelta(days=14)
"""Ten working days from what asks for an assessment (domain practice)."""
REMEMBERED: Final = timedelta(days=31 * VALID_MONTHS)
"""How far back an event may still ask for an assessment: any that was held since is newer."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of somebody's assessments. ``last``: the day of the newest that was signed."""

    since: date
    today: date
    zone: ZoneInfo
    last: date | None
    events: tuple[Happened, ...]

    @property
    def reason(self) -> Reason | None:
        """Why they should be assessed now."""
        return proposed(self.last, self.events, self.today)

    @property
    def due(self) -> Due:
        """By when, and why: what is regular when the last one runs out, else soon after what asks for it."""
        reason = self.reason or Reason.REGULAR
        if self.last is not None and reason is Reason.REGULAR:
            day = due_on(self.last)
        else:
            day = (self._changed_on or self.since) + WITHIN
        return Due(
            datetime.combine(day, time(), self.zone).astimezone(UTC), Why.ASSESSMENT, IN_PERSON, reason.value
        )

    @property
    def _changed_on(self) -> date | None:
        """The first change that nobody has looked at."""
        days = (one.on for one in self.events if one.kind in CHANGES and self.last and self.last < one.on)
        return min(days, default=None)


async def rows(conn: Connection, statement: str, scope: Scope, **values: object) -> list[Row]:
    """What a statement answers within the bounds."""
    return await (await conn.execute(SQL[statement], {**scope.params, **values})).fetchall()


async def carry_out(conn: Connection, statement: str, **values: object) -> None:
    """Carry out a statement that answers nothing, on rows that were found within the bounds."""
    await conn.execute(SQL[statement], values)


async def standings(conn: Connection, scope: Scope, ids: Sequence[int], now: datetime) -> dict[int, Standing]:
    """How it stands with the assessments of everybody among ``ids`` whose duty has begun."""
    found = await rows(conn, "lasts", scope, ids=list(ids), now=now)
    since = (now - REMEMBERED).date()
    by_person: dict[int, list[Happened]] = defaultdict(list)
    for row in await rows(conn, "care_events", scope, ids=list(ids), since=since):
        by_person[row["resident_id"]].append(happened(row))
    return {row["resident_id"]: _standing(row, by_person[row["resident_id"]]) for row in found}


async def assessments(
    conn: Connection, scope: Scope, *, number: int | None = None, resident_id: int | None = None
) -> list[Row]:
    """Assessments, the newest first."""
    return await rows(conn, "assessments", scope, id=number, resident_id=resident_id)


def happened(row: Row) -> Happened:
    """The care-risk event that a row says."""
    return Happened(RiskEvent(row["kind"]), row["on_day"])


def _standing(row: Row, events: Sequence[Happened]) -> Standing:
    return Standing(row["since"], row["today"], ZoneInfo(row["time_zone"]), row["assessed_on"], tuple(events))
