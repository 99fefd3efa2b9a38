"""The nouns of vital signs: a sample, a day of one quantity, what is on record, and what was found.

What this is: frozen values. What it is not: a rule. The one idea: a finding carries its numbers and the very
samples that it rests on, so that whoever is called can weigh it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cloud.incidents.model import Priority
from firmware_protocols.model import Quality, Quantity

Number = float | int | str


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement of one device. ``value`` in the quantity's unit; ``None``: it measured nothing."""

    device_id: int
    quantity: Quantity
    at: datetime
    value: float | None
    quality: Quality = Quality.GOOD


@dataclass(frozen=True, slots=True)
class Good:
    """A sample that passed the gate: it has a value."""

    device_id: int
    quantity: Quantity
    at: datetime
    value: float


Row = Good | Sample


@dataclass(frozen=True, slots=True)
class Day:
    """A home's day of one quantity: how many values (``n``) and their mean. Days are those of UTC+8."""

    quantity: Quantity
    day: date
    n: int
    mean: float


@dataclass(frozen=True, slots=True)
class Limit:
    """At or below ``low``, at or above ``high`` is outside. ``by``: the clinician who set it, by name."""

    low: float | None
    high: float | None
    by: str


@dataclass(frozen=True, slots=True)
class Person:
    """What the record says of who is measured here.

    ``scale2``: SpO2 is scored by scale 2, which only a doctor may decide (target 88-92 %). ``oxygen``:
    whether they breathe extra oxygen; ``None``: nobody said. ``limits``: set by a named clinician.
    """

    scale2: bool = False
    oxygen: bool | None = None
    limits: Mapping[Quantity, Limit] = field(default_factory=lambda: MappingProxyType({}))


_ABOUT: Final[Mapping[Quantity, Quantity]] = {
    Quantity.DIASTOLIC: Quantity.SYSTOLIC,
    Quantity.HEART_RATE: Quantity.PULSE_RATE,
}


def about(quantity: Quantity) -> Quantity:
    """What ``quantity`` is a part of: one cuff says two pressures, and people are told once."""
    return _ABOUT.get(quantity, quantity)


class Rule(StrEnum):
    """Why something was found. The value is the key of its sentence (``finding.`` in the catalogues)."""

    NEWS2_EMERGENCY = "news2_emergency"
    NEWS2_URGENT = "news2_urgent"
    NEWS2_SINGLE = "news2_single"
    CLINICIAN = "clinician_limit"
    UNUSUAL = "unusual"
    PRESSURE_HIGH = "pressure_high"
    PRESSURE_LOW = "pressure_low"
    PRESSURE_MEAN = "pressure_mean"
    LEVEL = "level"
    FEVER_HIGH = "fever_high"
    FEVER = "fever"
    FEVER_REPEATED = "fever_repeated"
    FEVER_RISE = "fever_rise"
    SUGAR_VERY_LOW = "sugar_very_low"
    SUGAR_LOW = "sugar_low"
    SUGAR_VERY_HIGH = "sugar_very_high"
    SUGAR_HIGH = "sugar_high"
    WEIGHT_GAIN = "weight_gain"
    WEIGHT_LOSS = "weight_loss"
    DRIFT = "drift"
    NOT_REPEATED = "not_repeated"
    UNUSABLE = "unusable"


AGAIN: Final = timedelta(minutes=15)
"""How long a second measurement is waited for: five minutes of rest, and time to find the cuff, as in a
home's plan (``firmware_protocols.wire.plan.Vitals``). D."""
NEXT_DAY: Final = timedelta(hours=26)
"""Until after the next morning's weighing. D."""


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """``priority``: ``None`` where it is never an alarm. ``cool_down``: how long the same is not said again.

    ``unanswered``: the priority when a second measurement was asked for and none came within ``wait``;
    ``None``: it is let go. ``slow``: it speaks of weeks, and says nothing of today.
    """

    priority: Priority | None
    cool_down: timedelta
    unanswered: Priority | None = None
    wait: timedelta = AGAIN
    slow: bool = False


