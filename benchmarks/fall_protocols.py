"""The protocols of ``benchmarks.falls``: who is trained on and who is judged.

What this is: one person held out (F1, F3), the young tried on the older, and one laboratory's model tried
on another's people (F2). What it is not: figures (``fall_figures.py``) or training. The one idea: nothing
about a person is decided by a model, a calibration or a threshold that has seen that person.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.fall_figures import Counts, Heard, alarms, calibrated, per_trial, streamed
from benchmarks.fall_packets import CHANGES, Change, as_sent
from edge_agent.falls.candidates import RATE_HZ, Floats
from edge_agent.falls.detector import FallDetector, FallFinding
from edge_agent.falls.examples import Examples, best_of_trials, candidates, examples
from edge_agent.falls.features import measure
from edge_agent.falls.learners import fit
from edge_agent.falls.model import FallModel
from edge_agent.falls.recordings import RecordingSet, Trial, find_set, read_set, windows
from edge_agent.falls.train import CERTAIN, as_model, calibration_inside, train
from firmware_protocols.model import DeviceId

PROCESSES: Final = 2
START: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What the others' model says of the held-out people's trials (indices ``trials``); what it took."""

    trials: Counts
    probability: Floats
    alarms: Counts
    alarms_at_half: Counts
    heard: Mapping[str, Sequence[Heard]]
    processor_s: float


HoldOut = Callable[..., Held]


def hold_out(
    data: Examples,
    recordings: Sequence[Trial],
    which: RecordingSet,
    people: Sequence[str],
    *,
    seed: int,
    changes: Sequence[str],
) -> Held:
    """Train and calibrate on everyone but ``people``, then judge ``people`` once."""
    began_s = time.process_time()
    with threadpool_limits(1):
        others = ~np.isin(data.subject, people)
        calibration, _ = calibration_inside(data, recordings, others, seed)
        learnt = fit(data, others, seed)
        score = np.full(len(others), -np.inf)
        score[~others] = learnt.log_odds(data.rows[~others])
        probability = calibration.probability(score)
        mine = np.array([n for n, trial in enumerate(recordings) if trial.subject in people])
        model = as_model(which, data, learnt, calibration, {})
        heard = {
            name: [hear(model, recordings[index], which, CHANGES[name]) for index in mine] for name in changes
        }
    return Held(
        trials=mine,
        probability=calibration.probability(best_of_trials(data, score, len(recordings)))[mine],
        alarms=alarms(data, probability, CERTAIN[which.position], len(recordings))[mine],
        alarms_at_half=alarms(data, probability, 0.5, len(recordings))[mine],
        heard=heard,
        processor_s=time.process_time() - began_s,
    )


def hear(model: FallModel, trial: Trial, which: RecordingSet, change: Change) -> Heard:
    """Play one trial into a fresh detector; at its end the link is lost, as the gateway would notice."""
    detector = FallDetector(model)
    findings = [found for window in change(windows(trial, which, START)) for found in detector.feed(window)]
    findings += detector.finish(DeviceId(which.position))
    if not trial.is_fall:
        return Heard(found=False, latency_s=None, alarms=len(findings))
    first_s, last_s = trial.accepted_s()
    in_time = [found for found in findings if first_s <= _since_start(found) <= last_s]
    latency_s = _since_start(in_time[0]) - trial.impact() / RATE_HZ if in_time else None
    return Heard(found=bool(in_time), latency_s=latency_s, alarms=len(findings))


def _since_start(finding: FallFinding) -> float:
    return (finding.decided_at - START).total_seconds()


def leave_one_out(
    which: RecordingSet,
    recordings: Sequence[Trial],
    *,
    seed: int,
    groups: int | None,
    changes: Sequence[str],
    judge: HoldOut = hold_out,
) -> dict[str, Any]:
    """F1 and F3 of one set: people held out one by one, or in so many ``groups``."""
    data = examples(which, recordings)
    people = sorted({trial.subject for trial in recordings})
    count_of = groups or len(people)
    work = partial(judge, data, recordings, which, seed=seed, changes=changes)
    with ProcessPoolExecutor(PROCESSES) as pool:
        held = list(pool.map(work, [people[first::count_of] for first in range(count_of)]))
    judged = [recordings[index] for one in held for index in one.trials]
    return {
        "people": len(people),
        "groups": count_of,
        "threshold": CERTAIN[which.position],
        **_figures(judged, held),
        "F3": {
            name: streamed(judged, [heard for one in held for heard in one.heard[name]]) for name in changes
        },
        "processor_s": round(sum(one.processor_s for one in held)),
    }


def _figures(judged: Sequence[Trial], held: Sequence[Held]) -> dict[str, Any]:
    probability = np.concatenate([one.probability for one in held])
    count = np.concatenate([one.alarms for one in held])
    half = np.concatenate([one.alarms_at_half for one in held])
    old = np.array([trial.elderly for trial in judged])
    older = [trial for trial in judged if trial.elderly]
    return {
        "F1": per_trial(judged, probability, count > 0, count),
        "F1 at 0.5": per_trial(judged, probability, half > 0, half),
        "F1 older": per_trial(older, probability[old], count[old] > 0, count[old]),
        "calibration": calibrated(judged, probability),
    }


@lru_cache(maxsize=2)
def _trained(data: Path, which: RecordingSet, seed: int) -> FallModel:
    return train(which, read_set(data, which), seed)


def young_to_older(which: RecordingSet, recordings: Sequence[Trial], seed: int) -> dict[str, Any]:
    """Trained and calibrated on the young only; judged once on the older."""
    data = examples(which, recordings)
    elderly = np.array([trial.elderly for trial in recordings])
    young = ~elderly[data.trial]
    with threadpool_limits(1):
        calibration, _ = calibration_inside(data, recordings, young, seed)
        score = np.where(young, -np.inf, fit(data, young, seed).log_odds(data.rows))
    best = calibration.probability(best_of_trials(data, score, len(recordings)))[elderly]
    count = alarms(data, calibration.probability(score), CERTAIN[which.position], len(recordings))[elderly]
    return per_trial([trial for trial in recordings if trial.elderly], best, count > 0, count)


def across(data: Path, trained: str, tested: str, *, seed: int) -> dict[str, Any]:
    """F2: a model of the set ``trained``, frozen with calibration and threshold, tried once on ``tested``."""
    source, target = find_set(data, trained), find_set(data, tested)
    model = _trained(data, source, seed)
    recordings = read_set(data, target)
    best = np.array(
        [model.probability(measure(candidates(trial)[1])).max(initial=0.0) for trial in recordings]
    )
    heard = [hear(model, trial, target, as_sent) for trial in recordings]
    count = np.array([one.alarms for one in heard])
    return {
        "trained on": source.name,
        "worn at": source.position,
        "tested on": target.name,
        "tested at": target.position,
        "rates_hz": sorted({trial.rate_hz for trial in recordings}),
        "threshold": model.threshold,
        "F2": per_trial(recordings, best, best >= model.threshold, count),
        "F3": streamed(recordings, heard),
        "calibration": calibrated(recordings, best),
    }
