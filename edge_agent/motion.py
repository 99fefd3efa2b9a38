"""Between the pipeline and the fall model, which is loaded only where there is a wearable."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal, Protocol

from edge_agent.rules import FallSign
from firmware_protocols.model import DeviceId, MotionWindow, Quantity, Reading

log = logging.getLogger(__name__)

QUIET: Final = timedelta(seconds=5)
"""A wearable streams twice a second; one that is silent for this long has lost its link."""


class Finding(Protocol):
    """What the model says of one moment: ``probability`` 0-1, ``peak_g`` the impact, ``numbers`` the rest."""

    @property
    def at(self) -> datetime: ...
    @property
    def decided_at(self) -> datetime: ...
    @property
    def probability(self) -> float: ...
    @property
    def peak_g(self) -> float: ...
    @property
    def numbers(self) -> Mapping[str, float]: ...


class Detector(Protocol):
    """The model over the streams of all wearables."""

    def feed(self, window: MotionWindow) -> Sequence[Finding]:
        """Take the next window; return the falls found."""
        ...

    def finish(self, device: DeviceId) -> Sequence[Finding]:
        """The stream of ``device`` has ended: judge what is pending with what there is."""
        ...

    def fault(self, device: DeviceId) -> str | None:
        """What is wrong with the sensor: empty when nothing is, None when it has not been looked at."""
        ...


@dataclass(frozen=True, slots=True)
class MotionWatch:
    """Turns what the model finds into signs that the rules see."""

    detector: Detector
    _heard: dict[DeviceId, datetime] = field(default_factory=dict)
    _told: dict[DeviceId, str] = field(default_factory=dict)

    def see(self, window: MotionWindow, now: datetime) -> list[FallSign | Reading]:
        """Return the signs of a fall in ``window`` and those before it, and whether the sensor has a problem
        where that has changed.
        """
        self._heard[window.device] = now
        signs = [_sign(window.device, finding) for finding in self.detector.feed(window)]
        return [*signs, *self._problem(window.device, now)]

    def tick(self, now: datetime) -> list[FallSign]:
        """Signs from wearables that fell silent: an impact must not wait for a link it may have broken."""
        quiet = [device for device, at in self._heard.items() if abs(now - at) >= QUIET]
        for device in quiet:
            del self._heard[device]
        return [_sign(device, finding) for device in quiet for finding in self.detector.finish(device)]

    def _problem(self, device: DeviceId, now: datetime) -> list[Reading]:
        fault = self.detector.fault(device)
        if fault is None or fault == self._told.get(device):
            return []
        if fault:
            log.warning("falls are NOT detected: device=%s sensor=%s", device, fault)
        self._told[device] = fault
        return [Reading(device, Quantity.PROBLEM, bool(fault), now)]


def _sign(device: DeviceId, finding: Finding) -> FallSign:
    evidence = {name: round(value, 4) for name, value in finding.numbers.items()}
    evidence |= {
        "probability": round(finding.probability, 4),
        "peak_g": round(finding.peak_g, 3),
        "decided_after_s": round((finding.decided_at - finding.at).total_seconds(), 3),
    }
    return FallSign(device, finding.at, evidence)


def load_watch(
    position: Literal["waist", "wrist"], thresholds: Mapping[str, float] = MappingProxyType({})
) -> MotionWatch:
    """The watch with the shipped model for ``position``; imports numpy. ``thresholds``: of single devices.

    Raises:
        ValueError: the model file is missing or not fit.
    """
    from edge_agent.falls.detector import FallDetector
    from edge_agent.falls.model import ModelError, load_model

    try:
        return MotionWatch(FallDetector(load_model(position), thresholds))
    except ModelError as error:
        raise ValueError(str(error)) from error
