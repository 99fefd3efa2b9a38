"""What changes over nights and weeks: more visits to the bathroom, other sleep, less movement, fewer outings,
days and nights that change places.

What this is: rows 10, 11, 14, 15 and 16 of the domain table (section 5). What it is not: the trained model;
these are the table's own thresholds. The one idea: one bad night is nobody's trend, so each needs several
nights or weeks that agree, and counts only days that were wholly heard and the resident's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from cloud.detect.routine.findings import Finding, Trend, finding
from cloud.detect.routine.grid import HOUR, SLOT_S, SLOTS, Bools, Floats, Ints
from cloud.detect.routine.history import DayState, History
from cloud.detect.routine.nights import Nights, nights_of
from cloud.detect.routine.occupancy import outings
from cloud.detect.routine.quarters import Bytes

FEWEST: Final = 14
"""D. Days or nights before that say what is usual."""
USUAL_DAYS: Final = 28
MORE_VISITS: Final = 2.0
FAR: Final = 3.0
"""Row 10: two more than the own median and three robust spreads, on two of three nights."""
OF_NIGHTS: Final = 3
LEAST_NIGHTS: Final = 2
SLEEP_H: Final = 2.0
MORE_EXITS: Final = 3.0
"""Row 11: two hours more or less in bed, or three more times up, for three nights."""
LESS: Final = 0.75
FORTNIGHT: Final = 14
"""Row 14: a quarter less activity over fourteen days."""
HALF: Final = 0.5
CYCLES: Final = 3
CYCLE: Final = 5
"""Row 15: half the outings for two weeks; counted over three cycles of five days, so that each stretch holds
as many market days as any other."""
OUTING_S: Final = 1800
"""D. Shorter is the rubbish or the neighbour's door."""
FEWEST_OUTINGS: Final = 6
"""D. In 30 days: whoever hardly goes out does not withdraw."""
LOWER: Final = 0.2
WEEK: Final = 7
MOST_DAYS: Final = 5
"""Row 16: relative amplitude 0.2 lower over seven days; D: and on five of them, so that guests are none."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A home up to and with ``day``; ``own``: days that were heard and had neither visitors nor absence."""

    history: History
    nights: Nights
    day: int

    @property
    def own(self) -> Bools:
        return np.array([state is DayState.USUAL for state in self.history.states], dtype=np.bool_)

    def before(self, days: int, of: Bools) -> Ints:
        """The last ``USUAL_DAYS`` days in ``of`` that are more than ``days`` days ago."""
        return np.flatnonzero(of[: self.day + 1 - days])[-USUAL_DAYS:]


def see_trends(history: History, in_bed: Bytes, now: datetime) -> tuple[Finding, ...]:
    """What the weeks up to the day that ended at the local midnight ``now`` have brought.

    ``in_bed`` as in ``quarters.Days``, of the same days as ``history``.
    """
    day = (now - history.midnight).days - 1
    if day < FEWEST or history.states[day] is DayState.UNHEARD:
        return ()
    seen = Seen(history, nights_of(history, in_bed), day)
    found = ((trend, numbers) for trend, rule in _RULES.items() for numbers in rule(seen))
    return tuple(finding(trend, numbers, now - timedelta(days=_SPAN[trend]), now) for trend, numbers in found)


def _toileting(seen: Seen) -> Iterator[Mapping[str, float]]:
    known = seen.before(OF_NIGHTS, seen.nights.own)
    last = _last(seen, OF_NIGHTS, seen.nights.own)
    if len(known) < FEWEST or len(last) < LEAST_NIGHTS:
        return
    usual = float(np.median(seen.nights.visits[known]))
    spread = max(1.4826 * float(np.median(np.abs(seen.nights.visits[known] - usual))), 0.5)
    now = seen.nights.visits[last]
    odd = (now >= usual + MORE_VISITS) & (now >= usual + FAR * spread)
    if odd.sum() >= LEAST_NIGHTS:
        yield {"now": float(np.median(now[odd])), "usual": usual, "nights": float(odd.sum())}


def _sleep(seen: Seen) -> Iterator[Mapping[str, float]]:
    known, last = seen.before(OF_NIGHTS, seen.nights.own), _last(seen, OF_NIGHTS, seen.nights.own)
    if len(known) < FEWEST or len(last) < OF_NIGHTS:
        return
    rest, up = seen.nights.rest_h, seen.nights.exits
    usual_h, usual_up = float(np.median(rest[known])), float(np.median(up[known]))
    apart = rest[last] - usual_h
    if (apart >= SLEEP_H).all() or (apart <= -SLEEP_H).all() or (up[last] >= usual_up + MORE_EXITS).all():
        yield {
            "now_h": round(float(np.median(rest[last])), 1),
            "usual_h": round(usual_h, 1),
            "exits": float(np.median(up[last])),
            "usual_exits": usual_up,
        }


