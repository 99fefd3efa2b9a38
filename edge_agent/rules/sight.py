"""What rules see, and how a report that comes again and again stays one alarm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    DeviceId,
    JsonValue,
    Observation,
)

Evidence = Mapping[str, JsonValue]
"""The numbers behind an alarm, by names that the screens have words for."""
GATEWAY_DEVICE: Final = DeviceId("gateway")
"""The device of records that speak of the gateway itself."""


@dataclass(frozen=True, slots=True)
class FallSign:
    """The fall model takes a wearable's motion for a fall. ``evidence``: probability, peak and the like."""

    device: DeviceId
    observed_at: datetime
    evidence: Evidence = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heard:
    """A frame of the device that says nothing new: the device lives."""

    device: DeviceId
    observed_at: datetime


Sight = Observation | FallSign | Heard


@dataclass(slots=True)
class Repeats:
    """One alarm for one occurrence that its device reports again and again (a hand that keeps pressing).

    A report within ``apart_s`` of the last one belongs to the same alarm; of its repeats only the 2nd, 4th,
    8th … are told, so a stuck contact cannot fill a disk.
    """

    apart_s: float
    _seen: dict[tuple[DeviceId, AlarmKind], tuple[AlarmId, datetime, int]] = field(default_factory=dict)

    def report(
        self,
        device: DeviceId,
        kind: AlarmKind,
        at: datetime,
        evidence: Evidence,
        new_id: Callable[[], AlarmId],
    ) -> list[Alarm]:
        """The alarm record for this report: raised, updated, or none."""
        alarm_id, last, count = self._seen.get((device, kind), (None, at, 0))
        if alarm_id is None or abs(at - last) > timedelta(seconds=self.apart_s):
            alarm_id, count = new_id(), 0
        count += 1
        self._seen[device, kind] = alarm_id, at, count
        if count & (count - 1):
            return []
        state = AlarmState.RAISED if count == 1 else AlarmState.UPDATED
        return [Alarm(alarm_id, kind, state, device, at, {**evidence, "count": count})]

    def forget(self, alarm: AlarmId) -> None:
        """The next report is an occurrence of its own, however soon it comes."""
        self._seen = {source: seen for source, seen in self._seen.items() if seen[0] != alarm}
