"""Situation 27: a pendant lies in a drawer, and nobody will press it on the floor. Pure.

Judged by whole days, so an hour on the charger is none; a device that has never said that it is worn is a
button without that sense, and one that has fallen silent is told of as such.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from cloud.detect.rules.device_days import CARRIED
from cloud.detect.rules.habits import MIDNIGHT, local_time
from cloud.detect.rules.model import Device, Finding, Known, Verdict
from cloud.incidents.model import Priority

_HEARD: Final = timedelta(days=1)
"""A device that has not been heard for so long is lost and not unworn. D."""


def not_worn(known: Known) -> Iterator[Verdict]:
    """Every carried device that was worn too little on each of the last days with somebody at home."""
    for device in known.of_kinds(CARRIED):
        if device.heard_at is not None and known.now - device.heard_at < _HEARD:
            yield from _judge(known, device)


def _judge(known: Known, device: Device) -> Iterator[Verdict]:
    rule, days = known.plan.watch.not_worn, known.habits.days
    if not rule.armed or not any(body.worn.get(device.name) for _, body in days):
        return
    unworn: list[float] = []
    since = None
    for day, body in reversed(days):
        share = body.worn.get(device.name, 0.0)
        if share >= rule.least:
            break
        unworn.append(share)
        since = day
    if since is None or len(unworn) < rule.days:
        return
    numbers = {"days": len(unworn), "worn_percent": round(100 * sum(unworn) / len(unworn))}
    begins = local_time(known.plan, since, MIDNIGHT)
    yield Finding("not_worn", Priority.PLAN, begins, numbers, subject=device.name, device_id=device.id)
