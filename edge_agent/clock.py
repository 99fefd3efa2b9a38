"""The gateway's clocks: wall time and how far it can be trusted, and elapsed time for waits.

What this is not: it sets no clock. The one idea: a gateway without a battery-backed clock wakes up in the
past, so its wall time never goes below a floor that is certainly past (the build; until it is in step, also
the last time this gateway knew), and every batch says how far its times can be trusted. Once the clock was in
step, uptime carries the time on when it no longer is, whatever is done to the wall clock meanwhile.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from firmware_protocols.model import ClockState

BUILT_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""No earlier wall time can be true: this program did not exist."""

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_TIME_ERROR: Final = 5  # adjtimex(2): the clock is not synchronised
_TIMEX_BYTES: Final = 256  # struct timex is 208 bytes on 64-bit Linux
_LIBC: Final = ctypes.CDLL(None)


_SAME_LINE_S: Final = 1.0
"""[D] Clocks that differ by less were not stepped between two stamps; slewing moves one by 5 ms in 10 s."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a batch says of its times: the kernel's boot id, the clock's state, and when this boot began by
    that clock (epoch seconds; ``None``: not known). The last changes only when the clock is stepped.
    """

    boot: str
    clock: ClockState
    booted_at: float | None = None

    def agrees(self, other: Stamp) -> bool:
        """Whether one batch can speak for both: same boot, same state, and no step of the clock between."""
        if self.booted_at is None or other.booted_at is None:
            return self == other
        same = (self.boot, self.clock) == (other.boot, other.clock)
        return same and abs(self.booted_at - other.booted_at) < _SAME_LINE_S


def kernel_synchronised() -> bool:
    """Whether the kernel believes that time synchronisation keeps its clock (``adjtimex``)."""
    try:
        state = _LIBC.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except AttributeError:
        return False
    return bool(0 <= state < _TIME_ERROR)


def boot_id() -> str:
    """The kernel's id of this boot; ``""`` where there is none."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def uptime_s() -> float:
    """Seconds since the kernel's boot, sleep included (CLOCK_BOOTTIME): no setting of the clock moves it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Clock:
    """Wall time with a floor, its state, and this boot's id and age."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        elapsed: Callable[[], float] = time.monotonic,
        synchronised: Callable[[], bool] = kernel_synchronised,
        boot: str | None = None,
        uptime: Callable[[], float] = uptime_s,
    ) -> None:
        self._wall = wall
        self._elapsed = elapsed
        self._synchronised = synchronised
        self._floor = BUILT_AT.timestamp()
        self._floor_set = elapsed()
        self._booted_at: float | None = None
        """When this boot began, by the clock when it was last in step in this run."""
        self._uptime = uptime
        self.boot = boot_id() if boot is None else boot

    def not_before(self, moment: datetime) -> None:
        """Raise the floor: ``moment`` is taken for past until the clock is in step, which knows better."""
        if moment.timestamp() > self._floor:
            self._floor = moment.timestamp()
            self._floor_set = self._elapsed()

    def now(self) -> datetime:
        """The wall time, aware UTC. Out of step it counts on by uptime since it was last in step, and below
        the floor by elapsed time from the floor.
        """
        return self.moment()[0]

    def elapsed_s(self) -> float:
        """Seconds that only ever grow; for waits, never for records."""
        return self._elapsed()

    def state(self) -> ClockState:
        """Synced; holdover when it was synced earlier in this run; else unsynced."""
        return self.moment()[1].clock

    def stamp(self) -> Stamp:
        """What a record made now is stamped with; with its time, take ``moment``."""
        return self.moment()[1]

    def moment(self) -> tuple[datetime, Stamp]:
        """Now, and what a record made now is stamped with: of one look, so that no step comes between."""
        in_step = self._synchronised()  # asked first: a clock that is set after this was not in step
        wall, uptime = self._wall(), self._uptime()
        state = ClockState.UNSYNCED
        if in_step and wall >= BUILT_AT.timestamp():
            self._booted_at, state = wall - uptime, ClockState.SYNCED
            self._floor = min(self._floor, wall)  # of a time that was wrong when it was noted
        elif self._booted_at is not None:
            wall, state = self._booted_at + uptime, ClockState.HOLDOVER
        if wall < self._floor:
            wall = self._floor + (self._elapsed() - self._floor_set)
        return datetime.fromtimestamp(wall, UTC), Stamp(self.boot, state, wall - uptime)
