"""The figures of ``benchmarks.falls``: trials and findings in, JSON-ready shares with intervals out."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from edge_agent.falls.candidates import RATE_HZ, Floats
from edge_agent.falls.card import wilson
from edge_agent.falls.detector import HOLD_OFF
from edge_agent.falls.examples import Examples
from edge_agent.falls.recordings import Trial

Bools = NDArray[np.bool_]
Counts = NDArray[np.intp]

STEPS: Final = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
"""Borders between which a said probability is compared with what was so."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One trial through the gateway's code: found in time? how long after the impact? how many alarms?"""

    found: bool
    latency_s: float | None
    alarms: int


def alarms(data: Examples, probability: Floats, threshold: float, trials: int) -> Counts:
    """Findings in each trial after the detector's hold-off."""
    count = np.zeros(trials, dtype=np.intp)
    hold = HOLD_OFF.total_seconds() * RATE_HZ
    last = (-1, 0)
    for row in np.flatnonzero(probability >= threshold):
        trial, at = int(data.trial[row]), int(data.at[row])
        if trial != last[0] or at - last[1] >= hold:
            count[trial] += 1
            last = (trial, at)
    return count


def share(hits: Bools) -> dict[str, Any]:
    """A share with its interval and counts."""
    low, high = wilson(int(hits.sum()), len(hits))
    value = round(float(hits.mean()), 4) if len(hits) else None
    return {"value": value, "ci95": [round(low, 4), round(high, 4)], "hits": int(hits.sum()), "of": len(hits)}


def per_trial(
    recordings: Sequence[Trial], probability: Floats, found: Bools, count: Counts
) -> dict[str, Any]:
    """The figures of ``recordings``, given the highest probability in each, whether it was called a fall, and
    the alarms.
    """
    fall = np.array([trial.is_fall for trial in recordings])
    both = bool(fall.any() and not fall.all())
    named = list(zip(recordings, found, strict=True))
    return {
        "sensitivity": share(found[fall]),
        "specificity": share(~found[~fall]),
        "false_alarms_per_hour": _per_hour(recordings, int(count[~fall].sum())),
        "auc": round(float(roc_auc_score(fall, probability)), 5) if both else None,
        "missed": [trial.name for trial, hit in named if trial.is_fall and not hit],
        "false": [trial.name for trial, hit in named if hit and not trial.is_fall],
    }


def _per_hour(recordings: Sequence[Trial], alarms: int) -> float | None:
    hours = sum(trial.length_s for trial in recordings if not trial.is_fall) / 3600
    return round(alarms / hours, 2) if hours else None


def streamed(recordings: Sequence[Trial], heard: Sequence[Heard]) -> dict[str, Any]:
    """The F3 figures."""
    pairs = list(zip(recordings, heard, strict=True))
    latency = sorted(one.latency_s for one in heard if one.latency_s is not None)
    return {
        "sensitivity": share(np.array([one.found for trial, one in pairs if trial.is_fall], dtype=bool)),
        "specificity": share(
            np.array([one.alarms == 0 for trial, one in pairs if not trial.is_fall], dtype=bool)
        ),
        "false_alarms_per_hour": _per_hour(
            recordings, sum(one.alarms for trial, one in pairs if not trial.is_fall)
        ),
        "latency_s_median": round(statistics.median(latency), 3) if latency else None,
        "latency_s_p95": round(float(np.percentile(latency, 95)), 3) if latency else None,
    }


def calibrated(recordings: Sequence[Trial], probability: Floats) -> dict[str, Any]:
    """How far the probabilities can be taken at their word."""
    fall = np.array([trial.is_fall for trial in recordings])
    said = np.clip(np.digitize(probability, STEPS[1:-1]), 0, len(STEPS) - 2)
    steps = [
        {
            "from": STEPS[step],
            "to": STEPS[step + 1],
            "said": round(float(probability[said == step].mean()), 3),
            "was": share(fall[said == step]),
        }
        for step in range(len(STEPS) - 1)
        if (said == step).any()
    ]
    return {"brier": round(float(((probability - fall) ** 2).mean()), 5), "steps": steps}
