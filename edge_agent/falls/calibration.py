"""From a score to a probability that means what it says.

What this is: the straight line between the trees' log-odds and the log-odds of having been right, as it was
on people the trees had not seen. What it is not: another model; it changes no order. The one idea: trees
are surer of themselves than they ought to be, and by how much differs with every training; after the line,
0.7 means that seven in ten such recordings were falls, so one threshold in plain words fits every model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge_agent.falls.candidates import Floats


@dataclass(frozen=True, slots=True)
class Calibration:
    """``slope`` (above 0) and ``offset`` of the line on log-odds."""

    slope: float
    offset: float

    def probability(self, log_odds: Floats) -> Floats:
        """Probability (0 to 1) of a fall, given the trees' ``log_odds``; minus infinity gives 0."""
        share: Floats = 1 / (1 + np.exp(-(self.slope * log_odds + self.offset)))
        return share
