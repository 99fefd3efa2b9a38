"""Situation 26: the home is not heard, or a battery runs down. Technical, never a word about the person.
Pure.

What this is: what the gateway cannot tell itself, that it is gone. What it is not: the silence of one
sensor, which the gateway hears (``edge_agent.rules.silent``). The one idea: a home that falls silent while
somebody was out of bed, in the bathroom or out without knowing the way leaves a question open, and a
question is asked sooner."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from cloud.detect.rules.away import WANDERER
from cloud.detect.rules.bathroom import bath_wait, sees_all
from cloud.detect.rules.bed import bed_due
from cloud.detect.rules.habits import minutes
from cloud.detect.rules.model import Finding, Known, Line, Verdict
from cloud.incidents.model import Priority

_HIGH_RISK: Final = 3
"""Ability level of GB/T 42195-2022 from which on a home is of high risk. D."""
_LOW: Final = ((10.0, Priority.TODAY), (20.0, Priority.PLAN))
"""Percent of a battery, at or below (care domain, 26)."""


def home_silent(known: Known) -> Iterator[Verdict]:
    """A gateway says nothing. Where the place around is out, only an open question is asked."""
    if not known.plan.watch.offline.armed:
        return
    for line in known.lines:
        if line.heard_at is not None:
            yield from _silent(known, line, line.heard_at)


def _silent(known: Known, line: Line, heard_at: datetime) -> Iterator[Verdict]:
    rule = known.plan.watch.offline
    due = heard_at + timedelta(seconds=rule.wait_s)
    if known.now < due:
        yield due
        return
    question, urgent = _urgent(known, heard_at)
    if urgent is not None and known.now < urgent:
        yield urgent
    is_urgent = urgent is not None and known.now >= urgent
    if known.area_out and not (is_urgent and question):
        return
    numbers = {"silent_min": minutes(known.now - heard_at)}
    yield Finding(
        "home_silent",
        Priority.URGENT if is_urgent else Priority.TODAY,
        heard_at,
        numbers,
        subject=line.id,
        words=f"home_silent_{question}" if is_urgent and question else "home_silent",
    )


def _urgent(known: Known, heard_at: datetime) -> tuple[str, datetime | None]:
    """What was open when the home fell silent, and from when on it cannot wait; ``None``: it can."""
    rule, person = known.plan.watch.offline, known.plan.person
    soonest = heard_at + timedelta(seconds=rule.wait_s)
    for question, due in _questions(known):
        return question, max(due, soonest)
    if person.wanders or person.ability_level >= _HIGH_RISK:
        return "", heard_at + timedelta(seconds=max(rule.urgent_s, rule.wait_s))
    return "", None


def _questions(known: Known) -> Iterator[tuple[str, datetime]]:
    """What nobody can tell any more, and when it would have been asked."""
    house, plan = known.house, known.plan
    bed, bath = plan.rules.bed_exit, plan.watch.bathroom_long
    left = house.left_bed
    if bed.armed and left is not None and bed.night.hold(plan.local(left.at)):
        yield "out_of_bed", bed_due(known, left.at)
    if bath.armed and house.bath is not None and house.out is None and not house.in_bed and sees_all(known):
        yield "in_bathroom", house.bath.since + bath_wait(known, house.bath)
    if house.out is not None and plan.person.wanders:
        yield "out", house.out.since + WANDERER


def battery_low(known: Known) -> Iterator[Verdict]:
    """A device says that its battery is nearly empty."""
    for device_id, sign in known.batteries.items():
        device = known.devices.get(device_id)
        priority = next((priority for percent, priority in _LOW if sign.value <= percent), None)
        if device is not None and priority is not None:
            numbers = {"percent": round(sign.value)}
            yield Finding("battery_low", priority, sign.at, numbers, (sign,), device.name, device_id)
