"""Situation 9: somebody got up at night and is not back in bed. Pure.

The gateway judges the same and asks the resident first (``edge_agent.rules.bed_exit``); this is the
backstop, later by ``AFTER_HOME``. What remains if the gateway dies meanwhile is a question that nobody can
answer: ``equipment`` asks it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from cloud.detect.rules.habits import minutes
from cloud.detect.rules.house import BEDROOM
from cloud.detect.rules.model import Finding, Known, Verdict
from cloud.incidents.model import Priority

AFTER_HOME: Final = timedelta(minutes=3)
"""What the gateway needs to ask first, and its word to get here. D."""
_WAIT: Final = timedelta(minutes=45)
_WAIT_OF_DEPENDENT: Final = timedelta(minutes=15)
_DEPENDENT: Final = 3
"""D., as at the gateway: ability level of GB/T 42195-2022 from which on somebody hardly walks alone
safely."""
_ABOUT: Final = timedelta(minutes=15)
"""Movement so recent shows somebody who is up. D."""


def not_in_bed(known: Known) -> Iterator[Verdict]:
    """Out of bed since a moment of the night."""
    rule, left = known.plan.rules.bed_exit, known.house.left_bed
    if not rule.armed or left is None or not rule.night.hold(known.plan.local(left.at)):
        return
    due = bed_due(known, left.at) + AFTER_HOME
    if known.at < due:
        yield due
    elif not rule.night.hold(known.plan.local(due)):
        return
    elif (about := _about_until(known)) is not None:
        yield about
    else:
        numbers = {"away_min": minutes(known.at - left.at)}
        yield Finding("not_in_bed", Priority.URGENT, left.at, numbers, (left,), device_id=left.device_id)


def bed_due(known: Known, left_at: datetime) -> datetime:
    """When whoever got up then should be back."""
    wait_s = known.plan.rules.bed_exit.wait_s
    usual = _WAIT_OF_DEPENDENT if _is_dependent(known) else _WAIT
    wait = usual if wait_s is None else timedelta(seconds=wait_s)
    return max(left_at, known.house.calm_at or left_at) + wait


def _about_until(known: Known) -> datetime | None:
    """Until when somebody counts as up and about, outside the rooms where people fall unseen."""
    doubtful = {*known.plan.soon_rooms, "", BEDROOM}
    if _is_dependent(known):
        return None
    if known.house.present - doubtful:
        return known.at + _ABOUT
    last = known.house.last
    if last is None or last.room in doubtful or known.at - last.at >= _ABOUT:
        return None
    return last.at + _ABOUT


def _is_dependent(known: Known) -> bool:
    return known.plan.person.ability_level >= _DEPENDENT
