"""TI mmWave radars (IWR6843, IWRL/xWRL): the tracking and vital-signs firmware of TI's radar toolbox.

A frame is a header of 40 bytes and a list of TLVs (type, length, value), little-endian; ``docs/protocols/
ti_mmwave.md``. The one idea: there is no checksum, so *structure* takes its place. A frame is one only if its
TLVs fill its length up to the firmware's padding, and a TLV that we read has exactly the size of its records;
anything else is not believed. Positions, point clouds and waveforms are checked for their size and go no
further.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.errors import DecodeError, Truncated, UnknownFormat
from firmware_protocols.model import Observation, Quality, Quantity, Reading
from firmware_protocols.serial.framing import Layout, ResyncFramer
from firmware_protocols.serial.sense import flag, measured, state

BAUD: Final = 921_600
"""Of the data port, 8N1. The CLI port has 115,200."""

START: Final = b"\x02\x01\x04\x03\x06\x05\x08\x07"
PADDING: Final = 32
"""The SDK's demos fill a frame to a multiple of this and count the filling in the length; other firmware does
not fill (52, 104, 196 bytes in a public recording). So up to 31 bytes may be left over."""
MAX_FRAME: Final = 8_192
"""Bytes. D. Twenty targets and 300 points have 5,300; more would only let a damaged length hold back real
frames for longer (15 s of the shortest ones, at ten a second)."""
MAX_TLVS: Final = 32
"""D. TI's firmware sends at most a dozen in a frame."""

_HEADER: Final = struct.Struct("<8s8I")
_TLV: Final = struct.Struct("<2I")

TARGETS: Final = 1010
TARGETS_L: Final = 308
"""The same list as sent by the L series."""
TARGET_INDEX: Final = 1011
HEIGHTS: Final = 1012
POINTS: Final = 1020
PRESENCE: Final = 1021
ZONES: Final = 315
"""The L series' enhanced presence: the number of zones, then two bits for each."""
VITALS: Final = 1040

_TARGET: Final = struct.Struct("<I27f")
"""id; position, velocity, acceleration (3 x 3); covariance (16); gain; confidence."""
_HEIGHT: Final = struct.Struct("<B3x2f")
"""id, three bytes of alignment; top and bottom of the person above the floor, m."""
_POINT_UNITS: Final = 20
_POINT: Final = 8
_VITALS: Final = struct.Struct("<2H33f")
"""id, range bin; deviation of breath, beats and breaths per minute; two waveforms of 15."""

MOVING_M_S: Final = 0.2
"""D. A target faster than this moves; a sleeper's chest and the tracker's own drift stay below."""
BREATHES: Final = 0.02
"""Deviation of the breath waveform below which TI's own visualizer shows no breathing rate."""
DISTANCES_M: Final = (0.0, 20.0)
HEIGHTS_M: Final = (-0.5, 3.0)
"""D. A radar mounted a little askew sees who lies on the floor somewhat below it."""
SLOWEST_PER_MINUTE: Final = 1.0
FASTEST_PER_MINUTE: Final = {Quantity.HEART_RATE: 250.0, Quantity.RESPIRATION_RATE: 60.0}
"""As of the other radars; more is noise."""

Tlv: TypeAlias = tuple[int, bytes]
"""Type and value."""


@dataclass(frozen=True, slots=True)
class Target:
    """One tracked person as the radar gives it: m from the radar's foot on the floor, m/s."""

    id: int
    x: float
    y: float
    z: float = 1.0
    vx: float = 0.0
    vy: float = 0.0
    vz: float = 0.0

    @property
    def distance_m(self) -> float:
        """Along the floor."""
        return math.hypot(self.x, self.y)

    @property
    def speed_m_s(self) -> float:
        return math.hypot(self.vx, self.vy, self.vz)


# --- frames -------------------------------------------------------------------------------------------------


