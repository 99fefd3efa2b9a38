"""Which alarms of this home are open, and whether the program may be replaced now. Pure.

The one idea: while somebody is asked or helped, nothing is touched. An alarm is open from the first record
(a suspicion counts) until it is called off at home or the cloud says that people are done with it. A word of
the cloud that never comes must not keep a gateway old for ever, so an alarm that has said nothing for a day
counts as over. One that calls a technician stays open for weeks, and an update may be its cure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from firmware_protocols.model import TECHNICAL, Alarm, AlarmId, AlarmState, JsonValue

FORGOTTEN: Final = timedelta(days=1)
"""[D] Longer than any incident stays without a new record; the cloud's word is given up after 15 minutes."""


@dataclass(slots=True)
class OpenAlarms:
    """The open alarms and when each last said something."""

    _open: dict[AlarmId, datetime] = field(default_factory=dict)

    def see(self, alarm: Alarm, now: datetime) -> None:
        """A record of an alarm."""
        if alarm.kind in TECHNICAL or alarm.evidence.get("test"):
            return
        if alarm.state is AlarmState.CANCELLED:
            self._open.pop(alarm.id, None)
        else:
            self._open[alarm.id] = now
        self.count(now)  # what is forgotten is not kept either, also where nobody asks

    def close(self, alarm: AlarmId) -> None:
        """People are done with it."""
        self._open.pop(alarm, None)

    def count(self, now: datetime) -> int:
        """How many are open. One of the future (the clock was set back) is."""
        self._open = {alarm: at for alarm, at in self._open.items() if now - at < FORGOTTEN}
        return len(self._open)

    def state(self) -> Mapping[str, JsonValue]:
        """What must survive a restart."""
        return {str(alarm): at.timestamp() for alarm, at in self._open.items()}

    def restore(self, state: object) -> None:
        """Take back what ``state`` gave; anything else is ignored."""
        if isinstance(state, dict):
            self._open = {
                AlarmId(str(alarm)): datetime.fromtimestamp(at, UTC)
                for alarm, at in state.items()
                if isinstance(at, int | float)
            }


def hold(*, alarms: int, online: bool, waiting: int) -> str:
    """Why the program must not be replaced now; ``""`` if it may.

    ``online``: the broker is there, else nothing could prove the new version. ``waiting``: alarms and events
    that the cloud has not committed.
    """
    if alarms:
        return "an alarm is open"
    if not online:
        return "the broker is away"
    if waiting:
        return "alarms or events wait for the cloud"
    return ""
