"""Edge rules: what the gateway decides by itself, with no cloud. The contract, and the table of them all.

A rule is pure: observations, time and ids come in as arguments, alarms go out as values; it never waits and
never stores. What it must not forget over a restart it gives as ``state`` and gets back in ``restore``; the
pipeline makes that durable together with the alarm it belongs to. What several rules must know of the home is
seen once, by ``surroundings``, the first of the table. ``docs/rules.md`` says what each does and why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Protocol, runtime_checkable

from edge_agent.rules.asked import AskedRule
from edge_agent.rules.bed_exit import BedExit
from edge_agent.rules.blind import BlindRule
from edge_agent.rules.chatter import ChatterRule
from edge_agent.rules.climate import room_climate
from edge_agent.rules.fall import FallRule
from edge_agent.rules.hazard import HazardRule
from edge_agent.rules.hazard_levels import carbon_monoxide, water
from edge_agent.rules.heat import HeatRule
from edge_agent.rules.home import Home, InForce
from edge_agent.rules.long_lie import LongLie
from edge_agent.rules.medicine import MedicineRule
from edge_agent.rules.night_door import NightDoor
from edge_agent.rules.pacing import PacingRule
from edge_agent.rules.sight import FallSign, Heard, Sight
from edge_agent.rules.silent import SilentRule
from edge_agent.rules.sos import SosRule
from edge_agent.rules.stillness import Stillness
from edge_agent.rules.stove import StoveRule
from edge_agent.rules.upkeep import UpkeepRule
from edge_agent.rules.vitals import VitalsRule
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, JsonValue

__all__ = [
    "RESTLESS",
    "RULES",
    "Cancellable",
    "FallSign",
    "Heard",
    "Home",
    "InForce",
    "Reminding",
    "Rule",
    "Sight",
]


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


@runtime_checkable
class Cancellable(Protocol):
    """A rule that asks before it calls."""

    def cancel(self, now: datetime, by: str, alarm: AlarmId | None = None) -> list[Alarm]:
        """Somebody says that all is well (of ``alarm``, if given): return the cancelled suspicion, if any."""
        ...

    def forget(self, alarm: AlarmId) -> None:
        """People are done with ``alarm``: nothing more is told of it, and the next reason is its own."""
        ...


@runtime_checkable
class Reminding(Protocol):
    """A rule that has the home say something before people are told."""

    def reminders(self, now: datetime) -> list[AlarmKind]:
        """What to remind of now; called after ``tick``, and to be said once."""
        ...


def _long_lie(home: Home, condition: LongLie) -> Rule:
    return AskedRule(home, AlarmKind.LONG_LIE, condition, condition.graver)


RULES: Final[Mapping[str, Callable[[Home], Rule]]] = {
    "surroundings": lambda home: home.surroundings,
    "silences": lambda home: home.silences,
    "sos": SosRule,
    "hazard": HazardRule,
    "water": water,
    "carbon_monoxide": carbon_monoxide,
    "heat": HeatRule,
    "fall": FallRule,
    "long_lie": lambda home: _long_lie(home, LongLie(home)),
    "bed_exit": lambda home: AskedRule(home, AlarmKind.BED_EXIT, BedExit(home)),
    "night_door": lambda home: AskedRule(home, AlarmKind.NIGHT_DOOR, NightDoor(home)),
    "pacing": PacingRule,
    "stillness": lambda home: AskedRule(home, AlarmKind.STILLNESS, Stillness(home)),
    "stove": StoveRule,
    "medicine": MedicineRule,
    "room_climate": room_climate,
    "vitals": VitalsRule,
    "upkeep": UpkeepRule,
    "silent": SilentRule,
    "blind": BlindRule,
    "chatter": ChatterRule,
}

RESTLESS: Final = frozenset(
    {"surroundings", "silences", "heat", "stove", "medicine", "room_climate", "chatter"}
)
"""Rules whose memory changes with every frame. A kill may cost it a minute: waits of many minutes are what
it is for.
"""
