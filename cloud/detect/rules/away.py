"""Situation 6: somebody went out and has not come back. Pure.

Out is who used a door and moves nowhere inside afterwards. A home of several is not judged: one of them may
be out, or back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Final

from cloud.detect.rules.habits import FEWEST, local_time, minutes, quantile
from cloud.detect.rules.house import Stay
from cloud.detect.rules.model import Finding, Known, Verdict
from cloud.incidents.model import Priority

WANDERER: Final = timedelta(hours=2)
"""For whoever may not find back (care domain, 6)."""
_SHARE: Final = 0.99
MARGIN: Final = timedelta(hours=2)
"""Of few outings the longest is soon passed. Chosen by ``benchmarks.margins``, which judges the choice on
other homes."""
_EVENING: Final = timedelta(hours=3)
"""Of an outing that begins so late that the plan's latest hour is near or past. D."""
_NEAR: Final = timedelta(hours=1)
_URGENT_AFTER: Final = timedelta(hours=2)
"""The family is asked first. D."""


def not_returned(known: Known) -> Iterator[Verdict]:
    """Out for much longer than nearly ever; who has no habits yet, later than the plan says."""
    rule, out = known.plan.watch.not_returned, known.house.out
    if not rule.armed or out is None or not known.plan.person.lives_alone:
        return
    first = _first(known, out)
    urgent = first if known.plan.person.wanders else first + _URGENT_AFTER
    if known.at < first:
        yield first
        return
    if known.at < urgent:
        yield urgent
    priority = Priority.TODAY if known.at < urgent else Priority.URGENT
    numbers = {"away_min": minutes(known.at - out.since), "wait_min": minutes(first - out.since)}
    yield Finding("not_returned", priority, out.since, numbers, (out.sign,), device_id=out.sign.device_id)


def _first(known: Known, out: Stay) -> datetime:
    """When somebody asks."""
    rule = known.plan.watch.not_returned
    if rule.wait_s is not None:
        return out.since + timedelta(seconds=rule.wait_s)
    if known.plan.person.wanders:
        return out.since + WANDERER
    outings = known.habits.outings()
    if len(outings) < FEWEST:
        return _latest(known, out, time.fromisoformat(rule.latest))
    return out.since + own_wait(outings)


def own_wait(outings: Sequence[float], margin: timedelta = MARGIN) -> timedelta:
    """How long an outing must last to be unlike ``outings``, in minutes, of which there are enough."""
    return timedelta(minutes=quantile(outings, _SHARE)) + margin


def _latest(known: Known, out: Stay, clock: time) -> datetime:
    left = known.plan.local(out.since)
    latest = local_time(known.plan, left.date(), clock)
    return latest if out.since <= latest - _NEAR else out.since + _EVENING
