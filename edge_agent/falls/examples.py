"""What the fall models learn from: every peak of the recordings, described as the gateway describes it.

What this is: candidates, features and labels of a set, by the gateway's own code, so nothing is computed
twice in two ways. What it is not: learning (``train.py``). The one idea: a recording ends as a lost link
does, and of a fall's recording only the peaks that somebody said, or the highest one shows, to be the
fall's count as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.falls.around import contexts
from edge_agent.falls.candidates import RATE_HZ, SEPARATION, Floats, peaks
from edge_agent.falls.features import NAMES, measure
from edge_agent.falls.model import Position
from edge_agent.falls.recordings import RecordingSet, Trial
from edge_agent.falls.retold import at_tempo, run_together
from edge_agent.falls.sensors import as_others, cut_short

NEAR_S: Final = 2.0
"""Peaks this close to an unmarked fall's highest one belong to the fall."""
REBOUND_WEIGHT: Final = 0.5
"""Weight in training of a fall's lesser peaks; its highest one, and every peak of an activity, weighs 1."""


AGAIN: Final[Mapping[Position, tuple[tuple[float, float], ...]]] = {
    "waist": ((1.0, 0.5),),
    "wrist": ((1.0, 0.25), (1.0, 0.25), (0.85, 0.25), (1.2, 0.25)),
}
"""How every recording is told again, each time as another sensor would have felt it: tempo, and weight of its
peaks. Few people gave their hands: other tempos find as many falls at a third fewer false alarms there, and
bring nothing to the many of the waist (docs/falls.md).
"""
IN_A_ROW: Final = ((1.0, 1.0), (1.3, 0.5))
"""The same of the activities that were run together."""


@dataclass(frozen=True, eq=False)
class Retold:
    """Candidates to train on only: the recordings as they would have been elsewhere, quicker, or in a row."""

    rows: Floats
    subject: NDArray[np.str_]
    is_fall: NDArray[np.bool_]
    weight: Floats


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
    retold: Retold


def candidates(trial: Trial) -> tuple[NDArray[np.intp], Floats]:
    """The peaks of a trial and their contexts, as the gateway finds them; at its end the link is lost."""
    acceleration = trial.acc_g
    magnitude = np.sqrt(np.einsum("nk,nk->n", acceleration, acceleration))
    found = peaks(magnitude, 0, len(magnitude) - SEPARATION)
    return found, contexts(acceleration, found)


def examples(which: RecordingSet, trials: Sequence[Trial]) -> Examples:
    """Candidates and features of the ``trials`` of ``which``, and what is made of them to train on."""
    parts = [_part(trial, *candidates(trial)) for trial in trials]
    numbers = np.repeat(np.arange(len(trials)), [len(part.at) for part in parts])
    return Examples(
        rows=np.concatenate([part.rows for part in parts]),
        trial=numbers,
        at=np.concatenate([part.at for part in parts]),
        subject=np.array([trial.subject for trial in trials])[numbers],
        is_fall=np.concatenate([part.is_fall for part in parts]),
        weight=np.concatenate([part.weight for part in parts]),
        retold=_retold(which, trials),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The candidates of one trial."""

    rows: Floats
    at: NDArray[np.intp]
    is_fall: NDArray[np.bool_]
    weight: Floats


def _part(trial: Trial, found: NDArray[np.intp], context: Floats) -> _Part:
    fall = _in_fall(trial, found)
    return _Part(_table(context), found, fall, _weights(trial, found, fall))


def _retold(which: RecordingSet, trials: Sequence[Trial]) -> Retold:
    told = list(_tellings(which, trials))
    parts = []
    for number, (trial, _) in enumerate(told):
        found, context = candidates(trial)
        parts.append(_part(trial, found, cut_short(as_others(context, number), number)))
    numbers = np.repeat(np.arange(len(told)), [len(part.at) for part in parts])
    return Retold(
        rows=np.concatenate([part.rows for part in parts]),
        subject=np.array([trial.subject for trial, _ in told])[numbers],
        is_fall=np.concatenate([part.is_fall for part in parts]),
        weight=np.concatenate([part.weight * weight for part, (_, weight) in zip(parts, told, strict=True)]),
    )


def _tellings(which: RecordingSet, trials: Sequence[Trial]) -> Iterator[tuple[Trial, float]]:
    """Each recording told again, with the weight of its peaks."""
    told = [(trials, AGAIN[which.position]), (list(run_together(which, trials)), IN_A_ROW)]
    for recordings, manners in told:
        for tempo, weight in manners:
            yield from ((at_tempo(trial, tempo), weight) for trial in recordings)


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
