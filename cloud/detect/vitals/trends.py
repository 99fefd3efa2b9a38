"""What changes over days: weight, and where a person's own middle drifts to.

Sources: more than 2 kg in three days, ESC guidelines for heart failure 2021 (when to call). Figures marked D
are defaults of this project.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cloud.detect.vitals.model import Finding, Rule
from cloud.detect.vitals.view import View
from firmware_protocols.model import Quantity

WEIGHT_KG: Final = 2.0
WEIGHT_D: Final = 3
_OTHER_PERSON: Final = 0.08
"""Nobody gains that share in three days: somebody else stood on it, unless it says it twice. D."""


@dataclass(frozen=True, slots=True)
class Drift:
    """``by``: how far the middle of a week must lie from that of the month before, in the quantity's unit, or
    as a ``share`` of it.
    """

    by: float
    share: bool = False


DRIFTS: Final[Mapping[Quantity, Drift]] = {
    Quantity.SYSTOLIC: Drift(15),
    Quantity.HEART_RATE: Drift(10),
    Quantity.PULSE_RATE: Drift(10),
    Quantity.BODY_TEMPERATURE: Drift(0.4),
    Quantity.BODY_WEIGHT: Drift(0.05, share=True),
}
"""D; 5 % of the weight in a month is what nutrition screening calls significant."""
_WEEK_D: Final = 6
_MONTH_D: Final = 35
_LEAST_WEEK_D: Final = 4
_LEAST_MONTH_D: Final = 10
"""Days with a measurement without which there is no middle. D."""


def weight(seen: View) -> Iterator[Finding]:
    """More than 2 kg up or down within three days."""
    newest = seen.current(Quantity.BODY_WEIGHT)
    days = seen.past(Quantity.BODY_WEIGHT, WEIGHT_D, 1)
    if newest is None or not days:
        return
    sides = ((Rule.WEIGHT_GAIN, min(days), 1), (Rule.WEIGHT_LOSS, max(days), -1))
    for rule, from_kg, sign in sides:
        change = sign * (newest.value - from_kg)
        if change > WEIGHT_KG:
            confirmed = change <= _OTHER_PERSON * from_kg and _on_the_way(seen, from_kg, sign)
            numbers = {"value": newest.value, "change": round(change, 1), "before": round(from_kg, 1)}
            yield Finding(rule, newest.quantity, numbers | {"days": WEIGHT_D}, (newest,), confirmed)
            return


def _on_the_way(seen: View, from_kg: float, sign: int) -> bool:
    """Whether the weighing before, or yesterday's, had gone at least half the way: shoes and a visitor come
    at once and are gone tomorrow.
    """
    earlier = [one.value for one in seen.measured[Quantity.BODY_WEIGHT][1:2]]
    yesterday = seen.past(Quantity.BODY_WEIGHT, 1, 1)
    return any(sign * (kg - from_kg) >= WEIGHT_KG / 2 for kg in (*earlier, *yesterday))


def drift(seen: View) -> Iterator[Finding]:
    """The middle of a week lies far from that of the weeks before."""
    for quantity, allowed in DRIFTS.items():
        newest = seen.current(quantity)
        week, month = seen.past(quantity, _WEEK_D, 0), seen.past(quantity, _MONTH_D, _WEEK_D + 1)
        if newest is None or len(week) < _LEAST_WEEK_D or len(month) < _LEAST_MONTH_D:
            continue
        now, before = statistics.median(week), statistics.median(month)
        if abs(now - before) > (allowed.by * before if allowed.share else allowed.by):
            numbers = {"middle": round(now, 1), "before": round(before, 1), "days": len(week)}
            yield Finding(Rule.DRIFT, quantity, numbers, (newest,))
