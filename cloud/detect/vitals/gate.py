"""Whether a measurement can be believed, before anybody asks what it means.

What this is: one pass over a home's samples: each is good, or gated with its fault. What it is not: a
judgement of the person. The one idea: a number that cannot be true is shown and asked for again, and never
scored. Figures marked D are defaults of this project.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from cloud.detect.vitals.model import Fault, Gated, Good, Sample
from firmware_protocols.model import Quality, Quantity
from firmware_protocols.ranges import RANGES
from firmware_protocols.wire.plan import LIMITS

WATCHED: Final[Mapping[Quantity, tuple[float, float]]] = {
    **{quantity: (spec.least, spec.most) for quantity, spec in LIMITS.items()},
    Quantity.DIASTOLIC: (20, 180),
    Quantity.BODY_WEIGHT: (25, 250),
    Quantity.BODY_WATER: (20, 85),
}
"""Lowest and highest value that a living adult at home has. D; the same as a plan's limits may be."""
_NO_CEILING: Final = frozenset({Quantity.SPO2})
"""The end of their range is a healthy value."""
_WRONG_UNIT: Final[Mapping[Quantity, tuple[float, float]]] = {
    Quantity.BODY_TEMPERATURE: (90, 110),  # Fahrenheit
    Quantity.SYSTOLIC: (8, 30),  # kPa
    Quantity.DIASTOLIC: (4, 18),  # kPa
    Quantity.SPO2: (0.5, 1),  # a fraction
    Quantity.BODY_WEIGHT: (25_000, 250_000),  # grams
    Quantity.GLUCOSE: (40, 600),  # mg/dL
}
"""Where a value lies that was said in another unit, and nobody's lies in ours."""
_NARROWEST_MMHG: Final = 15.0
_WIDEST_MMHG: Final = 140.0
"""Systolic minus diastolic. D: outside, the cuff was loose or the arm moved; in shock it narrows, too: then
every further measurement fails like this, and is shown."""
_WEAKEST_PERCENT: Final = 0.3
"""Pulse amplitude (perfusion index) below which an oximeter guesses: a cold finger. D."""
_TOGETHER: Final = timedelta(seconds=30)
"""What one measurement says in several quantities is this close together. D."""
_STUCK_N: Final = 20
_STUCK: Final = timedelta(minutes=10)
"""So many equal values over so long: a pulse that never changes is a sensor that hangs. D."""
_NEVER_EQUAL: Final = frozenset({Quantity.HEART_RATE, Quantity.PULSE_RATE, Quantity.RESPIRATION_RATE})
_SAYS_NOTHING: Final[Mapping[Quality, Fault]] = {
    Quality.NOT_WORN: Fault.NOT_WORN,
    Quality.NO_VALUE: Fault.NO_VALUE,
    Quality.OUT_OF_RANGE: Fault.IMPLAUSIBLE,
}

Key = tuple[int, Quantity]


def sift(samples: Iterable[Sample]) -> tuple[list[Good], list[Gated]]:
    """Divide ``samples`` (any order) into those that are good and those that are not, each oldest first."""
    ordered = sorted(samples, key=_at)
    by_key: dict[Key, list[Sample]] = defaultdict(list)
    for sample in ordered:
        by_key[sample.device_id, sample.quantity].append(sample)
    stuck = {key: _stuck_since(series) for key, series in by_key.items()}
    good, gated = [], []
    for sample in ordered:
        if sample.quantity not in WATCHED:
            continue
        fault = _alone(sample) or _among(sample, by_key, stuck)
        if fault is not None:
            gated.append(Gated(sample, fault))
        elif sample.value is not None:
            good.append(Good(sample.device_id, sample.quantity, sample.at, sample.value))
    return good, gated


def _alone(sample: Sample) -> Fault | None:
    """What the sample itself shows."""
    if sample.quality in _SAYS_NOTHING or sample.value is None:
        return _SAYS_NOTHING.get(sample.quality, Fault.NO_VALUE)
    if _clipped(sample.quantity, sample.value):
        return Fault.CLIPPED
    lowest, highest = WATCHED[sample.quantity]
    if lowest <= sample.value <= highest:
        return None
    low, high = _WRONG_UNIT.get(sample.quantity, (1, 0))
    return Fault.WRONG_UNIT if low <= sample.value <= high else Fault.IMPLAUSIBLE


def _clipped(quantity: Quantity, value: float) -> bool:
    ends = RANGES.get(quantity)
    if ends is None:
        return False
    return value == ends[0] or (value == ends[1] and quantity not in _NO_CEILING)


def _among(
    sample: Sample, by_key: Mapping[Key, Sequence[Sample]], stuck: Mapping[Key, datetime | None]
) -> Fault | None:
    """What shows only beside the others."""
    since = stuck[sample.device_id, sample.quantity]
    if since is not None and sample.at >= since:
        return Fault.CONSTANT
    if sample.quantity in {Quantity.SYSTOLIC, Quantity.DIASTOLIC} and not _cuff_sits(sample, by_key):
        return Fault.LOOSE_CUFF
    if sample.quantity in {Quantity.SPO2, Quantity.PULSE_RATE}:
        amplitude = _beside(sample, Quantity.PULSE_AMPLITUDE, by_key)
        if amplitude is not None and amplitude < _WEAKEST_PERCENT:
            return Fault.WEAK_SIGNAL
    return None


def _cuff_sits(sample: Sample, by_key: Mapping[Key, Sequence[Sample]]) -> bool:
    systolic, diastolic = (
        _beside(sample, quantity, by_key) for quantity in (Quantity.SYSTOLIC, Quantity.DIASTOLIC)
    )
    if systolic is None or diastolic is None:
        return True
    return _NARROWEST_MMHG <= systolic - diastolic <= _WIDEST_MMHG


def _beside(sample: Sample, quantity: Quantity, by_key: Mapping[Key, Sequence[Sample]]) -> float | None:
    """What the same device said of ``quantity`` in the same measurement."""
    series = by_key.get((sample.device_id, quantity), ())
    first = bisect_left(series, sample.at - _TOGETHER, key=_at)
    last = bisect_right(series, sample.at + _TOGETHER, key=_at)
    near = (other for other in series[first:last] if other.value is not None)
    nearest = min(near, key=lambda other: abs(other.at - sample.at), default=None)
    return None if nearest is None else nearest.value


def _at(sample: Sample) -> datetime:
    return sample.at


def _stuck_since(series: Sequence[Sample]) -> datetime | None:
    """Since when the newest value of ``series`` has stood still, if that is too long to be true."""
    newest = series[-1]
    if newest.quantity not in _NEVER_EQUAL or newest.value is None:
        return None
    equal = []
    for sample in reversed(series):
        if sample.value != newest.value:
            break
        equal.append(sample)
    long_enough = newest.at - equal[-1].at >= _STUCK and len(equal) >= _STUCK_N
    return equal[-1].at if long_enough else None
