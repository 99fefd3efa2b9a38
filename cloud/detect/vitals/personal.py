"""What is usual for this person: the middle of their own last weeks, and how far they stray from it.

What this is: median and spread over days, so that neither one bad measurement nor one bad day moves it. What
it is not: a limit of health; somebody may be ill all the time, which fixed limits (``news2``) see. Figures
marked D are defaults of this project.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cloud.detect.vitals.model import Finding, Good, Limit, Number, Rule
from cloud.detect.vitals.view import View
from firmware_protocols.model import Quantity

WEEKS_D: Final = 28
LEAST_D: Final = 7
"""Days with a measurement: at the most so many are looked at, and without so many nothing is usual. D."""
STRAY: Final = 3.5
"""Spreads from the median that are unusual (Iglewicz and Hoaglin 1993, for the modified z-score)."""
_MAD: Final = 1.4826
"""Median absolute deviation to standard deviation, of a normal distribution."""

NARROWEST: Final[Mapping[Quantity, float]] = {
    Quantity.HEART_RATE: 4.0,
    Quantity.PULSE_RATE: 4.0,
    Quantity.RESPIRATION_RATE: 1.5,
    Quantity.SPO2: 1.0,
    Quantity.SYSTOLIC: 8.0,
    Quantity.DIASTOLIC: 5.0,
    Quantity.BODY_WATER: 1.0,
}
"""Spread of a steady person's single measurements, in the quantity's unit: nobody is held to less. D."""
_PULSE: Final = Limit(50, 100, "")
LEVELS: Final[Mapping[Quantity, Limit]] = {
    Quantity.SYSTOLIC: Limit(100, 160, ""),
    Quantity.DIASTOLIC: Limit(60, 100, ""),
    Quantity.HEART_RATE: _PULSE,
    Quantity.PULSE_RATE: _PULSE,
}
"""160/100 mmHg is grade 2 hypertension (Chinese guidelines, 2024 revision); a resting pulse is 51-99 by the
usual words for slow and fast; the low pressures: D.
"""
_ONLY_LOW: Final = frozenset({Quantity.SPO2})
_AT_ONCE: Final = frozenset({Quantity.BODY_WATER})
"""Measured once a day: a second one would only repeat the first."""


@dataclass(frozen=True, slots=True)
class Usual:
    """``middle`` and ``spread`` in the quantity's unit, over ``n`` days."""

    middle: float
    spread: float
    n: int

    @property
    def low(self) -> float:
        return self.middle - STRAY * self.spread

    @property
    def high(self) -> float:
        return self.middle + STRAY * self.spread


def usual(seen: View, quantity: Quantity) -> Usual | None:
    """What is usual, from the days before today; ``None``: too few of them."""
    means = seen.past(quantity, WEEKS_D, 1)
    if len(means) < LEAST_D:
        return None
    middle = statistics.median(means)
    spread = _MAD * statistics.median(abs(mean - middle) for mean in means)
    return Usual(middle, max(spread, NARROWEST.get(quantity, 0.0)), len(means))


def unusual(seen: View) -> Iterator[Finding]:
    """Measurements far from what is usual for this person."""
    for quantity in NARROWEST:
        newest, own = seen.current(quantity), usual(seen, quantity)
        if newest is None or own is None:
            continue
        bounds = Limit(own.low, None if quantity in _ONLY_LOW else own.high, "")
        limit = crossed(bounds, newest.value)
        if limit is not None:
            numbers: dict[str, Number] = {
                "value": newest.value,
                "usual": round(own.middle, 1),
                "limit": round(limit, 1),
                "days": own.n,
            }
            yield twice(seen, Rule.UNUSUAL, newest, bounds, numbers, at_once=quantity in _AT_ONCE)


def clinician(seen: View) -> Iterator[Finding]:
    """Measurements outside what a named clinician has set."""
    for quantity, bounds in seen.person.limits.items():
        newest = seen.current(quantity)
        limit = None if newest is None else crossed(bounds, newest.value)
        if newest is not None and limit is not None:
            numbers: dict[str, Number] = {"value": newest.value, "limit": limit, "by": bounds.by}
            yield twice(seen, Rule.CLINICIAN, newest, bounds, numbers)


def level(seen: View) -> Iterator[Finding]:
    """Measurements at which a nurse looks at the week, unless a clinician has set this person's own."""
    for quantity, bounds in LEVELS.items():
        newest = seen.current(quantity)
        limit = None if newest is None else crossed(bounds, newest.value)
        if newest is None or limit is None or quantity in seen.person.limits:
            continue
        yield twice(seen, Rule.LEVEL, newest, bounds, {"value": newest.value, "limit": limit})


def crossed(bounds: Limit, value: float) -> float | None:
    """The limit that ``value`` has reached."""
    if bounds.low is not None and value <= bounds.low:
        return bounds.low
    return bounds.high if bounds.high is not None and value >= bounds.high else None


def twice(
    seen: View,
    rule: Rule,
    newest: Good,
    bounds: Limit,
    numbers: Mapping[str, Number],
    *,
    at_once: bool = False,
) -> Finding:
    """``newest`` is outside ``bounds``; confirmed if the measurement before it was, on the same side."""
    before = seen.before(newest)
    confirmed = before is not None and crossed(bounds, before.value) == crossed(bounds, newest.value)
    rows = (newest,) if before is None else (newest, before)
    return Finding(rule, newest.quantity, numbers, rows, confirmed or at_once)
