"""``anban train falls``: recordings in, a model file for the gateway out.

What this is: calibration, threshold and file of what ``learners.py`` fits. What it is not: the measurement
of how good the model is on people it has not seen (``benchmarks/falls.py``). The one idea: a person is either
learnt from or judged, also when it is decided what a score means.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from edge_agent.falls import card
from edge_agent.falls.calibration import Calibration
from edge_agent.falls.candidates import RATE_HZ, Floats
from edge_agent.falls.examples import Examples, best_of_trials, examples
from edge_agent.falls.features import NAMES
from edge_agent.falls.learners import Learnt, export, fit, gains
from edge_agent.falls.model import FallModel, ModelError, Position, write_model
from edge_agent.falls.recordings import SETS, RecordingError, RecordingSet, Trial, find_set, read_set
from firmware_protocols.model import JsonValue

VERSION: Final = "4"
"""Number of the shipped models; raise it when they are trained anew."""
SHARES: Final = 4
"""Groups of people among whom scores are calibrated, each judged by a model of the others."""
CERTAIN: Final[Mapping[Position, float]] = {"waist": 0.65, "wrist": 0.4}
"""Calibrated probability from which a peak counts as a fall.

Where, on people the judges had not seen, about equal parts of what was allowed are used up: of the falls that
may be missed (1 % at the waist, 5 % at the wrist), and of the activities that may be taken for one (0.3 an
hour; 3 %).
"""
FARTHEST: Final = 8.0
"""Log-odds beyond this are told from one another no more when scores are calibrated (1 in 3,000)."""
NO_PENALTY: Final = 1e6
LARGEST_DIFFERENCE: Final = 1e-9
"""Greatest difference allowed between the exported trees and scikit-learn's own answer."""


def out_of_person(data: Examples, chosen: NDArray[np.bool_], shares: int, seed: int) -> Floats:
    """Log-odds of the ``chosen`` examples by models that never saw the person; minus infinity elsewhere."""
    people = np.unique(data.subject[chosen])
    np.random.default_rng(seed).shuffle(people)
    result = np.full(len(data.trial), -np.inf)
    for share in range(min(shares, len(people))):
        judged = chosen & np.isin(data.subject, people[share::shares])
        result[judged] = fit(data, chosen & ~judged, seed).log_odds(data.rows[judged])
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


def as_model(
    which: RecordingSet,
    data: Examples,
    learnt: Learnt,
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
        calibration=calibration,
        forest=export(learnt.trees),
        networks=learnt.networks,
        sources=(which.source,),
        training=training,
    )
    columns = dict(zip(NAMES, data.rows.T, strict=True))
    answer = calibration.probability(learnt.log_odds(data.rows))
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
    learnt = fit(data, everyone, seed)
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
        "weighs_most": weights_of(learnt),
    }
    return as_model(which, data, learnt, calibration, training)


def weights_of(learnt: Learnt, most: int = 10) -> dict[str, JsonValue]:
    """The features that decide most in the trees, with their share of what splits gained, largest first."""
    share = gains(learnt.trees, len(NAMES))
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