_DAY: Final = timedelta(days=1)
RULES: Final[Mapping[Rule, RuleSpec]] = {
    Rule.NEWS2_EMERGENCY: RuleSpec(Priority.LIFE, timedelta(hours=1), Priority.URGENT),
    Rule.NEWS2_URGENT: RuleSpec(Priority.URGENT, timedelta(hours=4), Priority.URGENT),
    Rule.NEWS2_SINGLE: RuleSpec(Priority.URGENT, timedelta(hours=4), Priority.TODAY),
    Rule.CLINICIAN: RuleSpec(Priority.URGENT, timedelta(hours=4), Priority.TODAY),
    Rule.PRESSURE_HIGH: RuleSpec(Priority.URGENT, timedelta(hours=12), Priority.TODAY),
    Rule.PRESSURE_LOW: RuleSpec(Priority.TODAY, _DAY),
    Rule.FEVER_HIGH: RuleSpec(Priority.URGENT, timedelta(hours=12)),
    Rule.FEVER: RuleSpec(Priority.TODAY, _DAY),
    Rule.FEVER_REPEATED: RuleSpec(Priority.TODAY, _DAY),
    Rule.FEVER_RISE: RuleSpec(Priority.TODAY, _DAY),
    Rule.SUGAR_VERY_LOW: RuleSpec(Priority.URGENT, timedelta(hours=1)),
    Rule.SUGAR_LOW: RuleSpec(Priority.URGENT, timedelta(hours=4), Priority.URGENT),
    Rule.SUGAR_VERY_HIGH: RuleSpec(Priority.URGENT, timedelta(hours=12)),
    Rule.SUGAR_HIGH: RuleSpec(Priority.TODAY, timedelta(hours=12), Priority.TODAY),
    Rule.WEIGHT_GAIN: RuleSpec(Priority.TODAY, 3 * _DAY, Priority.TODAY, NEXT_DAY),
    Rule.WEIGHT_LOSS: RuleSpec(Priority.TODAY, 3 * _DAY, Priority.TODAY, NEXT_DAY),
    Rule.UNUSUAL: RuleSpec(Priority.TODAY, 3 * _DAY),
    Rule.LEVEL: RuleSpec(Priority.PLAN, timedelta(hours=12), Priority.PLAN),
    Rule.DRIFT: RuleSpec(Priority.PLAN, 14 * _DAY, slow=True),
    Rule.PRESSURE_MEAN: RuleSpec(Priority.PLAN, 28 * _DAY, slow=True),
    Rule.NOT_REPEATED: RuleSpec(Priority.TODAY, _DAY),
    Rule.UNUSABLE: RuleSpec(None, timedelta(hours=1)),
}
"""Priorities and the five minutes: D, the care domain's table. Cool-downs: D; a worse finding breaks them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, once.

    ``quantity``: what to measure again, or what it is about. ``numbers``: what its sentence says, by name.
    ``rows``: the samples it rests on, the decisive one first. ``confirmed``: whether a second measurement
    says the same, or none is needed.
    """

    rule: Rule
    quantity: Quantity
    numbers: Mapping[str, Number]
    rows: tuple[Row, ...]
    confirmed: bool = True

    @property
    def at(self) -> datetime:
        """When the decisive sample was taken."""
        return self.rows[0].at

    @property
    def priority(self) -> Priority | None:
        """How fast it must be answered; ``None``: it is never an alarm."""
        return RULES[self.rule].priority


@dataclass(frozen=True, slots=True)
class Gated:
    """A sample that is shown and never scored, and why."""

    sample: Sample
    fault: Fault


class Fault(StrEnum):
    """What is wrong with a measurement, not with the person."""

    NOT_WORN = "not_worn"
    NO_VALUE = "no_value"
    CLIPPED = "clipped"
    WRONG_UNIT = "wrong_unit"
    IMPLAUSIBLE = "implausible"
    CONSTANT = "constant"
    LOOSE_CUFF = "loose_cuff"
    WEAK_SIGNAL = "weak_signal"


@dataclass(frozen=True, slots=True)
class Judged:
    """All that was found in one look, what of the last hour could not be used, and when something ``about``
    each quantity was last measured.
    """

    findings: tuple[Finding, ...]
    gated: tuple[Gated, ...]
    measured: Mapping[Quantity, datetime]
