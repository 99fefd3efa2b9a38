"""Between the pipeline and the fall model, which is loaded only where there is a wearable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from edge_agent.rules import FallSign
from firmware_protocols.model import DeviceId, MotionWindow

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


@dataclass(frozen=True, slots=True)
class MotionWatch:
    """Turns what the model finds into signs that the rules see."""

    detector: Detector
    _heard: dict[DeviceId, datetime] = field(default_factory=dict)

    def see(self, window: MotionWindow, now: datetime) -> list[FallSign]:
        """Return the signs of a fall in ``window`` and those before it."""
        self._heard[window.device] = now
        return [_sign(window.device, finding) for finding in self.detector.feed(window)]

    def tick(self, now: datetime) -> list[FallSign]:
        """Signs from wearables that fell silent: an impact must not wait for a link it may have broken."""
        quiet = [device for device, at in self._heard.items() if abs(now - at) >= QUIET]
        for device in quiet:
            del self._heard[device]
        return [_sign(device, finding) for device in quiet for finding in self.detector.finish(device)]


def _sign(device: DeviceId, finding: Finding) -> FallSign:
    evidence = {name: round(value, 4) for name, value in finding.numbers.items()}
    evidence |= {
        "probability": round(finding.probability, 4),
        "peak_g": round(finding.peak_g, 3),
        "decided_after_s": round((finding.decided_at - finding.at).total_seconds(), 3),
    }
    return FallSign(device, finding.at, evidence)


def load_watch(position: Literal["waist", "wrist"]) -> MotionWatch:
    """The watch with the shipped model for ``position``; imports numpy.

    Raises:
        ValueError: the model file is missing or not fit.
    """
    from edge_agent.falls.detector import FallDetector
    from edge_agent.falls.model import ModelError, load_model

    try:
        return MotionWatch(FallDetector(load_model(position)))
    except ModelError as error:
        raise ValueError(str(error)) from error
