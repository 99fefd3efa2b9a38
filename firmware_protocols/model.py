"""The nouns that both ends of the wire share.

What this is: frozen values, closed vocabularies, ids. What it is not: no I/O, no clock, no storage.
The one idea: a *frame* is decoded into *observations* (readings, events, motion windows); a rule on the
gateway turns observations into *alarms*. Times are aware UTC and always passed in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType, TypeAlias

GatewayId = NewType("GatewayId", str)
"""Opaque, e.g. ``gw-7k2m9q``; letters, digits and ``-``; it appears in topics, so it says nothing
personal.
"""
DeviceId = NewType("DeviceId", str)
"""A device's name inside its gateway, e.g. ``door-front``."""
AlarmId = NewType("AlarmId", str)
"""A ULID (26 characters): every copy of an alarm, on every path, carries the same one."""

JsonValue: TypeAlias = bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"] | None
"""What JSON can hold; read-only views, because values here are never changed."""


@dataclass(frozen=True, slots=True)
class QuantitySpec:
    """How a quantity is stored and shown.

    ``number`` is the stable small integer kept in the database (never reuse one); ``unit`` is the SenML
    unit (RFC 8428, section 12.1, and RFC 8798), ``""`` for a state that is true or false.
    """

    number: int
    unit: str


class Quantity(StrEnum):
    """What can be measured. The value is the SenML name on the wire."""

    HEART_RATE = "heart_rate"
    SPO2 = "spo2"
    PULSE_RATE = "pulse_rate"
    RESPIRATION_RATE = "respiration_rate"
    BODY_TEMPERATURE = "body_temperature"
    SYSTOLIC = "systolic"
    DIASTOLIC = "diastolic"
    TEMPERATURE = "temperature"
    HUMIDITY = "humidity"
    BATTERY = "battery"
    VOLTAGE = "voltage"
    OPENING = "opening"
    MOTION = "motion"
    PRESENCE = "presence"
    IN_BED = "in_bed"
    SMOKE = "smoke"
    GAS = "gas"
    CARBON_MONOXIDE = "carbon_monoxide"
    MOISTURE = "moisture"
    VIBRATION = "vibration"
    TAMPER = "tamper"
    BATTERY_LOW = "battery_low"
    WORN = "worn"
    BODY_MOVEMENT = "body_movement"
    DISTANCE = "distance"
    STILL_TIME = "still_time"
    FALL_STATE = "fall_state"
    ENERGY_EXPENDED = "energy_expended"
    RR_INTERVAL = "rr_interval"
    PULSE_AMPLITUDE = "pulse_amplitude"
    ACCELERATION = "acceleration"
    ILLUMINANCE = "illuminance"
    PROBLEM = "problem"
    POWER = "power"
    MEAN_ARTERIAL_PRESSURE = "mean_arterial_pressure"
    TARGETS = "targets"
    SPEED = "speed"
    HEIGHT = "height"
    MAINS = "mains"
    BED_LOAD = "bed_load"
    BODY_WEIGHT = "body_weight"
    BODY_WATER = "body_water"
    CO_CONCENTRATION = "co_concentration"
    GLUCOSE = "glucose"
    VALVE = "valve"

    @property
    def unit(self) -> str:
        return QUANTITIES[self].unit

    @property
    def number(self) -> int:
        return QUANTITIES[self].number


