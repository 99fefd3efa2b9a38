"""Any sampling rate to 50 Hz, piece by piece.

What this is: linear interpolation for slower sensors, averaging over each 20 ms for faster ones (as the
training data were brought from 200 to 50 Hz). What it is not: a clock; it counts samples. The one idea:
output ``n`` sits at input position ``n * step``; only the inputs from there on are kept.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.falls.candidates import RATE_HZ, Floats

EQUAL: Final = 0.01
"""Relative difference up to which a rate counts as 50 Hz: a crystal's or an oscillator's tolerance."""


class Resampler:
    """Turns samples (rows of any width) at ``rate_hz`` into samples at 50 Hz, in any pieces."""

    def __init__(self, rate_hz: float) -> None:
        ratio = rate_hz / RATE_HZ
        self.step: Final = 1.0 if abs(ratio - 1) <= EQUAL else ratio
        """Input samples per output sample."""
        self._kept: Floats | None = None
        self._first = 0  # input position of the first kept row
        self._made = 0

    def feed(self, rows: Floats) -> Floats:
        """The outputs that ``rows`` (oldest first) complete."""
        if self.step == 1.0:
            return rows
        kept = rows if self._kept is None else np.concatenate([self._kept, rows])
        made = self._average(kept) if self.step > 1 else self._between(kept)
        self._made += len(made)
        spare = min(max(int(self._made * self.step) - self._first, 0), len(kept) - 1)
        self._kept, self._first = kept[spare:], self._first + spare
        return made

    def _average(self, kept: Floats) -> Floats:
        count = int((self._first + len(kept)) / self.step + 1e-9) - self._made
        edges = (self._made + np.arange(count + 1)) * self.step - self._first
        sums = np.concatenate([np.zeros((1, kept.shape[1])), np.cumsum(kept, axis=0)])
        return np.diff(_interpolate(sums, edges), axis=0) / self.step

    def _between(self, kept: Floats) -> Floats:
        count = int((self._first + len(kept) - 1) / self.step + 1e-9) + 1 - self._made
        return _interpolate(kept, (self._made + np.arange(count)) * self.step - self._first)


def _interpolate(rows: Floats, positions: NDArray[np.floating[Any]]) -> Floats:
    low = np.clip(positions.astype(np.intp), 0, len(rows) - 1)
    high = np.minimum(low + 1, len(rows) - 1)
    share = (positions - low)[:, None]
    return rows[low] * (1 - share) + rows[high] * share
