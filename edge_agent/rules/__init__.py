"""Edge rules: what the gateway decides by itself, with no cloud. The contract, and the table of them all.

A rule is pure: observations, time and ids come in as arguments, alarms go out as values; it never waits and
never stores. What it must not forget over a restart it gives as ``state`` and gets back in ``restore``; the
pipeline makes that durable together with the alarm it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Protocol

from edge_agent.rules.fall import FallRule
from edge_agent.rules.hazard import HazardRule
from edge_agent.rules.sight import FallSign, Home, Sight
from edge_agent.rules.sos import SosRule
from firmware_protocols.model import Alarm, JsonValue

__all__ = ["RULES", "FallSign", "Home", "Rule", "Sight"]


class Rule(Protocol):
    """One reason why a person may be in danger."""

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """Look at one observation (or a sign of a fall); return what it means, mostly nothing."""
        ...

    def tick(self, now: datetime) -> list[Alarm]:
        """Called about once a second: what has become due."""
        ...

    def state(self) -> JsonValue:
        """What must survive a restart."""
        ...

    def restore(self, state: JsonValue) -> None:
        """Take back what ``state`` gave; anything else (an older program's) is ignored."""
        ...


RULES: Final[Mapping[str, Callable[[Home], Rule]]] = {
    "sos": SosRule,
    "hazard": HazardRule,
    "fall": FallRule,
}
