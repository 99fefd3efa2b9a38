"""The nouns of the rules over a home: a sign, a device, what is known, and what was found.

What this is: frozen values. What it is not: a rule. The one idea: ``Known.until`` is the moment up to which
all that happened at home has arrived. Rules judge at that moment and never at the wall's: a home that falls
silent stops there, so its silence says nothing about the person, and what comes late comes before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from cloud.incidents.model import Priority
from firmware_protocols.model import AlarmKind, EventKind, Quantity
from firmware_protocols.supervision import SUPERVISION, UNSUPERVISED
from firmware_protocols.wire.plan import Plan, Supervision

if TYPE_CHECKING:
    from cloud.detect.rules.habits import Habits
    from cloud.detect.rules.house import House

Number = float | int | str

INDOORS: Final = frozenset({"motion", "presence", "radar"})
"""Kinds of device that see somebody who is up; a contact or a mat alone cannot tell a quiet day from a bad
one."""
WATCHING: Final = INDOORS | {"bed"}
WHEREABOUTS: Final = frozenset(
    {
        *(*WATCHING, "door"),
        *(Quantity.MOTION, Quantity.PRESENCE, Quantity.OPENING, Quantity.IN_BED, Quantity.BODY_MOVEMENT),
    }
)
"""What says where somebody is; a rule that no longer gets a part of it would take that for stillness."""


@dataclass(frozen=True, slots=True)
class Device:
    """``heard_at``: when it last said anything that was stored; ``None``: never."""

    id: int
    name: str
    kind: str
    room: str = ""
    heard_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sign:
    """A device said the same from ``at`` until ``until``: a state, a measurement, or an event."""

    at: datetime
    until: datetime
    device_id: int
    what: Quantity | EventKind
    value: float = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """The way from a gateway, ``id``, to us. ``heard_at``: the last heartbeat; ``None``: there never was one.
    ``online``: what the broker says. ``behind_s``: how old what it still holds is. ``told_time``: whether
    its clock is set.
    """

    id: str
    heard_at: datetime | None
    online: bool = True
    behind_s: float = 0.0
    told_time: bool = True


@dataclass(frozen=True, slots=True)
class Hole:
    """Nothing of the home was recorded from ``since`` until ``until``: its gateway stood still, or lost
    it.
    """

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a home at ``now``. ``until``: up to when nothing is missing any more; ``None``: never.

    ``lines``: one for each gateway. ``withheld``: kinds, quantities and events that the person keeps to
    themselves. ``called_at``: when people were last called to this person. ``house``: where somebody is, as
    ``signs`` tell it. ``area_out``: the place around is out. ``listening``: we would hear the gateways.
    ``batteries``: what each device last said of its own."""

    now: datetime
    until: datetime | None
    plan: Plan
    devices: Mapping[int, Device]
    lines: tuple[Line, ...]
    signs: tuple[Sign, ...]
    house: House
    habits: Habits
    withheld: frozenset[str] = frozenset()
    called_at: datetime | None = None
    area_out: bool = False
    listening: bool = True
    batteries: Mapping[int, Sign] = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        """The moment that is judged; only for rules that the frame has let through."""
        return self.now if self.until is None else self.until

    @property
    def local(self) -> datetime:
        """``at`` as the clock on the wall of the home shows it."""
        return self.plan.local(self.at)

    def of_kinds(self, kinds: frozenset[str]) -> list[Device]:
        """The devices of ``kinds``."""
        return [device for device in self.devices.values() if device.kind in kinds]

    def room(self, sign: Sign | None) -> str:
        """Where ``sign`` was."""
        return self.devices[sign.device_id].room if sign else ""

    def supervision(self, device: Device) -> Supervision:
        """How often ``device`` must speak; nothing is expected of one whose word is withheld."""
        if device.kind in self.withheld:
            return UNSUPERVISED
        return self.plan.devices.get(device.name, SUPERVISION.get(device.kind, UNSUPERVISED))

    def speaks(self, device: Device) -> bool:
        """Whether ``device`` was heard as expected up to ``at``, or need not be."""
        alarm_s = self.supervision(device).alarm_s
        if alarm_s <= 0:
            return True
        return device.heard_at is not None and self.at - device.heard_at < timedelta(seconds=alarm_s)

    def all_speak(self, kinds: frozenset[str]) -> bool:
        """Whether every device of ``kinds`` speaks."""
        return all(self.speaks(device) for device in self.of_kinds(kinds))

    def heard_since(self, moment: datetime) -> bool:
        """Whether any device has said anything after ``moment``: else it is the home that fell silent."""
        return any(device.heard_at and device.heard_at > moment for device in self.devices.values())


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, once. ``since``: when it began; the same ``rule``, ``subject`` and ``since`` are the
    same finding at every look. ``subject``: the device it is about, where a home may have several.

    ``numbers``: what its sentence says. ``rows``: the signs that it rests on, the decisive one first.
    ``device_id``: whose alarm it is; ``None``: the gateway's. ``words``: the key of its sentence, where a
    rule has several."""

    rule: str
    priority: Priority
    since: datetime
    numbers: Mapping[str, Number]
    rows: tuple[Sign, ...] = ()
    subject: str = ""
    device_id: int | None = None
    words: str = ""


Verdict = Finding | datetime
"""Something was found, or when to look next (by the time of ``Known.until``)."""
Judge = Callable[[Known], Iterator[Verdict]]


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """``number``: in the care domain's table of situations. ``name``: the key of its sentence (``finding.``).

    ``needs``: sets of kinds; of each, one device at least stands in the home. ``gate``: kinds of device
    that must all speak, or nothing is judged. ``rests_on``: what consent may withhold, and then nothing is
    judged. ``cool_down``: how long after its end the same is not said again. ``technical``: it is judged at
    ``now``, because it is about what does not arrive."""

    number: int
    name: str
    kind: AlarmKind
    judge: Judge
    cool_down: timedelta
    needs: tuple[frozenset[str], ...] = ()
    gate: frozenset[str] = frozenset()
    rests_on: frozenset[str] = frozenset()
    technical: bool = False
