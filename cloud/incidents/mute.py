"""A home that is muted: why, until when, and which of its alarms then call nobody.

What this is: a table of reasons and one function. What it is not: a switch; nothing is muted without a reason
and an end, no alarm is dropped, and nothing that is already open is touched. The one idea: a muted alarm
opens an incident for information (P5), which is on the screen and on the record and pages nobody; the
next word after the end of the mute says again how urgent it is, and raises it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cloud.incidents.model import Priority
from firmware_protocols.model import AlarmKind


class Why(StrEnum):
    """``HOSPITAL``, ``AWAY``: nobody is at home meanwhile. ``WORKS``: somebody works on the equipment."""

    HOSPITAL = "hospital"
    AWAY = "away"
    WORKS = "works"


@dataclass(frozen=True, slots=True)
class Rule:
    """``kinds``: alarms that this reason explains. ``from_priority``: none that is more urgent than this is
    muted. ``longest``: a mute that would last longer is asked for again.
    """

    kinds: frozenset[AlarmKind]
    from_priority: Priority
    longest: timedelta


_NOBODY_HOME: Final = frozenset(
    {
        AlarmKind.STILLNESS,
        AlarmKind.MEDICINE,
        AlarmKind.ROUTINE,
        AlarmKind.NOT_UP,
        AlarmKind.NOT_RETURNED,
        AlarmKind.NOT_EATING,
        AlarmKind.NO_USUAL_USE,
        AlarmKind.NOT_WORN,
    }
)
"""What follows from nobody being there. A fall, a pressed button, a person at the door or in the bathroom do
not: then somebody is there after all.
"""
_EQUIPMENT: Final = frozenset(
    {
        AlarmKind.DEVICE_FAULT,
        AlarmKind.SENSOR_SILENT,
        AlarmKind.MAINS_LOST,
        AlarmKind.TAMPER,
        AlarmKind.BATTERY_LOW,
        AlarmKind.NOT_WORN,
        AlarmKind.GATEWAY_SILENT,
    }
)

RULES: Final[Mapping[Why, Rule]] = {
    Why.HOSPITAL: Rule(_NOBODY_HOME, Priority.URGENT, timedelta(days=30)),
    Why.AWAY: Rule(_NOBODY_HOME, Priority.URGENT, timedelta(days=30)),
    # A gateway that falls silent while a question was open is urgent, works or not.
    Why.WORKS: Rule(_EQUIPMENT, Priority.TODAY, timedelta(hours=8)),
}
"""D: the care provider may shorten them."""


@dataclass(frozen=True, slots=True)
class Mute:
    """From ``since`` until before ``until``; ``ended_at``: somebody ended it sooner."""

    why: Why
    since: datetime
    until: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """How urgent an alarm is taken to be, and what muted it, if anything did."""

    priority: Priority
    muted: Why | None = None


def heard(kind: AlarmKind, said: Priority, mutes: Iterable[Mute], now: datetime) -> Heard:
    """``said``: what the alarm is by itself (``kinds.priority_of``)."""
    for mute in mutes:
        rule = RULES[mute.why]
        if _stands(mute, now) and kind in rule.kinds and said >= rule.from_priority:
            return Heard(Priority.INFO, mute.why)
    return Heard(said)


def too_long(why: Why, now: datetime, until: datetime) -> bool:
    """Whether a mute that begins now would last longer than its reason allows."""
    return until - now > RULES[why].longest


def _stands(mute: Mute, now: datetime) -> bool:
    return mute.since <= now < mute.until and (mute.ended_at is None or now < mute.ended_at)
