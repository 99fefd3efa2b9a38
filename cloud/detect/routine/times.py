"""When a home is looked at: after each full hour of the waking day, and at two in the night. Pure.

What this is: the calendar of looks. What it is not: a queue (a row's ``due_at`` is). The one idea: what was
missed while nobody worked is not made up for: the newest hour and the newest whole day are all that counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from cloud.detect.routine.history import Calendar
from cloud.detect.routine.pause import HOURS

NIGHT: Final = 2
"""D. Local hour after which yesterday is judged: what came late has come, and most sleep."""
SETTLE: Final = timedelta(minutes=5)
"""D. After the full hour: a gateway groups for ten seconds, roll-ups may be a minute behind."""
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Look:
    """``midnight`` of the day that is lived now, ``hour`` the last full local hour (its end), both local.

    ``waking``: whether the hour is one at which is looked.
    """

    midnight: datetime
    hour: datetime

    @property
    def of_day(self) -> datetime:
        """The midnight that begins the day which ``hour`` closes or lies in."""
        return self.midnight - _DAY if self.hour == self.midnight else self.midnight

    @property
    def waking(self) -> bool:
        return self.hour - self.of_day >= HOURS[0] * _HOUR

    @property
    def yesterday(self) -> date:
        return (self.midnight - _DAY).date()

    def judges_yesterday(self, judged: date | None) -> bool:
        """Whether the whole day before is to be judged now; ``judged``: the last one that was."""
        return judged is None or (judged < self.yesterday and self.hour.hour >= NIGHT)


def look_at(now: datetime, time_zone: str) -> Look:
    """The look of ``now``. The offset of now is taken for all days: the detector knows no summer time."""
    local = now.astimezone(ZoneInfo(time_zone))
    local = local.astimezone(timezone(local.utcoffset() or timedelta()))
    return Look(
        local.replace(hour=0, minute=0, second=0, microsecond=0),
        local.replace(minute=0, second=0, microsecond=0),
    )


def midnight_of(now: datetime, time_zone: str = "Asia/Shanghai") -> datetime:
    """The local midnight that began the day of ``now``."""
    return look_at(now, time_zone).midnight


def next_look(look: Look) -> datetime:
    """When the home is looked at next."""
    hours = sorted({NIGHT, *(hour % 24 for hour in HOURS)})
    later = (look.midnight + day * _DAY + hour * _HOUR for day in (0, 1) for hour in hours)
    return next(at for at in later if at > look.hour) + SETTLE


def calendar(market: date | None, festivals: Mapping[date, str]) -> Calendar:
    """What kind of day each day of a home is."""
    return Calendar(frozenset(festivals), market)
