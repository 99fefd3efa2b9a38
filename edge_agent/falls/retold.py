"""The same people in more hurry, at more leisure, and without the pauses of a script.

What this is: training material for lives nobody recorded: a movement at another tempo, and one movement run
straight into the next. What it is not: another sensor (``sensors.py``), or part of the gateway's work. The
one idea: a script asks for one movement at a time, at one pace; who lies down at home sits down on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.falls.candidates import Floats
from edge_agent.falls.recordings import RecordingSet, Samples, Trial

GRAVITY_S: Final = 0.5
"""Gravity is what two means over this time, one of the other, leave of the acceleration."""
MOVING_S: Final = 0.4
"""Movement is looked for in means over this time, and pauses up to it do not end one."""
MOVING_SHARE: Final = 0.2
"""Someone moves while the mean change between samples exceeds this share of the liveliest moment's …"""
MOVING_G: Final = 0.015
"""… and this (g per sample): more than the noise of an accelerometer that lies still."""
LIVELIEST: Final = 99.0
"""Percentile of the changes that stands for the liveliest moment."""
CUT_S: Final = (0.5, 0.3)
"""How much is taken off at most: of the end of the first movement, and before the second."""
FADE_S: Final = 0.3
"""Time over which one recording becomes the other."""
LONGEST_TURN: Final = 40.0
"""Degrees between the two postures beyond which they are not run together."""
SHORTEST_S: Final = (2.3, 5.0)
"""What must be left of the first recording, and of the second."""
DRAWN: Final = 5
"""Seed of what is drawn when activities are run together."""


def at_tempo(trial: Trial, factor: float) -> Trial:
    """The trial ``factor`` times as quick (above 0; less than 1 is slower).

    The same path in a time shorter by ``factor``: speeds grow by it, accelerations by its square; gravity
    stays.
    """
    samples = trial.acc_mg.astype(np.float64)
    taken = np.arange(int((len(samples) - 1) / factor) + 1) * factor
    low = np.clip(taken.astype(np.intp), 0, len(samples) - 2)
    share = (taken - low)[:, None]
    path = samples[low] * (1 - share) + samples[low + 1] * share
    still = _gravity(path, trial.rate_hz)
    start_s, end_s = trial.fall_start_s, trial.fall_end_s
    return replace(
        trial,
        acc_mg=_samples(still + (path - still) * factor**2),
        fall_start_s=None if start_s is None else start_s / factor,
        fall_end_s=None if end_s is None else end_s / factor,
    )


def run_together(which: RecordingSet, trials: Sequence[Trial]) -> Iterator[Trial]:
    """Activities of ``which.runs_into``, each of the same person's, run together; what does not fit is left.

    The same trials give the same recordings.
    """
    draw = np.random.default_rng(DRAWN)
    people = dict.fromkeys(trial.subject for trial in trials)
    did: dict[tuple[str, str], list[Trial]] = {}
    for trial in trials:
        did.setdefault((trial.subject, trial.activity), []).append(trial)
    for person in people:
        for first, second in which.runs_into:
            pairs = zip(did.get((person, first), ()), did.get((person, second), ()), strict=False)
            for one, other in pairs:
                if (both := joined(one, other, draw)) is not None:
                    yield both


def joined(first: Trial, second: Trial, draw: np.random.Generator) -> Trial | None:
    """The first movement of ``first`` run into that of ``second``; None where their postures do not meet."""
    one, other = first_movement(first), first_movement(second)
    if one is None or other is None:
        return None
    rate_hz, fade = second.rate_hz, round(FADE_S * second.rate_hz)
    off, early = (round(length_s * rate_hz) for length_s in CUT_S)
    stop = one[1] - int(draw.integers(0, off))
    start = max(other[0] - int(draw.integers(0, early)), 0)
    before, after = first.acc_mg[:stop].astype(np.float64), second.acc_mg[start:].astype(np.float64)
    left, needed = (len(before), len(after)), (round(length_s * rate_hz) for length_s in SHORTEST_S)
    if any(has < least for has, least in zip(left, needed, strict=True)):
        return None
    if _turn(before[-fade:].mean(axis=0), after[:fade].mean(axis=0)) > LONGEST_TURN:
        return None
    share = np.linspace(0, 1, fade)[:, None]
    meeting = before[-fade:] * (1 - share) + after[:fade] * share
    return replace(second, acc_mg=_samples(np.concatenate([before[:-fade], meeting, after[fade:]])))


def first_movement(trial: Trial) -> tuple[int, int] | None:
    """The first sample of a recording's first movement and the first after it; None where nobody moves."""
    change = np.linalg.norm(np.diff(trial.acc_mg / 1000, axis=0, prepend=trial.acc_mg[:1] / 1000), axis=1)
    lively = _mean(change[:, None], round(MOVING_S * trial.rate_hz) + 1)[:, 0]
    moving = np.flatnonzero(lively > max(MOVING_SHARE * np.percentile(lively, LIVELIEST), MOVING_G))
    if not len(moving):
        return None
    pauses = np.flatnonzero(np.diff(moving) > MOVING_S * trial.rate_hz)
    return int(moving[0]), int(moving[pauses[0] if len(pauses) else -1]) + 1


def _gravity(path: Floats, rate_hz: float) -> Floats:
    length = round(GRAVITY_S * rate_hz) // 2 * 2 + 1
    return _mean(_mean(path, length), length)


def _mean(rows: Floats, length: int) -> Floats:
    """The mean of the ``length`` (odd) rows around each; the outermost row is held beyond either end."""
    half = length // 2
    sums = np.cumsum(np.pad(rows, ((half + 1, half), (0, 0)), mode="edge"), axis=0)
    means: Floats = (sums[length:] - sums[:-length]) / length
    return means


def _turn(one: Floats, other: Floats) -> float:
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(np.degrees(np.arccos(np.clip(one @ other / lengths, -1, 1)))) if lengths else 180.0


def _samples(path: Floats) -> Samples:
    bounds = np.iinfo(np.int16)
    whole: NDArray[np.int16] = np.rint(np.clip(path, bounds.min, bounds.max)).astype(np.int16)
    return whole
