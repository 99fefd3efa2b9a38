"""How well falls are found: ``python -m benchmarks.falls --data DIR [--json] [--quick] [--degraded]``.

What this is: leave-one-person-out within each set of recordings (F1), the same models behind the gateway's
own code fed with half-second packets (F3), a model of young people tried on older ones, what judging a peak
costs; and with ``--train SET --test SET`` a model of one set, threshold and all, tried once on another (F2).
What it is not: training of the shipped files. The one idea: nothing about a person is decided by a model or a
threshold that has seen that person.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from edge_agent.falls.candidates import RATE_HZ
from edge_agent.falls.detector import HOLD_OFF, FallDetector, FallFinding, judge
from edge_agent.falls.features import measure
from edge_agent.falls.model import FallModel, load_model
from edge_agent.falls.recordings import (
    SETS,
    RecordingError,
    RecordingSet,
    Trial,
    find_set,
    read_set,
    windows,
)
from edge_agent.falls.stream import Candidate
from edge_agent.falls.train import (
    Examples,
    as_model,
    candidates,
    examples,
    fit,
    scores,
    threshold_inside,
    train,
    trial_scores,
)
from firmware_protocols.model import MotionWindow

PROCESSES: Final = 2
QUICK_GROUPS: Final = 5
"""With ``--quick`` people are held out in this many groups instead of one by one; each model then learns from
fewer people, so the figures are a little too low."""
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
BARS: Final[Mapping[str, tuple[float, float, float]]] = {
    "sisfall": (0.992, 0.996, 0.76),
    "wedafall": (0.940, 0.955, 12.5),
}
"""Untuned gradient boosting at 0.5, to be beaten, in the order of ``BAR_COLUMNS``."""
BAR_COLUMNS: Final = ("sensitivity", "specificity", "false_alarms_per_hour")

Change = Callable[[Iterable[MotionWindow]], Iterator[MotionWindow]]


@dataclass(frozen=True, slots=True)
class Heard:
    """One trial through the gateway's code: found in time? how long after the impact? how many alarms?"""

    found: bool
    latency_s: float | None
    alarms: int


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What the others' model says of the held-out people's trials (indices ``trials``)."""

    trials: NDArray[np.intp]
    threshold: float
    score: NDArray[np.float64]
    alarms: NDArray[np.intp]
    alarms_at_half: NDArray[np.intp]
    heard: Mapping[str, Sequence[Heard]]


def wilson(successes: int, of: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a share; (0, 1) of nothing."""
    if of == 0:
        return 0.0, 1.0
    z = 1.959964
    share = successes / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def alarms(data: Examples, score: NDArray[np.float64], threshold: float, trials: int) -> NDArray[np.intp]:
    """Findings in each trial after the detector's hold-off."""
    count = np.zeros(trials, dtype=np.intp)
    hold = HOLD_OFF.total_seconds() * RATE_HZ
    last = (-1, 0)
    for row in np.flatnonzero(score >= threshold):
        trial, at = int(data.trial[row]), int(data.at[row])
        if trial != last[0] or at - last[1] >= hold:
            count[trial] += 1
            last = (trial, at)
    return count


def hold_out(
    data: Examples,
    recordings: Sequence[Trial],
    which: RecordingSet,
    people: Sequence[str],
    *,
    seed: int,
    changes: Sequence[str],
) -> Held:
    """Train on everyone but ``people``, choose the threshold among them, then judge ``people`` once."""
    with threadpool_limits(1):
        others = ~np.isin(data.subject, people)
        threshold, _ = threshold_inside(data, recordings, others, seed)
        trees = fit(data, others, seed)
        score = np.full(len(others), -1.0)
        score[~others] = scores(trees, data.rows[~others])
        mine = np.array([n for n, trial in enumerate(recordings) if trial.subject in people])
        model = as_model(which, data, trees, threshold, {})
        return Held(
            trials=mine,
            threshold=threshold,
            score=trial_scores(data, score, len(recordings))[mine],
            alarms=alarms(data, score, threshold, len(recordings))[mine],
            alarms_at_half=alarms(data, score, 0.5, len(recordings))[mine],
            heard={
                name: [hear(model, recordings[index], which, CHANGES[name]) for index in mine]
                for name in changes
            },
        )


