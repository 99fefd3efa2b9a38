"""The composition root: builds every part from the settings and runs them in one ``TaskGroup``.

The only place that knows which part talks to which. Nothing here decides anything about a person.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import functools
import logging
import operator
import os
import signal
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from edge_agent.clock import Clock
from edge_agent.downlink import Downlink
from edge_agent.drivers import Driver, build_all
from edge_agent.drivers.beat import until_hung
from edge_agent.drivers.local_mqtt import LocalMqtt
from edge_agent.faults import Faults
from edge_agent.health import Health
from edge_agent.motion import MotionWatch, load_watch
from edge_agent.outbox import Outbox
from edge_agent.pipeline import Pipeline
from edge_agent.planned import recall
from edge_agent.prompt import Announcer, choose
from edge_agent.renewal import Renewal
from edge_agent.rules import RULES, Home, InForce, Rule
from edge_agent.rules.sight import GATEWAY_DEVICE
from edge_agent.rules.sos import SosRule
from edge_agent.second_path import SecondPath, Sender
from edge_agent.settings import DeviceKind, EdgeSettings
from edge_agent.supervise import supervise
from edge_agent.texting import Texting
from edge_agent.ulid import Ulids
from edge_agent.update.fetch import source
from edge_agent.update.part import Updates
from edge_agent.update.places import Places
from edge_agent.uplink import Uplink
from edge_agent.valves import Valves, valves_of
from edge_agent.watchdog import Pulse, notifier, watch
from firmware_protocols.model import Alarm, AlarmKind, AlarmState, ClockState
from firmware_protocols.wire.control import Update
from firmware_protocols.wire.envelope import Anchor
from firmware_protocols.wire.sms import SmsKey, key_of
from firmware_protocols.wire.topics import Lane

log = logging.getLogger(__name__)

OUTBOX_FILE: Final = "outbox.sqlite"
_LOCK_FILE: Final = "agent.lock"
_TICK_S: Final = 0.2
_REOPEN_S: Final = 10.0
"""A sensor that is plugged in again is heard within this."""
_BEYOND_HELP: Final = 2
"""Limits of silence after which a driver's run could not even be ended: only a new process helps."""
_CLOCK_NOTE: Final = "clock/last"
_SECOND_PATH: Final = "second_path"
_CLOCK_NOTE_EVERY_S: Final = 600.0
_SYNCED: Final = ClockState.SYNCED
_FAULTS_NOTE: Final = "faults"
_ANCHORED_NOTE: Final = "clock/anchored"
"""The boot whose anchor is in the outbox."""


class AlreadyRunningError(Exception):
    """Another agent uses this data folder."""


