"""The road inside the gateway: frame → observations → alarms → outbox.

What it is not: it opens no device and no network. The one idea: everything that follows from one frame (its
events, its alarms, the replay counter, the rules' state) is committed in one transaction before anything
else happens, so a gateway killed at any moment either never took the frame or lost nothing of it.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from edge_agent import trace
from edge_agent.clock import Clock, Stamp
from edge_agent.drivers import Incoming
from edge_agent.evidence import PERSON_KINDS, Recent
from edge_agent.outbox import Outbox
from edge_agent.prompt import Announcer
from edge_agent.replay import Replay
from edge_agent.rules import RESTLESS, FallSign, Heard, InForce, Reminding, Rule
from edge_agent.settings import Device
from edge_agent.thin import Thinning
from edge_agent.update.calm import OpenAlarms
from edge_agent.valves import Valves
from firmware_protocols.errors import DecodeError
from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmState,
    DeviceId,
    Event,
    JsonValue,
    MotionWindow,
    Observation,
    Reading,
)
from firmware_protocols.registry import CODECS

log = logging.getLogger(__name__)

_REPLAY: Final = "replay/"
_RULE: Final = "rule/"
_OPEN: Final = "open_alarms"
_STALE: Final = timedelta(minutes=1)
"""A frame is taken within moments; a receive time further off than this is not the gateway's time."""
_NOTED: Final = timedelta(minutes=1)
"""What rules wait for is on disk no later than this, also in a home in which nothing happens."""
_ALIVE: Final = timedelta(seconds=10)
"""Rules hear so often that a device lives which says nothing new."""


class Motion(Protocol):
    """Looks for falls in wearables' motion."""

    def see(self, window: MotionWindow, now: datetime) -> Sequence[FallSign | Reading]:
        """Return the signs of a fall in ``window`` and those before it, and what has become of the sensor."""
        ...

    def tick(self, now: datetime) -> list[FallSign]:
        """Return the signs of a fall from wearables that have fallen silent."""
        ...


