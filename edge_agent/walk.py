"""The walk test: which devices were really heard, while somebody walks through the home and tries each.

What this is: a rule that raises nothing and remembers, and the protocol that it adds up to. What it is not:
it runs nothing (``commission``). The one idea: a device counts when it did what it is there for; a door that
was only heard alive has not shown that its opening arrives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec

from edge_agent.rules.sight import Sight
from edge_agent.settings import Device, DeviceKind
from firmware_protocols.model import (
    Alarm,
    DeviceId,
    Event,
    EventKind,
    JsonValue,
    MotionWindow,
    Quality,
    Reading,
)


@dataclass(frozen=True, slots=True)
class Task:
    """What to do with a kind of device, and how one sees that it was done."""

    words: str
    done: Callable[[Sight], bool]


def _pressed(sight: Sight) -> bool:
    return isinstance(sight, Event) and sight.kind is EventKind.BUTTON


def _active(sight: Sight) -> bool:
    """A state became true: open, smoke, water, motion."""
    return isinstance(sight, Reading) and sight.value is True


def _measured(sight: Sight) -> bool:
    return isinstance(sight, Event | MotionWindow) or (
        isinstance(sight, Reading) and sight.quality is Quality.GOOD
    )


_PRESS: Final = Task("press it", _pressed)
_OPEN: Final = Task("open it", _active)
_PROVE: Final = Task("press its test button, or hold it as the maker says", _active)
_PASS: Final = Task("walk past it", _measured)
_COOK: Final = Task("switch it on and off", _measured)
_WEAR: Final = Task("put it on", _measured)
_WAIT: Final = Task("wait", _measured)
TASKS: Final[Mapping[DeviceKind, Task]] = {
    DeviceKind.PENDANT: _PRESS,
    DeviceKind.SOS_BUTTON: _PRESS,
    DeviceKind.CANCEL_BUTTON: _PRESS,
    DeviceKind.VISITOR_BUTTON: _PRESS,
    DeviceKind.PILL_BOX: _OPEN,
    DeviceKind.STOVE: _COOK,
    DeviceKind.DOOR: _OPEN,
    DeviceKind.WINDOW: _OPEN,
    DeviceKind.SMOKE: _PROVE,
    DeviceKind.GAS: _PROVE,
    DeviceKind.CARBON_MONOXIDE: _PROVE,
    DeviceKind.WATER: _PROVE,
    DeviceKind.MOTION: _PASS,
    DeviceKind.PRESENCE: _PASS,
    DeviceKind.RADAR: _PASS,
    DeviceKind.WEARABLE: _WEAR,
    DeviceKind.HEART_RATE: _WEAR,
    DeviceKind.PULSE_OXIMETER: _WEAR,
}
"""What to do with each kind; with any other: wait until it speaks."""


def task_of(kind: DeviceKind) -> Task:
    """What to do with a device of this kind."""
    return TASKS.get(kind, _WAIT)


class Tried(msgspec.Struct, frozen=True):
    """One device. ``heard_at``: first frame; ``done_at``: it did what it is there for (``None``: never)."""

    name: str
    kind: str
    room: str
    task: str
    heard_at: datetime | None = None
    done_at: datetime | None = None


class TrialAlarm(msgspec.Struct, frozen=True):
    """The alarm that went to the console. ``committed_s``: until the cloud had it; ``None``: never."""

    id: str
    raised_at: datetime
    committed_s: float | None = None


class Protocol(msgspec.Struct, frozen=True):
    """What was tried and what came of it. ``certificate``: of the key that signs it, PEM; empty: unsigned."""

    gateway: str
    version: str
    began_at: datetime
    ended_at: datetime
    clock: str
    devices: tuple[Tried, ...]
    alarm: TrialAlarm
    certificate: str = ""

    @property
    def passed(self) -> bool:
        """Whether every device did its task and the alarm was committed."""
        tried = bool(self.devices) and all(one.done_at is not None for one in self.devices)
        return tried and self.alarm.committed_s is not None


@dataclass(slots=True)
class Walk:
    """A rule: sees everything, raises nothing. ``changed`` is told of each device heard or done."""

    devices: Mapping[DeviceId, Device]
    changed: Callable[[Tried], object] = lambda _: None
    _tried: dict[DeviceId, Tried] = field(init=False)

    def __post_init__(self) -> None:
        """Nothing was heard yet."""
        self._tried = {
            name: Tried(str(name), str(device.kind), device.room, task_of(device.kind).words)
            for name, device in self.devices.items()
        }

    @property
    def tried(self) -> tuple[Tried, ...]:
        """How each device stands, in the order of the configuration."""
        return tuple(self._tried.values())

    @property
    def missing(self) -> tuple[Tried, ...]:
        """Devices that have not done their task."""
        return tuple(one for one in self.tried if one.done_at is None)

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """Note who was heard."""
        before = self._tried.get(sight.device)
        if before is None or before.done_at is not None:
            return []
        done = task_of(self.devices[sight.device].kind).done(sight)
        after = msgspec.structs.replace(
            before, heard_at=before.heard_at or now, done_at=now if done else None
        )
        if after != before:
            self._tried[sight.device] = after
            self.changed(after)
        return []

    def tick(self, now: datetime) -> list[Alarm]:
        """Nothing becomes due."""
        return []

    def state(self) -> JsonValue:
        """Nothing to keep: a walk is made in one go."""
        return None

    def restore(self, state: JsonValue) -> None:
        """Nothing was kept."""


def line(one: Tried) -> str:
    """One device in words."""
    where = f" ({one.kind}{', ' + one.room if one.room else ''})"
    if one.done_at is not None:
        return f"ok       {one.name}{where} {one.done_at:%H:%M:%S}"
    if one.heard_at is not None:
        return f"heard    {one.name}{where}: {one.task}"
    return f"MISSING  {one.name}{where}: {one.task}"


def text(protocol: Protocol) -> str:
    """The protocol for people."""
    return "".join(f"{row}\n" for row in _rows(protocol))


def _rows(protocol: Protocol) -> Iterable[str]:
    yield f"Anban commissioning of {protocol.gateway}: {'PASSED' if protocol.passed else 'NOT PASSED'}"
    yield (
        f"{protocol.began_at:%Y-%m-%d %H:%M} to {protocol.ended_at:%H:%M} UTC, clock {protocol.clock}, "
        f"program {protocol.version or 'from a checkout'}"
    )
    yield from (line(one) for one in protocol.devices)
    alarm = protocol.alarm
    if alarm.committed_s is None:
        yield f"MISSING  test alarm {alarm.id}: the cloud has not confirmed it"
    else:
        yield f"ok       test alarm {alarm.id}, confirmed by the cloud after {alarm.committed_s:.1f} s"
    yield "signed" if protocol.certificate else "not signed: this gateway is not enrolled"
