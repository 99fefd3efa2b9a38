"""What is stored of each quarter of an hour, as days of counts, and whether the sensors were listening.

What this is: arithmetic on the quarters of a home's sensors (the roll-up ``reading_15m``). What it is not:
reading of them. The one idea: late, repeated and forgotten readings are right in the roll-up already, and a
quarter without a word of the sensors that carry a home's activity is not a quarter in which nobody moved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cloud.detect.routine.grid import SLOT_S, SLOTS, Bools, Floats, Ints, Place
from cloud.detect.routine.occupancy import PATIENCE_S
from cloud.detect.routine.sensors import Sensor
from cloud.series.signs import SIGNS, Quarter, signs_of
from firmware_protocols.model import Quantity

Bytes = NDArray[np.uint8]
MOST: Final = 255
"""Counts and shares are kept in a byte each."""
WHOLE: Final = 100
UNKNOWN: Final = 255
"""``in_bed`` where no mat said anything."""
FADES: Final = 0.9
"""D. So much of a sensor's share is left each night after it fell silent: it counts for about a month."""


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What a home's sensors said from one midnight on: quarters that may hold a ``sign``, and the slots in
    which each sensor said anything at all (``words``, ascending).
    """

    signs: tuple[Quarter, ...]
    words: Mapping[int, Ints]

    def spoke(self, sensors: Iterable[int], slot: int) -> bool:
        """Whether any of ``sensors`` has said anything from ``slot`` on."""
        nothing = np.empty(0, dtype=np.int64)
        return any(bool((self.words.get(one, nothing) >= slot).any()) for one in sensors)


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """``counts`` (days, 96, 8); ``listening`` and ``in_bed`` (days, 96): per cent, ``in_bed`` may be unknown.

    ``carried``: signs that each sensor gave.
    """

    counts: Bytes
    listening: Bytes
    in_bed: Bytes
    carried: Mapping[int, float]


def days_of(said: Said, sensors: Mapping[int, Sensor], weights: Mapping[int, float], slots: int) -> Days:
    """Days of ``slots`` quarters (the last day may be unfinished); ``weights``: the sensors' usual signs a
    day, empty while none is known.
    """
    days = -(-slots // SLOTS)
    counts, carried = np.zeros((days * SLOTS, len(Place))), defaultdict[int, float](float)
    for key, series in _by_series(said.signs).items():
        sensor, quantity = key
        for slot, signs in signs_of(series, SIGNS[quantity]) if quantity in SIGNS else ():
            counts[slot, sensors[sensor].place] += signs
            carried[sensor] += signs
    return Days(
        np.minimum(counts, MOST).astype(np.uint8).reshape(days, SLOTS, len(Place)),
        _listening(said.words, weights or dict.fromkeys(sensors, 1.0), slots, days),
        _in_bed(said.signs, days),
        carried,
    )


def faded(before: Mapping[int, float], carried: Mapping[int, float], days: int) -> dict[int, float]:
    """Usual signs a day of each sensor, after ``days`` days in which they gave ``carried``."""
    mean = {sensor: signs / days for sensor, signs in carried.items()}
    kept = {sensor: FADES * before.get(sensor, 0.0) for sensor in {*before, *mean}}
    both = {sensor: max(kept[sensor], mean.get(sensor, 0.0)) for sensor in kept}
    return {sensor: round(weight, 2) for sensor, weight in both.items() if weight >= 1 / WHOLE}


def _by_series(quarters: Iterable[Quarter]) -> Mapping[tuple[int, Quantity], Sequence[Quarter]]:
    found = defaultdict[tuple[int, Quantity], list[Quarter]](list)
    for one in sorted(quarters, key=lambda quarter: quarter.slot):
        found[one.sensor, one.quantity].append(one)
    return found


def _listening(words: Mapping[int, Ints], weights: Mapping[int, float], slots: int, days: int) -> Bytes:
    """Per cent of the usual activity whose sensors were heard around each quarter."""
    share = np.zeros(days * SLOTS)
    for sensor, weight in weights.items():
        share += weight * _heard(words.get(sensor, np.empty(0, dtype=np.int64)), slots, days * SLOTS)
    whole = sum(weights.values()) or 1.0
    return np.round(share / whole * WHOLE).astype(np.uint8).reshape(days, SLOTS)


def _heard(words: Ints, slots: int, length: int) -> Bools:
    """A quarter is heard unless it lies in more than two hours without a word, or has not come yet."""
    heard = np.zeros(length, dtype=np.bool_)
    heard[:slots] = True
    edges = np.concatenate([[-1], words, [slots]])
    for gap in np.flatnonzero(np.diff(edges) - 1 > PATIENCE_S // SLOT_S):
        heard[edges[gap] + 1 : edges[gap + 1]] = False
    return heard


def _in_bed(quarters: Iterable[Quarter], days: int) -> Bytes:
    share = np.full(days * SLOTS, UNKNOWN, dtype=np.uint8)
    for one in quarters:
        if one.quantity is Quantity.IN_BED and one.n > 0:
            share[one.slot] = round(WHOLE * one.total / one.n)
    return share.reshape(days, SLOTS)


def enough(listening: Bytes, per_cent: int) -> Bools:
    """Quarters in which at least ``per_cent`` of the usual activity would have been noticed."""
    mask: Bools = listening >= per_cent
    return mask


def as_counts(days: Bytes) -> Floats:
    """Counts as the detector wants them."""
    return days.astype(np.float64)
