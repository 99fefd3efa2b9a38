"""A day beside the usual ones: the numbers that the nightly model weighs.

What this is: robust distances of a day's measures from the baseline, and how well the day's course fits it,
also when moved. What it is not: a decision. The one idea: only the home's own past is used, by medians and
spreads that a few odd days cannot move.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from cloud.detect.routine.grid import SLOTS, Bools, Floats, Place
from cloud.detect.routine.measures import CAP, FLOORS, WAKING, longest, measure

FARTHEST: Final = 10.0
"""A distance is cut here, so that no single number decides."""
BEYOND: Final = 6.0
LAGS: Final = range(-16, 17, 2)
"""Tried moves of a day, in slots: up to four hours either way, by half hours."""
LATER: Final = list(LAGS).index(12)
UNMOVED: Final = list(LAGS).index(0)
KERNEL: Final = np.array([1, 2, 3, 4, 5, 4, 3, 2, 1]) / 25
"""An hour and a quarter either way: nobody lives by the quarter of an hour."""
FLOOR: Final = 0.02
"""D. The rate that is granted to a place and time never seen."""

_FITS: Final = ("pause", "pause_to_the_end", "best_move", "later_fit", "moved_gain", "later_gain", "fit")
_RATIOS: Final = ("middle", "spread", "low", "high", "bathroom_apart")
FEATURES: Final = (
    *(f"{name}:distance" for name in FLOORS),
    *(f"{name}:beyond" for name in FLOORS),
    *(f"{name}:{what}" for name in _FITS for what in ("value", "distance")),
    *(f"ratio:{name}" for name in _RATIOS),
)


def spread(values: Floats) -> Floats:
    """Robust standard deviation of each column: the larger of MAD and of the 10-90 % range, both scaled."""
    middle = np.median(values, axis=0)
    low, high = np.percentile(values, (10, 90), axis=0)
    scaled: Floats = np.maximum(1.4826 * np.median(np.abs(values - middle), axis=0), (high - low) / 2.563)
    return scaled


def compare(past: Floats, days: Floats, past_measures: Floats | None = None) -> Floats:
    """(m, FEATURES) of the days (m, 96, 8) beside the baseline days (n, 96, 8), n at least seven.

    ``past_measures`` saves measuring the baseline again when the caller has it.
    """
    known = measure(past) if past_measures is None else past_measures
    return np.hstack([_distances(known, measure(days)), _fit_distances(past, days), _ratios(past, days)])


def _distances(known: Floats, now: Floats) -> Floats:
    scale = spread(known) + np.array(list(FLOORS.values()))
    over = np.clip((now - known.max(axis=0)) / scale, 0, BEYOND)
    under = np.clip((known.min(axis=0) - now) / scale, 0, BEYOND)
    distance = np.clip((now - np.median(known, axis=0)) / scale, -FARTHEST, FARTHEST)
    return np.hstack([distance, over - under])


def _fit_distances(past: Floats, days: Floats) -> Floats:
    values = _fits(past, np.concatenate([days, past]))
    now, known = values[: len(days)], values[len(days) :]
    distance = np.clip((now - np.median(known, axis=0)) / (spread(known) + 0.05), -FARTHEST, FARTHEST)
    both: Floats = np.stack([now, distance], axis=2).reshape(len(days), -1)
    return both


def _fits(past: Floats, days: Floats) -> Floats:
    """(m, _FITS): how much usual activity the longest pause swallowed, how the course fits, also moved."""
    active: Bools = days.sum(axis=2)[:, WAKING:] > 0
    usual = np.minimum(past.sum(axis=2), CAP + 1).mean(axis=0)[WAKING:]
    after_last = np.where(active[:, ::-1].any(axis=1), active[:, ::-1].argmax(axis=1), active.shape[1])
    swallowed = np.concatenate([[0.0], np.cumsum(usual[::-1])])[after_last]
    capped = np.minimum(days, CAP)
    weight = capped.sum(axis=(1, 2)) + 5
    likely = capped.reshape(len(days), -1) @ _moved(np.minimum(past, CAP).mean(axis=0)).T
    gain = likely[:, LATER] - likely[:, UNMOVED]
    later = likely[:, UNMOVED:].max(axis=1) - likely[:, UNMOVED]
    best = (likely.argmax(axis=1) - UNMOVED).astype(np.float64) * 2
    return np.stack(
        [
            longest(usual, active),
            swallowed,
            best,
            gain / weight,
            later / weight,
            gain,
            likely[:, UNMOVED] / weight,
        ],
        axis=1,
    )


def _moved(rate: Floats) -> Floats:
    """Log shares (lags, 96 x 8) of the smoothed usual day, moved by each of ``LAGS``."""
    edge = len(KERNEL) // 2
    around = np.concatenate([rate[-edge:], rate, rate[:edge]])
    smooth = sum(weight * around[i : i + SLOTS] for i, weight in enumerate(KERNEL)) + FLOOR
    share = np.log(smooth / smooth.sum())
    return np.stack([np.roll(share, lag, axis=0).ravel() for lag in LAGS])


def _ratios(past: Floats, days: Floats) -> Floats:
    """(m, _RATIOS) of the log ratios of each place to its usual count."""
    usual = np.median(past.sum(axis=1), axis=0)
    ratio = np.log((days.sum(axis=1) + 2) / (usual + 2))
    order, middle = np.sort(ratio, axis=1), np.median(ratio, axis=1)
    apart = ratio[:, Place.BATHROOM] - middle
    return np.stack([middle, ratio.std(axis=1), order[:, 2], order[:, 5], apart], axis=1)
