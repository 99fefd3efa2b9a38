"""A month by the calendar of a tenant, as a span of instants. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

FREEZE_AFTER: Final = timedelta(days=3)
"""D. How long after its end a month may still change: an incident can be reopened for a day, and what was
delayed on its way arrives."""
COUNT_AT: Final = time(0, 30)
"""D. When the running month is counted, by the tenant's clock."""


@dataclass(frozen=True, slots=True)
class Month:
    """``first``: its first day. ``zone``: whose days."""

    first: date
    zone: ZoneInfo

    @property
    def name(self) -> str:
        """``2026-11``."""
        return f"{self.first:%Y-%m}"

    @property
    def since(self) -> datetime:
        """Where it begins."""
        return datetime.combine(self.first, time(), self.zone)

    @property
    def until(self) -> datetime:
        """Where it is over."""
        return datetime.combine(self.after().first, time(), self.zone)

    def after(self) -> Month:
        """The next one."""
        return Month((self.first + timedelta(days=31)).replace(day=1), self.zone)

    def counted_until(self, now: datetime) -> datetime:
        """Its end, or the last midnight: whole days only, as days of homes are counted."""
        midnight = datetime.combine(now.astimezone(self.zone).date(), time(), self.zone)
        return min(self.until, midnight)

    def may_freeze(self, now: datetime) -> bool:
        """Whether it is to change no more."""
        return now >= self.until + FREEZE_AFTER


def month_of(now: datetime, zone: ZoneInfo) -> Month:
    """The month that ``now`` falls into."""
    return Month(now.astimezone(zone).date().replace(day=1), zone)


def months(first: date, now: datetime, zone: ZoneInfo) -> list[Month]:
    """From the month of ``first`` to that of ``now``."""
    found = [Month(first.replace(day=1), zone)]
    while found[-1].until <= now:
        found.append(found[-1].after())
    return found


def next_count(now: datetime, zone: ZoneInfo) -> datetime:
    """When to count again."""
    today = now.astimezone(zone).date()
    at = datetime.combine(today, COUNT_AT, zone)
    return at if at > now else datetime.combine(today + timedelta(days=1), COUNT_AT, zone)
