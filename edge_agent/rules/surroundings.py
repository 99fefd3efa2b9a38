"""What the sensors of the home last said, shared by all rules: who was heard, where somebody moved, who is
out.

What it is not: it raises nothing. The one idea: all waiting is measured in *listened* seconds, which grow
only while the gateway runs and ticks. A clock set back or months ahead, and a night without power, move
them by nothing, so no wait is lost and none ends by itself; a restart of minutes counts, because life went
on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from edge_agent.rules.sight import FallSign, Sight
from firmware_protocols.model import (
    Alarm,
    DeviceId,
    Event,
    EventKind,
    JsonValue,
    MotionWindow,
    Quality,
    Quantity,
    Reading,
)
from firmware_protocols.supervision import BY_HAND, SUPERVISION, UNSUPERVISED
from firmware_protocols.wire.plan import Plan, Supervision

CARRIED_S: Final = 600.0
"""A gap between two ticks counts up to this. D."""
LEAVING_S: Final = 120.0
"""Whoever walks out is still seen in the hall for a moment; movement later than this is somebody inside. D.
"""
STUCK_S: Final = 3_600.0
"""Nobody moves for so long without a pause: such a sensor's "motion" is not believed. D."""
_PAUSE_S: Final = 120.0
"""A report so long after the last one begins anew: of motion, also from a sensor that never says "over", and
of somebody close to the floor. D.
"""
_BODY_PERCENT: Final = 10.0
"""Radars give breathing a few percent of body movement. D."""
_WORN_MG: Final = 150
"""A still wearable's samples differ by noise; a moving arm's by more than this, peak to peak. D."""
LYING_M: Final = 0.4
"""A head not higher than this is close to the floor; a low bed is higher. D."""

BEDROOM: Final = "bedroom"
"""Where a bed is low and a person who lies is asleep."""
_STATES: Final = frozenset(
    {Quantity.OPENING, Quantity.PRESENCE, Quantity.IN_BED, Quantity.WORN, Quantity.MOTION}
)
_INDOOR_KINDS: Final = frozenset({"motion", "presence", "radar"})
"""What sees somebody who is up; a mat and a contact alone cannot tell a quiet day from a bad one."""
_JUDGED_BY: Final = _INDOOR_KINDS | {"bed", "door"}
"""What a silent house is judged by: one of these that is lost makes silence mean nothing."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A state since ``since_s``, said last at ``said_s``."""

    value: bool
    since_s: float
    said_s: float


