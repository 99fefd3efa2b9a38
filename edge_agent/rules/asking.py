"""Ask before calling: a suspicion that the resident may call off, and that silence raises.

What it is not: the reason for the suspicion, which is each rule's own. The one idea: an *episode* opens
with a reason and ends in one of two ways, cancelled in time or raised. A help button never cancels: whoever
presses it wants help; only a wearer's own word for "all is well" does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from edge_agent.rules.home import Home
from edge_agent.rules.sight import Evidence
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
)

CANCEL_KINDS: Final = frozenset({"cancel_button", "wearable"})
"""Kinds of device whose press says "I am all right" while something is suspected."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One suspected or raised alarm. ``due_at``: when a suspicion becomes an alarm."""

    id: AlarmId
    device: DeviceId
    opened_at: datetime
    due_at: datetime
    evidence: Evidence
    raised: bool = False


class Asking:
    """At most one episode of ``kind`` at a time: the home has one resident to look after."""

    def __init__(self, home: Home, kind: AlarmKind) -> None:
        self.episode: Episode | None = None
        self._home = home
        self._kind = kind

    @property
    def suspicion(self) -> AlarmId | None:
        """What is suspected and can still be cancelled."""
        return self.episode.id if self.episode and not self.episode.raised else None

    def ask(self, device: DeviceId, at: datetime, evidence: Evidence, now: datetime) -> list[Alarm]:
        """Open an episode, in place of one that was raised long ago."""
        confirm_s = self._home.confirm_s
        due_at = now + timedelta(seconds=confirm_s)
        self.episode = Episode(self._home.new_id(), device, now, due_at, dict(evidence))
        if confirm_s <= 0:
            return self.call(at, "no confirmation")
        return [replace(self._record(AlarmState.SUSPECTED, at, {}), confirm_s=confirm_s)]

    def tick(self, now: datetime) -> list[Alarm]:
        """Raise a suspicion whose time is up (or whose clock was set back: rather early than never)."""
        episode = self.episode
        if episode is None or episode.raised:
            return []
        if episode.opened_at - timedelta(seconds=1) <= now < episode.due_at:
            return []
        return self.call(now, "unanswered")

    def press(self, press: Event, now: datetime) -> list[Alarm]:
        """A button: it cancels, or asks for help, or belongs to something else. A pendant may also have a
        word of its own for "all is well".
        """
        kind = self._home.kinds.get(press.device)
        if self.suspicion is None:
            return []
        if press.kind is EventKind.ALL_WELL:
            return self.cancel(now, f"all well {press.device}")
        if kind in HELP_KINDS:
            return self.call(now, f"help button {press.device}")
        return self.cancel(now, f"button {press.device}") if kind in CANCEL_KINDS else []

    def cancel(self, now: datetime, by: str, alarm: AlarmId | None = None) -> list[Alarm]:
        """Somebody says that all is well (of ``alarm``, if given). Only a suspicion can be cancelled."""
        if self.suspicion is None or alarm not in {None, self.suspicion}:
            return []
        cancelled = self._record(AlarmState.CANCELLED, now, {"by": by})
        self.episode = None
        return [cancelled]

    def call(self, at: datetime, by: str) -> list[Alarm]:
        """Raise what is suspected."""
        if self.episode is None:
            return []
        self.episode = replace(self.episode, raised=True)
        return [self._record(AlarmState.RAISED, at, {"by": by})]

    def add(self, evidence: Evidence) -> None:
        """More is known of the open episode."""
        if self.episode is not None:
            self.episode = replace(self.episode, evidence={**self.episode.evidence, **evidence})

    def update(self, at: datetime, extra: Evidence) -> list[Alarm]:
        """Tell what is known of the open episode, and ``extra``."""
        return [self._record(AlarmState.UPDATED, at, extra)] if self.episode else []

    def close(self) -> None:
        """The episode is over; the next reason opens one of its own."""
        self.episode = None

    def forget(self, alarm: AlarmId) -> None:
        """People are done with ``alarm``. A suspicion is still asked about: nobody has answered yet."""
        if self.episode is not None and self.episode.id == alarm and self.episode.raised:
            self.episode = None

    def state(self) -> JsonValue:
        """The open episode."""
        episode = self.episode
        if episode is None:
            return None
        return {
            "id": episode.id,
            "device": episode.device,
            "opened_at": episode.opened_at.timestamp(),
            "due_at": episode.due_at.timestamp(),
            "evidence": episode.evidence,
            "raised": episode.raised,
        }

    def restore(self, state: Any) -> None:
        """Take the episode up again; its window goes on from when it opened.

        Raises:
            KeyError, TypeError, ValueError, OverflowError: not such a state; nothing was taken up.
        """
        if not state:
            self.episode = None
            return
        self.episode = Episode(
            id=AlarmId(state["id"]),
            device=DeviceId(state["device"]),
            opened_at=_moment(state["opened_at"]),
            due_at=_moment(state["due_at"]),
            evidence=dict(state["evidence"]),
            raised=bool(state["raised"]),
        )

    def _record(self, state: AlarmState, at: datetime, extra: Evidence) -> Alarm:
        episode = self.episode
        if episode is None:
            raise LookupError("no episode is open")
        return Alarm(episode.id, self._kind, state, episode.device, at, {**extra, **episode.evidence})


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
