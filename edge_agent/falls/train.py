"""``anban train falls``: recordings in, a model file for the gateway out.

What this is: the only module that needs scikit-learn; it uses the gateway's own candidates and features, so
nothing is computed twice in two ways. What it is not: the measurement of how good the model is on people it
has not seen (``benchmarks/falls.py``). The one idea: a person is either trained on or judged, also when the
threshold is chosen.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from edge_agent.falls.candidates import RATE_HZ, Floats, peaks
from edge_agent.falls.features import AFTER, NAMES, contexts, measure
from edge_agent.falls.model import FallModel, Forest, ModelError, write_model
from edge_agent.falls.recordings import SETS, RecordingError, RecordingSet, Trial, find_set, read_set
from firmware_protocols.model import JsonValue

VERSION: Final = "1"
"""Number of the shipped models; raise it when they are trained anew."""
SHARES: Final = 4
"""Groups of people among whom the threshold is chosen, each judged by a model of the others."""
EXTREMES: Final = (0.01, 0.99)
"""No threshold is chosen beyond these: there a handful of trials would decide."""
NEAR_S: Final = 2.0
"""Peaks this close to an unmarked fall's highest one belong to the fall."""
REBOUND_WEIGHT: Final = 0.5
"""Weight in training of a fall's lesser peaks; its highest one, and every peak of an activity, weighs 1."""
LARGEST_DIFFERENCE: Final = 1e-9
"""Greatest difference allowed between the exported trees and scikit-learn's own answer."""
BOOSTING: Final[dict[str, Any]] = {
    "learning_rate": 0.08,
    "max_iter": 200,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 15,
    "l2_regularization": 1.0,
    "max_features": 0.3,
    "max_bins": 63,
    "early_stopping": False,
}


@dataclass(frozen=True, eq=False)
class Examples:
    """Every candidate of a set: one row of ``rows`` each (columns ``NAMES``), in the order of the trials.

    ``trial`` is the index of its recording, ``at`` its sample in it, ``subject`` the person. ``weight`` is
    its weight in training: 0 for peaks of a fall trial of which nobody said whether they belong to the fall.
    """

    rows: Floats
    trial: NDArray[np.intp]
    at: NDArray[np.intp]
    subject: NDArray[np.str_]
    is_fall: NDArray[np.bool_]
    weight: Floats


def candidates(trial: Trial) -> tuple[NDArray[np.intp], Floats]:
    """The peaks of a trial and their contexts, as the gateway finds them."""
    acceleration = trial.acc_g
    magnitude = np.sqrt(np.einsum("nk,nk->n", acceleration, acceleration))
    found = peaks(magnitude, 0, len(magnitude) - AFTER)
    return found, contexts(acceleration, found)


def examples(trials: Sequence[Trial]) -> Examples:
    """Candidates and features of ``trials``."""
    rows, trial, at, is_fall, weight = [], [], [], [], []
    for number, recording in enumerate(trials):
        found, context = candidates(recording)
        fall = _in_fall(recording, found)
        rows.append(_table(context))
        trial.append(np.full(len(found), number))
        at.append(found)
        is_fall.append(fall)
        weight.append(_weights(recording, found, fall))
    numbers = np.concatenate(trial)
    return Examples(
        rows=np.concatenate(rows),
        trial=numbers,
        at=np.concatenate(at),
        subject=np.array([recording.subject for recording in trials])[numbers],
        is_fall=np.concatenate(is_fall),
        weight=np.concatenate(weight),
    )


def _table(context: Floats) -> Floats:
    columns = measure(context)
    return np.column_stack([columns[name] for name in NAMES])


