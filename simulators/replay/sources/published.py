"""What the published data sets have in common: activations of sensors, in local time, that never check in.

What this is: activations as readings, and a plan under which no device is missed. What it is not: a file. The
one idea: the data says when a sensor was touched, not that it lived: nothing may be said of its silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Final

from firmware_protocols.model import DeviceId, Quantity, Reading
from firmware_protocols.supervision import UNSUPERVISED
from firmware_protocols.wire.plan import Plan
from simulators.replay.model import Observed, Place, Record, RecordError

AT_HOME: Final = timezone(timedelta(hours=8))
"""Their clocks stand for that of the default plan, so that a night is a night. D."""
_NO_EXIT: Final = "none"
"""A plan without exits takes every contact for an outer door."""
SHORTEST: Final = timedelta(seconds=1)
QUANTITY: Final[Mapping[str, Quantity]] = {
    "motion": Quantity.MOTION,
    "door": Quantity.OPENING,
    "bed": Quantity.IN_BED,
    "presence": Quantity.PRESENCE,
}
"""What an activation of a device of each kind says."""


def moment(text: str) -> datetime:
    """A local time of the data.

    Raises:
        ValueError: it is none.
    """
    return datetime.fromisoformat(text).replace(tzinfo=AT_HOME)


def activation(device: DeviceId, kind: str, begins: datetime, ends: datetime) -> tuple[Reading, Reading]:
    """The two readings of one activation."""
    quantity = QUANTITY[kind]
    over = max(ends, begins + SHORTEST)
    return Reading(device, quantity, True, begins), Reading(device, quantity, False, over)


def record(
    name: str,
    devices: Mapping[DeviceId, Place],
    observed: Iterable[Observed],
    exits: Iterable[DeviceId],
    left_out: Mapping[str, int],
) -> Record:
    """The record of a published home. ``exits``: the contacts that are on an outer door.

    Raises:
        RecordError: nothing in it can be read.
    """
    in_order = tuple(sorted(observed, key=lambda one: one.observed_at))
    if not in_order:
        raise RecordError(f"{name}: nothing in it that a detector could judge")
    outer = tuple(sorted(exits)) or (_NO_EXIT,)
    plan = Plan(devices=dict.fromkeys(devices, UNSUPERVISED), exits=outer)
    begins = in_order[0].observed_at
    return Record(name, devices, in_order, ((begins, plan),), checked_in=False, left_out=left_out)
