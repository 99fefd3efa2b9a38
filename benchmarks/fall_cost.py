"""What judging costs a gateway: time for one candidate, memory for the first, for ``benchmarks.falls``."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Final

from benchmarks.fall_protocols import START
from edge_agent.falls.detector import judge
from edge_agent.falls.examples import candidates
from edge_agent.falls.features import measure
from edge_agent.falls.model import FallModel
from edge_agent.falls.recordings import Trial
from edge_agent.falls.stream import Candidate


def cost_of_judging(model: FallModel, recordings: Sequence[Trial], most: int = 500) -> dict[str, float]:
    """Median milliseconds of processor time for features and for trees of one candidate, and the 95th
    percentile of the whole judgement.
    """
    features_ms, trees_ms, whole_ms = [], [], []
    for candidate in _candidates(recordings, most):
        began = time.process_time()
        columns = measure(candidate.context)
        measured = time.process_time()
        model.probability(columns)
        answered = time.process_time()
        judge(model, candidate)
        features_ms.append((measured - began) * 1000)
        trees_ms.append((answered - measured) * 1000)
        whole_ms.append((time.process_time() - answered) * 1000)
    return {
        "features_ms_median": round(statistics.median(features_ms), 3),
        "trees_ms_median": round(statistics.median(trees_ms), 3),
        "whole_ms_p95": round(statistics.quantiles(whole_ms, n=20)[-1], 3),
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
