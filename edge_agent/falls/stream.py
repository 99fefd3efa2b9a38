"""One wearable's packets, made into candidates.

What this is: order, gaps, rates and clipping; a bounded buffer of 50-Hz samples; the moment at which a peak
can be judged. What it is not: the judgement. The one idea: the packet counter says whether samples are
missing, the clock only confirms it, because Bluetooth delivers in bursts but never reorders a counter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import numpy as np

from edge_agent.falls.around import AFTER, BEFORE, contexts
from edge_agent.falls.candidates import RATE_HZ, SEPARATION, Floats, peaks
from edge_agent.falls.resample import Resampler
from firmware_protocols.model import MotionWindow

COUNTER_MODULUS: Final = 65536
BRIDGE_S: Final = 1.0
"""Missing samples up to this long are bridged by a straight line; after more, nothing before still counts."""
SILENCE_S: Final = 5.0
"""A wait between packets, beyond what they cover, after which the stream starts anew whatever the counter
says.
"""
PATIENCE: Final = 40
"""Packets in a row that may look old; after them the device must have restarted while the clock was set back.
"""
LOWEST_RATE_HZ: Final = 10.0
"""Slower sensors miss the impact altogether."""
HIGHEST_RATE_HZ: Final = 2000.0
HIGHEST_RANGE_G: Final = 400.0
CLIPPED: Final = 0.99
"""Share of the full scale from which a sample counts as clipped."""
BEYOND: Final = 1.02
"""Share of the full scale that no sample can exceed, rounding apart: one that does shows a damaged packet."""


class Arrival(StrEnum):
    """What became of a packet."""

    USED = "used"
    BRIDGED = "bridged"
    RESTARTED = "restarted"
    REPEATED = "repeated"
    REFUSED = "refused"


@dataclass(frozen=True, eq=False)
class Candidate:
    """A peak with its surroundings (``around.contexts`` of one), ready to be judged.

    ``at`` is the time of the peak, ``decided_at`` that of the newest sample when it could first be judged.
    ``bridged`` (0 to 1) is the share of the surroundings that was never received, ``clipped`` the number of
    samples in them that touched the sensor's full scale.
    """

    at: datetime
    decided_at: datetime
    context: Floats
    bridged: float
    clipped: int


class MotionStream:
    """The newest seconds of one device. Holds at most a context and one window, however long it runs."""

    def __init__(self) -> None:
        self._last: MotionWindow | None = None
        self._old = 0  # packets in a row that looked old
        self._begin(RATE_HZ)

    def feed(self, window: MotionWindow) -> tuple[Arrival, list[Candidate]]:
        """Take one packet; what became of it, and the peaks that it settled, oldest first."""
        if not plausible(window):
            return Arrival.REFUSED, []
        if self._last is None:
            return Arrival.USED, self._start(window)
        old = repeated(self._last, window)
        self._old = self._old + 1 if old else 0
        if old and self._old <= PATIENCE:
            return Arrival.REPEATED, []
        missing = None if old else missing_samples(self._last, window)
        if missing is None:
            return Arrival.RESTARTED, self.finish() + self._start(window)
        found = self._append(window, self._bridge(missing, window))
        return (Arrival.BRIDGED if missing else Arrival.USED), found

    def finish(self) -> list[Candidate]:
        """Judge what is pending with what is there, as when the link is lost; the next packet starts anew.

        A peak needs at least the second after it that makes it one; the rest is held at the last sample.
        """
        found = self._settle(len(self._rows) - SEPARATION)
        self._last = None
        return found

    def _begin(self, rate_hz: float) -> None:
        self._resampler = Resampler(rate_hz)
        self._rows: Floats = np.empty((0, 5))  # x, y, z in g; share bridged; share clipped
        self._next = 0  # first row not yet looked at
        self._dropped = 0  # rows of this stream that came before the first kept one
        self._received = 0  # input samples of this stream, bridged ones included

    def _start(self, window: MotionWindow) -> list[Candidate]:
        self._old = 0
        self._begin(window.rate_hz)
        return self._append(window, rows_of(window))

    def _bridge(self, missing: int, window: MotionWindow) -> Floats:
        rows = rows_of(window)
        if not missing or self._last is None:
            return rows
        share = (np.arange(1, missing + 1) / (missing + 1))[:, None]
        line = rows_of(self._last)[-1] * (1 - share) + rows[0] * share
        line[:, 3:] = (1, 0)
        return np.concatenate([line, rows])

    def _append(self, window: MotionWindow, rows: Floats) -> list[Candidate]:
        self._last = window
        self._received += len(rows)
        self._rows = np.concatenate([self._rows, self._resampler.feed(rows)])
        found = self._settle(len(self._rows) - AFTER)
        spare = max(self._next - BEFORE, 0)
        self._rows, self._next = self._rows[spare:], self._next - spare
        self._dropped += spare
        return found

    def _settle(self, stop: int) -> list[Candidate]:
        """Candidates among the rows from ``_next`` to ``stop``."""
        if stop <= self._next or self._last is None:
            return []
        acceleration = self._rows[:, :3]
        magnitude = np.sqrt(np.einsum("nk,nk->n", acceleration, acceleration))
        at = peaks(magnitude, self._next, stop)
        self._next = stop
        return [self._candidate(int(index), self._last) for index in at]

    def _candidate(self, index: int, last: MotionWindow) -> Candidate:
        around = contexts(self._rows, np.array([index]))
        behind = self._received - 1 - (self._dropped + index) * self._resampler.step
        return Candidate(
            at=last.observed_at - timedelta(seconds=behind / last.rate_hz),
            decided_at=last.observed_at,
            context=around[:, :, :3],
            bridged=float(around[0, :, 3].mean()),
            clipped=int((around[0, :, 4] > 0).sum()),
        )


def rows_of(window: MotionWindow) -> Floats:
    """The samples as rows: x, y, z in g, share bridged (0), clipped (0 or 1)."""
    acceleration = np.asarray(window.samples_mg, dtype=np.float64) / 1000
    clipped = np.abs(acceleration).max(axis=1, keepdims=True) >= CLIPPED * window.range_g
    return np.hstack([acceleration, np.zeros((len(acceleration), 1)), clipped])


def plausible(window: MotionWindow) -> bool:
    """Whether a packet can be what a sensor measured."""
    numbers = math.isfinite(window.rate_hz) and math.isfinite(window.range_g)
    if not (numbers and window.samples_mg and 0 < window.range_g <= HIGHEST_RANGE_G):
        return False
    if not LOWEST_RATE_HZ <= window.rate_hz <= HIGHEST_RATE_HZ:
        return False
    limit = window.range_g * 1000 * BEYOND
    return all(abs(component) <= limit for sample in window.samples_mg for component in sample)


def repeated(last: MotionWindow, window: MotionWindow) -> bool:
    """Whether ``window`` is a copy of ``last`` or older: its counter does not advance and neither does its
    time.

    A counter that steps back while time goes on is a device that restarted, not a late packet.
    """
    ahead = (window.counter - last.counter) % COUNTER_MODULUS
    return (ahead == 0 or ahead >= COUNTER_MODULUS // 2) and not _silent(last, window, packets=1)


def missing_samples(last: MotionWindow, window: MotionWindow) -> int | None:
    """Samples lost between two packets; None when they do not belong to one stream any more."""
    ahead = (window.counter - last.counter) % COUNTER_MODULUS
    same = (last.rate_hz, last.range_g) == (window.rate_hz, window.range_g)
    if not same or ahead == 0 or _silent(last, window, packets=ahead):
        return None
    missing = (ahead - 1) * len(window.samples_mg)
    return missing if missing <= BRIDGE_S * window.rate_hz else None


def _silent(last: MotionWindow, window: MotionWindow, packets: int) -> bool:
    covered_s = packets * len(window.samples_mg) / window.rate_hz
    return (window.observed_at - last.observed_at).total_seconds() - covered_s > SILENCE_S
