"""A person pressed for help. At once, no confirmation, whatever the press looked like.

The button beside the door is for somebody whom the resident does not trust: it calls as well, and the home
stays silent (``prompt``), because whoever stands there must not hear it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from edge_agent.rules.home import Home
from edge_agent.rules.sight import Repeats, Sight
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, Event, EventKind, JsonValue

HELP_KINDS: Final = frozenset({"pendant", "sos_button"})
"""Kinds of device whose every press asks for help."""
_CALLS: Final[Mapping[str, AlarmKind]] = {
    **dict.fromkeys(HELP_KINDS, AlarmKind.SOS),
    "visitor_button": AlarmKind.VISITOR,
}
_SAME_CALL_S: Final = 60.0


class SosRule:
    """Raises for each call; further presses within a minute, while nobody answers, belong to it."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._calls = Repeats(_SAME_CALL_S)

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """A press of a help button."""
        if not isinstance(sight, Event) or sight.kind is not EventKind.BUTTON:
            return []
        kind = _CALLS.get(self._home.kinds.get(sight.device, ""))
        if kind is None:
            return []
        evidence = {"press": sight.detail}
        return self._calls.report(sight.device, kind, sight.observed_at, evidence, self._home.new_id)

    def answered(self, alarm: AlarmId) -> None:
        """A person has taken the call or is done with it: whoever presses now calls anew."""
        self._calls.forget(alarm)

    def tick(self, now: datetime) -> list[Alarm]:
        """Nothing becomes due."""
        return []

    def state(self) -> JsonValue:
        """Nothing to keep: a press after a restart is a new alarm of the same incident."""
        return None

    def restore(self, state: JsonValue) -> None:
        """Nothing was kept."""
