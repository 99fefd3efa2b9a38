"""Campaigns that the calendar asks for: the festivals on which everybody is to be asked after. Pure.

What this is: dates to proposals that a leader takes over with a word. What it is not: a campaign; nobody is
asked for before a person has said so. The one idea: the people ask before the festival, because on the day
itself the homes are full, and whoever has nobody coming is found by then. Cold and heat have no calendar: a
leader makes those when the weather office warns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from cloud.festivals import FESTIVALS
from cloud.visits.duty import Campaign

DOUBLE_NINTH: Final = (
    date(2026, 10, 18),
    date(2027, 10, 8),
    date(2028, 10, 26),
    date(2029, 10, 16),
    date(2030, 10, 5),
    date(2031, 10, 24),
    date(2032, 10, 12),
    date(2033, 10, 1),
    date(2034, 10, 20),
    date(2035, 10, 9),
)
"""The ninth day of the ninth month, the festival of the aged (老年節): no home is unlike itself for it, so it
is no day type of the routine. As in the conversion tables of the Hong Kong Observatory.
"""
BEFORE_DAYS: Final = 10
"""Asked from so many days before the festival on, until its day. D."""
AFTER_DAYS: Final = 7
"""Whoever was not reached stays in the list so long afterwards. D."""
SHOWN_DAYS: Final = 45
"""How far ahead a festival is proposed. D."""
_DAY: Final = timedelta(days=1)


class Festival(StrEnum):
    """Festivals on which people are asked after (春節, 中秋, 重陽)."""

    SPRING = "spring"
    MID_AUTUMN = "mid_autumn"
    DOUBLE_NINTH = "double_ninth"


@dataclass(frozen=True, slots=True)
class Proposed:
    """A campaign as it would be. ``on``: the festival's first day."""

    festival: Festival
    on: date
    campaign: Campaign


NAMES: Final[Mapping[Festival, str]] = MappingProxyType(
    {Festival.SPRING: "春节", Festival.MID_AUTUMN: "中秋", Festival.DOUBLE_NINTH: "重阳"}
)
"""What a campaign is called until somebody calls it otherwise; with the year."""


def proposed(now: datetime, zone: ZoneInfo) -> tuple[Proposed, ...]:
    """The festivals of the next weeks, the first one first."""
    today = now.astimezone(zone).date()
    ahead = sorted((day, festival) for festival, day in _days() if today <= day <= today + SHOWN_DAYS * _DAY)
    return tuple(_proposed(festival, day, zone) for day, festival in ahead)


def _days() -> Iterator[tuple[Festival, date]]:
    """The first day of each festival of each year that the tables know."""
    for day, name in FESTIVALS.items():
        if name in {Festival.SPRING, Festival.MID_AUTUMN} and FESTIVALS.get(day - _DAY) != name:
            yield Festival(name), day
    for day in DOUBLE_NINTH:
        yield Festival.DOUBLE_NINTH, day


def _proposed(festival: Festival, day: date, zone: ZoneInfo) -> Proposed:
    begins = datetime.combine(day, time(), zone)
    campaign = Campaign(
        f"{NAMES[festival]} {day.year}", begins - BEFORE_DAYS * _DAY, begins, begins + AFTER_DAYS * _DAY
    )
    return Proposed(festival, day, campaign)