class Agent:
    """One gateway's agent."""

    def __init__(self, settings: EdgeSettings, clock: Clock | None = None) -> None:
        """Build it; ``clock`` is the machine's unless another is given."""
        self._folder = settings.gateway.data_dir
        self._lock = _locked(self._folder)
        self.clock = clock or Clock()
        self.outbox = Outbox(
            self._folder / OUTBOX_FILE,
            settings.gateway.gateway_id,
            quota_mib=settings.outbox.quota_mib,
            group_s=settings.outbox.group_s,
        )
        if note := self.outbox.recall(_CLOCK_NOTE):
            with contextlib.suppress(ValueError):  # saved from a file that was damaged
                self.clock.not_before(datetime.fromisoformat(note))
        self._clock_noted_s = self._worked_s = self.clock.elapsed_s()
        self._new_id = Ulids(self.clock.now)
        kinds = {name: str(device.kind) for name, device in settings.devices.items()}
        rooms = {name: device.room for name, device in settings.devices.items()}
        in_force = InForce(recall(self.outbox))
        home = Home(kinds, self._new_id, settings.rules.fall_confirm_s, rooms, in_force)
        rules: dict[str, Rule] = {name: make(home) for name, make in RULES.items()}
        path = _second_path(settings, home, self.clock.now())
        if path is not None:
            rules[_SECOND_PATH] = path
        self.pipeline = Pipeline(
            devices=settings.devices,
            outbox=self.outbox,
            rules=rules,
            announcer=Announcer(),
            valves=Valves(valves_of(kinds), self.clock.elapsed_s),
            clock=self.clock,
            motion=_motion(settings),
            in_force=in_force,
        )
        self._drivers = build_all(settings)
        self._faults = Faults(GATEWAY_DEVICE, self._new_id)
        self._faults.recall(self.outbox.recall(_FAULTS_NOTE))
        self._began_s = self.clock.elapsed_s()
        self._prompt = choose(settings.prompt.command)
        self._reported = ""
        sos = next(rule for rule in rules.values() if isinstance(rule, SosRule))
        self._updates = self._build_updates(settings)
        downlink = Downlink(self.pipeline, self.outbox, sos, self.clock, self._new_id, path, self._updates)
        self._texting = (
            Texting(settings.sms, path, self.outbox, self.pipeline, self.clock, sos.answered)
            if settings.sms and path
            else None
        )
        health = Health(
            self.outbox,
            self.pipeline,
            self.clock,
            self._drivers,
            self._folder,
            self._figures,
            self._updates.state if self._updates else Update,
            self.clock.elapsed_s(),
        )
        self.uplink = Uplink(settings, self.outbox, self.clock, health.state, downlink.do)
        self.pipeline.appended = self.uplink.wake
        if self._updates:
            self._updates.wake, self.uplink.settled = self.uplink.wake, self._updates.settled
        self._renewal = (
            Renewal(settings.identity_folder, self.clock, self.uplink.reconnect)
            if settings.enrolled
            else None
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set; then everything that waits is on disk and the broker knows."""
        async with asyncio.TaskGroup() as group:
            parts = [
                group.create_task(
                    supervise(driver.name, functools.partial(self._drive, driver), most_s=_REOPEN_S)
                )
                for driver in self._drivers
            ]
            parts += [
                group.create_task(supervise("tick", self._tick)),
                group.create_task(supervise("prompt", self._prompt.run)),
                group.create_task(supervise("uplink", self.uplink.run)),
            ]
            if self._texting is not None:
                parts += [
                    group.create_task(supervise("modem", self._texting.modem.run, most_s=_REOPEN_S)),
                    group.create_task(supervise("texting", self._texting.run)),
                ]
            if self._renewal:
                parts.append(group.create_task(supervise("renewal", self._renewal.run)))
            if self._updates:
                self._updates.leave = stop.set
                parts.append(group.create_task(supervise("updates", self._updates.run)))
            manager = notifier()
            if manager:
                watching = functools.partial(watch, manager, functools.partial(self._pulse, tuple(parts)))
                parts.append(group.create_task(supervise("watchdog", watching)))
            log.info("agent runs drivers=%d epoch=%s", len(self._drivers), self.outbox.epoch)
            await stop.wait()
            if manager:
                manager.say("STOPPING=1")
            self.pipeline.keep()
            for part in parts:
                part.cancel()
        self.outbox.close(self.clock.now())
        log.info("agent stopped")

    def _build_updates(self, settings: EdgeSettings) -> Updates | None:
        """Whoever replaces the program, if the configuration wants that."""
        update = settings.update
        if update is None:
            return None
        places = Places(update.folder, self._folder / "update", update.key_file)
        alarms = self.pipeline.open_alarms
        cloud = source(settings, update)
        return Updates(places, cloud, self.outbox, self.clock, alarms, lambda: self.uplink.online)

    def _figures(self) -> dict[str, float]:
        """What the connections say of themselves; the heartbeat asks long after all of them are made."""
        others = [part.figures() for part in (self._texting, self._renewal) if part is not None]
        return functools.reduce(operator.or_, others, self.uplink.figures())

    async def _drive(self, driver: Driver) -> None:
        await until_hung(functools.partial(driver.run, self.pipeline.take), driver.beat)

    def _pulse(self, parts: Sequence[asyncio.Task[None]], lag_s: float) -> Pulse:
        ended = tuple(part.get_name() for part in parts if part.done())
        hung = tuple(
            driver.name
            for driver in self._drivers
            if driver.beat.silent_s() > _BEYOND_HELP * driver.beat.limit_s
        )
        return Pulse(self.clock.elapsed_s() - self._worked_s, lag_s, ended, hung)

    async def _tick(self) -> None:
        while True:
            self.pipeline.tick()
            self._worked_s = self.clock.elapsed_s()
            for phrase in self.pipeline.announcer.tick(self.clock.now()):
                self._prompt.play(phrase)
            self._shut_valves()
            self._report_replaced()
            self._report_faults()
            self._anchor_clock()
            self._note_clock()
            await asyncio.sleep(_TICK_S)

    def _shut_valves(self) -> None:
        """Tell those that are due; a broker that is away is told at the next turn."""
        for device in self.pipeline.valves.due():
            if not any(driver.shut(device) for driver in self._drivers if isinstance(driver, LocalMqtt)):
                log.warning("valve cannot be told device=%s", device)
        self.pipeline.record(self.pipeline.valves.failed(self._new_id, self.clock.now()))

    def _report_replaced(self) -> None:
        """A corrupt outbox may have held alarms: people must know, not only the log."""
        if self.outbox.replaced and self.outbox.replaced != self._reported:
            self._reported = self.outbox.replaced
            evidence = {"fault": "outbox corrupt", "epoch": self.outbox.epoch}
            fault = Alarm(
                self._new_id(),
                AlarmKind.DEVICE_FAULT,
                AlarmState.RAISED,
                GATEWAY_DEVICE,
                self.clock.now(),
                evidence,
            )
            self.pipeline.record([fault])

    def _report_faults(self) -> None:
        """A driver that cannot help itself needs somebody to go there."""
        now, up_s = self.clock.now(), self.clock.elapsed_s() - self._began_s
        told = self._faults.without([driver.name for driver in self._drivers], now)
        for driver in self._drivers:
            told += self._faults.see(driver.name, driver.health(), now, up_s)
        if told:
            self.outbox.note(_FAULTS_NOTE, self._faults.note())  # with the commit that stores the records
            self.pipeline.record(told)

    def _anchor_clock(self) -> None:
        """On the first synchronisation of a boot: tell the cloud, which then puts earlier records right."""
        boot = self.clock.boot
        if self.outbox.recall(_ANCHORED_NOTE) == boot or not boot:
            return
        now, stamp = self.clock.moment()
        if stamp.clock is not _SYNCED:
            return
        self.outbox.flush(now)  # what was taken before stands before the anchor; the note goes with it
        self.outbox.note(_ANCHORED_NOTE, boot)
        anchor = Anchor(self.outbox.lanes(now)[Lane.BULK].next, now)
        self.outbox.append([anchor], stamp, now)
        self.uplink.wake()

    def _note_clock(self) -> None:
        """Remember a time that is certainly past, for a start without a battery-backed clock."""
        elapsed_s = self.clock.elapsed_s()
        if elapsed_s - self._clock_noted_s >= _CLOCK_NOTE_EVERY_S and self.clock.state() is _SYNCED:
            self._clock_noted_s = elapsed_s
            self.outbox.note(_CLOCK_NOTE, self.clock.now().isoformat())


async def run_until_signalled(settings: EdgeSettings, clock: Clock | None = None) -> None:
    """Run the agent until SIGTERM or SIGINT; ``clock`` as in ``Agent``.

    Raises:
        AlreadyRunningError: another agent uses the data folder.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await Agent(settings, clock).run(stop)


def _second_path(settings: EdgeSettings, home: Home, now: datetime) -> SecondPath | None:
    """Who texts when the cloud does not answer, if there is a modem."""
    if settings.sms is None:
        return None
    given = settings.sms.key
    key = SmsKey(bytes.fromhex(given)) if given else key_of(settings.uplink.secret)
    return SecondPath(settings.sms.recipients, Sender(settings.gateway.gateway_id, key), home, now)


def _motion(settings: EdgeSettings) -> MotionWatch | None:
    """The fall model, if a wearable is configured. A broken model must not stop the SOS button."""
    if not any(device.kind is DeviceKind.WEARABLE for device in settings.devices.values()):
        return None
    try:
        return load_watch(settings.rules.fall_position, settings.rules.fall_thresholds)
    except (ValueError, ImportError):
        log.exception("fall model cannot be loaded, falls are NOT detected")
        return None


def _locked(folder: Path) -> int:
    """Hold the folder for this process; the kernel lets go when it dies. -1 where no file can be made."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # the plan holds telephone numbers
        lock = os.open(folder / _LOCK_FILE, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:
        return -1
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise AlreadyRunningError(f"another agent uses {folder}") from None
    return lock
