"""What learns to tell falls from activities: boosted trees, and a few small networks beside them.

What this is: fitting both kinds of judges, and their form for the gateway; with ``train.py`` the only user of
scikit-learn. What it is not: calibration, thresholds or files (``train.py``). The one idea: judges that
err in different ways; their mean puts falls before activities better than any of them alone (ADR 0091).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from edge_agent.falls.candidates import Floats
from edge_agent.falls.examples import Examples
from edge_agent.falls.forest import Forest
from edge_agent.falls.network import FARTHEST, Network

BOOSTING: Final[dict[str, Any]] = {
    "learning_rate": 0.14,
    "max_iter": 150,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 25,
    "l2_regularization": 5.0,
    "max_features": 0.3,
    "max_bins": 63,
    "early_stopping": False,
}
"""Small trees of many examples a leaf: they held on degraded sensors better than larger ones (ADR 0053)."""
LAYERS: Final[dict[str, Any]] = {
    "hidden_layer_sizes": (32, 16),
    "alpha": 0.3,
    "learning_rate_init": 0.003,
    "batch_size": 256,
    "max_iter": 15,
}
"""Small networks, stopped early: larger ones and longer training found no more (docs/falls.md)."""
NETWORKS: Final = 3
"""How many networks judge beside the trees, each begun from another seed."""
QUARTILES_OF_NORMAL: Final = 1.349
"""Distance of the quartiles of a normal distribution, in standard deviations."""
DIGITS: Final = 6
"""Decimals of a network's numbers, in training as on the gateway."""


@dataclass(frozen=True, eq=False)
class Learnt:
    """The judges as fitted: scikit-learn's trees, and networks in the gateway's own form."""

    trees: HistGradientBoostingClassifier
    networks: tuple[Network, ...]

    def log_odds(self, rows: Floats) -> Floats:
        """The mean of what the judges say of each row, not yet calibrated."""
        of_trees = np.asarray(self.trees.decision_function(rows), dtype=np.float64)
        mean: Floats = np.mean([of_trees, *(network.log_odds(rows) for network in self.networks)], axis=0)
        return mean


@dataclass(frozen=True, eq=False)
class _Lessons:
    rows: Floats
    is_fall: NDArray[np.bool_]
    weight: Floats


def fit(data: Examples, chosen: NDArray[np.bool_], seed: int) -> Learnt:
    """Judges of the ``chosen`` examples, and of what was made of the same people's recordings.

    One thread: sums in another order would be another model, and threads that wait on a busy machine cost
    more than they bring.
    """
    lessons = _lessons(data, chosen)
    with threadpool_limits(1):
        trees = HistGradientBoostingClassifier(random_state=seed, **BOOSTING)
        trees.fit(lessons.rows, lessons.is_fall, sample_weight=lessons.weight)
        return Learnt(trees, tuple(_network(lessons, seed * NETWORKS + one) for one in range(NETWORKS)))


def _lessons(data: Examples, chosen: NDArray[np.bool_]) -> _Lessons:
    use, retold = chosen & (data.weight > 0), data.retold
    again = np.isin(retold.subject, np.unique(data.subject[chosen])) & (retold.weight > 0)
    return _Lessons(
        rows=np.concatenate([data.rows[use], retold.rows[again]]),
        is_fall=np.concatenate([data.is_fall[use], retold.is_fall[again]]),
        weight=np.concatenate([data.weight[use], retold.weight[again]]),
    )


def _network(lessons: _Lessons, seed: int) -> Network:
    middle = np.median(lessons.rows, axis=0)
    low, high = np.percentile(lessons.rows, [25, 75], axis=0)
    spread = np.where(high > low, (high - low) / QUARTILES_OF_NORMAL, lessons.rows.std(axis=0))
    spread = np.where(spread > 0, spread, 1.0)
    scaled = np.clip((lessons.rows - middle) / spread, -FARTHEST, FARTHEST)
    layers = MLPClassifier(random_state=seed, **LAYERS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # stopped early on purpose, see LAYERS
        layers.fit(scaled, lessons.is_fall, sample_weight=lessons.weight)
    return Network(
        middle=middle,
        spread=spread,
        weights=tuple(np.round(layer, DIGITS) for layer in layers.coefs_),
        biases=tuple(np.round(layer, DIGITS) for layer in layers.intercepts_),
    )


def _nodes(trees: HistGradientBoostingClassifier) -> list[NDArray[Any]]:
    """The nodes of each tree, as scikit-learn keeps them."""
    fitted = trees._predictors  # noqa: SLF001 - fitted trees have no public layout
    return [predictor.nodes for (predictor,) in fitted]


def export(trees: HistGradientBoostingClassifier) -> Forest:
    """The trees as flat arrays. Fitted trees have no public layout; ``train.as_model`` proves the result
    equal.
    """
    nodes = _nodes(trees)
    roots = np.cumsum([0, *(len(tree) for tree in nodes[:-1])])
    shifted = [tree["left"].astype(np.intp) + root for tree, root in zip(nodes, roots, strict=True)]
    right = [tree["right"].astype(np.intp) + root for tree, root in zip(nodes, roots, strict=True)]
    every = np.concatenate(nodes)
    leaf = every["is_leaf"].astype(bool)
    itself = np.arange(len(every))
    return Forest(
        baseline=float(trees._baseline_prediction[0, 0]),  # noqa: SLF001 - fitted trees have no public layout
        roots=roots,
        feature=np.where(leaf, 0, every["feature_idx"]).astype(np.intp),
        split=np.where(leaf, 0.0, every["num_threshold"]),
        left=np.where(leaf, itself, np.concatenate(shifted)),
        right=np.where(leaf, itself, np.concatenate(right)),
        value=np.where(leaf, every["value"], 0.0),
    )


def gains(trees: HistGradientBoostingClassifier, features: int) -> Floats:
    """The share of each feature in what all splits of the trees gained."""
    nodes = np.concatenate(_nodes(trees))
    inner = nodes[nodes["is_leaf"] == 0]
    gained = np.bincount(inner["feature_idx"], weights=inner["gain"], minlength=features)
    share: Floats = np.asarray(gained / gained.sum(), dtype=np.float64)
    return share
