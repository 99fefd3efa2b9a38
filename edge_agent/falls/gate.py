"""Whether what an accelerometer says can be believed.

What this is: the faults that show in the samples themselves, and the gate that keeps the model from judging
them. What it is not: order and gaps of packets (``stream.py``), or the alert, which is a rule's. The one
idea: a body is always held by gravity and never quite still, so a sensor that feels neither is not on a
body, or broken, or speaks in another unit; it must be shown, for its wearer is not protected.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np

from edge_agent.falls.candidates import Floats
from firmware_protocols.model import MotionWindow

LOOK_S: Final = 10.0
"""Length of the stretches that are looked at. D."""
LIGHTEST_G: Final = 0.4
HEAVIEST_G: Final = 2.5
"""Bounds of the median magnitude. Over any 7 s of 5,474 recordings it was 0.68 to 1.71 g (SisFall and
WEDA-FALL); m/s² sent as g give 9.8.
"""
MOST_CLIPPED: Final = 0.6
"""Share of samples at full scale; the same recordings cut to ±2 g reach 0.32."""
CONSTANT_S: Final = 600.0
"""So long not one sample differs from another: breathing alone moves a sensor of the coarsest steps. D."""
REFUSED_IN_A_ROW: Final = 20
"""Packets that no sensor can have measured: ten seconds of them. D."""


class SensorFault(StrEnum):
    """What is wrong with a sensor."""

    NO_GRAVITY = "no gravity"
    CLIPPED = "clipped"
    CONSTANT = "constant"
    REFUSED = "refused"


def fault_in(acc_g: Floats, clipped: float) -> SensorFault | None:
    """What is wrong with these samples (N×3, in g), of which the share ``clipped`` touches full scale."""
    if clipped > MOST_CLIPPED:
        return SensorFault.CLIPPED
    median_g = float(np.median(np.linalg.norm(acc_g, axis=1)))
    return None if LIGHTEST_G <= median_g <= HEAVIEST_G else SensorFault.NO_GRAVITY


class SensorCheck:
    """One sensor's faults, from its packets in order. Holds ten seconds of samples at most."""

    def __init__(self) -> None:
        self.fault: SensorFault | None = None
        """What was wrong in the last ten seconds that were looked at."""
        self.looked = False
        """Whether ten seconds have been looked at."""
        self._rows: list[Floats] = []
        self._held_s = 0.0
        self._constant_s = 0.0
        self._value: Floats | None = None
        self._refused = 0

    def see(self, window: MotionWindow, rows: Floats | None) -> None:
        """Take one packet: its ``rows`` as ``stream.rows_of`` gives them, or None when it was refused."""
        if rows is None:
            self._refused += 1
            if self._refused >= REFUSED_IN_A_ROW:
                self._conclude(SensorFault.REFUSED)
            return
        self._refused = 0
        self._rows.append(rows)
        self._held_s += len(rows) / window.rate_hz
        if self._held_s >= LOOK_S:
            self._look()

    def _look(self) -> None:
        rows = np.concatenate(self._rows)
        self._constant_s = self._constant_s + self._held_s if self._is_constant(rows[:, :3]) else 0.0
        constant = SensorFault.CONSTANT if self._constant_s >= CONSTANT_S else None
        self._conclude(fault_in(rows[:, :3], float(rows[:, 4].mean())) or constant)

    def _is_constant(self, acc_g: Floats) -> bool:
        before, self._value = self._value, acc_g[-1]
        return bool((acc_g == (acc_g[0] if before is None else before)).all())

    def _conclude(self, fault: SensorFault | None) -> None:
        self.fault, self.looked = fault, True
        self._rows, self._held_s = [], 0.0
