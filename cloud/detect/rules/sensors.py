"""Situation 28: a sensor that lies, seen by whole days. Pure.

The gateway tells of one that sticks, sees nobody or never stops within hours (``edge_agent.rules``); here
it is compared with its own days, so a bed that no longer feels anybody is found as well. Guests make every
sensor busy, and a night away none: a day on which nobody was at home is no day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from statistics import median
from typing import Final

from cloud.detect.rules.habits import FEWEST, MIDNIGHT, Day, local_time
from cloud.detect.rules.model import WATCHING, Device, Finding, Known, Verdict
from cloud.incidents.model import Priority

_TELLS: Final = {"bed": 1}
_TELLS_ELSE: Final = 3
"""A sensor that speaks so seldom on a day may have nothing to say on another. D."""
_ALWAYS: Final = 0.9
"""On that share of its days it has spoken. D."""
_BUSY: Final = 50
"""So often the others must have spoken on a day, for one that is dumb to be told from a quiet home. D."""
_DUMB_DAYS: Final = {"bed": 2}
"""Whoever falls asleep in an armchair once is no fault of the bed. D."""
_BUSIER: Final = 4
"""As for the gateway (``edge_agent.rules.chatter``). D."""


def dumb(known: Known) -> Iterator[Verdict]:
    """Sensors that spoke on nearly every day and yesterday not at all, though they live and others spoke."""
    for device in known.of_kinds(WATCHING):
        days = _DUMB_DAYS.get(device.kind, 1)
        last, before = known.habits.days[-days:], known.habits.days[:-days]
        spoke = [body.fired.get(device.name, 0) for _, body in before]
        if not (_is_recent(known) and known.speaks(device) and len(spoke) >= FEWEST):
            continue
        least = _TELLS.get(device.kind, _TELLS_ELSE)
        usual = sum(count >= least for count in spoke) >= _ALWAYS * len(spoke)
        if usual and all(_is_dumb(body, device) for _, body in last):
            yield _finding(
                known, "sensor_dumb", last[0][0], device, {"usual": round(median(spoke)), "days": days}
            )


def restless(known: Known) -> Iterator[Verdict]:
    """Sensors that said more in an hour of yesterday than anybody can do, alone."""
    if not _is_recent(known):
        return
    day, body = known.habits.days[-1]
    for device in known.of_kinds(WATCHING | {"door"}):
        peak = body.peak.get(device.name, 0)
        others = max((count for name, count in body.peak.items() if name != device.name), default=0)
        if peak >= known.plan.rules.upkeep.per_hour and peak >= _BUSIER * others:
            yield _finding(known, "sensor_restless", day, device, {"per_hour": peak})


def _is_recent(known: Known) -> bool:
    """Whether the last day that is known is yesterday or the day before."""
    days = known.habits.days
    return bool(days) and known.plan.local(known.now).date() - days[-1][0] <= timedelta(days=2)


def _is_dumb(body: Day, device: Device) -> bool:
    others = sum(count for name, count in body.fired.items() if name != device.name)
    return body.fired.get(device.name, 0) == 0 and others >= _BUSY


def _finding(
    known: Known, rule: str, since: date, device: Device, numbers: dict[str, float | int | str]
) -> Finding:
    begins = local_time(known.plan, since, MIDNIGHT)
    return Finding(rule, Priority.PLAN, begins, numbers, subject=device.name, device_id=device.id)
