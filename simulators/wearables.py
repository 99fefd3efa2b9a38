"""Wearables that a gateway connects to: a belt clip with an accelerometer and pulse, and a finger oximeter.

What this is: GATT servers on the virtual radio. What it is not: no byte formats of its own, and no motion
(``motion``). The one idea: the belt clip samples at an even pace for ever; a fall or a recording that is
played only replaces what it feels, sample by sample, so the gateway cannot tell.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bumble.gatt import Characteristic, Service

from firmware_protocols.ble import battery, heart_rate, motion, pulse_oximeter
from firmware_protocols.model import DeviceId, MotionWindow
from simulators.motion import RANGE_G, RATE_HZ, Sample, rest
from simulators.radio import Peripheral, Radio
from simulators.world import Device

PER_PACKET: Final = 25
"""Samples in one notification: half a second."""
PULSE_EVERY_S: Final = 5.0
HEART_RATE_16: Final = 0x180D
PULSE_OXIMETER_16: Final = 0x1822

_NOTIFY: Final = Characteristic.Properties.NOTIFY
_READ: Final = Characteristic.Properties.READ
_READABLE: Final = Characteristic.Permissions.READABLE


@dataclass(frozen=True, slots=True)
class Sent:
    """One packet of a played sequence: samples ``first..last`` left the device at ``at`` (epoch, s)."""

    counter: int
    first: int
    last: int
    at: float


@dataclass(slots=True)
class _Playing:
    samples: deque[Sample]
    range_g: float
    sent: Callable[[Sent], None]
    over: asyncio.Event
    done: int = 0


def _notifying(uuid: str) -> Characteristic[bytes]:
    return Characteristic(uuid, _NOTIFY, Characteristic.Permissions(0), b"")


class BeltClip:
    """Accelerometer (50 Hz, ±16 g), heart rate and battery."""

    def __init__(self, seed: str) -> None:
        self._rng = random.Random(seed)
        self._motion = _notifying(motion.CHARACTERISTIC_UUID)
        self._pulse = _notifying(heart_rate.CHARACTERISTIC_UUID)
        self._battery = Characteristic(
            battery.CHARACTERISTIC_UUID, _READ | _NOTIFY, _READABLE, battery.encode(87)
        )
        self._feeling: Iterator[Sample] = iter(())
        self._feel: Callable[[random.Random], Iterator[Sample]] = lambda rng: rest(10, rng)
        self._playing: deque[_Playing] = deque()
        self.beats_per_minute = 72

    @property
    def services(self) -> tuple[Service, ...]:
        """What it offers."""
        return (
            Service(motion.SERVICE_UUID, [self._motion]),
            Service(heart_rate.SERVICE_UUID, [self._pulse]),
            Service(battery.SERVICE_UUID, [self._battery]),
        )

    def feel(self, source: Callable[[random.Random], Iterator[Sample]]) -> None:
        """From now on feel what ``source`` yields, asked again whenever it ends."""
        self._feel, self._feeling = source, iter(())

    async def play(
        self,
        samples: Iterable[Sample],
        sent: Callable[[Sent], None] = lambda _: None,
        range_g: float = RANGE_G,
    ) -> None:
        """Feel ``samples`` (of a sensor of that range) after what is being played; return at their end.

        ``sent`` is told of each packet.
        """
        playing = _Playing(deque(samples), range_g, sent, asyncio.Event())
        self._playing.append(playing)
        await playing.over.wait()

    async def run(self, peripheral: Peripheral) -> None:
        """Sample and notify at an even pace until cancelled; late by a moment, never drifting."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        pulse_due = due
        counter = self._rng.randrange(motion.COUNTER_MODULUS)
        while True:
            due = max(due + PER_PACKET / RATE_HZ, loop.time() - 1.0)
            await asyncio.sleep(due - loop.time())
            counter = (counter + 1) % motion.COUNTER_MODULUS
            await self._notify_motion(peripheral, counter)
            if due >= pulse_due:
                pulse_due = due + PULSE_EVERY_S
                beats = self.beats_per_minute + self._rng.randint(-2, 2)
                value = heart_rate.encode(heart_rate.HeartRate(beats, contact=True))
                await peripheral.notify(self._pulse, value)

    async def _notify_motion(self, peripheral: Peripheral, counter: int) -> None:
        playing = self._playing[0] if self._playing else None
        first = playing.done if playing else 0
        samples = tuple(self._next_sample() for _ in range(PER_PACKET))
        range_g = playing.range_g if playing else RANGE_G
        window = MotionWindow(DeviceId(""), datetime.now(UTC), counter, RATE_HZ, range_g, samples)
        at = time.time()
        await peripheral.notify(self._motion, motion.encode(window))
        if playing:
            playing.sent(Sent(counter, first, playing.done - 1, at))
            if not playing.samples:
                playing.over.set()

    def _next_sample(self) -> Sample:
        while self._playing:
            playing = self._playing[0]
            if playing.samples:
                playing.done += 1
                return playing.samples.popleft()
            self._playing.popleft()
        sample = next(self._feeling, None)
        if sample is None:
            self._feeling = self._feel(self._rng)
            sample = next(self._feeling)
        return sample


class Oximeter:
    """A finger clip that measures saturation and pulse while it is worn."""

    def __init__(self, seed: str) -> None:
        self._rng = random.Random(seed)
        self._continuous = _notifying(pulse_oximeter.CONTINUOUS_UUID)
        self.spo2 = 96
        self.pulse = 72

    @property
    def services(self) -> tuple[Service, ...]:
        """What it offers."""
        return (Service(pulse_oximeter.SERVICE_UUID, [self._continuous]),)

    async def run(self, peripheral: Peripheral) -> None:
        """Notify one measurement every ``PULSE_EVERY_S`` until cancelled."""
        while True:
            await asyncio.sleep(PULSE_EVERY_S)
            pair = pulse_oximeter.Pair(
                self.spo2 + self._rng.randint(-1, 1), self.pulse + self._rng.randint(-2, 2)
            )
            value = pulse_oximeter.encode_continuous(pulse_oximeter.Continuous(normal=pair))
            await peripheral.notify(self._continuous, value)


async def place(radio: Radio, device: Device, services: tuple[Service, ...], uuid16: int) -> Peripheral:
    """Put a wearable on the air, waiting for its gateway."""
    peripheral = await radio.device(device.name, device.address, services)
    await peripheral.offer(uuid16)
    return peripheral
