"""``anban train falls``: recordings in, a model file for the gateway out.

What this is: the only module that needs scikit-learn. What it is not: the measurement of how good the model
is on people it has not seen (``benchmarks/falls.py``). The one idea: a person is either learnt from or
judged, also when it is decided what a score means.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from edge_agent.falls import card
from edge_agent.falls.calibration import Calibration
from edge_agent.falls.candidates import RATE_HZ, Floats
from edge_agent.falls.examples import Examples, best_of_trials, examples
from edge_agent.falls.features import NAMES
from edge_agent.falls.model import FallModel, Forest, ModelError, Position, write_model
from edge_agent.falls.recordings import SETS, RecordingError, RecordingSet, Trial, find_set, read_set
from firmware_protocols.model import JsonValue

VERSION: Final = "3"
"""Number of the shipped models; raise it when they are trained anew."""
SHARES: Final = 4
"""Groups of people among whom scores are calibrated, each judged by a model of the others."""
CERTAIN: Final[Mapping[Position, float]] = {"waist": 0.6, "wrist": 0.35}
"""Calibrated probability from which a peak counts as a fall.

At the waist a fall can be told, and every false alarm costs trust. A hand that hits a table feels what a hand
that hits the floor feels: there, on people the trees had not seen, as large a share of falls is missed as of
activities is taken for one.
"""
FARTHEST: Final = 8.0
"""Log-odds beyond this are told from one another no more when scores are calibrated (1 in 3,000)."""
NO_PENALTY: Final = 1e6
LARGEST_DIFFERENCE: Final = 1e-9
"""Greatest difference allowed between the exported trees and scikit-learn's own answer."""
BOOSTING: Final[dict[str, Any]] = {
    "learning_rate": 0.08,
    "max_iter": 300,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 25,
    "l2_regularization": 5.0,
    "max_features": 0.3,
    "max_bins": 63,
    "early_stopping": False,
}
"""Small trees of many examples a leaf: they held on degraded sensors better than larger ones (ADR 0053)."""


def fit(data: Examples, chosen: NDArray[np.bool_], seed: int) -> HistGradientBoostingClassifier:
    """Gradient boosting on the ``chosen`` examples, and on what was made of the same people's recordings.

    One thread: sums in another order would be another model, and threads that wait on a busy machine cost
    more than they bring.
    """
    use, retold = chosen & (data.weight > 0), data.retold
    again = np.isin(retold.subject, np.unique(data.subject[chosen])) & (retold.weight > 0)
    trees = HistGradientBoostingClassifier(random_state=seed, **BOOSTING)
    with threadpool_limits(1):
        return trees.fit(
            np.concatenate([data.rows[use], retold.rows[again]]),
            np.concatenate([data.is_fall[use], retold.is_fall[again]]),
            sample_weight=np.concatenate([data.weight[use], retold.weight[again]]),
        )


def log_odds(trees: HistGradientBoostingClassifier, rows: Floats) -> Floats:
    """What the trees say of each row, not yet calibrated."""
    return np.asarray(trees.decision_function(rows), dtype=np.float64)


def out_of_person(data: Examples, chosen: NDArray[np.bool_], shares: int, seed: int) -> Floats:
    """Log-odds of the ``chosen`` examples by models that never saw the person; minus infinity elsewhere."""
    people = np.unique(data.subject[chosen])
    np.random.default_rng(seed).shuffle(people)
    result = np.full(len(data.trial), -np.inf)
    for share in range(min(shares, len(people))):
        judged = chosen & np.isin(data.subject, people[share::shares])
        result[judged] = log_odds(fit(data, chosen & ~judged, seed), data.rows[judged])
    return result


def calibrate(scores: Floats, is_fall: NDArray[np.bool_]) -> Calibration:
    """The line on which trials with these ``scores`` (log-odds) were falls as often as it says."""
    bounded = np.clip(scores, -FARTHEST, FARTHEST)[:, None]
    line = LogisticRegression(C=NO_PENALTY).fit(bounded, is_fall)
    return Calibration(slope=float(line.coef_[0, 0]), offset=float(line.intercept_[0]))


def calibration_inside(
    data: Examples, trials: Sequence[Trial], chosen: NDArray[np.bool_], seed: int
) -> tuple[Calibration, Floats]:
    """Calibration among the people of the ``chosen`` examples only; and each trial's calibrated probability
    by a model that never saw the person (0 for other people's trials).
    """
    best = best_of_trials(data, out_of_person(data, chosen, SHARES, seed), len(trials))
    fall = np.array([trial.is_fall for trial in trials])
    scored = np.isfinite(best)
    calibration = calibrate(best[scored], fall[scored])
    return calibration, calibration.probability(best)


