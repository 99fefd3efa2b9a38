"""Devices that measure alone and meet a gateway afterwards: cuff, body thermometer, scale, glucose meter.

What this is: GATT servers on the virtual radio that indicate. What it is not: no byte formats of its own, and
no resident. The one idea: such a device keeps what it measured, is on the air for a minute, tells
*everything* it has kept to whoever subscribes, and goes; next time it tells all of it again.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

from bumble.gatt import Characteristic, CharacteristicValue, Service

from firmware_protocols.ble import (
    battery,
    blood_pressure,
    device_information,
    device_time,
    glucose,
    records,
    scale,
    thermometer,
)
from firmware_protocols.ble.blood_pressure import BloodPressure
from firmware_protocols.ble.device_information import Fact, Line
from firmware_protocols.ble.device_time import DeviceTime
from firmware_protocols.ble.glucose import Glucose
from firmware_protocols.ble.layout import Fields
from firmware_protocols.ble.scale import Weight
from firmware_protocols.ble.thermometer import Temperature
from simulators.radio import Peripheral

ON_AIR_S: Final = 60.0
ADVERTISE_EVERY_MS: Final = 100.0
"""Between two advertisements in that minute: whoever has so little time shows itself often."""
BLOOD_PRESSURE_16: Final = 0x1810
THERMOMETER_16: Final = 0x1809
SCALE_16: Final = 0x181D
GLUCOSE_16: Final = 0x1808

_READ: Final = Characteristic.Properties.READ
_READABLE: Final = Characteristic.Permissions.READABLE
_WRITE: Final = Characteristic.Properties.WRITE
_WRITEABLE: Final = Characteristic.Permissions.WRITEABLE
_TIME_SIZE: Final = 7


class Measuring:
    """What cuff and thermometer have in common."""

    def __init__(
        self,
        service: str,
        characteristic: str,
        uuid16: int,
        model: str,
        properties: Characteristic.Properties = Characteristic.Properties.INDICATE,
    ) -> None:
        self._service = service
        self._uuid16 = uuid16
        self._model = model
        self._kept: list[bytes] = []
        self._subscribed = asyncio.Event()
        self._measurement: Characteristic[bytes] = Characteristic(
            characteristic, properties, Characteristic.Permissions(0), b""
        )
        self._measurement.on(Characteristic.EVENT_SUBSCRIPTION, self._on_subscription)
        self._clock: Characteristic[bytes] = Characteristic(
            device_time.CHARACTERISTIC_UUID, _WRITE, _WRITEABLE, bytes(_TIME_SIZE)
        )

    @property
    def services(self) -> tuple[Service, ...]:
        """What it offers."""
        lines = {
            device_information.MAKER_UUID: Line(Fact.MAKER, "Anban"),
            device_information.MODEL_UUID: Line(Fact.MODEL, self._model),
            device_information.FIRMWARE_UUID: Line(Fact.FIRMWARE, "1.0"),
        }
        told = [_readable(uuid, device_information.encode(line)) for uuid, line in lines.items()]
        return (
            Service(self._service, [self._measurement, self._clock]),
            Service(battery.SERVICE_UUID, [_readable(battery.CHARACTERISTIC_UUID, battery.encode(76))]),
            Service(device_information.SERVICE_UUID, told),
        )

    @property
    def clock(self) -> DeviceTime:
        """What its clock was last set to; all zeros before."""
        shown = self._clock.value
        return device_time.read_time(Fields(shown if isinstance(shown, bytes) else bytes(_TIME_SIZE)))

    def keep(self, measurement: bytes) -> None:
        """Remember a measurement for the next gateway."""
        self._kept.append(measurement)

    async def tell(self, peripheral: Peripheral, within_s: float = ON_AIR_S) -> bool:
        """Be on the air until all that is kept was told or the time is over; whether somebody listened."""
        self._subscribed.clear()
        await peripheral.offer(self._uuid16, ADVERTISE_EVERY_MS)
        try:
            async with asyncio.timeout(within_s):
                await self._subscribed.wait()
                for measurement in self._kept:
                    await peripheral.indicate(self._measurement, measurement)
        except TimeoutError:
            return False
        finally:
            await peripheral.vanish()
        return True

    def _on_subscription(self, _: object, notifies: bool, indicates: bool) -> None:
        if notifies or indicates:
            self._subscribed.set()


class Cuff(Measuring):
    """A blood-pressure cuff for the upper arm."""

    def __init__(self) -> None:
        super().__init__(
            blood_pressure.SERVICE_UUID, blood_pressure.CHARACTERISTIC_UUID, BLOOD_PRESSURE_16, "Cuff"
        )

    def measure(
        self, systolic: float, diastolic: float, pulse: float, local: datetime, user: int = 1
    ) -> None:
        """Measure, mmHg and beats per minute, at ``local`` by the cuff's own clock."""
        mean = round(diastolic + (systolic - diastolic) / 3)
        measurement = BloodPressure(
            systolic=systolic,
            diastolic=diastolic,
            mean=mean,
            taken=DeviceTime.of(local),
            pulse=pulse,
            user=user,
            status=0,
        )
        self.keep(blood_pressure.encode(measurement))