def hear(model: FallModel, trial: Trial, which: RecordingSet, change: Change) -> Heard:
    """Play one trial into a fresh detector."""
    detector = FallDetector(model)
    findings = [found for window in change(windows(trial, which, START)) for found in detector.feed(window)]
    if not trial.is_fall:
        return Heard(found=False, latency_s=None, alarms=len(findings))
    first_s, last_s = trial.accepted_s()
    in_time = [found for found in findings if first_s <= _since_start(found) <= last_s]
    latency_s = _since_start(in_time[0]) - trial.impact() / RATE_HZ if in_time else None
    return Heard(found=bool(in_time), latency_s=latency_s, alarms=len(findings))


def _since_start(finding: FallFinding) -> float:
    return (finding.decided_at - START).total_seconds()


def as_sent(sent: Iterable[MotionWindow]) -> Iterator[MotionWindow]:
    """Nothing is changed."""
    yield from sent


def one_in_twenty_lost(sent: Iterable[MotionWindow]) -> Iterator[MotionWindow]:
    """Packets 10, 30, 50, … never arrive."""
    return (window for window in sent if window.counter % 20 != 10)


def twenty_hertz(sent: Iterable[MotionWindow]) -> Iterator[MotionWindow]:
    """A sensor that takes every second and third sample of five: 20 Hz, as sparse as cheap wearables send."""
    for window in sent:
        kept = tuple(s for n, s in enumerate(window.samples_mg) if n % 5 in (2, 4))
        if kept:
            yield replace(window, rate_hz=20.0, samples_mg=kept)


def four_g(sent: Iterable[MotionWindow]) -> Iterator[MotionWindow]:
    """A sensor whose full scale is ±4 g."""
    for window in sent:
        cut = np.clip(np.array(window.samples_mg), -4000, 4000).tolist()
        yield replace(window, range_g=4.0, samples_mg=tuple((x, y, z) for x, y, z in cut))


CHANGES: Final[Mapping[str, Change]] = {
    "as sent": as_sent,
    "one packet in 20 lost": one_in_twenty_lost,
    "20 Hz": twenty_hertz,
    "±4 g": four_g,
}


def share(hits: NDArray[np.bool_]) -> dict[str, Any]:
    """A share with its interval and counts."""
    low, high = wilson(int(hits.sum()), len(hits))
    value = round(float(hits.mean()), 4) if len(hits) else None
    return {"value": value, "ci95": [round(low, 4), round(high, 4)], "of": len(hits)}


def per_trial(
    recordings: Sequence[Trial], score: NDArray[np.float64], found: NDArray[np.bool_], count: NDArray[np.intp]
) -> dict[str, Any]:
    """The figures of ``recordings`` given the trial scores, whether each was called a fall, and the
    alarms.
    """
    fall = np.array([trial.is_fall for trial in recordings])
    hours = sum(trial.length_s for trial in recordings if not trial.is_fall) / 3600
    both = bool(fall.any() and not fall.all())
    return {
        "sensitivity": share(found[fall]),
        "specificity": share(~found[~fall]),
        "false_alarms_per_hour": round(float(count[~fall].sum() / hours), 2),
        "auc": round(float(roc_auc_score(fall, score)), 5) if both else None,
        "missed": [
            trial.name for trial, hit in zip(recordings, found, strict=True) if trial.is_fall and not hit
        ],
        "false": [
            trial.name for trial, hit in zip(recordings, found, strict=True) if hit and not trial.is_fall
        ],
    }


def streamed(recordings: Sequence[Trial], heard: Sequence[Heard]) -> dict[str, Any]:
    """The F3 figures."""
    pairs = list(zip(recordings, heard, strict=True))
    hours = sum(trial.length_s for trial in recordings if not trial.is_fall) / 3600
    latency = sorted(one.latency_s for one in heard if one.latency_s is not None)
    return {
        "sensitivity": share(np.array([one.found for trial, one in pairs if trial.is_fall])),
        "specificity": share(np.array([one.alarms == 0 for trial, one in pairs if not trial.is_fall])),
        "false_alarms_per_hour": round(
            sum(one.alarms for trial, one in pairs if not trial.is_fall) / hours, 2
        ),
        "latency_s_median": round(statistics.median(latency), 3) if latency else None,
        "latency_s_p95": round(float(np.percentile(latency, 95)), 3) if latency else None,
    }