def export(trees: HistGradientBoostingClassifier) -> Forest:
    """The trees as flat arrays. Fitted trees have no public layout; ``as_model`` proves the result equal."""
    nodes = [predictor.nodes for (predictor,) in trees._predictors]  # noqa: SLF001 - no public layout
    roots = np.cumsum([0, *(len(tree) for tree in nodes[:-1])])
    shifted = [tree["left"].astype(np.intp) + root for tree, root in zip(nodes, roots, strict=True)]
    right = [tree["right"].astype(np.intp) + root for tree, root in zip(nodes, roots, strict=True)]
    every = np.concatenate(nodes)
    leaf = every["is_leaf"].astype(bool)
    itself = np.arange(len(every))
    return Forest(
        baseline=float(trees._baseline_prediction[0, 0]),  # noqa: SLF001 - as above
        roots=roots,
        feature=np.where(leaf, 0, every["feature_idx"]).astype(np.intp),
        split=np.where(leaf, 0.0, every["num_threshold"]),
        left=np.where(leaf, itself, np.concatenate(shifted)),
        right=np.where(leaf, itself, np.concatenate(right)),
        value=np.where(leaf, every["value"], 0.0),
    )


def as_model(
    which: RecordingSet,
    data: Examples,
    trees: HistGradientBoostingClassifier,
    calibration: Calibration,
    training: Mapping[str, JsonValue],
) -> FallModel:
    """What the gateway needs of a fitted model; ModelError when its trees would answer differently there."""
    model = FallModel(
        version=f"{which.position}-{VERSION}",
        position=which.position,
        rate_hz=RATE_HZ,
        range_g=which.range_g,
        features=NAMES,
        lowest=tuple(data.rows.min(axis=0).tolist()),
        highest=tuple(data.rows.max(axis=0).tolist()),
        threshold=CERTAIN[which.position],
        forest=export(trees).on(calibration),
        sources=(which.source,),
        training=training,
    )
    columns = dict(zip(NAMES, data.rows.T, strict=True))
    answer = calibration.probability(log_odds(trees, data.rows))
    difference = float(np.abs(model.probability(columns) - answer).max())
    if difference > LARGEST_DIFFERENCE:
        raise ModelError(which.name, f"exported trees differ from scikit-learn's by {difference:.3g}")
    return model


def train(which: RecordingSet, trials: Sequence[Trial], seed: int) -> FallModel:
    """A model of all ``trials``, with what it reached on people it had not seen while it was made."""
    fall = np.array([trial.is_fall for trial in trials])
    if len({trial.subject for trial in trials}) < SHARES or fall.all() or not fall.any():
        raise RecordingError(which.name, f"training needs falls, and activities, of {SHARES} people or more")
    data = examples(which, trials)
    everyone = np.ones(len(data.trial), dtype=np.bool_)
    calibration, probability = calibration_inside(data, trials, everyone, seed)
    trees = fit(data, everyone, seed)
    said = probability >= CERTAIN[which.position]
    training: dict[str, JsonValue] = {
        "seed": seed,
        "people": len(np.unique(data.subject)),
        "falls": int(fall.sum()),
        "activities": int((~fall).sum()),
        "activity_h": round(sum(trial.length_s for trial in trials if not trial.is_fall) / 3600, 2),
        "candidates": len(data.trial),
        "retold": len(data.retold.subject),
        "groups_of_people": SHARES,
        "falls_found": int(said[fall].sum()),
        "activities_taken_for_falls": int(said[~fall].sum()),
        "brier": round(float(((probability - fall) ** 2).mean()), 5),
        "slope": calibration.slope,
        "offset": calibration.offset,
        "weighs_most": weights_of(trees),
    }
    return as_model(which, data, trees, calibration, training)


def weights_of(trees: HistGradientBoostingClassifier, most: int = 10) -> dict[str, JsonValue]:
    """The features that decide most, with their share of what all splits gained, largest first."""
    nodes = np.concatenate([predictor.nodes for (predictor,) in trees._predictors])  # noqa: SLF001 - see export
    inner = nodes[nodes["is_leaf"] == 0]
    gained = np.bincount(inner["feature_idx"], weights=inner["gain"], minlength=len(NAMES))
    share = gained / gained.sum()
    return {NAMES[index]: round(float(share[index]), 3) for index in np.argsort(-share)[:most]}


def main(argv: Sequence[str]) -> int:
    """``falls --data DIR [--out DIR] [--set NAME|all] [--seed N]``; 0, or 1 with a reason."""
    options = _parser().parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    for name in SETS if options.set == "all" else [options.set]:
        try:
            which = find_set(options.data, name)
            model = train(which, read_set(options.data, which), options.seed)
        except (OSError, RecordingError, ModelError) as error:
            sys.stderr.write(f"anban train: {error}\n")
            return 1
        path = options.out / f"{which.position}.json"
        write_model(path, model)
        card.write(path.with_suffix(".md"), model)
        sys.stdout.write(f"{path}: {dict(model.training)}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="anban train", description="Train a model from recordings.")
    kinds = parser.add_subparsers(dest="kind", required=True)
    falls = kinds.add_parser("falls", help="the fall models of the gateway")
    falls.add_argument("--data", type=Path, required=True, help="folder with the recordings")
    falls.add_argument("--out", type=Path, default=Path("models"), help="folder for the model files (models)")
    falls.add_argument(
        "--set",
        default="all",
        help=f"which recordings: {', '.join(SETS)}, the NAME of a NAME.npz, or all (all)",
    )
    falls.add_argument("--seed", type=int, default=1, help="same seed, same data: same file (1)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
