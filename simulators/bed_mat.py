"""A bed mat: load in, state out, with the hysteresis that ``docs/protocols/bed_mat.md`` asks of one.

The one idea: it is the reference for whoever builds the firmware, so it decides as the page says, with time
as an argument.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from firmware_protocols.serial import bed_mat
from firmware_protocols.serial.bed_mat import BedMat, State
from simulators.serial_devices import Cable

REPORT_EVERY_S: Final = 10.0
OCCUPIED_AT: Final = 15
EMPTY_BELOW: Final = 8
OCCUPIED_AFTER_S: Final = 2.0
EMPTY_AFTER_S: Final = 5.0
STEADY_S: Final = 3.0
MOVED_BY: Final = 2
"""Per cent of load between two looks that are a movement."""


class Mat:
    """One mat at the end of a pty."""

    def __init__(self, link: Path) -> None:
        self.cable = Cable(link)
        self.state = State.STARTING
        self._counter = 0
        self._load: int | None = None
        self._moved: list[tuple[float, bool]] = []
        self._since_s: float | None = None
        self._reported_s: float | None = None

    def feel(self, load: int, now_s: float) -> None:
        """Take a measurement, per cent; report if the state changes or a report is due."""
        was = self.state
        self.state = self._judge(load, now_s)
        moved = self._load is not None and abs(load - self._load) > MOVED_BY
        self._moved = [(at, it) for at, it in self._moved if now_s - at < REPORT_EVERY_S]
        self._moved.append((now_s, moved))
        self._load = load
        self._report_if(was is not self.state, now_s)

    def fail(self, fault: State, now_s: float) -> None:
        """The sensor's cable is cut, or it stands at its end."""
        was, self.state = self.state, fault
        self._load, self._moved, self._since_s = None, [], None
        self._report_if(was is not fault, now_s)

    def _judge(self, load: int, now_s: float) -> State:
        """The state that this load makes of the present one."""
        if self.state not in bed_mat.KNOWS:
            steady = self._load is not None and abs(load - self._load) <= MOVED_BY
            if not self._lasts(steady, STEADY_S, now_s):
                return State.STARTING
            return State.OCCUPIED if load >= OCCUPIED_AT else State.EMPTY
        if self.state is State.OCCUPIED:
            return State.EMPTY if self._lasts(load < EMPTY_BELOW, EMPTY_AFTER_S, now_s) else self.state
        return State.OCCUPIED if self._lasts(load >= OCCUPIED_AT, OCCUPIED_AFTER_S, now_s) else self.state

    def _lasts(self, it: bool, seconds: float, now_s: float) -> bool:
        """Whether ``it`` has been so for long enough; then the next question starts over."""
        if not it:
            self._since_s = None
            return False
        self._since_s = now_s if self._since_s is None else self._since_s
        enough = now_s - self._since_s >= seconds
        if enough:
            self._since_s = None
        return enough

    def _report_if(self, changed: bool, now_s: float) -> None:
        due = self._reported_s is None or now_s - self._reported_s >= REPORT_EVERY_S
        if changed or due:
            self._reported_s = now_s
            self._counter = (self._counter + 1) % 256
            movement = round(100 * sum(moved for _, moved in self._moved) / max(1, len(self._moved)))
            self.cable.send(bed_mat.encode(BedMat(self._counter, self.state, self._load, movement)))
