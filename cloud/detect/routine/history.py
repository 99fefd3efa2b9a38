"""What is known of one home up to now: days of counts, and which of them say what is usual.

What this is: the states and types of days and the choice of a baseline. What it is not: reading of rows (the
caller turns readings into local seconds and places). The one idea: a day tells what is usual only when it was
wholly heard and was the resident's own; visits and absence freeze the baseline instead of bending it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Final

import numpy as np

from cloud.detect.routine.grid import DAY_S, HOUR, SLOT_S, SLOTS, Bools, Floats, Ints, grid
from cloud.detect.routine.occupancy import Interval, company, covered, outings

BASELINE_DAYS: Final = 28
FEWEST_DAYS: Final = 7
"""Below this, population rules apply (domain section 5: cold start, days 0-7)."""
UNHEARD_SLOTS: Final = HOUR
"""D. More than an hour unheard and the day is not judged."""
AWAY_S: Final = 8 * 3600
"""D. An outing this long makes a day one of absence."""
VISIT_SPREADS: Final = 4.0
"""D. So many robust spreads above the own median of ``company`` is a day with visitors."""
MARKET_CYCLE: Final = 5
"""Days between market days in the county's townships (每五日一墟); the first one is set per township."""


class DayState(StrEnum):
    """``USUAL`` days make the baseline; all but ``UNHEARD`` are judged."""

    USUAL = "usual"
    VISITED = "visited"
    AWAY = "away"
    UNHEARD = "unheard"


class DayType(StrEnum):
    """What kind of day the calendar makes it."""

    ORDINARY = "ordinary"
    WEEKEND = "weekend"
    MARKET = "market"
    FESTIVAL = "festival"


@dataclass(frozen=True, slots=True)
class Calendar:
    """``festivals``: dates; ``market``: any one market day, or None where there is no market."""

    festivals: frozenset[date] = frozenset()
    market: date | None = None

    def type_of(self, day: date) -> DayType:
        if day in self.festivals:
            return DayType.FESTIVAL
        if self.market is not None and (day - self.market).days % MARKET_CYCLE == 0:
            return DayType.MARKET
        return DayType.WEEKEND if day.weekday() >= 5 else DayType.ORDINARY  # noqa: PLR2004 - Saturday


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Days of one home, oldest first, the last one may be unfinished.

    ``midnight`` begins the first day (aware, local; the detector knows no summer time). ``counts`` is (days,
    96, 8), ``heard`` (days, 96).
    """

    midnight: datetime
    counts: Floats
    heard: Bools
    states: tuple[DayState, ...]
    types: tuple[DayType, ...]

    def baseline(self, day: int) -> Ints:
        """The up to 28 usual days before ``day`` that it is compared with, oldest first.

        Days of its own type when there are at least seven of them, otherwise of any type: a market day is
        compared with market days once a month of them is known.
        """
        usual = [one for one in range(day) if self.states[one] is DayState.USUAL]
        same = [one for one in usual if self.types[one] is self.types[day]]
        own = self.types[day] in {DayType.MARKET, DayType.FESTIVAL} and len(same) >= FEWEST_DAYS
        return np.array((same if own else usual)[-BASELINE_DAYS:], dtype=np.int64)


def read(
    seconds: Ints,
    places: Ints,
    unheard: Sequence[Interval],
    *,
    midnight: datetime,
    days: int,
    calendar: Calendar,
) -> History:
    """The history of ``days`` days; ``seconds`` ascend from ``midnight``, as does ``unheard``."""
    edges = np.searchsorted(seconds, np.arange(days + 1) * DAY_S)
    counts = np.stack([grid(seconds[a:b] % DAY_S, places[a:b]) for a, b in pairwise(edges.tolist())])
    heard = covered(days * SLOTS, SLOT_S, unheard).reshape(days, SLOTS)
    return known(counts, heard, midnight=midnight, calendar=calendar)


def known(counts: Floats, heard: Bools, *, midnight: datetime, calendar: Calendar) -> History:
    """The history of days (n, 96, 8), of which ``heard`` (n, 96) says when the equipment was listening."""
    days = len(counts)
    away = ~covered(days, DAY_S, outings(counts, AWAY_S))
    dates = [date.fromordinal(midnight.date().toordinal() + day) for day in range(days)]
    types = tuple(calendar.type_of(one) for one in dates)
    return History(midnight, counts, heard, _states(counts, heard, away), types)


def _states(counts: Floats, heard: Bools, away: Bools) -> tuple[DayState, ...]:
    together, states = company(counts), list[DayState]()
    for day in range(len(counts)):
        if (~heard[day]).sum() > UNHEARD_SLOTS:
            states.append(DayState.UNHEARD)
        elif away[day] or not counts[day].any():
            states.append(DayState.AWAY)
        else:
            usual = [together[one] for one in range(day) if states[one] is DayState.USUAL][-BASELINE_DAYS:]
            states.append(DayState.VISITED if _is_visited(together[day], usual) else DayState.USUAL)
    return tuple(states)


def _is_visited(together: float, usual: Sequence[float]) -> bool:
    if len(usual) < FEWEST_DAYS:
        return False
    middle = float(np.median(usual))
    spread = 1.4826 * float(np.median(np.abs(np.array(usual) - middle))) + 0.1
    return together > middle + VISIT_SPREADS * spread
