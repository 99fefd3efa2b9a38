"""Date Time (GATT 0x2A08): when a medical device believes it measured, and how far that is believed.

The one idea: a device keeps measurements and sends them when it next meets a gateway, often more than once.
So its time decides when a value was observed, if it can be true, and names the measurement for good.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from firmware_protocols.ble.layout import Fields, uint_bytes
from firmware_protocols.ble.uuids import full
from firmware_protocols.codec import Frame

CHARACTERISTIC_UUID: Final = full(0x2A08)
"""Where a device lets its clock be set."""
PLAUSIBLE_AGE: Final = timedelta(days=31)
"""D. A clock that is further behind was never set; what it dates is taken for a measurement of now."""
_ONCE_BYTES: Final = 6
"""48 bits: exact in JSON, and two of a device's few hundred measurements never meet."""


class DeviceTime(NamedTuple):
    """The device's own local clock; year, month or day 0 is "unknown"."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int

    @classmethod
    def of(cls, local: datetime) -> DeviceTime:
        """The time on a clock that shows ``local``."""
        return cls(local.year, local.month, local.day, local.hour, local.minute, local.second)

    def moment(self, utc_offset: timedelta) -> datetime | None:
        """This time as aware UTC in a home so far ahead of UTC; ``None`` if there is no such moment."""
        try:
            return datetime(*self, tzinfo=UTC) - utc_offset
        except (ValueError, OverflowError):
            return None


def read_time(fields: Fields) -> DeviceTime:
    """Return the next seven bytes as a time.

    Raises:
        Truncated: there are not that many.
    """
    return DeviceTime(fields.uint(2), *fields.take(5))


def time_bytes(taken: DeviceTime) -> bytes:
    """Return the seven bytes of ``taken``.

    Raises:
        ValueError: a part does not fit its field.
    """
    return uint_bytes(taken.year, 2) + bytes(taken[1:])


def observed_at(taken: DeviceTime | None, frame: Frame) -> datetime:
    """Return the device's time if it is past and not too long past, else when the frame came."""
    moment = taken.moment(frame.utc_offset) if taken else None
    if moment is None or not frame.received_at - PLAUSIBLE_AGE <= moment <= frame.received_at:
        return frame.received_at
    return moment


def once(taken: DeviceTime | None, *content: bytes) -> int | None:
    """Return a number that names the measurement ``content`` of that time; ``None`` if it has no time."""
    if taken is None or taken.moment(timedelta()) is None:
        return None
    digest = hashlib.blake2b(b"".join((time_bytes(taken), *content)), digest_size=_ONCE_BYTES)
    return int.from_bytes(digest.digest(), "little")
