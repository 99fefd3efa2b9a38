"""What a day says of the equipment: how much of it a pendant was worn, and how often each sensor spoke. Pure.

What it is not: a rule (``worn``, ``sensors``). The one idea: a device is compared with the rest of the
home, hour by hour of a day in which somebody was seen: an hour in which nobody was about says nothing of
what they wear.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from cloud.detect.rules.habits import MIDNIGHT, ONE_DAY, Day, local_time, span
from cloud.detect.rules.house import House
from cloud.detect.rules.model import INDOORS, Device, Sign
from firmware_protocols.model import EventKind, Quantity
from firmware_protocols.wire.plan import Plan
from firmware_protocols.wire.plan_rules import DAY

CARRIED: Final = frozenset({"pendant", "wearable"})
"""Kinds of device that somebody carries."""
SENSING: Final = INDOORS | {"bed", "door"}
"""Kinds of device that say something whenever somebody passes."""
_WORN_BY: Final = frozenset({Quantity.WORN, Quantity.MOTION, Quantity.VIBRATION})
"""What a carried device says while it is worn: that it is, or that it moves."""
_ONE_HOUR: Final = timedelta(hours=1)


def with_equipment(  # noqa: PLR0917 - what a day was made of
    body: Day, signs: Iterable[Sign], house: House, devices: Mapping[int, Device], plan: Plan, day: date
) -> Day:
    """``body`` with what the devices did on ``day``; of a day that says nothing, nothing."""
    if not body.told:
        return body
    midnight, next_midnight = local_time(plan, day, MIDNIGHT), local_time(plan, day + ONE_DAY, MIDNIGHT)
    said = [sign for sign in signs if sign.at < next_midnight and sign.until >= midnight]
    fired = _fired(said, devices)
    return msgspec.structs.replace(
        body,
        worn=_worn(said, house, devices, *span(plan, day, DAY)),
        fired={name: len(times) for name, times in fired.items()},
        peak={name: _busiest_hour(times) for name, times in fired.items()},
    )


def _worn(
    said: Iterable[Sign], house: House, devices: Mapping[int, Device], begins: datetime, ends: datetime
) -> dict[str, float]:
    """Of each carried device that said anything of it, the share of the hours with somebody about, 0-1."""
    carried = {one.id: one.name for one in devices.values() if one.kind in CARRIED}
    about = {
        _hour(life.at, begins) for life in house.between(begins, ends) if life.sign.device_id not in carried
    }
    worn: dict[str, set[int]] = {}
    for sign in said:
        in_time = sign.at < ends and sign.until >= begins
        if in_time and sign.device_id in carried and sign.what in _WORN_BY:
            hours = worn.setdefault(carried[sign.device_id], set())
            hours.update(_hours(sign, begins, ends) if sign.value else ())
    return {name: round(len(hours & about) / len(about), 2) for name, hours in worn.items() if about}


def _hours(sign: Sign, begins: datetime, ends: datetime) -> range:
    """The hours, counted from ``begins``, that a sign reaches into."""
    return range(_hour(max(sign.at, begins), begins), _hour(min(sign.until, ends), begins) + 1)


def _hour(at: datetime, begins: datetime) -> int:
    return int((at - begins) // _ONE_HOUR)


def _fired(said: Iterable[Sign], devices: Mapping[int, Device]) -> dict[str, list[datetime]]:
    """When each sensor said anew that somebody is there."""
    found: dict[str, list[datetime]] = {}
    for sign in said:
        device = devices.get(sign.device_id)
        if (
            device is not None
            and device.kind in SENSING
            and not isinstance(sign.what, EventKind)
            and sign.value
        ):
            found.setdefault(device.name, []).append(sign.at)
    return found


def _busiest_hour(times: Iterable[datetime]) -> int:
    """The most within one hour of the clock."""
    return max(Counter(at.replace(minute=0, second=0, microsecond=0) for at in times).values(), default=0)