@dataclass(slots=True)
class Surroundings:
    """All ``_s`` are listened seconds. ``moved_s``: the last sign of life anywhere; ``moved_in`` and
    ``moved_by``: the room and the device of the last one in a known room. ``door_s``: an exit moved then
    and nobody has been seen inside since. ``left_bed_s``: somebody got up then and is not back. ``fell_s``,
    ``fell_in``: the last sign of a fall, and its room until somebody moves elsewhere.
    """

    kinds: Mapping[DeviceId, str]
    rooms: Mapping[DeviceId, str]
    plan: Callable[[], Plan]
    listened_s: float = 0.0
    moved_s: float | None = None
    moved_in: str = ""
    moved_by: DeviceId | None = None
    door_s: float | None = None
    door: DeviceId | None = None
    left_bed_s: float | None = None
    left_bed: DeviceId | None = None
    fell_s: float | None = None
    fell_in: str | None = None
    _room_s: float = 0.0
    _at: datetime | None = None
    _heard: dict[DeviceId, float] = field(default_factory=dict)
    _states: dict[str, _Held] = field(default_factory=dict)
    _low: dict[DeviceId, tuple[float, float]] = field(default_factory=dict)

    # -- a rule like the others, except that it raises nothing --------------------------------------

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """Take up what a device says."""
        self._advance(now)
        if isinstance(sight, Reading) and sight.quality is Quality.ESTIMATED:
            return []  # told about the device, by a broker or a bridge that remembers; it has not spoken
        self._heard[sight.device] = self.listened_s
        match sight:
            case FallSign() | Event(kind=EventKind.FALL_SUSPECTED):
                self.fell_s = self.listened_s
                self.fell_in = self.rooms.get(sight.device) or self.moved_in
            case Event(kind=EventKind.BUTTON | EventKind.ALL_WELL):
                self._life(sight.device)
            case MotionWindow() if _swing_mg(sight) > _WORN_MG:
                self._life(sight.device)
            case Reading(quantity=Quantity.HEIGHT):
                self._height(sight.device, sight.value)
            case Reading(value=value) if value is not None:
                self._reading(sight, value)
        return []

    def tick(self, now: datetime) -> list[Alarm]:
        """Time goes on."""
        self._advance(now)
        return []

    def state(self) -> JsonValue:
        """Everything, in whole seconds, so that it changes no more than once a second."""
        return {
            "at": round(self._at.timestamp()) if self._at else None,
            "listened_s": round(self.listened_s),
            "moved": [_whole(self.moved_s), self.moved_in, self.moved_by, round(self._room_s)],
            "door": [_whole(self.door_s), self.door],
            "left_bed": [_whole(self.left_bed_s), self.left_bed],
            "fell": [_whole(self.fell_s), self.fell_in],
            "heard": {device: round(at_s) for device, at_s in self._heard.items()},
            "states": {
                name: [held.value, round(held.since_s), round(held.said_s)]
                for name, held in self._states.items()
            },
            "low": {device: [round(since), round(last)] for device, (since, last) in self._low.items()},
        }

    def restore(self, state: JsonValue) -> None:
        """Take it up again, or begin anew."""
        try:
            self._restore(state)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            self._forget()

    # -- what rules ask ------------------------------------------------------------------------------

    def since(self, moment_s: float | None, calm_s: float = 0.0) -> float:
        """Seconds since ``moment_s`` or ``calm_s``, whichever is later; 0 if there was no such moment."""
        return 0.0 if moment_s is None else self.listened_s - max(moment_s, calm_s)

    def silent_s(self, device: DeviceId) -> float:
        """Seconds since ``device`` was heard, or since it is known."""
        return self.listened_s - self._heard.get(device, self.listened_s)

    def supervision(self, device: DeviceId) -> Supervision:
        """What is expected of ``device``; nothing of one whose person does not want to be seen by it."""
        plan, kind = self.plan(), self.kinds.get(device, "")
        if kind in plan.withheld.kinds:
            return UNSUPERVISED
        return plan.devices.get(device, SUPERVISION.get(kind, UNSUPERVISED))

    def speaks(self, device: DeviceId) -> bool:
        """Whether ``device`` is heard as expected, or need not be."""
        alarm_s = self.supervision(device).alarm_s
        return alarm_s <= 0 or self.silent_s(device) < alarm_s

    def all_speak(self) -> bool:
        """Whether there is a sensor indoors and none is lost: only then does silence say something."""
        judges = [device for device, kind in self.kinds.items() if kind in _JUDGED_BY]
        return not _INDOOR_KINDS.isdisjoint(self.kinds.values()) and all(map(self.speaks, judges))

    def sees_all(self) -> bool:
        """Whether somebody would be seen wherever people stay: in each room that a device is in and each that
        the plan names for resting. In the hall and the bathroom nobody stays without being missed.
        """
        plan, watching = self.plan(), _JUDGED_BY - {"door"}
        stays = {*self.rooms.values(), *plan.rest_rooms} - {"", *plan.soon_rooms}
        return stays <= {self.rooms.get(device) for device, kind in self.kinds.items() if kind in watching}

    def is_exit(self, device: DeviceId) -> bool:
        """Whether ``device`` is on a door that leads outside."""
        exits = self.plan().exits
        return device in exits if exits else self.kinds.get(device) == "door"

    def someone_home(self) -> bool:
        """Whether somebody is certainly at home: seen there now, or moving since the door was last used.

        Without a sensor on the door only presence counts: who has gone out leaves no other trace.
        """
        if self.present_in() or self.in_bed():
            return True
        guarded = any(self.is_exit(device) for device in self.kinds)
        return guarded and self.moved_s is not None and self.door_s is None

    def is_empty(self) -> bool:
        """Whether everybody has gone out: an exit was used, and for longer than leaving takes nobody was
        seen inside.
        """
        gone = self.door_s is not None and self.since(self.door_s) >= LEAVING_S
        return gone and not (self.present_in() or self.in_bed())

    def watches(self, room: str) -> bool:
        """Whether a sensor in ``room`` would see somebody there, and every one of them is heard."""
        eyes = [
            one for one, kind in self.kinds.items() if kind in _INDOOR_KINDS and self.rooms.get(one) == room
        ]
        return bool(eyes) and all(map(self.speaks, eyes))

    def present_in(self) -> set[str]:
        """The rooms in which a sensor that speaks sees somebody now."""
        seen = self._devices_where(Quantity.PRESENCE)
        return {self.rooms.get(device, "") for device in seen if self.speaks(device)}

    def in_bed(self) -> bool:
        """Whether a sensor that speaks feels somebody in bed."""
        return any(self.speaks(device) for device in self._devices_where(Quantity.IN_BED))

    def held_s(self, device: DeviceId, quantity: Quantity) -> float:
        """How long ``quantity`` has been true; 0 when it is not."""
        held = self._states.get(_key(device, quantity))
        return self.listened_s - held.since_s if held and held.value else 0.0

    def lying(self, least_s: float, calm_s: float = 0.0) -> DeviceId | None:
        """The device that has seen somebody close to the floor for ``least_s``, where nobody sleeps."""
        for device, (since_s, last_s) in self._low.items():
            if last_s - max(since_s, calm_s) >= least_s and self.rooms.get(device) != BEDROOM:
                return device
        return None

    def moved_on(self, asked_s: float) -> bool:
        """Whether somebody has moved since ``asked_s`` in another room than before."""
        return self._room_s > asked_s

    # -- inside --------------------------------------------------------------------------------------

    def _advance(self, now: datetime) -> None:
        gap_s = (now - self._at).total_seconds() if self._at else 0.0
        self._at = now
        if 0 < gap_s <= CARRIED_S:
            self.listened_s += gap_s
        for device in self.kinds.keys() - self._heard.keys():
            self._heard[device] = self.listened_s

    def _reading(self, reading: Reading, value: float | bool) -> None:
        device, quantity = reading.device, reading.quantity
        if quantity in _STATES:
            self._state(device, quantity, bool(value))
            return
        moves = quantity is Quantity.BODY_MOVEMENT and value >= _BODY_PERCENT
        if moves or self.kinds.get(device) in BY_HAND:
            self._life(device)

    def _state(self, device: DeviceId, quantity: Quantity, value: bool) -> None:
        before = self._states.get(_key(device, quantity))
        held = self._held(before, value)
        self._states[_key(device, quantity)] = held
        if quantity is Quantity.MOTION:
            if value and self.listened_s - held.since_s < STUCK_S:
                self._life(device)
        elif _has_changed(before, quantity, value):
            self._change(device, quantity, value)

    def _held(self, before: _Held | None, value: bool) -> _Held:
        goes_on = before and before.value is value and self.since(before.said_s) < _PAUSE_S
        since_s = before.since_s if before and goes_on else self.listened_s
        return _Held(value, since_s, self.listened_s)

    def _change(self, device: DeviceId, quantity: Quantity, value: bool) -> None:
        if quantity is Quantity.OPENING and self.is_exit(device):
            self._exit(device, opened=value)
        if quantity is Quantity.IN_BED:
            away = not self.in_bed()
            self.left_bed_s, self.left_bed = (self.listened_s, device) if away else (None, None)
        self._life(device, inside=value and quantity in {Quantity.IN_BED, Quantity.PRESENCE})

    def _exit(self, device: DeviceId, *, opened: bool) -> None:
        """Somebody goes out or comes in: in, if the home had been empty."""
        came_back = opened and self.since(self.door_s) >= LEAVING_S
        if opened or self.door_s is not None:
            self.door_s, self.door = (None, None) if came_back else (self.listened_s, device)

    def _life(self, device: DeviceId, *, inside: bool = False) -> None:
        """Somebody moves. ``inside``: certainly not on the way out."""
        self.moved_s = self.listened_s
        if inside or (self.since(self.door_s) >= LEAVING_S and not self.is_exit(device)):
            self.door_s = self.door = None
        if room := self.rooms.get(device, ""):
            if room != self.moved_in:
                self._room_s = self.listened_s
            self.moved_in, self.moved_by = room, device
            if self.fell_in is not None and room != self.fell_in:
                self.fell_in = None
        elif self.moved_by is None:
            self.moved_by = device

    def _height(self, device: DeviceId, value: float | bool | None) -> None:
        if value is None or value > LYING_M:
            self._low.pop(device, None)
        else:
            since_s, last_s = self._low.get(device, (self.listened_s, self.listened_s))
            goes_on = self.listened_s - last_s < _PAUSE_S
            self._low[device] = since_s if goes_on else self.listened_s, self.listened_s

    def _devices_where(self, quantity: Quantity) -> list[DeviceId]:
        """The devices that last said that ``quantity`` is true."""
        end = f"/{quantity}"
        return [
            DeviceId(name.removesuffix(end))
            for name, held in self._states.items()
            if held.value and name.endswith(end)
        ]

    def _restore(self, state: Any) -> None:
        self._at = datetime.fromtimestamp(state["at"], UTC) if state["at"] is not None else None
        self.listened_s = float(state["listened_s"])
        self.moved_s, self.moved_in, moved_by, self._room_s = state["moved"]
        self.moved_by = None if moved_by is None else DeviceId(moved_by)
        self.door_s, door = state["door"]
        self.door = None if door is None else DeviceId(door)
        self.left_bed_s, left_bed = state["left_bed"]
        self.left_bed = None if left_bed is None else DeviceId(left_bed)
        self.fell_s, self.fell_in = state["fell"]
        self._heard = {DeviceId(device): float(at_s) for device, at_s in state["heard"].items()}
        self._states = {
            name: _Held(bool(value), float(since_s), float(said_s))
            for name, (value, since_s, said_s) in state["states"].items()
        }
        self._low = {
            DeviceId(name): (float(since), float(last)) for name, (since, last) in state["low"].items()
        }

    def _forget(self) -> None:
        fresh = Surroundings(self.kinds, self.rooms, self.plan)
        for name in Surroundings.__slots__:
            setattr(self, name, getattr(fresh, name))


def _has_changed(before: _Held | None, quantity: Quantity, value: bool) -> bool:
    """The first report of a state is no change, except that nobody is there, and no door open, by itself."""
    if before is None:
        return value and quantity is not Quantity.WORN
    return before.value is not value


def _key(device: DeviceId, quantity: Quantity) -> str:
    return f"{device}/{quantity}"


def _whole(at_s: float | None) -> int | None:
    return None if at_s is None else round(at_s)


def _swing_mg(window: MotionWindow) -> int:
    """The widest swing of one axis."""
    return max((max(axis) - min(axis) for axis in zip(*window.samples_mg, strict=True)), default=0)