def _in_fall(trial: Trial, found: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which peaks are part of the trial's fall: by the authors' marks, or near the highest."""
    if not trial.is_fall:
        return np.zeros(len(found), dtype=np.bool_)
    if trial.fall_start_s is not None and trial.fall_end_s is not None:
        return (found >= trial.fall_start_s * RATE_HZ) & (found <= (trial.fall_end_s + 0.5) * RATE_HZ)
    return np.abs(found - trial.impact()) <= NEAR_S * RATE_HZ


def _weights(trial: Trial, found: NDArray[np.intp], fall: NDArray[np.bool_]) -> Floats:
    """What each peak counts in training: nothing where nobody said whether it belongs to the fall."""
    if not trial.is_fall:
        return np.ones(len(found))
    return np.where(found == trial.impact(), 1.0, np.where(fall, REBOUND_WEIGHT, 0.0))


def fit(data: Examples, chosen: NDArray[np.bool_], seed: int) -> HistGradientBoostingClassifier:
    """Gradient boosting on the ``chosen`` examples."""
    use = chosen & (data.weight > 0)
    trees = HistGradientBoostingClassifier(random_state=seed, **BOOSTING)
    return trees.fit(data.rows[use], data.is_fall[use], sample_weight=data.weight[use])


def scores(trees: HistGradientBoostingClassifier, rows: Floats) -> Floats:
    """Probability of a fall for each row."""
    return np.asarray(trees.predict_proba(rows)[:, 1], dtype=np.float64)


def out_of_person(data: Examples, chosen: NDArray[np.bool_], shares: int, seed: int) -> Floats:
    """Scores of the ``chosen`` examples by models that never saw the person; NaN elsewhere."""
    people = np.unique(data.subject[chosen])
    np.random.default_rng(seed).shuffle(people)
    result = np.full(len(data.trial), np.nan)
    for share in range(min(shares, len(people))):
        judged = chosen & np.isin(data.subject, people[share::shares])
        result[judged] = scores(fit(data, chosen & ~judged, seed), data.rows[judged])
    return result


def trial_scores(data: Examples, score: Floats, trials: int) -> Floats:
    """The highest score in each trial; 0 for a trial without candidates."""
    best = np.zeros(trials)
    np.maximum.at(best, data.trial, score)
    return best


def choose_threshold(fall_scores: Floats, activity_scores: Floats) -> float:
    """The threshold with the largest sum of sensitivity and specificity over trials.

    The middle of the widest such stretch: between two recorded scores nothing tells one value from another.
    """
    edges = np.unique(np.concatenate([fall_scores, activity_scores, EXTREMES]))
    edges = edges[(edges >= EXTREMES[0]) & (edges <= EXTREMES[1])]
    middles = (edges[1:] + edges[:-1]) / 2
    hits = (fall_scores[None, :] >= middles[:, None]).mean(axis=1)
    quiet = (activity_scores[None, :] < middles[:, None]).mean(axis=1)
    best = np.flatnonzero(np.isclose(hits + quiet, (hits + quiet).max()))
    widest = best[np.argmax(np.diff(edges)[best])]
    return float(middles[widest])


def threshold_inside(
    data: Examples, trials: Sequence[Trial], chosen: NDArray[np.bool_], seed: int
) -> tuple[float, dict[str, float]]:
    """Threshold chosen among the people of the ``chosen`` examples only, and what it reaches among them."""
    people = set(data.subject[chosen].tolist())
    score = trial_scores(data, np.nan_to_num(out_of_person(data, chosen, SHARES, seed)), len(trials))
    inside = np.array([trial.subject in people for trial in trials])
    fall = np.array([trial.is_fall for trial in trials])
    falls, activity = score[inside & fall], score[inside & ~fall]
    threshold = choose_threshold(falls, activity)
    figures = {
        "sensitivity": round(float((falls >= threshold).mean()), 4),
        "specificity": round(float((activity < threshold).mean()), 4),
    }
    return threshold, figures


def export(trees: HistGradientBoostingClassifier) -> Forest:
    """The trees as flat arrays. Fitted trees have no public layout; ``as_model`` proves the result equal."""
    nodes = [predictor.nodes for (predictor,) in trees._predictors]  # noqa: SLF001
    roots = np.cumsum([0, *(len(tree) for tree in nodes[:-1])])
    shifted = [tree["left"].astype(np.intp) + root for tree, root in zip(nodes, roots, strict=True)]
    right = [tree["right"].astype(np.intp) + root for tree, root in zip(nodes, roots, strict=True)]
    every = np.concatenate(nodes)
    leaf = every["is_leaf"].astype(bool)
    itself = np.arange(len(every))
    return Forest(
        baseline=float(trees._baseline_prediction[0, 0]),  # noqa: SLF001
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
    threshold: float,
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
        threshold=threshold,
        forest=export(trees),
        sources=(which.source,),
        training=training,
    )
    columns = dict(zip(NAMES, data.rows.T, strict=True))
    difference = float(np.abs(model.probability(columns) - scores(trees, data.rows)).max())
    if difference > LARGEST_DIFFERENCE:
        raise ModelError(which.name, f"exported trees differ from scikit-learn's by {difference:.3g}")
    return model


def train(which: RecordingSet, trials: Sequence[Trial], seed: int) -> FallModel:
    """A model of all ``trials``."""
    data = examples(trials)
    everyone = np.ones(len(data.trial), dtype=np.bool_)
    threshold, figures = threshold_inside(data, trials, everyone, seed)
    training: dict[str, JsonValue] = {
        "seed": seed,
        "people": len(np.unique(data.subject)),
        "falls": sum(trial.is_fall for trial in trials),
        "activities": sum(not trial.is_fall for trial in trials),
        "candidates": len(data.trial),
        f"{SHARES}_shares_of_people": figures,
    }
    return as_model(which, data, fit(data, everyone, seed), threshold, training)


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
        sys.stdout.write(f"{path}: threshold {model.threshold:.3f}, {dict(model.training)}\n")
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
