"""What still arrives although it is withheld: which records ingest leaves out. Pure.

A gateway that was away when its resident said no delivers its backlog later. What it observed before that
moment was taken lawfully and is stored; what it observed after is dropped and only counted. A time from a
clock that was never set says neither, so then it counts whether the purpose is withheld now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

from cloud.consent.decide import Span
from firmware_protocols.model import Alarm, AlarmKind, Event, Reading
from firmware_protocols.wire.withheld import Withheld

FRAMES: Final = frozenset({"frames", "frames_left_out"})
"""Raw frames of every device of the home, which nobody has sorted by purpose."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """One span in which something of a home is withheld. ``standing``: it is now. ``alarms``: kinds whose
    evidence is made of it.
    """

    span: Span
    standing: bool
    withheld: Withheld
    alarms: frozenset[str]

    def holds(self, at: datetime | None) -> bool:
        """Whether it applies to what was observed at ``at`` (``None``: nobody knows when)."""
        return self.standing if at is None else self.span.holds(at)


DroppedSpans: TypeAlias = Sequence[Dropped]


def drops(spans: Iterable[Dropped], record: Reading | Event | Alarm, kind: str, at: datetime | None) -> bool:
    """Whether ``record`` of a device of ``kind`` is left out; never an alarm: a person may be in danger."""
    if isinstance(record, Alarm):
        return False
    return any(one.holds(at) and one.withheld.hides(record, kind) for one in spans)


def stripped(spans: Iterable[Dropped], alarm: Alarm, at: datetime | None) -> Alarm:
    """``alarm`` without the evidence that is withheld."""
    holding = [one for one in spans if one.holds(at)]
    if not holding:
        return alarm
    if any(AlarmKind(alarm.kind).value in one.alarms for one in holding):
        return replace(alarm, evidence={})
    kept = {name: value for name, value in alarm.evidence.items() if name not in FRAMES}
    return replace(alarm, evidence=kept)