QUANTITIES: Final[Mapping[Quantity, QuantitySpec]] = {
    Quantity.HEART_RATE: QuantitySpec(1, "beat/min"),
    Quantity.SPO2: QuantitySpec(2, "%"),
    Quantity.PULSE_RATE: QuantitySpec(3, "beat/min"),
    Quantity.RESPIRATION_RATE: QuantitySpec(4, "/min"),
    Quantity.BODY_TEMPERATURE: QuantitySpec(5, "Cel"),
    Quantity.SYSTOLIC: QuantitySpec(6, "mmHg"),
    Quantity.DIASTOLIC: QuantitySpec(7, "mmHg"),
    Quantity.TEMPERATURE: QuantitySpec(8, "Cel"),
    Quantity.HUMIDITY: QuantitySpec(9, "%RH"),
    Quantity.BATTERY: QuantitySpec(10, "%EL"),
    Quantity.VOLTAGE: QuantitySpec(11, "V"),
    Quantity.OPENING: QuantitySpec(12, ""),
    Quantity.MOTION: QuantitySpec(13, ""),
    Quantity.PRESENCE: QuantitySpec(14, ""),
    Quantity.IN_BED: QuantitySpec(15, ""),
    Quantity.SMOKE: QuantitySpec(16, ""),
    Quantity.GAS: QuantitySpec(17, ""),
    Quantity.CARBON_MONOXIDE: QuantitySpec(18, ""),
    Quantity.MOISTURE: QuantitySpec(19, ""),
    Quantity.VIBRATION: QuantitySpec(20, ""),
    Quantity.TAMPER: QuantitySpec(21, ""),
    Quantity.BATTERY_LOW: QuantitySpec(22, ""),
    Quantity.WORN: QuantitySpec(23, ""),
    Quantity.BODY_MOVEMENT: QuantitySpec(24, "%"),
    Quantity.DISTANCE: QuantitySpec(25, "m"),
    Quantity.STILL_TIME: QuantitySpec(26, "s"),
    Quantity.FALL_STATE: QuantitySpec(27, ""),
    Quantity.ENERGY_EXPENDED: QuantitySpec(28, "kJ"),
    Quantity.RR_INTERVAL: QuantitySpec(29, "s"),
    Quantity.PULSE_AMPLITUDE: QuantitySpec(30, "%"),
    Quantity.ACCELERATION: QuantitySpec(31, "m/s2"),
    Quantity.ILLUMINANCE: QuantitySpec(32, "lx"),
    Quantity.PROBLEM: QuantitySpec(33, ""),
    Quantity.POWER: QuantitySpec(34, "W"),
    Quantity.MEAN_ARTERIAL_PRESSURE: QuantitySpec(35, "mmHg"),
    Quantity.TARGETS: QuantitySpec(36, "count"),
    Quantity.SPEED: QuantitySpec(37, "m/s"),
    Quantity.HEIGHT: QuantitySpec(38, "m"),
    Quantity.MAINS: QuantitySpec(39, ""),
    Quantity.BED_LOAD: QuantitySpec(40, "%"),
    Quantity.BODY_WEIGHT: QuantitySpec(41, "kg"),
    Quantity.BODY_WATER: QuantitySpec(42, "%"),
    Quantity.CO_CONCENTRATION: QuantitySpec(43, "ppm"),
    Quantity.GLUCOSE: QuantitySpec(44, "mmol/L"),
    Quantity.VALVE: QuantitySpec(45, ""),
}


class Quality(StrEnum):
    """Whether a reading's value may be used. Anything but ``GOOD`` and ``ESTIMATED`` carries no value."""

    GOOD = "good"
    ESTIMATED = "estimated"
    NO_VALUE = "no_value"
    OUT_OF_RANGE = "out_of_range"
    NOT_WORN = "not_worn"

    @property
    def number(self) -> int:
        return QUALITY_NUMBERS[self]


QUALITY_NUMBERS: Final[Mapping[Quality, int]] = {
    Quality.GOOD: 0,
    Quality.ESTIMATED: 1,
    Quality.NO_VALUE: 2,
    Quality.OUT_OF_RANGE: 3,
    Quality.NOT_WORN: 4,
}
"""The stable small integers kept in the database; never reuse one."""


class EventKind(StrEnum):
    """Something a device said happened, which is not a measured quantity."""

    BUTTON = "button"
    FALL_SUSPECTED = "fall_suspected"
    LEFT_OPEN = "left_open"
    RESTARTED = "restarted"
    ALL_WELL = "all_well"
    IRREGULAR_PULSE = "irregular_pulse"
    INVENTORY = "inventory"


