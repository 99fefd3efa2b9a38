"""Where somebody is and what they last did, as the signs of a home tell it. Pure.

What this is: one walk over the signs, in the words of ``edge_agent.rules.surroundings``. What it is not: a
rule, and nobody is identified. The one idea: the walk is made anew at each look, so a sign that comes late
is in its place, and nothing that was concluded without it stays."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cloud.detect.rules.model import Device, Hole, Sign
from firmware_protocols.model import EventKind, Quantity
from firmware_protocols.supervision import BY_HAND
from firmware_protocols.wire.plan import Plan

LEAVING: Final = timedelta(minutes=2)
"""Whoever walks out is still seen in the hall for a moment; movement later than this is somebody inside.
D."""
STUCK: Final = timedelta(hours=1)
"""Nobody moves for so long without a pause: the rest of such a "motion" is not believed. D."""
REPEATS: Final = timedelta(hours=1)
"""Sensors repeat their state at least so often; the first word of one that speaks later is a change. D."""
BATHROOM: Final = "bathroom"
BEDROOM: Final = "bedroom"
_STATES: Final = frozenset({Quantity.OPENING, Quantity.PRESENCE, Quantity.IN_BED})
_LASTING: Final = frozenset({Quantity.MOTION, Quantity.BODY_MOVEMENT})
_BY_HAND: Final = frozenset({EventKind.BUTTON, EventKind.ALL_WELL})


@dataclass(frozen=True, slots=True)
class Life:
    """Somebody did something. ``inside``: certainly not on the way out."""

    at: datetime
    sign: Sign
    room: str
    kind: str
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Stay:
    """From ``since``, when ``sign`` told it, until ``until``; ``None``: it lasts."""

    since: datetime
    sign: Sign
    until: datetime | None = None

    def minutes(self, at: datetime) -> float:
        """How long it is or was."""
        return ((self.until or at) - self.since) / timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class House:
    """``lives``: in order. ``outings``, ``baths``: time away and in the bathroom, in order; the last may
    last.

    ``left_bed``: the sign that somebody got up, and nobody is back. ``calm_at``: before that nothing is
    waited for: they said that all is well, or a hole ended. ``present``: rooms where somebody is seen now.
    ``guarded``: a door that leads outside has a sensor. ``holes``: those that have ended. ``astray``: they
    were out when the last one began, and have not been seen since.
    """

    lives: tuple[Life, ...] = ()
    outings: tuple[Stay, ...] = ()
    baths: tuple[Stay, ...] = ()
    in_bed: bool = False
    left_bed: Sign | None = None
    calm_at: datetime | None = None
    present: frozenset[str] = frozenset()
    guarded: bool = False
    holes: tuple[Hole, ...] = ()
    astray: bool = False

    @property
    def last(self) -> Life | None:
        """The last sign of life."""
        return self.lives[-1] if self.lives else None

    @property
    def out(self) -> Stay | None:
        """The outing that lasts."""
        return _open(self.outings)

    @property
    def bath(self) -> Stay | None:
        """The stay in the bathroom that lasts."""
        return _open(self.baths)

    @property
    def someone_home(self) -> bool:
        """Whether somebody is certainly in: seen now, or moving since the door was last used. Without a
        sensor on the door only being seen counts.
        """
        at_home = self.guarded and bool(self.lives) and self.out is None and not self.astray
        return bool(self.present) or self.in_bed or at_home

    @property
    def deaf_until(self) -> datetime | None:
        """When the last hole ended: what was waited for before is waited for anew."""
        return self.holes[-1].until if self.holes else None

    def last_in(self, room: str) -> Life | None:
        """The last sign of life in ``room``."""
        return next((life for life in reversed(self.lives) if life.room == room), None)

    def between(self, begins: datetime, ends: datetime) -> list[Life]:
        """The signs of life from ``begins`` until before ``ends``."""
        first = bisect_left(self.lives, begins, key=_at)
        return list(self.lives[first : bisect_left(self.lives, ends, lo=first, key=_at)])

    def was_deaf(self, begins: datetime, ends: datetime) -> bool:
        """Whether some of that time lies in a hole."""
        return any(hole.since < ends and hole.until > begins for hole in self.holes)

    def was_out(self, begins: datetime, ends: datetime, least: timedelta) -> bool:
        """Whether they were out for ``least`` of that time."""
        return any(min(stay.until or ends, ends) - max(stay.since, begins) >= least for stay in self.outings)


def walk(
    signs: Iterable[Sign],
    devices: Mapping[int, Device],
    plan: Plan,
    since: datetime,
    until: datetime,
    *,
    holes: Iterable[Hole] = (),
) -> House:
    """What ``signs``, known from ``since`` on but for ``holes``, say at ``until``."""
    walker = _Walk(devices, plan, [hole for hole in holes if since < hole.until <= until])
    listed = [sign for sign in signs if sign.at <= until]
    first: set[tuple[int, Quantity | EventKind]] = set()
    moments: list[tuple[datetime, int, Sign, bool]] = []
    for number, sign in enumerate(sorted(listed, key=lambda one: one.at)):
        is_first = (sign.device_id, sign.what) not in first
        first.add((sign.device_id, sign.what))
        moments.append((sign.at, number, sign, not is_first or sign.at - since > REPEATS))
        ends = min(sign.until, sign.at + STUCK, until)
        if sign.what in _LASTING and sign.value and ends > sign.at:
            moments.append((ends, number, sign, True))
    for at, _, sign, is_change in sorted(moments, key=lambda one: one[:2]):
        walker.hear_again(at)
        walker.take(at, sign, is_change)
    walker.hear_again(until)
    return walker.house()


@dataclass(slots=True)
class _Walk:
    devices: Mapping[int, Device]
    plan: Plan
    holes: list[Hole]
    ended: list[Hole] = field(default_factory=list)
    astray: bool = False
    lives: list[Life] = field(default_factory=list)
    outings: list[Stay] = field(default_factory=list)
    baths: list[Stay] = field(default_factory=list)
    left_bed: Sign | None = None
    calm_at: datetime | None = None
    beds: dict[int, Sign] = field(default_factory=dict)
    seen: dict[int, Sign] = field(default_factory=dict)

    def house(self) -> House:
        """As it stands."""
        rooms = (self.devices[device].room for device, seen in self.seen.items() if seen.value)
        return House(
            tuple(self.lives),
            tuple(self.outings),
            tuple(self.baths),
            self._in_bed(),
            self.left_bed,
            self.calm_at,
            frozenset(rooms),
            any(self._is_exit(device) for device in self.devices.values()),
            tuple(self.ended),
            self.astray,
        )

    def hear_again(self, at: datetime) -> None:
        """Every hole that has ended by ``at``: nobody knows what somebody did in it. Waits begin anew, and
        who was out may be back.
        """
        while self.holes and self.holes[0].until <= at:
            hole = self.holes.pop(0)
            self.ended.append(hole)
            self.calm_at = max(hole.until, self.calm_at or hole.until)
            self.left_bed = None
            self.beds = {one: sign for one, sign in self.beds.items() if sign.until >= hole.until}
            self.seen = {one: sign for one, sign in self.seen.items() if sign.until >= hole.until}
            self._leave_bath(hole.since)
            if _open(self.outings) is not None:
                self.outings.pop()
                self.astray = True

    def take(self, at: datetime, sign: Sign, is_change: bool) -> None:
        """One moment of one sign. ``is_change``: the device had said something else before."""
        device = self.devices.get(sign.device_id)
        if device is None:
            return
        if sign.what in _BY_HAND:
            self._by_hand(at, sign, device)
        elif sign.what in _STATES:
            self._state(at, sign, device, is_change)
        elif sign.value and (sign.what in _LASTING or sign.what is Quantity.POWER or device.kind in BY_HAND):
            self._live(at, sign, device)

    def _by_hand(self, at: datetime, sign: Sign, device: Device) -> None:
        if sign.what is EventKind.ALL_WELL or device.kind == "cancel_button":
            self.calm_at = at
        self._live(at, sign, device)

    def _state(self, at: datetime, sign: Sign, device: Device, is_change: bool) -> None:
        value = bool(sign.value)
        if sign.what is Quantity.PRESENCE:
            self.seen[device.id] = sign
        if sign.what is Quantity.IN_BED:
            lay = self._in_bed()
            self.beds[device.id] = sign
            if self._in_bed():
                self.left_bed = None
            elif is_change and (lay or self.left_bed is None):
                self.left_bed = sign
        if not is_change:
            return
        if sign.what is Quantity.OPENING and self._is_exit(device):
            self._exit(at, sign, opened=value)
        self._live(at, sign, device, inside=value and sign.what is not Quantity.OPENING)

    def _exit(self, at: datetime, sign: Sign, *, opened: bool) -> None:
        """Somebody goes out or comes in: in, if the home had been empty. Nobody is in the bathroom any
        more.
        """
        self._leave_bath(at)
        out = _open(self.outings)
        self.astray = False
        if out is None:
            if opened:
                self.outings.append(Stay(at, sign))
        elif opened and at - out.since >= LEAVING:
            self.outings[-1] = Stay(out.since, out.sign, at)
        else:
            self.outings[-1] = Stay(at, sign)

    def _live(self, at: datetime, sign: Sign, device: Device, *, inside: bool = False) -> None:
        is_exit = self._is_exit(device)
        self.astray = self.astray and is_exit
        self.lives.append(Life(at, sign, device.room, device.kind, inside))
        out = _open(self.outings)
        if out is not None and not is_exit and (inside or at - out.since >= LEAVING):
            if at - out.since < LEAVING:
                self.outings.pop()
            else:
                self.outings[-1] = Stay(out.since, out.sign, at)
        if device.room:
            self._move(at, sign, device.room)

    def _move(self, at: datetime, sign: Sign, room: str) -> None:
        bath = _open(self.baths)
        if room == BATHROOM:
            gone = sign.what is Quantity.PRESENCE and not sign.value
            if bath is None and not gone:
                self.baths.append(Stay(at, sign))
            elif gone:
                self._leave_bath(at)
        else:
            self._leave_bath(at)

    def _leave_bath(self, at: datetime) -> None:
        bath = _open(self.baths)
        if bath is not None:
            self.baths[-1] = Stay(bath.since, bath.sign, at)

    def _in_bed(self) -> bool:
        return any(sign.value for sign in self.beds.values())

    def _is_exit(self, device: Device) -> bool:
        exits = self.plan.exits
        return device.name in exits if exits else device.kind == "door"


def _at(life: Life) -> datetime:
    return life.at


def _open(stays: Sequence[Stay]) -> Stay | None:
    return stays[-1] if stays and stays[-1].until is None else None
