"""What the bulk lane asks of its gateways when they bring more than it can store: a token bucket of time.
Pure.

What this is: a debt. A second of work costs a second and a quarter, and every second that passes pays one, so
a lane that is busy for less than four fifths of the time owes nothing; what it owes beyond is what its
commit-acks ask for as ``slow``: at most one bulk batch in so many seconds. What it is not: a limit; nothing
is refused. The one idea: a cap that is the same for all weighs on whoever sends most. A home with a month of
readings gives way to the thousands that send one batch in ten seconds, and three thousand homes that come
back at once share what there is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from firmware_protocols.model import GatewayId
from firmware_protocols.wire.control import MAX_SLOW_S, Ack

USED: Final = 0.8
"""[D] The part of the time that gateways may keep the lane busy; the rest works off a backlog."""
WORTH_SAYING_S: Final = 1.0
"""[D] A smaller debt is an ordinary burst."""


@dataclass(slots=True)
class Pace:
    """The debt of one lane. Times are seconds of a monotonic clock."""

    _debt_s: float = 0.0
    _until_s: float | None = None

    def spent(self, began_s: float, ended_s: float) -> None:
        """A transaction took from ``began_s`` to ``ended_s``."""
        since_s = began_s if self._until_s is None else self._until_s
        owed_s = self._debt_s + (ended_s - began_s) / USED - (ended_s - since_s)
        self._debt_s, self._until_s = min(max(0.0, owed_s), MAX_SLOW_S), ended_s

    @property
    def slow_s(self) -> float:
        """What to ask for: 0, or seconds between two bulk batches of one gateway."""
        return round(self._debt_s, 1) if self._debt_s >= WORTH_SAYING_S else 0.0

    def told(self, acks: Iterable[tuple[GatewayId, Ack]]) -> list[tuple[GatewayId, Ack]]:
        """``acks`` with what there is to ask for."""
        return [(gateway, replace(ack, slow=self.slow_s)) for gateway, ack in acks]
