"""Falls: suspect at once, ask, and raise unless somebody says that all is well.

What it is not: the judgement of motion, which is the model's. The one idea: an *episode* opens with the first
sign and ends in one of two ways, cancelled in time or raised; silence raises. A sign from a second device is
a second witness and raises at once. A help button never cancels: whoever presses it on the floor wants help;
only a pendant's own word for "all is well" does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from edge_agent.rules.sight import FallSign, Home, Sight
from edge_agent.rules.sos import HELP_KINDS
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

CANCEL_KINDS: Final = frozenset({"cancel_button", "wearable"})
"""Kinds of device whose press says "I am all right" while a fall is suspected."""
_SAME_FALL_S: Final = 300.0
"""After an alarm is raised, further signs within this time belong to it."""
_STILL_REPORTED_S: Final = 30.0
"""A radar repeats its fall report while the person lies there; reports this close together are one sign."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One suspected or raised fall. ``due_at``: when a suspicion becomes an alarm."""

    id: AlarmId
    device: DeviceId
    opened_at: datetime
    due_at: datetime
    witnesses: tuple[DeviceId, ...]
    evidence: Mapping[str, JsonValue]
    raised: bool = False


class FallRule:
    """At most one episode at a time: the home has one resident to look after."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._episode: Episode | None = None
        self._reported: dict[DeviceId, datetime] = {}

    @property
    def suspicion(self) -> AlarmId | None:
        """The suspected fall that can still be cancelled."""
        return self._episode.id if self._episode and not self._episode.raised else None

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """A sign of a fall opens or confirms; a press cancels, or asks for help."""
        match sight:
            case FallSign():
                return self._sign(sight.device, sight.observed_at, sight.evidence, now)
            case Event(kind=EventKind.FALL_SUSPECTED) if self._is_new(sight.device, sight.observed_at):
                return self._sign(sight.device, sight.observed_at, {"reported": sight.detail}, now)
            case Event(kind=EventKind.BUTTON):
                return self._press(sight, now)
            case Event(kind=EventKind.ALL_WELL):
                return self.cancel(now, f"all well {sight.device}")
            case Reading(quantity=Quantity.FALL_STATE, value=False):
                self._reported.pop(sight.device, None)
        return []

    def tick(self, now: datetime) -> list[Alarm]:
        """Raise a suspicion whose time is up (or whose clock was set back: rather early than never)."""
        episode = self._episode
        if episode is None:
            return []
        if episode.raised:
            if not self._is_recent(episode, now):
                self._episode = None
            return []
        if episode.opened_at - timedelta(seconds=1) <= now < episode.due_at:
            return []
        return self._raise(now, "unanswered")

    def cancel(self, now: datetime, by: str, alarm: AlarmId | None = None) -> list[Alarm]:
        """Somebody says that all is well (of ``alarm``, if given). Only a suspicion can be cancelled."""
        episode = self._episode
        if episode is None or episode.raised or alarm not in {None, episode.id}:
            return []
        self._episode = None
        return [self._record(episode, AlarmState.CANCELLED, now, {"by": by})]

    def state(self) -> JsonValue:
        """The open episode and the radars' last reports."""
        return {
            "episode": _plain(self._episode) if self._episode else None,
            "reported": {device: at.timestamp() for device, at in self._reported.items()},
        }

    def restore(self, state: JsonValue) -> None:
        """Take the episode up again; its window goes on from when it opened."""
        try:
            self._restore(state)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            self._episode, self._reported = None, {}

    def _restore(self, state: Any) -> None:
        self._episode = _episode(state["episode"]) if state["episode"] else None
        self._reported = {DeviceId(device): _moment(at) for device, at in state["reported"].items()}

    def _is_new(self, device: DeviceId, at: datetime) -> bool:
        last = self._reported.get(device)
        self._reported[device] = at
        return last is None or abs(at - last) > timedelta(seconds=_STILL_REPORTED_S)

    def _is_recent(self, episode: Episode, now: datetime) -> bool:
        return abs(now - episode.due_at) <= timedelta(seconds=_SAME_FALL_S)

    def _sign(
        self, device: DeviceId, at: datetime, evidence: Mapping[str, JsonValue], now: datetime
    ) -> list[Alarm]:
        episode = self._episode
        if episode is None or (episode.raised and not self._is_recent(episode, now)):
            return self._open(device, at, evidence, now)
        if device in episode.witnesses:
            return []
        self._episode = replace(
            episode,
            witnesses=(*episode.witnesses, device),
            evidence={**evidence, **episode.evidence},
        )
        if episode.raised:
            return [self._record(self._episode, AlarmState.UPDATED, now, {"by": "second witness"})]
        return self._raise(now, "second witness")

    def _open(
        self, device: DeviceId, at: datetime, evidence: Mapping[str, JsonValue], now: datetime
    ) -> list[Alarm]:
        due_at = now + timedelta(seconds=self._home.confirm_s)
        episode = Episode(self._home.new_id(), device, now, due_at, (device,), dict(evidence))
        self._episode = episode
        if self._home.confirm_s <= 0:
            return self._raise(at, "no confirmation")
        suspected = self._record(episode, AlarmState.SUSPECTED, at, {})
        return [replace(suspected, confirm_s=self._home.confirm_s)]

    def _press(self, press: Event, now: datetime) -> list[Alarm]:
        kind = self._home.kinds.get(press.device)
        if self.suspicion is None:
            return []
        if kind in HELP_KINDS:
            return self._raise(now, f"help button {press.device}")
        return self.cancel(now, f"button {press.device}") if kind in CANCEL_KINDS else []

    def _raise(self, at: datetime, by: str) -> list[Alarm]:
        if self._episode is None:
            return []
        self._episode = replace(self._episode, raised=True)
        return [self._record(self._episode, AlarmState.RAISED, at, {"by": by})]

    def _record(
        self, episode: Episode, state: AlarmState, at: datetime, extra: Mapping[str, JsonValue]
    ) -> Alarm:
        evidence = {**extra, "witnesses": list(episode.witnesses), **episode.evidence}
        return Alarm(episode.id, AlarmKind.FALL, state, episode.device, at, evidence)


def _plain(episode: Episode) -> JsonValue:
    return {
        "id": episode.id,
        "device": episode.device,
        "opened_at": episode.opened_at.timestamp(),
        "due_at": episode.due_at.timestamp(),
        "witnesses": list(episode.witnesses),
        "evidence": episode.evidence,
        "raised": episode.raised,
    }


def _episode(plain: Any) -> Episode:
    return Episode(
        id=AlarmId(plain["id"]),
        device=DeviceId(plain["device"]),
        opened_at=_moment(plain["opened_at"]),
        due_at=_moment(plain["due_at"]),
        witnesses=tuple(DeviceId(name) for name in plain["witnesses"]),
        evidence=dict(plain["evidence"]),
        raised=bool(plain["raised"]),
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
