"""Falls: suspect at once, ask, and raise unless somebody says that all is well.

What it is not: the judgement of motion, which is the model's. The one idea: signs are *witnesses*. A sign
from a second device raises at once. Somebody who moves in another room, or a door that opens, speaks
against the fall: it is written into the evidence for the person who decides, and never cancels by itself.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from edge_agent.rules.asking import Asking, Episode
from edge_agent.rules.home import Home
from edge_agent.rules.sight import Evidence, FallSign, Sight
from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    DeviceId,
    Event,
    EventKind,
    JsonValue,
    Quantity,
    Reading,
)

_SAME_FALL_S: Final = 300.0
"""After an alarm is raised, further signs within this time belong to it."""
_STILL_REPORTED_S: Final = 30.0
"""A radar repeats its fall report while the person lies there; reports this close together are one sign."""


class FallRule:
    """One suspected or raised fall at a time, and what speaks for and against it."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._asking = Asking(home, AlarmKind.FALL)
        self._reported: dict[DeviceId, datetime] = {}

    @property
    def suspicion(self) -> AlarmId | None:
        """The suspected fall that can still be cancelled."""
        return self._asking.suspicion

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """A sign of a fall opens or confirms; a press cancels, or asks for help."""
        match sight:
            case FallSign():
                return self._sign(sight.device, sight.observed_at, sight.evidence, now)
            case Event(kind=EventKind.FALL_SUSPECTED) if self._is_new(sight.device, sight.observed_at):
                return self._sign(sight.device, sight.observed_at, {"reported": sight.detail}, now)
            case Event(kind=EventKind.BUTTON | EventKind.ALL_WELL):
                return self._supported(self._asking.press(sight, now))
            case Reading(quantity=Quantity.FALL_STATE, value=False):
                self._reported.pop(sight.device, None)
        return []

    def tick(self, now: datetime) -> list[Alarm]:
        """Note what speaks against the fall; raise a suspicion whose time is up; forget an old alarm."""
        episode = self._asking.episode
        if episode is None:
            return []
        if episode.raised and not self._is_recent(episode, now):
            self._asking.close()
            return []
        return self._note_against(episode, now) + self._supported(self._asking.tick(now))

    def cancel(self, now: datetime, by: str, alarm: AlarmId | None = None) -> list[Alarm]:
        """Somebody says that all is well (of ``alarm``, if given)."""
        return self._asking.cancel(now, by, alarm)

    def forget(self, alarm: AlarmId) -> None:
        """People are done with ``alarm``: a sign that comes now is another fall."""
        self._asking.forget(alarm)

    def state(self) -> JsonValue:
        """The open episode and the radars' last reports."""
        return {
            "episode": self._asking.state(),
            "reported": {device: at.timestamp() for device, at in self._reported.items()},
        }

    def restore(self, state: JsonValue) -> None:
        """Take the episode up again; its window goes on from when it opened."""
        try:
            self._restore(state)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            self._asking.close()
            self._reported = {}

    def _restore(self, state: Any) -> None:
        self._asking.restore(state["episode"])
        self._reported = {
            DeviceId(device): datetime.fromtimestamp(at, UTC) for device, at in state["reported"].items()
        }

    def _is_new(self, device: DeviceId, at: datetime) -> bool:
        last = self._reported.get(device)
        self._reported[device] = at
        return last is None or abs(at - last) > timedelta(seconds=_STILL_REPORTED_S)

    def _is_recent(self, episode: Episode, now: datetime) -> bool:
        return abs(now - episode.due_at) <= timedelta(seconds=_SAME_FALL_S)

    def _sign(self, device: DeviceId, at: datetime, evidence: Evidence, now: datetime) -> list[Alarm]:
        episode = self._asking.episode
        if episode is None or (episode.raised and not self._is_recent(episode, now)):
            return self._asking.ask(device, at, {"witnesses": [device], **evidence}, now)
        witnesses = _witnesses(episode)
        if device in witnesses:
            return []
        self._asking.add({**evidence, **episode.evidence, "witnesses": [*witnesses, device]})
        if episode.raised:
            return self._asking.update(now, {"by": "second witness"})
        return self._supported(self._asking.call(now, "second witness"))

    def _against(self) -> Evidence:
        """What speaks against the last fall. Somebody who lives with others says nothing by moving
        elsewhere.
        """
        around = self._home.surroundings
        found = {
            "moved_elsewhere": self._home.plan.person.lives_alone
            and around.fell_s is not None
            and around.fell_in is None,
            "door_after": around.door_s is not None and around.door_s > (around.fell_s or 0.0),
        }
        return {name: True for name, seen in found.items() if seen}

    def _note_against(self, episode: Episode, now: datetime) -> list[Alarm]:
        fresh = {name: value for name, value in self._against().items() if name not in episode.evidence}
        if not fresh:
            return []
        self._asking.add(fresh)
        return self._asking.update(now, {"by": "movement"}) if episode.raised else []

    def _supported(self, alarms: list[Alarm]) -> list[Alarm]:
        """A raise says that nobody moved elsewhere and no door opened, where sensors could have told."""
        around, alone = self._home.surroundings, self._home.plan.person.lives_alone
        if not (alone and around.all_speak() and not self._against()):
            return alarms
        return [
            replace(alarm, evidence={**alarm.evidence, "still_elsewhere": True})
            if alarm.state is AlarmState.RAISED
            else alarm
            for alarm in alarms
        ]


def _witnesses(episode: Episode) -> list[JsonValue]:
    found = episode.evidence.get("witnesses")
    return list(found) if isinstance(found, list) else [episode.device]
