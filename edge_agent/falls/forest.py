"""Gradient-boosted trees as flat arrays: one of the two kinds of judges of a fall model.

What this is: evaluating trees with numpy alone. What it is not: training (``learners.py``), or the file
(``model.py``). The one idea: every tree is walked at once, one level a step; a leaf points to itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.falls.candidates import Floats


@dataclass(frozen=True, eq=False)
class Forest:
    """Flat arrays of nodes. From node ``i`` a row goes ``left[i]`` when ``row[feature[i]] <= split[i]``.

    ``roots`` holds the first node of each tree; a leaf has itself as both children and its share in
    ``value``. The log-odds of a row is ``baseline`` plus the value of the leaf that it reaches in each tree.
    """

    baseline: float
    roots: NDArray[np.intp]
    feature: NDArray[np.intp]
    split: Floats
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    value: Floats

    def log_odds(self, rows: Floats) -> Floats:
        """One number per row of ``rows`` (``(n, features)``)."""
        node = np.broadcast_to(self.roots, (len(rows), len(self.roots)))
        which = np.arange(len(rows))[:, None]
        while True:
            lower = rows[which, self.feature[node]] <= self.split[node]
            following = np.where(lower, self.left[node], self.right[node])
            if np.array_equal(following, node):
                share: Floats = self.value[node].sum(axis=1)
                return self.baseline + share
            node = following

    def fault(self, features: int) -> str:
        """Why these trees cannot judge rows of so many ``features``; empty when they can."""
        nodes = np.arange(len(self.feature))
        columns = (self.split, self.left, self.right, self.value)
        if any(len(column) != len(nodes) for column in columns):
            return "trees of unequal columns"
        if len(self.roots) == 0:
            return "no trees"
        leaf = (self.left == nodes) & (self.right == nodes)
        sound = (
            np.isin(self.roots, nodes).all()
            and ((self.feature >= 0) & (self.feature < features)).all()
            and (leaf | ((self.left > nodes) & (self.right > nodes))).all()
            and (np.maximum(self.left, self.right) < len(nodes)).all()
            and np.isfinite(self.split).all()
            and np.isfinite(self.value).all()
        )
        return "" if sound else "damaged: the trees do not hold together"
