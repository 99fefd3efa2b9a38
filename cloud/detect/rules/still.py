"""Situation 3: nobody has shown any sign of life for hours of the day, though somebody is at home. Pure.

The gateway judges the same (``edge_agent.rules.stillness``) and asks the resident first; this is the
backstop, later by ``AFTER_HOME``, and closer for whoever is never still for long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from cloud.detect.rules.habits import minutes, quantile, span
from cloud.detect.rules.model import Finding, Known, Verdict
from cloud.incidents.model import Priority
from firmware_protocols.wire.plan import DEFAULT

AFTER_HOME: Final = timedelta(minutes=10)
"""What the gateway needs to ask first, and its word to get here. D."""
_SHARE: Final = 0.995
"""Of the longest gaps of their days (care domain, 3)."""
_MARGIN: Final = timedelta(minutes=30)
"""D."""
IN_BED: Final = timedelta(hours=10)
"""Practice of a vendor for bedrooms; half a day of light in bed. [V]"""
_LEAST: Final = timedelta(hours=2)
"""No gap below is an absence, however lively somebody is. D."""


def still(known: Known) -> Iterator[Verdict]:
    """No sign of life for as long as hardly ever, counted in hours of the day. It stands until somebody
    moves.
    """
    rule, house = known.plan.rules.stillness, known.house
    last = house.last
    if not rule.armed or last is None or not house.someone_home:
        return
    since, wait = max(last.at, house.calm_at or last.at), _wait(known)
    due = _due(known, since, wait + AFTER_HOME)
    if known.at < due:
        yield due
        return
    numbers = {"still_min": minutes(known.at - since), "wait_min": minutes(wait)}
    yield Finding("no_movement", Priority.URGENT, since, numbers, (last.sign,), device_id=last.sign.device_id)


def _due(known: Known, since: datetime, wait: timedelta) -> datetime:
    """The first moment at which ``wait`` of one day's hours has passed since ``since``."""
    hours = known.plan.rules.stillness.day
    day = known.plan.local(since).date() - timedelta(days=1)
    while True:
        begins, ends = span(known.plan, day, hours)
        due = max(since, begins) + wait
        if due <= ends:
            return due
        day += timedelta(days=1)


def _wait(known: Known) -> timedelta:
    """What the plan says; where it says nothing, their own, if it is shorter. In bed it is longer."""
    wait_s, gaps = known.plan.rules.stillness.wait_s, known.habits.gaps()
    asked = timedelta(seconds=wait_s)
    if known.house.in_bed:
        return max(asked, IN_BED)
    if wait_s != DEFAULT.rules.stillness.wait_s or not known.habits.known or not gaps:
        return asked
    own = timedelta(minutes=quantile(gaps, _SHARE)) + _MARGIN
    return max(min(own, asked), _LEAST)