def leave_one_out(
    which: RecordingSet, recordings: Sequence[Trial], *, seed: int, quick: bool, changes: Sequence[str]
) -> dict[str, Any]:
    """F1 and F3 of one set."""
    data = examples(recordings)
    people = sorted({trial.subject for trial in recordings})
    count_of = QUICK_GROUPS if quick else len(people)
    groups = [people[first::count_of] for first in range(count_of)]
    work = partial(hold_out, data, recordings, which, seed=seed, changes=changes)
    with ProcessPoolExecutor(PROCESSES) as pool:
        held = list(pool.map(work, groups))
    order = np.concatenate([one.trials for one in held])
    judged = [recordings[index] for index in order]
    score = np.concatenate([one.score for one in held])
    count = np.concatenate([one.alarms for one in held])
    half = np.concatenate([one.alarms_at_half for one in held])
    old = np.array([trial.elderly for trial in judged])
    older = [trial for trial in judged if trial.elderly]
    return {
        "people": len(people),
        "groups": len(groups),
        "thresholds": {
            "lowest": min(one.threshold for one in held),
            "highest": max(one.threshold for one in held),
        },
        "F1": per_trial(judged, score, count > 0, count),
        "F1 at 0.5": per_trial(judged, score, half > 0, half),
        "F1 older": per_trial(older, score[old], count[old] > 0, count[old]),
        "F3": {
            name: streamed(judged, [heard for one in held for heard in one.heard[name]]) for name in changes
        },
        "bar": dict(zip(BAR_COLUMNS, BARS[which.name], strict=True)) if which.name in BARS else None,
    }


def young_to_older(recordings: Sequence[Trial], seed: int) -> dict[str, Any]:
    """Trained, threshold included, on the young only; judged once on the older."""
    data = examples(recordings)
    elderly = np.array([trial.elderly for trial in recordings])
    young = ~elderly[data.trial]
    threshold, _ = threshold_inside(data, recordings, young, seed)
    score = np.where(young, -1.0, scores(fit(data, young, seed), data.rows))
    count = alarms(data, score, threshold, len(recordings))[elderly]
    older = [trial for trial in recordings if trial.elderly]
    return per_trial(older, trial_scores(data, score, len(recordings))[elderly], count > 0, count)


def across(data: Path, trained: str, tested: str, *, seed: int) -> dict[str, Any]:
    """F2: a model of the set ``trained``, its threshold included, tried once on the set ``tested``."""
    source, target = find_set(data, trained), find_set(data, tested)
    with threadpool_limits(1):
        model = train(source, read_set(data, source), seed)
    recordings = read_set(data, target)
    best = np.array(
        [model.probability(measure(candidates(trial)[1])).max(initial=0.0) for trial in recordings]
    )
    heard = [hear(model, trial, target, as_sent) for trial in recordings]
    count = np.array([one.alarms for one in heard])
    return {
        "trained on": source.name,
        "tested on": target.name,
        "threshold": round(model.threshold, 4),
        "F2": per_trial(recordings, best, best >= model.threshold, count),
        "F3": streamed(recordings, heard),
    }


def cost_of_judging(model: FallModel, recordings: Sequence[Trial], most: int = 500) -> dict[str, float]:
    """Median milliseconds for features and for trees of one candidate, on this machine as busy as it is."""
    features_ms, trees_ms = [], []
    for candidate in _candidates(recordings, most):
        began = time.perf_counter()
        columns = measure(candidate.context)
        measured = time.perf_counter()
        model.probability(columns)
        features_ms.append((measured - began) * 1000)
        trees_ms.append((time.perf_counter() - measured) * 1000)
        judge(model, candidate)
    return {
        "features_ms_median": round(statistics.median(features_ms), 3),
        "trees_ms_median": round(statistics.median(trees_ms), 3),
    }


def _candidates(recordings: Sequence[Trial], most: int) -> Iterator[Candidate]:
    left = most
    for trial in recordings:
        for context in candidates(trial)[1]:
            if left == 0:
                return
            left -= 1
            yield Candidate(at=START, decided_at=START, context=context[None], bridged=0.0, clipped=0)


MEMORY: Final = """
import psutil
from firmware_protocols.model import MotionWindow
before = psutil.Process().memory_info().rss
from edge_agent.falls.detector import FallDetector
from edge_agent.falls.model import load_model
detector = FallDetector(load_model("waist"))
from datetime import datetime, timedelta, timezone
start = datetime(2026, 1, 1, tzinfo=timezone.utc)
for n in range(240):
    samples = tuple((0, 0, 1000 + (3000 if (n * 25 + k) % 150 == 0 else 0)) for k in range(25))
    detector.feed(MotionWindow("d", start + timedelta(seconds=n / 2), n, 50.0, 16.0, samples))
print((psutil.Process().memory_info().rss - before) / 2**20)
"""


