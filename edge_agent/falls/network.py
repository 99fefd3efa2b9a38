"""A small neural network: the other kind of judges of a fall model.

What this is: a handful of matrix products with numpy alone. What it is not: training (``learners.py``). The
one idea: trees cut, a network weighs; their mistakes are different ones, so together they are right more
often than either (ADR 0091).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from edge_agent.falls.candidates import Floats

FARTHEST: Final = 3.0
"""Features count as at most this many spreads from their middle: another sensor's extremes are cut off."""
SUREST: Final = 14.0
"""Log-odds beyond this (one in a million) are never said: no judge may outvote all others."""


@dataclass(frozen=True, eq=False)
class Network:
    """``middle`` and ``spread`` (above 0) of each feature where it was trained; then layers, each a matrix
    of ``weights`` (inputs × outputs) and its ``biases``. All but the last pass on what is above 0; the last
    has one output, the log-odds.
    """

    middle: Floats
    spread: Floats
    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]

    def log_odds(self, rows: Floats) -> Floats:
        """One number per row of ``rows`` (``(n, features)``), within ±``SUREST``."""
        signal = np.clip((rows - self.middle) / self.spread, -FARTHEST, FARTHEST)
        for weights, biases in zip(self.weights[:-1], self.biases[:-1], strict=True):
            signal = np.maximum(signal @ weights + biases, 0)
        said: Floats = np.clip((signal @ self.weights[-1] + self.biases[-1])[:, 0], -SUREST, SUREST)
        return said

    def fault(self, features: int) -> str:
        """Why this network cannot judge rows of so many ``features``; empty when it can."""
        numbers = (self.middle, self.spread, *self.weights, *self.biases)
        if not all(np.isfinite(part).all() for part in numbers) or not (self.spread > 0).all():
            return "damaged: a network with a number that it cannot have"
        widths = [features, *(len(biases) for biases in self.biases)]
        shapes = list(pairwise(widths))
        fits = (
            len(self.middle) == len(self.spread) == features
            and [weights.shape for weights in self.weights] == shapes
            and widths[-1] == 1
        )
        return "" if fits else "damaged: the layers of a network do not fit together"
