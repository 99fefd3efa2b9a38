"""A flat full of sensors in which a test lets time pass: all rules at once, ticking, over restarts and
clock faults.

Every sensor says each five minutes that it lives, unless it is among ``dead``. Times are those of the clock
on the resident's wall; ``elapsed_s`` is time as it really passes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from edge_agent.rules import RULES, FallSign, Heard, Home, InForce, Reminding, Rule, Sight
from edge_agent.rules.surroundings import Surroundings
from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    DeviceId,
    Event,
    EventKind,
    Quality,
    Quantity,
    Reading,
)
from firmware_protocols.wire import plan as plans

DEVICES = {
    "pendant": ("pendant", ""),
    "bedside": ("cancel_button", "bedroom"),
    "watch": ("wearable", ""),
    "radar-bath": ("radar", "bathroom"),
    "pir-hall": ("motion", "hall"),
    "pir-living": ("motion", "living_room"),
    "pir-kitchen": ("motion", "kitchen"),
    "pir-bedroom": ("motion", "bedroom"),
    "bed": ("bed", "bedroom"),
    "door-front": ("door", "hall"),
    "oximeter": ("pulse_oximeter", ""),
    "cuff": ("blood_pressure", ""),
    "mains": ("mains", "hall"),
}
SENSOR = {"hall": "pir-hall", "living_room": "pir-living", "kitchen": "pir-kitchen", "bedroom": "pir-bedroom",
          "bathroom": "radar-bath"}  # fmt: skip
SAYING = frozenset(name for name, make in RULES.items() if hasattr(make, "reminders"))
_ALIVE_S = 300.0
_STEP_S = 10.0


def at(clock: str, day: int = 1) -> datetime:
    """A time of the first days of June, on the wall in China."""
    return datetime.fromisoformat(f"2026-06-{day:02}T{clock}:00+08:00")


@dataclass
class Dwelling:
    """``start``: what the wall clock shows first. ``plan``: a plan's document."""

    start: datetime
    plan: dict[str, Any] = field(default_factory=dict)
    devices: dict[str, tuple[str, str]] = field(default_factory=lambda: dict(DEVICES))
    dead: set[str] = field(default_factory=set)
    told: list[tuple[float, Alarm]] = field(default_factory=list)
    reminded: list[tuple[float, AlarmKind]] = field(default_factory=list)
    elapsed_s: float = 0.0

    def __post_init__(self) -> None:
        self.wall = self.start
        self._ids = count(1)
        self._rules = self._fresh()
        self.tick()

    @property
    def around(self) -> Surroundings:
        found = self._rules["surroundings"]
        assert isinstance(found, Surroundings)
        return found

    @property
    def rules(self) -> Mapping[str, Rule]:
        """By name."""
        return self._rules

    # -- what happens ------------------------------------------------------------------------------

    def see(self, sight: Sight) -> None:
        for rule in self._rules.values():
            self._tell(rule.see(sight, self.wall))

    def read(
        self, device: str, quantity: Quantity, value: float | bool | None, quality: str = "good"
    ) -> None:
        self.see(Reading(DeviceId(device), quantity, value, self.wall, Quality(quality)))

    def move(self, room: str) -> None:
        """Somebody walks through ``room``: its sensor says so, and a moment later that it is over."""
        self.read(SENSOR[room], Quantity.MOTION, True)
        self.wait(10)
        self.read(SENSOR[room], Quantity.MOTION, False)

    def press(self, device: str) -> None:
        self.see(Event(DeviceId(device), EventKind.BUTTON, "press", self.wall))

    def fall(self, device: str = "watch") -> None:
        self.see(FallSign(DeviceId(device), self.wall, {"peak_g": 3.0}))

    def bed(self, occupied: bool) -> None:
        self.read("bed", Quantity.IN_BED, occupied)

    def door(self) -> None:
        """Somebody goes through the front door: it opens and falls shut."""
        self.read("door-front", Quantity.OPENING, True)
        self.wait(10)
        self.read("door-front", Quantity.OPENING, False)

    def tick(self) -> None:
        """The gateway looks at its clock."""
        for rule in self._rules.values():
            self._tell(rule.tick(self.wall))
        for reminding in self._reminding:
            self.reminded += [(self.elapsed_s, kind) for kind in reminding.reminders(self.wall)]

    def wait(self, seconds: float) -> None:
        """Let time pass: the rules tick, living sensors say that they live."""
        end = self.elapsed_s + seconds
        while self.elapsed_s < end:
            step_s = min(_STEP_S, end - self.elapsed_s)
            before = self.elapsed_s // _ALIVE_S
            self.elapsed_s += step_s
            self.wall += timedelta(seconds=step_s)
            if self.elapsed_s // _ALIVE_S > before:
                for device in self.devices.keys() - self.dead:
                    self.see(Heard(DeviceId(device), self.wall))
            self.tick()

    def wait_min(self, minutes: float) -> None:
        self.wait(minutes * 60)

    def live(self, minutes: float, *rooms: str) -> None:
        """Somebody goes about the day, a movement every ten minutes."""
        for number in range(int(minutes // 10)):
            self.move(rooms[number % len(rooms)])
            self.wait(590)

    # -- what disturbs ------------------------------------------------------------------------------

    def restart(self, seconds: float = 30) -> None:
        """Kill the gateway and start it again, which takes so long."""
        states = {name: json.loads(json.dumps(rule.state())) for name, rule in self._rules.items()}
        self._rules = self._fresh()
        for name, state in states.items():
            self._rules[name].restore(state)
        self.elapsed_s += seconds
        self.wall += timedelta(seconds=seconds)
        self.tick()

    def set_clock(self, by: timedelta) -> None:
        """Somebody, or a time server, sets the clock."""
        self.wall += by

    # -- what was told ------------------------------------------------------------------------------

    def alarms(self, kind: AlarmKind) -> list[Alarm]:
        return [alarm for _, alarm in self.told if alarm.kind is kind]

    def states(self, kind: AlarmKind) -> list[AlarmState]:
        return [alarm.state for alarm in self.alarms(kind)]

    def raised(self, kind: AlarmKind) -> list[Alarm]:
        return [alarm for alarm in self.alarms(kind) if alarm.state is AlarmState.RAISED]

    def minute_of(self, kind: AlarmKind) -> float:
        """When the first alarm of ``kind`` was raised, in minutes since the start."""
        return (
            next(s for s, alarm in self.told if alarm.kind is kind and alarm.state is AlarmState.RAISED) / 60
        )

    # -- inside --------------------------------------------------------------------------------------

    def _fresh(self) -> dict[str, Rule]:
        kinds = {DeviceId(name): kind for name, (kind, _) in self.devices.items()}
        rooms = {DeviceId(name): room for name, (_, room) in self.devices.items()}
        in_force = InForce(plans.parse(self.plan))
        home = Home(kinds, lambda: AlarmId(str(next(self._ids))), 20.0, rooms, in_force)
        return {name: make(home) for name, make in RULES.items()}

    @property
    def _reminding(self) -> list[Reminding]:
        """The rules that may have the home say something."""
        return [rule for name, rule in self._rules.items() if name in SAYING and isinstance(rule, Reminding)]

    def _tell(self, alarms: list[Alarm]) -> None:
        self.told += [(self.elapsed_s, alarm) for alarm in alarms]


Disturbance = Callable[[Dwelling], None]


def _restart_twice(home: Dwelling) -> None:
    home.restart()
    home.restart()


DISTURBANCES: dict[str, Disturbance] = {
    "undisturbed": lambda _: None,
    "restarted": Dwelling.restart,
    "restarted twice": _restart_twice,
    "clock set back an hour": lambda home: home.set_clock(timedelta(hours=-1)),
    "clock set back half a minute": lambda home: home.set_clock(timedelta(seconds=-30)),
    "clock set ahead by days": lambda home: home.set_clock(timedelta(days=40)),
}
"""What may happen in the middle of any wait, and must neither lose an alarm nor bring it early."""
