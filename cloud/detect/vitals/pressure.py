"""Blood pressure: measured twice before anybody is called, and the mean of a week for the doctor.

Sources: 180/110 mmHg and home means of 135/85 mmHg, Chinese guidelines for the prevention and treatment of
hypertension (2024 revision). Figures marked D are defaults of this project.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from typing import Final

from cloud.detect.vitals.model import Finding, Limit, Rule
from cloud.detect.vitals.personal import crossed, twice, usual
from cloud.detect.vitals.view import View
from firmware_protocols.model import Quantity

VERY_HIGH: Final[Mapping[Quantity, float]] = {Quantity.SYSTOLIC: 180, Quantity.DIASTOLIC: 110}
LOW_MMHG: Final = 99.0
"""Below 100: dizzy, and falls. D."""
_USUALLY_LOW_MMHG: Final = 110.0
"""Whose own middle lies below lives with it. D."""
MEAN: Final[Mapping[Quantity, float]] = {Quantity.SYSTOLIC: 135, Quantity.DIASTOLIC: 85}
_WEEK_D: Final = 6
_LEAST_D: Final = 4
"""Days of the last seven with a measurement. D."""


def very_high(seen: View) -> Iterator[Finding]:
    """At or above 180/110, twice."""
    for quantity, limit in VERY_HIGH.items():
        newest, bounds = seen.current(quantity), Limit(None, limit, "")
        if newest is not None and crossed(bounds, newest.value) is not None:
            numbers = {"value": newest.value, "limit": limit}
            yield twice(seen, Rule.PRESSURE_HIGH, newest, bounds, numbers)
            return


def low(seen: View) -> Iterator[Finding]:
    """Below 100, twice, of somebody for whom that is new."""
    newest, own = seen.current(Quantity.SYSTOLIC), usual(seen, Quantity.SYSTOLIC)
    bounds = Limit(LOW_MMHG, None, "")
    if newest is None or crossed(bounds, newest.value) is None:
        return
    if own is None or own.middle >= _USUALLY_LOW_MMHG:
        yield twice(seen, Rule.PRESSURE_LOW, newest, bounds, {"value": newest.value, "limit": 100})


def mean(seen: View) -> Iterator[Finding]:
    """The mean of the last seven days is high."""
    for quantity, limit in MEAN.items():
        newest, week = seen.current(quantity), seen.past(quantity, _WEEK_D, 0)
        if newest is not None and len(week) >= _LEAST_D and statistics.fmean(week) >= limit:
            numbers = {"mean": round(statistics.fmean(week)), "limit": limit, "days": len(week)}
            yield Finding(Rule.PRESSURE_MEAN, quantity, numbers, (newest,))
            return
