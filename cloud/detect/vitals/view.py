"""What a rule sees: a home's measurements, its days, and what is on record, as of one moment.

The one idea: measurements, not samples. A cuff that says three numbers within a second has measured once; a
radar that guesses every ten seconds measures in five minutes what a cuff does in one.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Final

from cloud.detect.vitals.model import Day, Good, Person
from firmware_protocols.model import Quantity

CURRENT: Final = timedelta(hours=1)
"""A measurement older than this says nothing of now. D."""
SECOND: Final = timedelta(minutes=30)
"""So long after the first, a measurement confirms it. D."""
ONE: Final = timedelta(seconds=30)
"""Closer together it is one measurement (``edge_agent.rules.vitals``)."""
_DENSE_ONE: Final = timedelta(minutes=5)
_DENSE: Final = 10
"""Whoever says so many numbers in five minutes guesses from afar or without pause: their median counts. D."""
_ZONE: Final = timezone(timedelta(hours=8))
"""Days are those of UTC+8, as in the roll-ups (migration 0010)."""


@dataclass(frozen=True, slots=True)
class View:
    """``measured``: newest first. ``days``: oldest first, the last may be today, which is not over."""

    measured: Mapping[Quantity, Sequence[Good]]
    days: Mapping[Quantity, Sequence[Day]]
    person: Person
    now: datetime

    @property
    def today(self) -> date:
        return day_of(self.now)

    def current(self, quantity: Quantity) -> Good | None:
        """The newest measurement, unless it is too old to speak of now."""
        series = self.measured.get(quantity, ())
        return series[0] if series and self.now - series[0].at <= CURRENT else None

    def before(self, newest: Good) -> Good | None:
        """The measurement before ``newest`` that may confirm it."""
        series = self.measured[newest.quantity]
        return series[1] if len(series) > 1 and newest.at - series[1].at <= SECOND else None

    def past(self, quantity: Quantity, first: int, last: int) -> list[float]:
        """Means of the days from ``first`` to ``last`` days ago; 0 is today."""
        ages = ((self.today - day.day).days for day in self.days.get(quantity, ()))
        means = (day.mean for day in self.days.get(quantity, ()))
        return [mean for age, mean in zip(ages, means, strict=True) if last <= age <= first]


def view(good: Iterable[Good], days: Iterable[Day], person: Person, now: datetime) -> View:
    """Put together what was known at ``now``: later samples and days are left out."""
    by_device: dict[tuple[Quantity, int], list[Good]] = defaultdict(list)
    for sample in good:
        if sample.at <= now:
            by_device[sample.quantity, sample.device_id].append(sample)
    measured: dict[Quantity, list[Good]] = defaultdict(list)
    for (quantity, _), series in by_device.items():
        measured[quantity] += _measurements(sorted(series, key=lambda one: one.at, reverse=True))
    for several in measured.values():
        several.sort(key=lambda one: one.at, reverse=True)
    return View(measured, _with_today(days, measured, day_of(now)), person, now)


def day_of(at: datetime) -> date:
    """The day of ``at`` at home."""
    return at.astimezone(_ZONE).date()


def _measurements(series: Sequence[Good]) -> list[Good]:
    """``series`` (of one device, newest first) as single measurements, newest first."""
    last = [sample for sample in series if series[0].at - sample.at <= _DENSE_ONE]
    dense = len(last) >= _DENSE
    span = _DENSE_ONE if dense else ONE
    found: list[list[Good]] = []
    for sample in series:
        if found and found[-1][0].at - sample.at < span:
            found[-1].append(sample)
        else:
            found.append([sample])
    return [_one(group) if dense else group[0] for group in found]


def _one(group: Sequence[Good]) -> Good:
    middle = statistics.median_low(sample.value for sample in group)
    return Good(group[0].device_id, group[0].quantity, group[0].at, middle)


def _with_today(
    days: Iterable[Day], measured: Mapping[Quantity, Sequence[Good]], today: date
) -> Mapping[Quantity, Sequence[Day]]:
    found: dict[Quantity, list[Day]] = defaultdict(list)
    for day in sorted(days, key=lambda one: one.day):
        if day.day < today:
            found[day.quantity].append(day)
    for quantity, series in measured.items():
        values = [one.value for one in series if day_of(one.at) == today]
        if values:
            found[quantity].append(Day(quantity, today, len(values), statistics.fmean(values)))
    return found
