"""Between the pipeline and the fall model: one detector per wearable, loaded only where there is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from edge_agent.rules import FallSign
from firmware_protocols.model import DeviceId, MotionWindow


class Finding(Protocol):
    """What the model says of one moment: ``probability`` 0-1, ``peak_g`` the impact, ``numbers`` the rest."""

    @property
    def at(self) -> datetime: ...
    @property
    def probability(self) -> float: ...
    @property
    def peak_g(self) -> float: ...
    @property
    def numbers(self) -> Mapping[str, float]: ...


class Detector(Protocol):
    """One wearable's motion, window after window."""

    def feed(self, window: MotionWindow) -> Sequence[Finding]:
        """Take the next window; return the falls found."""
        ...


@dataclass(slots=True)
class MotionWatch:
    """``new_detector`` gives a detector with no past."""

    new_detector: Callable[[], Detector]
    _detectors: dict[DeviceId, Detector] = field(default_factory=dict)

    def see(self, window: MotionWindow) -> list[FallSign]:
        """Return the signs of a fall in ``window`` and those before it."""
        detector = self._detectors.get(window.device)
        if detector is None:
            detector = self._detectors[window.device] = self.new_detector()
        return [_sign(window.device, finding) for finding in detector.feed(window)]


def _sign(device: DeviceId, finding: Finding) -> FallSign:
    evidence = {name: round(value, 4) for name, value in finding.numbers.items()}
    evidence |= {"probability": round(finding.probability, 4), "peak_g": round(finding.peak_g, 3)}
    return FallSign(device, finding.at, evidence)


def load_watch(position: str) -> MotionWatch:
    """The watch with the shipped model for ``position``; imports numpy.

    Raises:
        OSError, ValueError: the model file is missing or not valid.
    """
    from edge_agent.falls.detector import FallDetector, load_model

    model = load_model(position)
    return MotionWatch(lambda: FallDetector(model))
