"""What of a measurement is a person's doing.

What this is: a table, and the reading of one series by it. What it is not: a judgement of the day. The one
idea: a sensor that says every minute that nothing moves is heard; only what changes, or moves, is somebody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from firmware_protocols.model import Quantity


class Sign(StrEnum):
    """How a quantity tells of somebody: each ``true``, each change, or each time a load comes on."""

    EACH = "each"
    CHANGE = "change"
    LOAD = "load"


SIGNS: Final[Mapping[Quantity, Sign]] = {
    Quantity.MOTION: Sign.EACH,
    Quantity.VIBRATION: Sign.EACH,
    Quantity.OPENING: Sign.CHANGE,
    Quantity.PRESENCE: Sign.CHANGE,
    Quantity.IN_BED: Sign.CHANGE,
    Quantity.POWER: Sign.LOAD,
}
LOAD_W: Final = 20.0
"""D. A plug that draws more is in use; less is a standby."""


@dataclass(frozen=True, slots=True)
class Quarter:
    """What one sensor said of one quantity in one quarter of an hour.

    ``slot`` counts quarters from the first midnight. ``n`` readings, their ``total``, least (``low``) and
    greatest (``high``); a state is 0 or 1.
    """

    sensor: int
    quantity: Quantity
    slot: int
    n: int
    total: float
    low: float
    high: float


def signs_of(series: Sequence[Quarter], sign: Sign) -> list[tuple[int, float]]:
    """(slot, signs of somebody) of one sensor's quantity, oldest first."""
    if sign is Sign.EACH:
        return [(one.slot, one.total) for one in series if one.total > 0]
    states = [_loads(one) if sign is Sign.LOAD else (one.low > 0, one.high > 0) for one in series]
    found = list[tuple[int, float]]()
    was: bool | None = None  # after a quarter with both states nobody knows which was the last
    for one, (low, high) in zip(series, states, strict=True):
        changed = low != high or (was is not None and low != was)
        if changed and (sign is Sign.CHANGE or high):
            found.append((one.slot, 1.0))
        was = high if low == high else None
    return found


def _loads(one: Quarter) -> tuple[bool, bool]:
    return one.low > LOAD_W, one.high > LOAD_W