def _mobility(seen: Seen) -> Iterator[Mapping[str, float]]:
    moved = (seen.history.counts > 0).sum(axis=(1, 2)).astype(np.float64)
    known, last = seen.before(FORTNIGHT, seen.own), _last(seen, FORTNIGHT, seen.own)
    if len(known) < FEWEST or len(last) < FORTNIGHT - OF_NIGHTS:
        return
    usual, now = float(np.median(moved[known])), float(np.median(moved[last]))
    lower = (moved[last] < usual).mean()
    if now <= LESS * usual and lower >= LESS and _slope(moved[np.append(known, last)]) < 0:
        yield {"now": round(now), "usual": round(usual), "percent": round(100 * (1 - now / usual))}


def _withdrawal(seen: Seen) -> Iterator[Mapping[str, float]]:
    span, before = CYCLES * CYCLE, 2 * CYCLES * CYCLE
    heard = np.array([state is not DayState.UNHEARD for state in seen.history.states], dtype=np.bool_)
    first = seen.day + 1 - span - before
    if first < 0 or heard[first : seen.day + 1].mean() < LESS:
        return
    out = np.bincount(
        [int(one.start // (SLOTS * SLOT_S)) for one in outings(seen.history.counts, OUTING_S)],
        minlength=seen.day + 1,
    )
    known = out[first : first + before][heard[first : first + before]]
    usual = known.mean()
    stretches = out[seen.day + 1 - span : seen.day + 1].reshape(CYCLES, CYCLE).mean(axis=1)
    if (
        known.sum() >= FEWEST_OUTINGS
        and stretches.mean() <= HALF * usual
        and (stretches <= LESS * usual).all()
    ):
        yield {
            "now": float(round(stretches.mean() * span)),
            "usual": round(usual * span, 1),
            "days": float(span),
        }


def _reversal(seen: Seen) -> Iterator[Mapping[str, float]]:
    known, last = seen.before(WEEK, seen.own), _last(seen, WEEK, seen.own)
    if len(known) < FEWEST or len(last) < MOST_DAYS:
        return
    usual = _amplitude(seen.history.counts[known].mean(axis=0))
    now = _amplitude(seen.history.counts[last].mean(axis=0))
    daily = np.array([_amplitude(seen.history.counts[day]) for day in last])
    own = float(np.median([_amplitude(seen.history.counts[day]) for day in known]))
    if now <= usual - LOWER and (daily <= own - LOWER).sum() >= MOST_DAYS:
        yield {"now": round(now, 2), "usual": round(usual, 2), "days": float(len(last))}


def _last(seen: Seen, days: int, of: Bools) -> Ints:
    first = seen.day + 1 - days
    return np.flatnonzero(of[first : seen.day + 1]) + first


def _slope(values: Floats) -> float:
    """Theil-Sen: the median slope of all pairs."""
    i, j = np.triu_indices(len(values), 1)
    return float(np.median((values[j] - values[i]) / (j - i)))


def _amplitude(counts: Floats) -> float:
    """Relative amplitude of one day (96, 8): most active ten hours against least active five, 0 to 1."""
    hours = np.minimum(counts.sum(axis=1), HOUR).reshape(24, HOUR).sum(axis=1)
    around = np.concatenate([hours, hours])
    most, least = (np.convolve(around, np.ones(n) / n, "valid")[:24] for n in (10, 5))
    high, low = float(most.max()), float(least.min())
    return (high - low) / (high + low) if high + low > 0 else 1.0


_RULES: Final[Mapping[Trend, Callable[[Seen], Iterator[Mapping[str, float]]]]] = {
    Trend.TOILETING: _toileting,
    Trend.SLEEP: _sleep,
    Trend.MOBILITY: _mobility,
    Trend.WITHDRAWAL: _withdrawal,
    Trend.REVERSAL: _reversal,
}
_SPAN: Final[Mapping[Trend, int]] = {
    Trend.TOILETING: OF_NIGHTS,
    Trend.SLEEP: OF_NIGHTS,
    Trend.MOBILITY: FORTNIGHT,
    Trend.WITHDRAWAL: CYCLES * CYCLE,
    Trend.REVERSAL: WEEK,
}
"""Days that each rests on."""
