"""Situation 4: nobody is up by the usual time. Pure.

Being up is more than moving: whoever goes to the bathroom at six and lies down again has not got up. Who
has no usual time yet is missed at the plan's latest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from cloud.detect.rules.habits import (
    FEWEST,
    MIDNIGHT,
    NOT_UP_IN,
    PLUGS,
    RISING,
    is_up,
    local_time,
    quantile,
)
from cloud.detect.rules.model import INDOORS, Finding, Known, Verdict
from cloud.incidents.model import Priority

_SHARE: Final = 0.9
"""Of their days they are up by then. D."""
_URGENT_AFTER: Final = timedelta(hours=1)
"""The table's two steps, 60 and 120 minutes past the usual time. D."""
_STIRS: Final = timedelta(hours=1)
"""Whoever moved so lately, if only in the bedroom, is not in danger at this minute. D."""


_NIGHT: Final = timedelta(hours=18)
"""Who gave no sign of life in the evening and the night before was not there to get up. D."""


@dataclass(frozen=True, slots=True)
class _Morning:
    """``usual``: ``None`` while it is not known. ``first``: when somebody asks today; ``urgent``: at once."""

    usual: datetime | None
    first: datetime
    urgent: datetime


def not_up(known: Known) -> Iterator[Verdict]:
    """At home, and not seen to be up."""
    rule, house = known.plan.watch.not_up, known.house
    day = (known.local - timedelta(hours=RISING.hour)).date()
    rising = local_time(known.plan, day, RISING)
    if not (rule.armed and house.someone_home and _is_seen_up(known)):
        return
    went_to_bed = house.between(rising - _NIGHT, rising)
    if not went_to_bed or any(is_up(life) for life in house.between(rising, known.at)):
        return
    morning = _morning(known, local_time(known.plan, day, MIDNIGHT))
    if any(hole.since < morning.first and hole.until > (morning.usual or rising) for hole in house.holes):
        return  # they may have been up, and gone to bed again
    if known.at < morning.first:
        yield morning.first
        return
    priority, again = _priority(known, morning)
    if again is not None:
        yield again
    yield _finding(known, morning, priority)


def _finding(known: Known, morning: _Morning, priority: Priority) -> Finding:
    by, usual, last = _clock(known, morning.first), morning.usual, known.house.last
    return Finding(
        "not_up",
        priority,
        usual or morning.first,
        {"by": by} if usual is None else {"by": by, "usual": _clock(known, usual)},
        (last.sign,) if last else (),
        words="not_up" if usual is None else "not_up_as_usual",
        device_id=last.sign.device_id if last else None,
    )


def _priority(known: Known, morning: _Morning) -> tuple[Priority, datetime | None]:
    """How urgent it is now, and when it may be more."""
    last = known.house.last
    urgent = max(morning.urgent, last.at + _STIRS) if last else morning.urgent
    return (Priority.TODAY, urgent) if known.at < urgent else (Priority.URGENT, None)


def _morning(known: Known, midnight: datetime) -> _Morning:
    rule, ups = known.plan.watch.not_up, known.habits.ups()
    if len(ups) < FEWEST:
        latest = local_time(known.plan, known.plan.local(midnight).date(), time.fromisoformat(rule.latest))
        return _Morning(None, latest, latest)
    usual = midnight + timedelta(minutes=quantile(ups, _SHARE))
    first = usual + timedelta(seconds=rule.after_s)
    return _Morning(usual, first, first + _URGENT_AFTER)


def _is_seen_up(known: Known) -> bool:
    """Whether anything in this home would show somebody who is up."""
    return any(device.room not in NOT_UP_IN for device in known.of_kinds(INDOORS | PLUGS))


def _clock(known: Known, moment: datetime) -> str:
    return known.plan.local(moment).strftime("%H:%M")
