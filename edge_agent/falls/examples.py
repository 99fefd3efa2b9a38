"""What the fall models learn from: every peak of the recordings, described as the gateway describes it.

What this is: candidates, features and labels of a set, by the gateway's own code, so nothing is computed
twice in two ways. What it is not: learning (``train.py``). The one idea: a recording ends as a lost link
does, and of a fall's recording only the peaks that somebody said, or the highest one shows, to be the
fall's count as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.falls.around import contexts
from edge_agent.falls.candidates import RATE_HZ, SEPARATION, Floats, peaks
from edge_agent.falls.features import NAMES, measure
from edge_agent.falls.recordings import Trial
from edge_agent.falls.sensors import as_others

NEAR_S: Final = 2.0
"""Peaks this close to an unmarked fall's highest one belong to the fall."""
REBOUND_WEIGHT: Final = 0.5
"""Weight in training of a fall's lesser peaks; its highest one, and every peak of an activity, weighs 1."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Every candidate of a set: one row of ``rows`` each (columns ``NAMES``), in the order of the trials.

    ``trial`` is the index of its recording, ``at`` its sample in it, ``subject`` the person. ``weight`` is
    its weight in training: 0 for peaks of a fall trial of which nobody said whether they belong to the fall.
    ``others`` are the same candidates as felt by other sensors (``sensors.as_others``), to train on only.
    """

    rows: Floats
    others: Floats
    trial: NDArray[np.intp]
    at: NDArray[np.intp]
    subject: NDArray[np.str_]
    is_fall: NDArray[np.bool_]
    weight: Floats


def candidates(trial: Trial) -> tuple[NDArray[np.intp], Floats]:
    """The peaks of a trial and their contexts, as the gateway finds them; at its end the link is lost."""
    acceleration = trial.acc_g
    magnitude = np.sqrt(np.einsum("nk,nk->n", acceleration, acceleration))
    found = peaks(magnitude, 0, len(magnitude) - SEPARATION)
    return found, contexts(acceleration, found)


def examples(trials: Sequence[Trial]) -> Examples:
    """Candidates and features of ``trials``."""
    rows, others, trial, at, is_fall, weight = [], [], [], [], [], []
    for number, recording in enumerate(trials):
        found, context = candidates(recording)
        fall = _in_fall(recording, found)
        rows.append(_table(context))
        others.append(_table(as_others(context, number)))
        trial.append(np.full(len(found), number))
        at.append(found)
        is_fall.append(fall)
        weight.append(_weights(recording, found, fall))
    numbers = np.concatenate(trial)
    return Examples(
        rows=np.concatenate(rows),
        others=np.concatenate(others),
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


def best_of_trials(data: Examples, log_odds: Floats, trials: int) -> Floats:
    """The highest of the candidates' ``log_odds`` in each trial; minus infinity without candidates."""
    best = np.full(trials, -np.inf)
    np.maximum.at(best, data.trial, log_odds)
    return best