def encode(tlvs: Sequence[Tlv], *, number: int = 0, padding: int = PADDING) -> bytes:
    """Return the frame that carries ``tlvs``; ``padding`` 1 is firmware that does not fill.

    Raises:
        ValueError: longer than ``MAX_FRAME`` or more TLVs than ``MAX_TLVS``.
    """
    body = b"".join(_TLV.pack(kind, len(value)) + value for kind, value in tlvs)
    size = -(-(_HEADER.size + len(body)) // padding) * padding
    if size > MAX_FRAME or len(tlvs) > MAX_TLVS:
        raise ValueError(f"{len(tlvs)} TLVs in {size} bytes, at most {MAX_TLVS} in {MAX_FRAME} fit")
    header = _HEADER.pack(START, 0x03060000, size, 0xA6843, number, 0, 0, len(tlvs), 0)
    return (header + body).ljust(size, b"\x00")


def encode_targets(targets: Sequence[Target]) -> bytes:
    """Return the value of ``TARGETS``."""
    still = (0.0,) * 21
    return b"".join(_TARGET.pack(t.id, t.x, t.y, t.z, t.vx, t.vy, t.vz, *still) for t in targets)


def encode_heights(tops_m: Mapping[int, float]) -> bytes:
    """Return the value of ``HEIGHTS``: each target's top above the floor, m, by its id."""
    return b"".join(_HEIGHT.pack(target, top, 0.0) for target, top in tops_m.items())


def encode_presence(present: bool) -> bytes:
    """Return the value of ``PRESENCE``."""
    return int(present).to_bytes(4, "little")


def encode_zones(occupied: Sequence[bool]) -> bytes:
    """Return the value of ``ZONES``."""
    bits = sum(2 * there << 2 * zone for zone, there in enumerate(occupied))
    return bytes((len(occupied),)) + bits.to_bytes(-(-len(occupied) // 4), "little")


def encode_vitals(heart: float, breath: float, *, deviation: float = 0.1, target: int = 0) -> bytes:
    """Return the value of ``VITALS``: rates per minute, and how far the breath waveform swings."""
    flat = (0.0,) * 30
    return _VITALS.pack(target, 20, deviation, heart, breath, *flat)


def framer() -> ResyncFramer:
    """Return a framer for one data port of such a radar."""
    return ResyncFramer(_LAYOUT)


def _frame_size(header: bytes) -> int:
    return int.from_bytes(header[12:16], "little")


def _is_valid(frame: bytes) -> bool:
    try:
        _tlvs(frame)
    except DecodeError:
        return False
    return True


def _tlvs(frame: bytes) -> list[Tlv]:
    """The TLVs of a whole frame, which they must fill up to the padding.

    A length counts the value alone. Firmware that counted the eight bytes before it too would overrun or miss
    the end here, so it is refused, not misread.
    """
    count = int.from_bytes(frame[32:36], "little")
    if count > MAX_TLVS:
        raise UnknownFormat(f"{count} TLVs")
    found: list[Tlv] = []
    at = _HEADER.size
    for _ in range(count):
        value_at = at + _TLV.size
        if value_at > len(frame):
            raise Truncated(needed=value_at, got=len(frame))
        kind, size = _TLV.unpack_from(frame, at)
        at = value_at + size
        if at > len(frame):
            raise Truncated(needed=at, got=len(frame))
        found.append((kind, frame[value_at:at]))
    if len(frame) - at >= PADDING:
        raise UnknownFormat(f"{len(frame) - at} bytes behind the last TLV")
    return found


_LAYOUT: Final = Layout(
    start=START, header=_HEADER.size, size=_frame_size, largest=MAX_FRAME, valid=_is_valid
)


# --- meaning ------------------------------------------------------------------------------------------------


def decode_people(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return who is there; nothing for a frame in which the firmware says nothing of persons.

    Raises:
        Truncated: the frame is cut.
        UnknownFormat: not such a frame, or a TLV that does not have the size of its records.
    """
    return Decoded(_people(frame, _open(frame.payload)))


def decode_vitals(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return who is there and how that person breathes.

    Raises:
        Truncated, UnknownFormat: as ``decode_people``.
    """
    tlvs = _open(frame.payload)
    return Decoded((*_people(frame, tlvs), *_rates(frame, tlvs)))


def _open(payload: bytes) -> list[Tlv]:
    """Check a frame from start to end; return its TLVs."""
    if len(payload) < _HEADER.size:
        raise Truncated(needed=_HEADER.size, got=len(payload))
    size = _frame_size(payload)
    if payload.startswith(START) and len(payload) < size <= MAX_FRAME:
        raise Truncated(needed=size, got=len(payload))
    if not payload.startswith(START) or len(payload) != size:
        raise UnknownFormat("not one frame from its magic word to its length")
    tlvs = _tlvs(payload)
    for kind, value in tlvs:
        if kind in _SIZES and not _fits(value, *_SIZES[kind]):
            raise UnknownFormat(f"{len(value)} bytes in TLV {kind}")
    return tlvs


_SIZES: Final[Mapping[int, tuple[int, int]]] = {
    TARGETS: (0, _TARGET.size),
    TARGETS_L: (0, _TARGET.size),
    HEIGHTS: (0, _HEIGHT.size),
    POINTS: (_POINT_UNITS, _POINT),
    PRESENCE: (4, 0),
    VITALS: (_VITALS.size, 0),
}
"""Type → bytes of the value before its records, and of each record (0: there are none)."""


def _fits(value: bytes, fixed: int, record: int) -> bool:
    rest = len(value) - fixed
    return rest >= 0 and (rest % record == 0 if record else rest == 0)


def _only(tlvs: Sequence[Tlv], *kinds: int) -> bytes | None:
    """The value of the one TLV of these kinds, if there is one."""
    values = [value for kind, value in tlvs if kind in kinds]
    if len(values) > 1:
        raise UnknownFormat(f"TLV {kinds[0]} comes {len(values)} times")
    return values[0] if values else None


def _people(frame: Frame, tlvs: Sequence[Tlv]) -> tuple[Observation, ...]:
    """What the target list and the presence flags say together.

    The firmware leaves out an empty list, so where it tells presence, no list is nobody in view. Where it
    tells neither (another firmware's frames), nothing is known.
    """
    listed, present = _only(tlvs, TARGETS, TARGETS_L), _present(tlvs)
    if listed is None and present is None:
        return ()
    targets = [Target(*fields[:7]) for fields in _TARGET.iter_unpack(listed or b"")]
    there = bool(present) or bool(targets)
    readings = [
        Reading(frame.device, Quantity.TARGETS, float(len(targets)), frame.received_at),
        state(frame, Quantity.PRESENCE, there),
    ]
    if targets:
        readings.append(_moving(frame, targets))
    elif not there:
        readings.append(state(frame, Quantity.MOTION, False))
    readings.append(_nearest(frame, targets))
    tops = _tops_m(targets, _only(tlvs, HEIGHTS) or b"")
    if tops or not there:
        readings.append(_least(frame, Quantity.HEIGHT, tops, HEIGHTS_M))
    return tuple(readings)


def _present(tlvs: Sequence[Tlv]) -> bool | None:
    """The firmware's own presence flag, if it sends one."""
    told, zones = _only(tlvs, PRESENCE), _only(tlvs, ZONES)
    if told is not None:
        return flag(int.from_bytes(told, "little"))
    if zones is None:
        return None
    count = zones[0] if zones else 0
    if not zones or len(zones) != 1 + -(-count // 4):
        raise UnknownFormat(f"{len(zones)} bytes for {count} zones")
    return bool(int.from_bytes(zones[1:], "little") & ((1 << 2 * count) - 1))


def _moving(frame: Frame, targets: Sequence[Target]) -> Reading:
    speeds = [target.speed_m_s for target in targets]
    if not all(map(math.isfinite, speeds)):
        return _unknown(frame, Quantity.MOTION)
    return state(frame, Quantity.MOTION, max(speeds) >= MOVING_M_S)


def _nearest(frame: Frame, targets: Sequence[Target]) -> Reading:
    return _least(frame, Quantity.DISTANCE, [target.distance_m for target in targets], DISTANCES_M)


def _tops_m(targets: Sequence[Target], heights: bytes) -> list[float]:
    """The top of each person in the list; the lowest is of who lies on the floor, not of who stands beside.

    The firmware does not measure everybody in each frame: of who is there and not measured nothing is said.
    """
    seen = {target.id for target in targets}
    return [top for target, top, _ in _HEIGHT.iter_unpack(heights) if target in seen]


def _least(frame: Frame, quantity: Quantity, values: Sequence[float], limits: tuple[float, float]) -> Reading:
    """The least of ``values``, to the decimetre, which is what the radar can tell and what may be new.

    One nonsense value makes it unknown which is the least.
    """
    if not values or not all(map(math.isfinite, values)):
        return _unknown(frame, quantity)
    if not all(limits[0] <= value <= limits[1] for value in values):
        return _unknown(frame, quantity, Quality.OUT_OF_RANGE)
    return Reading(frame.device, quantity, round(min(values), 1) + 0.0, frame.received_at)


def _rates(frame: Frame, tlvs: Sequence[Tlv]) -> tuple[Observation, ...]:
    """Heart and breath, if exactly one person is in view: else nobody knows whose they are.

    TI's own visualizer shows none either without a target or without any deviation of breath.
    """
    told = [value for kind, value in tlvs if kind == VITALS]
    if not told:
        return ()
    alone = len(told) == 1 and len(_only(tlvs, TARGETS, TARGETS_L) or b"") == _TARGET.size
    _, _, deviation, heart, breath = _VITALS.unpack(told[0])[:5]
    seen = alone and math.isfinite(deviation) and deviation > 0
    return (
        _rate(frame, Quantity.HEART_RATE, heart if seen else 0.0),
        _rate(frame, Quantity.RESPIRATION_RATE, breath if seen and deviation >= BREATHES else 0.0),
    )


def _rate(frame: Frame, quantity: Quantity, per_minute: float) -> Reading:
    highest = FASTEST_PER_MINUTE[quantity]
    return measured(frame, quantity, round(per_minute, 1), lowest=SLOWEST_PER_MINUTE, highest=highest)


def _unknown(frame: Frame, quantity: Quantity, quality: Quality = Quality.NO_VALUE) -> Reading:
    return Reading(frame.device, quantity, None, frame.received_at, quality)
