"""Where in a stream of acceleration a fall could be: the peaks of its magnitude.

What this is: the one rule that picks the moments worth judging. What it is not: a judgement.
The one idea: whether a sample is a peak depends on the second before and the second after it, and on nothing
else; so a stream cut in any way, and a whole recording at once, name the same samples.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

RATE_HZ: Final = 50
"""The rate all analysis runs at; other rates are resampled to it first."""
FLOOR_G: Final = 1.5
"""Weaker peaks are never judged. The weakest of 2,148 recorded falls reached 1.62 g (SisFall, WEDA-FALL)."""
SEPARATION: Final = RATE_HZ
"""Samples on each side in which a peak must not be surpassed: 1 s, about the length of a fall with its
rebound.
"""


def peaks(magnitude_g: Floats, first: int = 0, last: int | None = None) -> Indices:
    """Indices ``first <= i < last`` of the peaks of ``magnitude_g`` (1-D, 50 Hz, in g), ascending.

    A sample is a peak when it reaches ``FLOOR_G``, surpasses every one of the ``SEPARATION`` samples before
    it and is not surpassed by any of those after it (the first of equals wins). What lies beyond either end
    of the array counts as silence, so a stream must ask only for samples whose successors have arrived.
    """
    stop = len(magnitude_g) if last is None else last
    if stop <= first:
        return np.empty(0, dtype=np.intp)
    padded = np.pad(magnitude_g, SEPARATION, constant_values=-np.inf)
    best = sliding_window_view(padded, SEPARATION).max(axis=1)
    here = magnitude_g[first:stop]
    before, after = best[first:stop], best[first + SEPARATION + 1 : stop + SEPARATION + 1]
    return np.flatnonzero((here >= FLOOR_G) & (here > before) & (here >= after)) + first
