"""A rule made of a condition: when it holds, ask; when nobody answers, call; when it is over, say so.

What it is not: the condition, which each rule's own file has. The one idea: a condition is asked about
*once*; it must pass, and begin anew, before it can call again. Whoever cancels has bought the whole wait
again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from edge_agent.rules.asking import Asking
from edge_agent.rules.home import Home
from edge_agent.rules.sight import Evidence, Sight
from firmware_protocols.model import (
    LIFE,
    PRIORITY,
    Alarm,
    AlarmId,
    AlarmKind,
    DeviceId,
    Event,
    EventKind,
    JsonValue,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """The condition holds: which device says so, and the numbers behind it."""

    device: DeviceId
    evidence: Evidence


class Condition(Protocol):
    """What a rule waits for. Both methods only look at the home, and are called about once a second."""

    def found(self, now: datetime, calm_s: float) -> Finding | None:
        """Return what holds now; no wait begins before ``calm_s``, in listened seconds."""
        ...

    def over(self, asked_s: float) -> bool:
        """Whether what was found at ``asked_s`` has passed: somebody moves, lies in bed, is back."""
        ...


def _never(_now: datetime, _asked_s: float) -> bool:
    return False


class AskedRule:
    """Asks about ``condition`` and raises ``kind``. ``graver``: when what was asked about at a moment, in
    listened seconds, has become a matter of life.
    """

    def __init__(
        self,
        home: Home,
        kind: AlarmKind,
        condition: Condition,
        graver: Callable[[datetime, float], bool] = _never,
    ) -> None:
        self._home = home
        self._asking = Asking(home, kind)
        self._condition = condition
        self._graver = graver
        self._asked_s = 0.0
        self._calm_s = 0.0

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """A press cancels, or asks for help."""
        if not isinstance(sight, Event) or sight.kind not in {EventKind.BUTTON, EventKind.ALL_WELL}:
            return []
        return self._settled(self._asking.press(sight, now))

    def tick(self, now: datetime) -> list[Alarm]:
        """Ask about what has come to hold; call when the time is up; end what is over."""
        if self._asking.episode is not None:
            return self._go_on(now)
        finding = self._condition.found(now, self._calm_s)
        if finding is None:
            return []
        self._asked_s = self._home.surroundings.listened_s
        return self._asking.ask(finding.device, now, finding.evidence, now)

    def cancel(self, now: datetime, by: str, alarm: AlarmId | None = None) -> list[Alarm]:
        """Somebody says that all is well (of ``alarm``, if given)."""
        return self._settled(self._asking.cancel(now, by, alarm))

    def forget(self, alarm: AlarmId) -> None:
        """People are done with ``alarm``; the wait begins anew."""
        if self._asking.episode is not None:
            self._asking.forget(alarm)
            self._settled([])

    def state(self) -> JsonValue:
        """The open episode, and since when nothing is waited for."""
        return {"episode": self._asking.state(), "asked_s": self._asked_s, "calm_s": self._calm_s}

    def restore(self, state: JsonValue) -> None:
        """Take it up again."""
        try:
            self._restore(state)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            self._asking.close()
            self._asked_s = self._calm_s = 0.0

    def _restore(self, state: Any) -> None:
        self._asked_s, self._calm_s = float(state["asked_s"]), float(state["calm_s"])
        self._asking.restore(state["episode"])

    def _go_on(self, now: datetime) -> list[Alarm]:
        if not self._condition.over(self._asked_s):
            return self._asking.tick(now) or self._worsen(now)
        told = self._asking.cancel(now, "movement") or self._asking.update(now, {"moved_again": True})
        self._asking.close()
        return self._settled(told)

    def _worsen(self, now: datetime) -> list[Alarm]:
        """Say once that what was raised has become a matter of life."""
        episode = self._asking.episode
        said = None if episode is None else episode.evidence.get(PRIORITY)
        if episode is None or not episode.raised or not isinstance(said, int) or said <= LIFE:
            return []
        if not self._graver(now, self._asked_s):
            return []
        self._asking.add({PRIORITY: LIFE})
        return self._asking.update(now, {"by": "still silent"})

    def _settled(self, alarms: list[Alarm]) -> list[Alarm]:
        if self._asking.episode is None:
            self._calm_s = self._home.surroundings.listened_s
        return alarms
