"""When something happened, from a device whose clock may be wrong. Pure.

What this is: the device's two times and ours, and the one that is believed. What it is not: a judgement of
the worker. The one idea: a device says when something happened and when it sends that, both by the same
clock; the time between the two is right even where both are wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

TOLERATED: Final = timedelta(minutes=2)
"""What a clock may be off, and a message may take, without being told. D."""
OLDEST: Final = timedelta(days=60)
"""How long something may have waited in a device for a network: beyond that its times are not believed. D."""


@dataclass(frozen=True, slots=True)
class Told:
    """``device_at``: when it happened, and ``sent_at``: when it was sent, by the device's clock;
    ``received_at``: by ours.
    """

    device_at: datetime
    sent_at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Believed:
    """``at``: when it happened. ``off``: by how much the device's clock is ahead of ours; none where it is
    within what is tolerated. ``sure``: whether the time between happening and sending can be believed.
    """

    at: datetime
    off: timedelta
    sure: bool = True


def believed(told: Told) -> Believed:
    """What the three times together say; never later than it was received."""
    off = told.sent_at - told.received_at
    waited = told.sent_at - told.device_at
    if not timedelta() <= waited <= OLDEST:  # the clock was set meanwhile
        return Believed(told.received_at, off, sure=False)
    if abs(off) <= TOLERATED:
        return Believed(min(told.device_at, told.received_at), timedelta())
    return Believed(told.received_at - waited, off)
