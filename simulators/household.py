"""One simulated home with real protocols: its devices follow its resident through the day.

What this is: the composition of one ``Home`` on the virtual radio and a pty. What it is not: the gateway,
which is a process of its own and knows nothing of this. The one idea: ``act`` is everything that can be made
to happen here by hand or by a script, one name each (``ACTIONS``).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from simulators import motion
from simulators.radio import Peripheral, Radio
from simulators.resident import Days, Doing, RoutineClock, Stay
from simulators.sensors import Beacon
from simulators.serial_devices import REPORT_EVERY_S, Radar
from simulators.wearables import HEART_RATE_16, PULSE_OXIMETER_16, BeltClip, Oximeter, Sent, place
from simulators.world import Home

LIFE_EVERY_S: Final = 60.0
"""Each sensor gives a sign of life this often; real ones every few hours, the demonstration has minutes."""
MOTION_CLEARS_S: Final = 8.0
DOOR_STANDS_S: Final = 3.0

Report = Callable[[Mapping[str, Any]], None]
"""Takes what happens during an action, as it happens."""


class Household:
    """The devices of one home, and the resident who sets them off."""

    def __init__(self, home: Home, clock: RoutineClock, folder: Path) -> None:
        self.home = home
        self._clock = clock
        self._rng = random.Random(home.key)
        self._days = Days(home.key)
        self._beacons: dict[str, Beacon] = {}
        self._peripherals: dict[str, Peripheral] = {}
        self._clip = BeltClip(home.key)
        self._oximeter = Oximeter(home.key)
        self._radars = {
            each.name: Radar(folder / f"{home.key}-{each.name}", each.codec)
            for each in home.devices
            if each.via == "serial"
        }
        self._here = Stay(0.0, "bedroom", Doing.SLEEPING)

    @property
    def serial(self) -> Mapping[str, str]:
        """Serial device name → the path its gateway opens."""
        return {name: str(radar.link) for name, radar in self._radars.items()}

    async def place(self, radio: Radio) -> None:
        """Put every device on the air."""
        wearables = {
            "wearable": (self._clip.services, HEART_RATE_16),
            "pulse_oximeter": (self._oximeter.services, PULSE_OXIMETER_16),
        }
        for device in self.home.devices:
            if device.via == "gatt":
                services, uuid16 = wearables[device.kind]
                self._peripherals[device.kind] = await place(radio, device, services, uuid16)
            elif device.via == "beacon":
                peripheral = await radio.device(device.name, device.address)
                self._peripherals[device.name] = peripheral
                self._beacons[device.name] = Beacon(device, peripheral)

    async def run(self) -> None:
        """Live until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._live())
                tasks.create_task(self._signs_of_life())
                tasks.create_task(self._radar_reports())
                tasks.create_task(self._clip.run(self._peripherals["wearable"]))
                tasks.create_task(self._oximeter.run(self._peripherals["pulse_oximeter"]))
        finally:
            for radar in self._radars.values():
                radar.close()

    async def act(self, action: str, report: Report, arguments: Mapping[str, Any]) -> None:
        """Make something happen.

        Raises:
            KeyError: no such action or device.
            TypeError: an action's arguments are missing or unknown.
        """
        await ACTIONS[action](self, report, **arguments)

    async def press(self, report: Report, device: str = "pendant", how: str = "press") -> None:
        """Press a button: ``press``, ``double_press``, ``long_press`` …; report when."""
        report({"at": time.time()})
        await self._beacons[device].press(how)

    async def show(self, _: Report, device: str, on: bool = True) -> None:
        """Set a sensor's state: gas or smoke there or not, door open or shut."""
        await self._beacons[device].show(on)

    async def fall(self, report: Report, seed: int = 1, still_s: float = 12.0) -> None:
        """Fall, as ``motion.fall`` does, and lie still for ``still_s``."""
        await self.play(report, list(motion.fall(random.Random(seed), still_s=still_s)))

    async def play(
        self, report: Report, samples: list[motion.Sample], range_g: float = motion.RANGE_G
    ) -> None:
        """Let the wearable feel ``samples``; report of each packet which of them it held and when it left."""

        def sent(packet: Sent) -> None:
            report({"first": packet.first, "last": packet.last, "at": packet.at})

        await self._clip.play([(x, y, z) for x, y, z in samples], sent, range_g)

    async def vanish(self, _: Report, device: str) -> None:
        """Take a device out of range."""
        await self._peripherals[device].vanish()

    async def _live(self) -> None:
        """Walk through the day; each change of room sets off what stands there."""
        async with asyncio.TaskGroup() as tasks:
            await self._enter(self._days.at(self._clock.moment_s())[0], tasks)
            while True:
                moment = self._clock.moment_s()
                begins, stay = next(self._days.moves(moment, moment + 86_400.0))
                await asyncio.sleep(self._clock.real_s(begins))
                await self._enter(stay, tasks)

    async def _enter(self, stay: Stay, tasks: asyncio.TaskGroup) -> None:
        was, self._here = self._here, stay
        self._clip.feel(_FEELS[stay.doing])
        self._clip.beats_per_minute = _PULSE[stay.doing]
        if "" in (was.room, stay.room) and was.room != stay.room:
            tasks.create_task(self._pulse("door-front", DOOR_STANDS_S))
        for device in self.home.devices:
            seen = device.kind == "motion" and device.room in {was.room, stay.room}
            if seen and device.name in self._beacons:
                tasks.create_task(self._pulse(device.name, MOTION_CLEARS_S))
        self._report_radars()

    async def _pulse(self, name: str, seconds: float) -> None:
        """On, and off again a little later."""
        await self._beacons[name].show(True)
        await asyncio.sleep(seconds)
        await self._beacons[name].show(False)

    async def _signs_of_life(self) -> None:
        """Every sensor in turn, spread over the period."""
        while True:
            for beacon in self._beacons.values():
                if beacon.device.kind == "climate":
                    await beacon.measure(
                        round(self._rng.gauss(19.5, 0.4), 2), round(self._rng.gauss(62, 2), 2)
                    )
                else:
                    await beacon.live()
                await asyncio.sleep(LIFE_EVERY_S / len(self._beacons))

    async def _radar_reports(self) -> None:
        while True:
            self._report_radars()
            await asyncio.sleep(REPORT_EVERY_S)

    def _report_radars(self) -> None:
        for name, radar in self._radars.items():
            present = self._here.room == self.home.device(name).room
            radar.see(present, self._here.doing is Doing.MOVING)


_FEELS: Final[Mapping[Doing, Callable[[random.Random], Any]]] = {
    Doing.SLEEPING: lambda rng: motion.rest(30, rng, lying=True),
    Doing.RESTING: lambda rng: motion.rest(30, rng),
    Doing.MOVING: lambda rng: motion.walk(30, rng),
    Doing.OUT: lambda rng: motion.walk(30, rng),
}
_PULSE: Final[Mapping[Doing, int]] = {
    Doing.SLEEPING: 58,
    Doing.RESTING: 70,
    Doing.MOVING: 84,
    Doing.OUT: 92,
}
ACTIONS: Final[Mapping[str, Callable[..., Awaitable[None]]]] = {
    "press": Household.press,
    "show": Household.show,
    "fall": Household.fall,
    "play": Household.play,
    "vanish": Household.vanish,
}