def memory_mib() -> float:
    """What numpy, the code and one loaded model add to a bare interpreter, after two minutes of packets."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True, timeout=120
    )
    return round(float(done.stdout), 1)


def measure_all(
    data: Path, *, names: Sequence[str], seed: int, quick: bool, degraded: bool
) -> dict[str, Any]:
    """Everything, as one JSON-ready document."""
    changes = list(CHANGES) if degraded else ["as sent"]
    sets: dict[str, Any] = {}
    for name in names:
        which = find_set(data, name)
        recordings = read_set(data, which)
        sets[name] = leave_one_out(which, recordings, seed=seed, quick=quick, changes=changes)
        sets[name]["cost"] = cost_of_judging(load_model(which.position), recordings)
        if name == "sisfall":
            sets[name]["young to older"] = young_to_older(recordings, seed)
    return {"seed": seed, "quick": quick, "sets": sets, "added_rss_mib": memory_mib()}


HEAD: Final = f"{'':34}{'sensitivity':>24}{'specificity':>24}{'FA/h':>7}{'AUC':>9}"


def lines(result: Mapping[str, Any]) -> Iterator[str]:
    """The document as a table for people."""
    yield HEAD
    for name, one in result["sets"].items():
        bar = one["bar"]
        rows = {**({"bar": bar} if bar else {}), **{key: one[key] for key in ("F1", "F1 at 0.5", "F1 older")}}
        rows |= {f"F3 {change}": figures for change, figures in one["F3"].items()}
        rows |= {"young to older": one["young to older"]} if "young to older" in one else {}
        yield from (_line(f"{name} {label}", row) for label, row in rows.items())
        heard = one["F3"]["as sent"]
        yield f"{name} seconds from impact: median {heard['latency_s_median']}, p95 {heard['latency_s_p95']}"
        yield f"{name} cost of one candidate: {one['cost']}"
    yield f"added memory: {result['added_rss_mib']} MiB"


def lines_across(result: Mapping[str, Any]) -> Iterator[str]:
    """The document of ``across`` as a table for people."""
    yield HEAD
    for protocol in ("F2", "F3"):
        yield _line(f"{result['trained on']} → {result['tested on']} {protocol}"[:34], result[protocol])
    yield f"threshold {result['threshold']}, chosen in {result['trained on']}"


def _line(label: str, row: Mapping[str, Any]) -> str:
    cells = f"{_cell(row['sensitivity']):>24}{_cell(row['specificity']):>24}"
    return f"{label:34}{cells}{row['false_alarms_per_hour']:>7}{row.get('auc') or '':>9}"


def _cell(value: Any) -> str:
    if not isinstance(value, Mapping):
        return f"{value:.4f}"
    if value["value"] is None:
        return "-"
    low, high = value["ci95"]
    return f"{value['value']:.4f} [{low:.3f}, {high:.3f}]"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.falls", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the recordings")
    parser.add_argument(
        "--set",
        default="all",
        help=f"which recordings: {', '.join(SETS)}, the NAME of a NAME.npz, or all (all)",
    )
    parser.add_argument("--train", metavar="SET", help="with --test: train on this set only …")
    parser.add_argument("--test", metavar="SET", help="… and try the model once on that one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quick", action="store_true", help=f"hold people out in {QUICK_GROUPS} groups")
    parser.add_argument(
        "--degraded", action="store_true", help="also lose packets, send at 20 Hz, clip at 4 g"
    )
    options = parser.parse_args()
    if (options.train is None) != (options.test is None):
        parser.error("--train and --test go together")
    try:
        result, table = _measured(options)
    except (OSError, RecordingError) as error:
        sys.stderr.write(f"benchmarks.falls: {error}\n")
        return 1
    print(json.dumps(result, ensure_ascii=False, indent=1) if options.json else "\n".join(table(result)))
    return 0


def _measured(
    options: argparse.Namespace,
) -> tuple[dict[str, Any], Callable[[Mapping[str, Any]], Iterator[str]]]:
    """The document that was asked for, and how it is told to people."""
    if options.train is not None:
        return across(options.data, options.train, options.test, seed=options.seed), lines_across
    names = list(SETS) if options.set == "all" else [options.set]
    result = measure_all(
        options.data, names=names, seed=options.seed, quick=options.quick, degraded=options.degraded
    )
    return result, lines


if __name__ == "__main__":
    raise SystemExit(main())
