"""Strategies for frames and for what is in them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from bthome_ble.const import MEAS_TYPES
from hypothesis import strategies as st

from firmware_protocols.ble import bthome, mibeacon, motion, pendant
from firmware_protocols.ble.blood_pressure import BloodPressure
from firmware_protocols.ble.bthome_objects import PRESSES
from firmware_protocols.ble.device_information import MOST_CHARACTERS, Fact, Line
from firmware_protocols.ble.device_time import DeviceTime
from firmware_protocols.ble.glucose import Glucose
from firmware_protocols.ble.heart_rate import HeartRate
from firmware_protocols.ble.ieee11073 import Special, decode_float, decode_sfloat
from firmware_protocols.ble.pulse_oximeter import Continuous, Pair, Spot
from firmware_protocols.ble.scale import Weight
from firmware_protocols.ble.thermometer import Temperature
from firmware_protocols.codec import Frame, Security
from firmware_protocols.local import zigbee2mqtt
from firmware_protocols.model import DeviceId, JsonValue, MotionWindow
from firmware_protocols.serial import ld2410, ld2450

DEVICE = DeviceId("device-under-test")
NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
ADDRESS = "A4:C1:38:00:00:01"

u8 = st.integers(0, 0xFF)
u16 = st.integers(0, 0xFFFF)
u24 = st.integers(0, 0xFF_FFFF)
u32 = st.integers(0, 0xFFFF_FFFF)
keys = st.binary(min_size=16, max_size=16)


def frame(payload: bytes, address: str = ADDRESS, utc_offset: timedelta = timedelta()) -> Frame:
    """A frame received now."""
    return Frame(DEVICE, payload, NOW, address, utc_offset)


offsets = st.integers(-12 * 4, 14 * 4).map(lambda quarters: timedelta(minutes=15 * quarters))
frames = st.builds(
    frame,
    st.binary(max_size=300),
    st.sampled_from([ADDRESS, "", "not-an-address", "A4:C1:38", "é:é"]),
    offsets,
)
securities = st.builds(
    Security,
    key=st.none() | keys | st.binary(max_size=40),
    last_counter=st.none() | u32,
    encrypted=st.booleans(),
    user=st.none() | u8,
)

heart_rates = st.builds(
    HeartRate,
    bpm=u16,
    contact=st.none() | st.booleans(),
    energy_kj=st.none() | u16,
    rr=st.lists(u16, max_size=9).map(tuple),
)

sfloats: st.SearchStrategy[float | Special] = u16.map(decode_sfloat)
_pairs = st.builds(Pair, sfloats, sfloats)
_device_times = st.builds(DeviceTime, u16, u8, u8, u8, u8, u8)
floats: st.SearchStrategy[float | Special] = u32.map(decode_float)
blood_pressures = st.builds(
    BloodPressure,
    systolic=sfloats,
    diastolic=sfloats,
    mean=sfloats,
    kilopascal=st.booleans(),
    taken=st.none() | _device_times,
    pulse=st.none() | sfloats,
    user=st.none() | u8,
    status=st.none() | u16,
)
temperatures = st.builds(
    Temperature,
    value=floats,
    fahrenheit=st.booleans(),
    taken=st.none() | _device_times,
    site=st.none() | u8,
)
glucoses = st.builds(
    lambda measured, **fields: Glucose(concentration=measured[0], sample=measured[1], **fields),
    st.tuples(st.none(), st.none()) | st.tuples(sfloats, u8),
    number=u16,
    taken=_device_times,
    offset_min=st.none() | st.integers(-0x8000, 0x7FFF),
    molar=st.booleans(),
    status=st.none() | u16,
    context_follows=st.booleans(),
)
weights = st.builds(
    Weight,
    steps=u16,
    pounds=st.booleans(),
    taken=st.none() | _device_times,
    user=st.none() | u8,
    body_mass=st.none() | st.tuples(u16, u16),
)
_shown = st.characters(codec="utf-8").filter(str.isprintable)
lines = st.builds(
    Line,
    st.sampled_from(Fact),
    st.text(_shown, max_size=MOST_CHARACTERS).map(str.strip).filter(bool),
)
messages = st.builds(pendant.Message, st.sampled_from(pendant.Call), u8, u8)
beacons = st.builds(
    mibeacon.Beacon,
    version=st.integers(2, 15),
    product=u16,
    counter=u8,
    sender=st.none() | st.binary(min_size=6, max_size=6),
    encrypted=st.booleans(),
    body=st.none() | st.binary(max_size=200),
)
spots = st.builds(
    Spot,
    normal=_pairs,
    status=st.none() | u16,
    device_status=st.none() | u24,
    amplitude=st.none() | sfloats,
    taken=st.none() | _device_times,
    clock_unset=st.booleans(),
)
continuouses = st.builds(
    Continuous,
    normal=_pairs,
    status=st.none() | u16,
    device_status=st.none() | u24,
    amplitude=st.none() | sfloats,
    fast=st.none() | _pairs,
    slow=st.none() | _pairs,
)


@st.composite
def motion_windows(draw: st.DrawFn) -> MotionWindow:
    """Any window that the frame can carry."""
    range_g = draw(st.sampled_from(motion.RANGES_G))
    axis = st.integers(-1000 * range_g, 1000 * range_g)
    samples = draw(st.lists(st.tuples(axis, axis, axis), min_size=1, max_size=motion.MAX_SAMPLES))
    rate_hz = draw(st.integers(1, 0xFFFF)) / 100
    return MotionWindow(DEVICE, NOW, draw(u16), rate_hz, float(range_g), tuple(samples))


ld2410_reports = st.builds(
    ld2410.Report,
    target=st.sampled_from([ld2410.Target(bits) for bits in range(4)]),
    moving_cm=u16,
    moving_energy=u8,
    still_cm=u16,
    still_energy=u8,
    detection_cm=u16,
)
_axis = st.integers(-0x7FFF, 0x7FFF)
ld2450_tracks = st.lists(st.builds(ld2450.Track, _axis, _axis, _axis, st.integers(1, 0xFFFF)), max_size=3)

NUMBER_OBJECTS = sorted(
    object_id
    for object_id, spec in MEAS_TYPES.items()
    if spec.data_format in {"unsigned_integer", "signed_integer"}
    and object_id not in {bthome.PACKET_ID, bthome.BUTTON}
)


@st.composite
def bthome_objects(draw: st.DrawFn) -> list[tuple[int, float | str]]:
    """Objects of any known id, each at most once, with values on the object's own grid."""
    objects: list[tuple[int, float | str]] = []
    for object_id in draw(st.lists(st.sampled_from(NUMBER_OBJECTS), unique=True, max_size=6)):
        spec = MEAS_TYPES[object_id]
        half = 1 << (8 * spec.data_length - 1)
        low, high = (-half, half - 1) if spec.data_format == "signed_integer" else (0, 2 * half - 1)
        objects.append((object_id, round(draw(st.integers(low, high)) * spec.factor, 6)))
    if draw(st.booleans()):
        objects.append((bthome.BUTTON, draw(st.sampled_from(sorted(PRESSES)))))
    return sorted(objects, key=lambda item: item[0])


_moments = st.datetimes(timezones=st.timezones()).map(datetime.isoformat) | st.integers(-(10**30), 10**30)
_scalars: st.SearchStrategy[JsonValue] = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
zigbee_properties: st.SearchStrategy[dict[str, JsonValue]] = st.dictionaries(
    st.sampled_from([*zigbee2mqtt.STATES, *zigbee2mqtt.NUMBERS, "action", "last_seen", "linkquality"]),
    _scalars | _moments | st.lists(_scalars, max_size=3),
    max_size=6,
)
"""Any value for any property: of the right kind now and then."""


def same(a: object, b: object) -> bool:
    """Equality in which -0.0 is 0.0 and equal numbers of different types are not the same."""
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)
    return type(a) is type(b) and a == b