@dataclass(slots=True)
class Pipeline:
    """One per gateway. Every method runs on the event loop's thread."""

    devices: Mapping[DeviceId, Device]
    outbox: Outbox
    rules: Mapping[str, Rule]
    announcer: Announcer
    clock: Clock
    motion: Motion | None = None
    appended: Callable[[], None] = lambda: None
    """Told that something urgent waits in the outbox."""
    refused: Counter[str] = field(default_factory=Counter)
    """Frames refused, by device."""
    withheld: int = 0
    """Observations dropped because the plan withholds them."""
    thinning: Thinning = field(default_factory=Thinning)
    in_force: InForce = field(default_factory=InForce)
    """The home's plan, which each alarm names."""
    recent: Recent = field(default_factory=Recent)
    """What the devices said last, for the evidence of an alarm."""
    open_alarms: OpenAlarms = field(default_factory=OpenAlarms)
    """While one is open the program is not replaced."""
    valves: Valves = field(default_factory=lambda: Valves({}, lambda: 0.0))
    _alive: dict[DeviceId, datetime] = field(default_factory=dict)
    _replay: Replay = field(init=False)
    _noted_at: datetime = field(init=False)
    _reminding: Sequence[Reminding] = field(init=False)

    def __post_init__(self) -> None:
        """Take up where the last run stopped."""
        self._replay = Replay(self.devices)
        self._noted_at = now = self.clock.now()
        self._reminding = [rule for rule in self.rules.values() if isinstance(rule, Reminding)]
        for device in self.devices:
            if note := self.outbox.recall(_REPLAY + device):
                with contextlib.suppress(ValueError, TypeError):  # an older program's note
                    self._replay.restore(device, note, now)
        for name, rule in self.rules.items():
            if note := self.outbox.recall(_RULE + name):
                with contextlib.suppress(ValueError):
                    rule.restore(json.loads(note))
        if note := self.outbox.recall(_OPEN):
            with contextlib.suppress(ValueError, OverflowError, OSError):
                self.open_alarms.restore(json.loads(note))

    def take(self, incoming: Incoming) -> None:
        """Take one frame from a driver. Never raises for what the frame holds."""
        (now, stamp), device = self.clock.moment(), incoming.frame.device
        codec = CODECS.get(incoming.codec)
        if codec is None or device not in self.devices:
            self._refuse(device, f"no codec {incoming.codec!r} or no such device")
            return
        if self._replay.is_repetition(incoming, now):
            self._note_alive(device, now)
            return
        trace.mark("frame", device=device, codec=incoming.codec)
        frame = incoming.frame
        if (
            abs(now - frame.received_at) > _STALE
        ):  # the system's clock is below the floor, or has just been set
            frame = replace(frame, received_at=now)
        try:
            decoded = codec.decode(frame, self._replay.security(device))
        except DecodeError as error:
            self._refuse(device, str(error))
            return
        fresh = self._replay.accept(incoming, decoded, now)
        allowed = self._allowed(decoded.observations, device)
        self.recent.add(
            incoming.codec, frame, allowed if len(allowed) == len(decoded.observations) else (), now
        )
        if fresh:
            if note := self._replay.note(device):
                self.outbox.note(_REPLAY + device, note)
            self._take_fresh(fresh, device, now, stamp)
        elif decoded.heard and not incoming.retained:
            self._note_alive(device, now)

    def tick(self) -> None:
        """Call about once a second: rules' deadlines, the outbox's groups."""
        now, stamp = self.clock.moment()
        signs = self.motion.tick(now) if self.motion else []
        alarms = [alarm for sign in signs for rule in self.rules.values() for alarm in rule.see(sign, now)]
        alarms += [alarm for rule in self.rules.values() for alarm in rule.tick(now)]
        if alarms:
            self._store([], alarms, now, stamp)
        for kind in [kind for rule in self._reminding for kind in rule.reminders(now)]:
            self.announcer.remind(kind)
        if abs(now - self._noted_at) >= _NOTED:
            self.keep()
        self.outbox.tick(now)

    def record(self, alarms: list[Alarm]) -> None:
        """Store alarms that did not come from a frame: a deadline, a command, the agent itself."""
        if alarms:
            self._store([], alarms, *self.clock.moment())

    def keep(self) -> None:
        """Make durable what the rules remember, where no record tells of it."""
        self._note_rules(all_of_them=True)
        self.outbox.flush(self.clock.now())

    def silent_s(self) -> dict[str, float]:
        """Seconds since each device was heard; of a device that only speaks when somebody passes, that is
        itself a trace of the person, so one whose kind is withheld is left out.
        """
        kinds = self.in_force.plan.withheld.kinds
        heard = self._replay.silent_s(self.clock.now())
        return {name: age_s for name, age_s in heard.items() if str(self._kind(DeviceId(name))) not in kinds}

    def _kind(self, device: DeviceId) -> str:
        known = self.devices.get(device)
        return str(known.kind) if known else ""

    def _allowed(self, observations: tuple[Observation, ...], device: DeviceId) -> tuple[Observation, ...]:
        """Those of ``observations`` that may be collected."""
        withheld, kind = self.in_force.plan.withheld, self._kind(device)
        return tuple(one for one in observations if not withheld.hides(one, kind))

    def _take_fresh(
        self, fresh: tuple[Observation, ...], device: DeviceId, now: datetime, stamp: Stamp
    ) -> None:
        """What the person does not allow ends here: no rule sees it and nothing of it is stored; only that
        the device lives.
        """
        allowed = self._allowed(fresh, device)
        self.withheld += len(fresh) - len(allowed)
        if allowed:
            self._see(allowed, now, stamp)
        elif fresh:
            self._note_alive(device, now)

    def _note_alive(self, device: DeviceId, now: datetime) -> None:
        """The device is there, although it says nothing new."""
        last = self._alive.get(device)
        if last is None or abs(now - last) >= _ALIVE:
            self._alive[device] = now
            heard = Heard(device, now)
            self.record([alarm for rule in self.rules.values() for alarm in rule.see(heard, now)])

    def _see(self, observations: tuple[Observation, ...], now: datetime, stamp: Stamp) -> None:
        kept: list[Reading | Event] = []
        alarms: list[Alarm] = []
        for observation in observations:
            self.valves.see(observation)
            sights: list[Observation | FallSign] = [observation]
            if isinstance(observation, MotionWindow):
                sights += self.motion.see(observation, now) if self.motion else []
            elif self.thinning.keeps(observation):
                kept.append(observation)
            alarms += [a for sight in sights for rule in self.rules.values() for a in rule.see(sight, now)]
        self._store(kept, alarms, now, stamp)

    def _store(self, kept: list[Reading | Event], alarms: list[Alarm], now: datetime, stamp: Stamp) -> None:
        self._note_rules(all_of_them=bool(alarms))
        told = [
            replace(
                alarm,
                actions=alarm.actions + self.announcer.hear(alarm) + self.valves.hear(alarm),
                evidence=self._evidence(alarm, now),
            )
            for alarm in alarms
        ]
        self._note_open(told, now)
        trace.mark_alarms("decided", told)
        self.outbox.append([*told, *kept], stamp, now)
        trace.mark_alarms("stored", told)
        for alarm in told:
            log.warning(
                "alarm kind=%s state=%s id=%s device=%s", alarm.kind, alarm.state, alarm.id, alarm.device
            )
        if told or any(isinstance(record, Event) for record in kept):
            self.appended()

    def _evidence(self, alarm: Alarm, now: datetime) -> Mapping[str, JsonValue]:
        """What the alarm rests on, the plan it was decided under, and for a person the last minute's
        frames.
        """
        version = self.in_force.plan.version
        plan = {"plan": version} if version else {}
        sealed = alarm.state is AlarmState.RAISED and alarm.kind in PERSON_KINDS
        return {**alarm.evidence, **plan, **(self.recent.seal(now) if sealed else {})}

    def close(self, alarm: AlarmId) -> None:
        """People are done with ``alarm``."""
        self.open_alarms.close(alarm)
        self.outbox.note(_OPEN, json.dumps(self.open_alarms.state()))

    def _note_open(self, told: Sequence[Alarm], now: datetime) -> None:
        for alarm in told:
            self.open_alarms.see(alarm, now)
        if told:
            self.outbox.note(_OPEN, json.dumps(self.open_alarms.state()))

    def _note_rules(self, *, all_of_them: bool) -> None:
        """Durable with the next commit: what the rules must not forget. What changes with every frame goes
        with an alarm and once a minute: a card bears no more.
        """
        if all_of_them:
            self._noted_at = self.clock.now()
        for name, rule in self.rules.items():
            if all_of_them or name not in RESTLESS:
                self.outbox.note(_RULE + name, json.dumps(rule.state()))

    def _refuse(self, device: DeviceId, reason: str) -> None:
        """Count it; of many, say the 1st, 2nd, 4th, 8th …"""
        self.refused[device] += 1
        count = self.refused[device]
        if count & (count - 1) == 0:
            log.warning("frame refused device=%s count=%d reason=%s", device, count, reason)
