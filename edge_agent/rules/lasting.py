"""A level that lasts: wet for half a minute, a room below 16 °C for an hour.

What it is not: the levels, which are tables (``hazard_levels``, ``climate``). The one idea: what a device
says last stands until it says otherwise; each level is told once, when it has stood for its time, and is over
when it has stayed away for a while. A device that is lost says nothing: its levels begin anew when it is
back. A level is not told when a graver one of the same kind has been.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from edge_agent.rules.home import Home
from edge_agent.rules.sight import Evidence, Sight
from firmware_protocols.model import (
    PRIORITY,
    URGENT,
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    DeviceId,
    JsonValue,
    Quality,
    Quantity,
    Reading,
)
from firmware_protocols.wire.plan_rules import Rules

_AWAY_S: Final = 600.0
"""A level that has stayed away for so long is over. D."""

Measured = Mapping[Quantity, float]
"""What one device said last, by quantity."""


def _always(_rules: Rules) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Level:
    """``reached``: whether it stands; ``None``: neither, as it was. ``wait_s``: how long it stands before it
    is told. ``priority``: of a graded kind, 1 to 4. ``of_kinds``: the devices that it is judged by, empty for
    all. ``occupied``: it is only waited for while the home is not empty. ``ends``: whether people are told
    that it is over.
    """

    kind: AlarmKind
    reached: Callable[[Measured, Rules], bool | None]
    wait_s: Callable[[Rules], float]
    evidence: Callable[[Measured, Rules], Evidence] = lambda _measured, _rules: {}
    priority: int | None = None
    of_kinds: frozenset[str] = frozenset()
    armed: Callable[[Rules], bool] = _always
    occupied: bool = False
    ends: bool = False

    @property
    def rank(self) -> int:
        """How grave it is; lower is graver."""
        return URGENT if self.priority is None else self.priority


@dataclass(frozen=True, slots=True)
class _Stood:
    """A level of one device: since when it stands, the alarm that told of it, since when it is away."""

    since_s: float
    alarm: AlarmId | None = None
    away_s: float | None = None


class LastingRule:
    """Tells of ``levels``, by name, that last. ``quantities``: what they are made of; of ``believed``
    quality.
    """

    def __init__(
        self,
        home: Home,
        levels: Mapping[str, Level],
        quantities: Sequence[Quantity],
        believed: frozenset[Quality] = frozenset({Quality.GOOD}),
    ) -> None:
        self._home = home
        self._levels = levels
        self._quantities = frozenset(quantities)
        self._believed = believed
        self._last: dict[DeviceId, dict[Quantity, float]] = {}
        self._stood: dict[tuple[DeviceId, str], _Stood] = {}

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """A measured value; one that is none changes nothing."""
        if not isinstance(sight, Reading) or sight.quantity not in self._quantities:
            return []
        if sight.value is None or sight.quality not in self._believed:
            return []
        self._last.setdefault(sight.device, {})[sight.quantity] = float(sight.value)
        for name in self._names(sight.device):
            self._follow(sight.device, name)
        return self.tick(now)

    def tick(self, now: datetime) -> list[Alarm]:
        """Tell of what has lasted; take back what is over."""
        self._forget_the_lost()
        told = [alarm for key in self._by_gravity() for alarm in self._tell(key, now)]
        return told + [alarm for key in list(self._stood) for alarm in self._end(key, now)]

    def state(self) -> JsonValue:
        """What stands, and what was measured last."""
        stood: list[JsonValue] = [
            [device, name, round(one.since_s), one.alarm, None if one.away_s is None else round(one.away_s)]
            for (device, name), one in self._stood.items()
        ]
        last: dict[str, JsonValue] = {
            device: {str(what): value for what, value in said.items()} for device, said in self._last.items()
        }
        return {"stood": stood, "last": last}

    def restore(self, state: JsonValue) -> None:
        """Take it up again."""
        try:
            self._restore(state)
        except (KeyError, TypeError, ValueError, AttributeError):
            self._stood, self._last = {}, {}

    def _restore(self, state: Any) -> None:
        self._last = {
            DeviceId(device): {Quantity(what): float(value) for what, value in said.items()}
            for device, said in state["last"].items()
        }
        self._stood = {
            (DeviceId(device), str(name)): _Stood(float(since_s), alarm and AlarmId(alarm), away_s)
            for device, name, since_s, alarm, away_s in state["stood"]
            if name in self._levels
        }

    # -- inside --------------------------------------------------------------------------------------

    def _names(self, device: DeviceId) -> list[str]:
        """The levels that ``device`` is judged by."""
        kind = self._home.kinds.get(device, "")
        return [name for name, level in self._levels.items() if not level.of_kinds or kind in level.of_kinds]

    def _follow(self, device: DeviceId, name: str) -> None:
        key, now_s = (device, name), self._home.surroundings.listened_s
        reached = self._levels[name].reached(self._last[device], self._home.plan.rules)
        stood = self._stood.get(key)
        if reached and stood is None:
            self._stood[key] = _Stood(now_s)
        elif reached and stood is not None:
            self._stood[key] = replace(stood, away_s=None)
        elif reached is False and stood is not None and stood.alarm is None:
            del self._stood[key]
        elif reached is False and stood is not None and stood.away_s is None:
            self._stood[key] = replace(stood, away_s=now_s)

    def _forget_the_lost(self) -> None:
        """What a lost device said last stands no more; whether what was told is over, nobody knows."""
        around = self._home.surroundings
        for device in [one for one in self._last if not around.speaks(one)]:
            del self._last[device]
            waiting = [key for key, one in self._stood.items() if key[0] == device and one.alarm is None]
            for key in waiting:
                del self._stood[key]

    def _by_gravity(self) -> list[tuple[DeviceId, str]]:
        return sorted(self._stood, key=lambda key: self._levels[key[1]].rank)

    def _tell(self, key: tuple[DeviceId, str], now: datetime) -> list[Alarm]:
        stood, level, rules = self._stood[key], self._levels[key[1]], self._home.plan.rules
        around = self._home.surroundings
        if stood.alarm is not None or not level.armed(rules):
            return []
        if level.occupied and around.is_empty():
            self._stood[key] = replace(stood, since_s=around.listened_s)
            return []
        lasted_s = around.since(stood.since_s)
        if lasted_s < level.wait_s(rules) or self._graver_is_told(key):
            return []
        self._stood[key] = replace(stood, alarm=self._home.new_id())
        lasted_min = int(lasted_s // 60)
        lasted = {"lasted_min": lasted_min} if lasted_min else {}
        graded = {PRIORITY: level.priority} if level.priority is not None else {}
        evidence = {**level.evidence(self._last.get(key[0], {}), rules), **lasted, **graded}
        return self._record(key, AlarmState.RAISED, now, evidence)

    def _graver_is_told(self, key: tuple[DeviceId, str]) -> bool:
        device, level = key[0], self._levels[key[1]]
        return any(
            one.alarm is not None and other == device and self._levels[name].kind is level.kind
            and self._levels[name].rank <= level.rank
            for (other, name), one in self._stood.items()
        )  # fmt: skip

    def _end(self, key: tuple[DeviceId, str], now: datetime) -> list[Alarm]:
        stood = self._stood[key]
        if stood.away_s is None or self._home.surroundings.since(stood.away_s) < _AWAY_S:
            return []
        ended = self._record(key, AlarmState.CANCELLED, now, {"restored": True})
        del self._stood[key]
        return ended if self._levels[key[1]].ends else []

    def _record(
        self, key: tuple[DeviceId, str], state: AlarmState, now: datetime, evidence: Evidence
    ) -> list[Alarm]:
        alarm, kind = self._stood[key].alarm, self._levels[key[1]].kind
        return [Alarm(alarm, kind, state, key[0], now, evidence)] if alarm else []