class Thermometer(Measuring):
    """An ear thermometer that shows Fahrenheit, as some do."""

    def __init__(self) -> None:
        super().__init__(
            thermometer.SERVICE_UUID, thermometer.CHARACTERISTIC_UUID, THERMOMETER_16, "Ear thermometer"
        )

    def measure(self, fahrenheit: float, local: datetime) -> None:
        """Measure at ``local`` by the thermometer's own clock."""
        measurement = Temperature(
            value=fahrenheit, fahrenheit=True, taken=DeviceTime.of(local), site=thermometer.EAR
        )
        self.keep(thermometer.encode(measurement))


class Scale(Measuring):
    """A scale that knows its users apart."""

    def __init__(self) -> None:
        super().__init__(scale.SERVICE_UUID, scale.CHARACTERISTIC_UUID, SCALE_16, "Scale")

    def measure(self, kg: float, local: datetime, user: int = 1) -> None:
        """Weigh at ``local`` by the scale's own clock, to 5 g."""
        self.keep(scale.encode(Weight(steps=round(kg / 0.005), taken=DeviceTime.of(local), user=user)))


class Meter(Measuring):
    """A glucose meter: it tells its records only to whoever asks, and says when it has told all."""

    def __init__(self) -> None:
        notifies = Characteristic.Properties.NOTIFY
        super().__init__(glucose.SERVICE_UUID, glucose.CHARACTERISTIC_UUID, GLUCOSE_16, "Meter", notifies)
        properties = _WRITE | Characteristic.Properties.INDICATE
        self._point: Characteristic[bytes] = Characteristic(
            records.CHARACTERISTIC_UUID, properties, _WRITEABLE, CharacteristicValue(write=self._on_request)
        )
        self._requests: asyncio.Queue[bytes] = asyncio.Queue()

    @property
    def services(self) -> tuple[Service, ...]:
        """What it offers."""
        _, *others = super().services
        return Service(glucose.SERVICE_UUID, [self._measurement, self._point, self._clock]), *others

    def measure(self, mmol_l: float, local: datetime) -> None:
        """Measure at ``local`` by the meter's own clock."""
        record = Glucose(
            number=len(self._kept) + 1,
            taken=DeviceTime.of(local),
            concentration=round(mmol_l / 1e3, 6),
            sample=0x11,
            molar=True,
            status=0,
        )
        self.keep(glucose.encode(record))

    async def tell(self, peripheral: Peripheral, within_s: float = ON_AIR_S) -> bool:
        """Be on the air until somebody has asked for everything or the time is over; whether they did."""
        await peripheral.offer(self._uuid16, ADVERTISE_EVERY_MS)
        try:
            async with asyncio.timeout(within_s):
                request = b""
                while request != records.ALL:
                    request = await self._requests.get()
                    told = self._kept if request == records.ALL else self._kept[-1:]
                    for measurement in told:
                        await peripheral.notify(self._measurement, measurement)
                    await peripheral.indicate(self._point, bytes((6, 0, 1, 1 if told else 6)))
        except TimeoutError:
            return False
        finally:
            await peripheral.vanish()
        return True

    def _on_request(self, _: object, value: bytes) -> None:
        self._requests.put_nowait(bytes(value))


def _readable(uuid: str, value: bytes) -> Characteristic[bytes]:
    return Characteristic(uuid, _READ, _READABLE, value)
