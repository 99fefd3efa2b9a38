"""The gateway's fall detector: packets in, findings out.

What this is: one model applied to the streams of any number of wearables. What it is not: an alarm; whether a
finding becomes one, after asking the resident, is a rule's decision. The one idea: the detector has no clock
and no threads; what it says depends only on the packets it was given.
"""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

import numpy as np

from edge_agent.falls.around import BEFORE
from edge_agent.falls.candidates import RATE_HZ
from edge_agent.falls.features import measure
from edge_agent.falls.gate import SensorCheck, SensorFault, fault_in
from edge_agent.falls.model import FallModel
from edge_agent.falls.stream import Arrival, Candidate, MotionStream, rows_of
from firmware_protocols.model import DeviceId, MotionWindow

log = logging.getLogger(__name__)

HOLD_OFF: Final = timedelta(seconds=10)
"""Later peaks of the same fall (rebounds, being turned over) within this time of a finding are not a second
one.
"""
MOST_DEVICES: Final = 32
"""Streams kept at once; beyond it the one that has been silent longest is forgotten."""
EVIDENCE: Final = ("dip", "lost_speed", "impact_energy", "turn_total", "jerk_after", "mean_after")
"""Features that travel with a finding, for the person who has to judge it."""


@dataclass(frozen=True, slots=True)
class FallFinding:
    """A peak that the model takes for a fall.

    ``at`` is when the impact was, ``decided_at`` the time of the newest sample when it was decided (aware
    UTC, the sensor's time); ``probability`` 0 to 1; ``peak_g`` the impact: the highest magnitude from the
    judged peak on, since a stumble may be judged before the floor is hit. ``numbers`` holds the ``EVIDENCE``
    of the judged peak, and ``bridged`` (share of the surroundings that was never received), ``clipped``
    (samples at full scale) and ``unusual`` (features outside anything the model was trained on).
    """

    at: datetime
    decided_at: datetime
    probability: float
    peak_g: float
    numbers: Mapping[str, float]


@dataclass(slots=True)
class _Wearer:
    stream: MotionStream
    check: SensorCheck
    found_at: datetime | None = None
    state: Arrival = Arrival.USED


class FallDetector:
    """Feeds each device's windows to its stream and judges the peaks.

    ``thresholds``: by device, the probability from which a peak counts; of the others, the model's own.
    """

    def __init__(self, model: FallModel, thresholds: Mapping[str, float] = MappingProxyType({})) -> None:
        self.model: Final = model
        self._thresholds: Final = thresholds
        self.arrivals: Final[Counter[Arrival]] = Counter()
        """What became of the packets so far, for the heartbeat."""
        self.gated: Final[Counter[SensorFault]] = Counter()
        """Peaks that were not judged, for the sensor cannot be believed."""
        self._wearers: OrderedDict[DeviceId, _Wearer] = OrderedDict()

    def feed(self, window: MotionWindow) -> list[FallFinding]:
        """Take one window; the falls it decides, oldest first. Never raises for what a device may send."""
        wearer = self._wearer(window.device)
        arrival, candidates = wearer.stream.feed(window)
        self._note(window.device, wearer, arrival)
        if arrival is not Arrival.REPEATED:
            wearer.check.see(window, None if arrival is Arrival.REFUSED else rows_of(window))
        return self._judge(window.device, wearer, candidates)

    def fault(self, device: DeviceId) -> str | None:
        """What is wrong with the device's sensor: empty when nothing is, None before it is looked at."""
        wearer = self._wearers.get(device)
        return (wearer.check.fault or "") if wearer and wearer.check.looked else None

    def finish(self, device: DeviceId) -> list[FallFinding]:
        """Judge what is pending of a device whose link was lost, and start anew when it returns."""
        wearer = self._wearers.get(device)
        return self._judge(device, wearer, wearer.stream.finish()) if wearer else []

    def _wearer(self, device: DeviceId) -> _Wearer:
        wearer = self._wearers.pop(device, None) or _Wearer(MotionStream(), SensorCheck())
        self._wearers[device] = wearer
        while len(self._wearers) > MOST_DEVICES:
            self._wearers.popitem(last=False)
        return wearer

    def _note(self, device: DeviceId, wearer: _Wearer, arrival: Arrival) -> None:
        self.arrivals[arrival] += 1
        if arrival == wearer.state:
            return
        if Arrival.REFUSED in (arrival, wearer.state):
            log.warning("motion packets device=%s now=%s before=%s", device, arrival, wearer.state)
        wearer.state = arrival

    def _judge(self, device: DeviceId, wearer: _Wearer, candidates: Sequence[Candidate]) -> list[FallFinding]:
        threshold = self._thresholds.get(device, self.model.threshold)
        findings = []
        for candidate in candidates:
            if fault := _fault(candidate):
                self.gated[fault] += 1
                continue
            finding = judge(self.model, candidate)
            if finding.probability >= threshold and not _held(wearer.found_at, finding.at):
                wearer.found_at = finding.at
                findings.append(finding)
        return findings


def judge(model: FallModel, candidate: Candidate) -> FallFinding:
    """What ``model`` says of one candidate, whether or not it reaches the threshold."""
    columns = measure(candidate.context)
    since = np.linalg.norm(candidate.context[0, BEFORE:], axis=1)
    impact = int(since.argmax())
    return FallFinding(
        at=candidate.at + timedelta(seconds=impact / RATE_HZ),
        decided_at=candidate.decided_at,
        probability=float(model.probability(columns)[0]),
        peak_g=float(since[impact]),
        numbers={
            **{name: float(columns[name][0]) for name in EVIDENCE},
            "bridged": candidate.bridged,
            "clipped": float(candidate.clipped),
            "unusual": float(model.unusual(columns)[0]),
        },
    )


def _fault(candidate: Candidate) -> SensorFault | None:
    """Why the peak must not be judged. Both sides of it must show it: one may be a single sample, held."""
    context = candidate.context[0]
    clipped = candidate.clipped / len(context)
    before, after = (fault_in(side, clipped) for side in (context[:BEFORE], context[BEFORE:]))
    return before if after else None


def _held(found_at: datetime | None, at: datetime) -> bool:
    return found_at is not None and abs(at - found_at) < HOLD_OFF
