"""How many alerts a home may cost a week, kept on homes that nobody has seen.

What this is: the step from scores to alerts. What it is not: a model. The one idea: homes, not days, are
alike by chance, so the promise is made over homes: conformal risk control (Angelopoulos et al., ICLR 2024).
The threshold is the lowest one at which the mean rate of the n calibration homes, with one more home
counted at the worst rate there can be, stays within the budget. Then a new home's expected rate does too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from cloud.detect.routine.grid import Floats

WEEK: Final = 7.0
WORST: Final = 7.0
"""A home has at most one alert a day: what is found later joins it."""
PRIOR_DAYS: Final = 7.0
"""D. The own past counts as much as all homes' once there are seven days of it."""


def threshold(homes: Sequence[Floats], per_week: float) -> float:
    """The lowest threshold that keeps ``per_week`` alerts a home-week; infinite when there are too few homes.

    ``homes`` holds, for each home, the score of each of its days; a day alerts when above the threshold.
    """
    cuts = np.unique(np.concatenate(homes))
    rate = sum(1 - np.searchsorted(np.sort(home), cuts, side="right") / len(home) for home in homes) * WEEK
    kept = np.flatnonzero((rate + WORST) / (len(homes) + 1) <= per_week)
    return float(cuts[kept[0]]) if len(kept) else float("inf")


def own_level(own: Floats, middle: float) -> float:
    """How far a home's usual score lies from all homes' ``middle``; near 0 while few days are known."""
    if len(own) == 0:
        return 0.0
    return len(own) / (len(own) + PRIOR_DAYS) * (float(np.median(own)) - middle)
