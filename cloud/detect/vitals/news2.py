"""The National Early Warning Score 2, from whatever of its seven parameters is known.

Source of every figure: Royal College of Physicians, National Early Warning Score (NEWS) 2, London 2017.
What this is: a table and a sum. What it is not: a diagnosis; it does not hold for children, pregnancy or
spinal injury. The one idea: what was not measured is missing and says so ("5 of 7"); nothing is taken to be
normal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Final

from firmware_protocols.model import Quantity

OF: Final = 7
"""Parameters of a whole score."""
URGENT: Final = 5
EMERGENCY: Final = 7
SINGLE: Final = 3
"""This many points of one parameter alone are looked at urgently."""


class Parameter(StrEnum):
    """What is scored."""

    RESPIRATION = "respiration"
    SPO2 = "spo2"
    OXYGEN = "oxygen"
    SYSTOLIC = "systolic"
    PULSE = "pulse"
    CONSCIOUSNESS = "consciousness"
    TEMPERATURE = "temperature"


Bands = tuple[tuple[float, int], ...]
"""(highest value of the band, its points), lowest band first."""

_BANDS: Final[Mapping[Parameter, Bands]] = {
    Parameter.RESPIRATION: ((8, 3), (11, 1), (20, 0), (24, 2), (inf, 3)),
    Parameter.SPO2: ((91, 3), (93, 2), (95, 1), (inf, 0)),
    Parameter.SYSTOLIC: ((90, 3), (100, 2), (110, 1), (219, 0), (inf, 3)),
    Parameter.PULSE: ((40, 3), (50, 1), (90, 0), (110, 1), (130, 2), (inf, 3)),
    Parameter.TEMPERATURE: ((35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), (inf, 2)),
}
_SCALE_2_ON_AIR: Final[Bands] = ((83, 3), (85, 2), (87, 1), (inf, 0))
_SCALE_2_ON_OXYGEN: Final[Bands] = ((83, 3), (85, 2), (87, 1), (92, 0), (94, 1), (96, 2), (inf, 3))
_SAME_ON_BOTH: Final = 92
"""Up to here scale 2 does not ask whether there is oxygen."""
_OXYGEN: Final[Mapping[bool, int]] = {False: 0, True: 2}
_DECIMALS: Final[Mapping[Parameter, int]] = {Parameter.TEMPERATURE: 1}
"""The table knows whole numbers, and tenths of a degree; a value is rounded to what it knows."""

PARAMETERS: Final[Mapping[Quantity, Parameter]] = {
    Quantity.RESPIRATION_RATE: Parameter.RESPIRATION,
    Quantity.SPO2: Parameter.SPO2,
    Quantity.SYSTOLIC: Parameter.SYSTOLIC,
    Quantity.PULSE_RATE: Parameter.PULSE,
    Quantity.HEART_RATE: Parameter.PULSE,
    Quantity.BODY_TEMPERATURE: Parameter.TEMPERATURE,
}
"""Which quantity is which parameter. Nothing at home measures consciousness; oxygen is on record or not."""


@dataclass(frozen=True, slots=True)
class Score:
    """Points by parameter; those that are missing are not in it."""

    points: Mapping[Parameter, int]

    @property
    def total(self) -> int:
        """The sum of what is known: the whole score is this or more."""
        return sum(self.points.values())

    @property
    def n(self) -> int:
        """How many of the seven are known."""
        return len(self.points)

    @property
    def singles(self) -> tuple[Parameter, ...]:
        """Parameters that alone have the most points."""
        return tuple(name for name, points in self.points.items() if points >= SINGLE)


def score(values: Mapping[Parameter, float], *, scale2: bool = False, oxygen: bool | None = None) -> Score:
    """Score ``values`` (in the units of ``Quantity``).

    ``scale2``: SpO2 by scale 2. ``oxygen``: whether extra oxygen is breathed; ``None``: unknown, and missing.
    """
    points = {
        name: found
        for name, value in values.items()
        if (found := _of(name, value, scale2, oxygen)) is not None
    }
    if oxygen is not None:
        points[Parameter.OXYGEN] = _OXYGEN[oxygen]
    return Score(points)


def points_of(parameter: Parameter, value: float, *, scale2: bool = False, oxygen: bool | None = None) -> int:
    """Points of one value; 0 where they cannot be known."""
    return _of(parameter, value, scale2, oxygen) or 0


def _of(parameter: Parameter, value: float, scale2: bool, oxygen: bool | None) -> int | None:
    rounded = round(value, _DECIMALS.get(parameter, 0))
    bands = _BANDS[parameter]
    if parameter is Parameter.SPO2 and scale2:
        if oxygen is None and rounded > _SAME_ON_BOTH:
            return None
        bands = _SCALE_2_ON_OXYGEN if oxygen else _SCALE_2_ON_AIR
    return next(points for highest, points in bands if rounded <= highest)