class AlarmKind(StrEnum):
    """Why a person may be in danger. The cloud maps each to a priority and an incident family."""

    SOS = "sos"
    FALL = "fall"
    SMOKE = "smoke"
    GAS = "gas"
    CARBON_MONOXIDE = "carbon_monoxide"
    FLOOD = "flood"
    STILLNESS = "stillness"
    LONG_LIE = "long_lie"
    BED_EXIT = "bed_exit"
    NIGHT_DOOR = "night_door"
    WANDERING = "wandering"
    VISITOR = "visitor"
    MEDICINE = "medicine"
    STOVE = "stove"
    HEAT = "heat"
    ROOM_CLIMATE = "room_climate"
    VITALS = "vitals"
    ROUTINE = "routine"
    DEVICE_FAULT = "device_fault"
    SENSOR_SILENT = "sensor_silent"
    MAINS_LOST = "mains_lost"
    BATTERY_LOW = "battery_low"
    TAMPER = "tamper"
    NOT_WORN = "not_worn"
    NOT_UP = "not_up"
    NOT_RETURNED = "not_returned"
    BATHROOM_LONG = "bathroom_long"
    NOT_EATING = "not_eating"
    NO_USUAL_USE = "no_usual_use"
    GATEWAY_SILENT = "gateway_silent"
    AREA_OUTAGE = "area_outage"


TECHNICAL: Final = frozenset(
    {
        AlarmKind.DEVICE_FAULT,
        AlarmKind.SENSOR_SILENT,
        AlarmKind.MAINS_LOST,
        AlarmKind.BATTERY_LOW,
        AlarmKind.TAMPER,
        AlarmKind.NOT_WORN,
        AlarmKind.GATEWAY_SILENT,
        AlarmKind.AREA_OUTAGE,
    }
)
"""Kinds that call a technician, today or later: nobody is in danger now."""
PRIORITY: Final = "priority"
"""The name in an alarm's evidence under which a graded kind says its priority, 1 (a life) to 4 (to plan)."""
LIFE: Final = 1
URGENT: Final = 2
"""The least priority for which people come at once, also at night."""


class AlarmState(StrEnum):
    """Where an alarm stands at home. An alarm is an append-only sequence of these, newest last.

    ``SUSPECTED`` opens the local "are you all right?" window; the cloud raises the alarm by itself when the
    window ends and no ``CANCELLED`` came, so that a gateway that dies inside the window loses nothing.
    """

    SUSPECTED = "suspected"
    RAISED = "raised"
    UPDATED = "updated"
    CANCELLED = "cancelled"
    ACCEPTED = "accepted"


class ClockState(StrEnum):
    """How far the gateway's wall clock can be trusted (`wire.md`: unsynced, synced, holdover)."""

    UNSYNCED = "unsynced"
    SYNCED = "synced"
    HOLDOVER = "holdover"


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value.

    ``value`` is in ``quantity.unit``; a state is ``True`` or ``False``; it is ``None`` exactly when
    ``quality`` is one of the no-value qualities. ``observed_at`` is the sensor's time, aware UTC.
    """

    device: DeviceId
    quantity: Quantity
    value: float | bool | None
    observed_at: datetime
    quality: Quality = Quality.GOOD


@dataclass(frozen=True, slots=True)
class Event:
    """One discrete occurrence, e.g. a button's ``long_press``."""

    device: DeviceId
    kind: EventKind
    detail: str
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class MotionWindow:
    """Consecutive accelerometer samples of one wearable.

    ``samples_mg``: (x, y, z) in milli-g, oldest first, evenly spaced by ``1 / rate_hz`` s; the last one was
    taken at ``observed_at``. ``counter`` is the device's packet counter (0-65535, wraps), so a missing packet
    is seen. ``range_g`` is the sensor's full scale: a sample at ±range may be clipped.
    """

    device: DeviceId
    observed_at: datetime
    counter: int
    rate_hz: float
    range_g: float
    samples_mg: tuple[tuple[int, int, int], ...]


Observation = Reading | Event | MotionWindow


@dataclass(frozen=True, slots=True)
class Alarm:
    """One record in the life of an alarm.

    ``evidence`` holds the numbers behind it (JSON values only, no personal data); ``actions`` what the
    gateway did locally (``siren``, ``voice``, ``sms``); ``confirm_s`` > 0 only with ``SUSPECTED``: how long
    the resident may still cancel.
    """

    id: AlarmId
    kind: AlarmKind
    state: AlarmState
    device: DeviceId
    observed_at: datetime
    evidence: Mapping[str, JsonValue] = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    confirm_s: float = 0.0
