"""The TinyFrame family of 60 GHz radars: Seeed MR60FDA2 and MR60BHA2, Hi-Link LD6002 and LD6002C.

``01 | id u16 | length u16 | type u16 | header sum | data | data sum``; ``docs/protocols/tinyframe.md``. What
it is not: one codec. The one idea: all speak the same frame, but a type means what the *model* says (``0A13``
is a waveform of one and a setting of another), so each model has its own table and its own name.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Final

from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.errors import BadChecksum, Truncated, UnknownFormat
from firmware_protocols.model import Observation, Quantity, Reading
from firmware_protocols.serial import sense
from firmware_protocols.serial.framing import Layout, ResyncFramer

BAUD: Final = 115_200
"""MR60FDA2, MR60BHA2, LD6002C; 8 data bits, no parity, 1 stop bit."""
LD6002_BAUD: Final = 1_382_400
"""LD6002 alone (Hi-Link data sheet); not every USB adapter can."""

START: Final = b"\x01"
MAX_DATA: Final = 1024
"""Bytes of data at most (Hi-Link TinyFrame V1.2, frame structure)."""

_HEADER: Final = 8
_SUMMED: Final = _HEADER - 1
_EMPTY_SUM: Final = b"\xff"
"""The data sum of no data: some tables list it, radars do not send it."""

TARGETS: Final = 0x0A04
ZONES: Final = 0x0A0A
PHASES: Final = 0x0A13
BREATHING_RATE: Final = 0x0A14
HEART_RATE: Final = 0x0A15
DISTANCE: Final = 0x0A16
FALL: Final = 0x0E02
PARAMETERS: Final = 0x0E06
PRESENCE: Final = 0x0F09

FAMILIES: Final = frozenset({0x02, 0x0A, 0x0E, 0x0F, 0x21, 0xFF})
"""High bytes of all types there are (Hi-Link V1.2, Seeed's library): commands, presence and rates, falls,
people, initialisation, firmware. A header with another is a false start: one-byte sums let too many pass."""

HIGHEST_BREATHING: Final = 60.0
"""Breaths per minute; more is noise. [D], as for the other radars."""
HIGHEST_HEART: Final = 250.0
"""Beats per minute. [D]"""
FARTHEST_M: Final = 6.0
"""None of these models looks further than a room; users report noise at 74 m. [D]"""
ZONE_COUNT: Final = 4


# --- frames -------------------------------------------------------------------------------------------------


def encode(kind: int, data: bytes = b"", *, number: int = 0) -> bytes:
    """Return the frame of type ``kind`` with the id ``number``; without data it ends with the header.

    Raises:
        ValueError: more than ``MAX_DATA`` bytes, or a number that does not fit its field.
    """
    if len(data) > MAX_DATA:
        raise ValueError(f"{len(data)} bytes of data, at most {MAX_DATA} fit")
    try:
        header = struct.pack(">sHHH", START, number, len(data), kind)
    except struct.error as error:
        raise ValueError(f"type {kind} or id {number} does not fit 16 bits") from error
    head = header + bytes((_checksum(header),))
    return head + data + bytes((_checksum(data),)) if data else head


def encode_fall(fallen: bool, *, number: int = 0) -> bytes:
    """Return the fall state."""
    return encode(FALL, bytes((fallen,)), number=number)


def encode_presence(present: bool, *, width: int = 1, number: int = 0) -> bytes:
    """Return "somebody is there" or "nobody", ``width`` bytes wide: firmware differs."""
    return encode(PRESENCE, int(present).to_bytes(width, "little"), number=number)


def encode_breathing_rate(per_minute: float, *, number: int = 0) -> bytes:
    """Return the breathing rate; 0 where there is none."""
    return encode(BREATHING_RATE, struct.pack("<f", per_minute), number=number)


def encode_heart_rate(per_minute: float, *, number: int = 0) -> bytes:
    """Return the heart rate; 0 where there is none."""
    return encode(HEART_RATE, struct.pack("<f", per_minute), number=number)


def encode_distance(centimetres: float | None, *, number: int = 0) -> bytes:
    """Return the distance to the person; ``None`` where it is not measured."""
    valid = centimetres is not None
    return encode(DISTANCE, struct.pack("<If", valid, centimetres or 0.0), number=number)


def encode_phases(total: float, breath: float, heart: float, *, number: int = 0) -> bytes:
    """Return one sample of the waveforms."""
    return encode(PHASES, struct.pack("<fff", total, breath, heart), number=number)


def encode_zones(occupied: tuple[bool, bool, bool, bool], *, number: int = 0) -> bytes:
    """Return which of the four zones somebody is in."""
    return encode(ZONES, struct.pack("<4I", *occupied), number=number)


def framer() -> ResyncFramer:
    """Return a framer for one port with such a radar, of any model."""
    return ResyncFramer(_LAYOUT)


def _checksum(covered: bytes) -> int:
    """Inverted exclusive-or of the bytes."""
    return ~reduce(xor, covered, 0) & 0xFF


def _data_length(header: bytes) -> int:
    return int.from_bytes(header[3:5], "big")


def _frame_size(header: bytes) -> int:
    """Length of the whole frame; 0 if the header is none, so that nothing waits for its data."""
    if header[5] not in FAMILIES or header[_SUMMED] != _checksum(header[:_SUMMED]):
        return 0
    length = _data_length(header)
    return _HEADER + length + 1 if length else _HEADER


def _is_valid(frame: bytes) -> bool:
    return len(frame) == _HEADER or frame[-1] == _checksum(frame[_HEADER:-1])


_LAYOUT: Final = Layout(
    start=START,
    header=_HEADER,
    size=_frame_size,
    largest=_HEADER + MAX_DATA + 1,
    valid=_is_valid,
)


# --- meaning ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Report:
    """How one type's data, of one of ``lengths``, becomes observations."""

    read: Callable[[Frame, bytes], tuple[Observation, ...]]
    lengths: frozenset[int]


def decode_mr60fda2(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return what a Seeed MR60FDA2 (falls) says in one whole frame.

    Raises:
        Truncated, BadChecksum: the frame is cut or damaged.
        UnknownFormat: not such a frame, or a state or length that the format does not have.
    """
    return _decode(_MR60FDA2, frame)


def decode_mr60bha2(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return what a Seeed MR60BHA2 (breath and heart) says; raises as ``decode_mr60fda2``."""
    return _decode(_MR60BHA2, frame)


def decode_ld6002(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return what a Hi-Link LD6002 (breath and heart) says; raises as ``decode_mr60fda2``."""
    return _decode(_LD6002, frame)


def decode_ld6002c(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return what a Hi-Link LD6002C (falls) says; raises as ``decode_mr60fda2``."""
    return _decode(_LD6002C, frame)


def _decode(reports: Mapping[int, _Report], frame: Frame) -> Decoded:
    """A type that is not in ``reports`` tells nothing; one without data only says that a command arrived."""
    kind, data = _open(frame.payload)
    report = reports.get(kind)
    if report is None or not data:
        return Decoded(())
    if len(data) < min(report.lengths):
        raise Truncated(needed=min(report.lengths), got=len(data))
    if len(data) not in report.lengths:
        raise UnknownFormat(f"{len(data)} bytes of data for {kind:04x}")
    return Decoded(report.read(frame, data))


def _open(payload: bytes) -> tuple[int, bytes]:
    """Check a frame from start to end; return type and data."""
    if len(payload) < _HEADER:
        raise Truncated(needed=_HEADER, got=len(payload))
    if not payload.startswith(START):
        raise UnknownFormat("does not begin with 01")
    _verify(payload[:_SUMMED], payload[_SUMMED])
    if payload[5] not in FAMILIES:
        raise UnknownFormat(f"no type begins with {payload[5]:02x}")
    length = _data_length(payload)
    kind, rest = int.from_bytes(payload[5:_SUMMED], "big"), payload[_HEADER:]
    if not length and rest in {b"", _EMPTY_SUM}:
        return kind, b""
    if len(rest) < length + 1:
        raise Truncated(needed=_HEADER + length + 1, got=len(payload))
    if not length or len(rest) > length + 1:
        raise UnknownFormat(f"{len(rest)} bytes after the header, {length} announced")
    _verify(rest[:-1], rest[-1])
    return kind, rest[:-1]


def _verify(covered: bytes, actual: int) -> None:
    expected = _checksum(covered)
    if expected != actual:
        raise BadChecksum(expected=expected, actual=actual)


def _fall(frame: Frame, data: bytes) -> tuple[Observation, ...]:
    return sense.fall(frame, sense.flag(data[0]))


def _presence(frame: Frame, data: bytes) -> tuple[Observation, ...]:
    present = sense.flag(int.from_bytes(data, "little"))
    return (sense.state(frame, Quantity.PRESENCE, present),)


def _breathing(frame: Frame, data: bytes) -> tuple[Observation, ...]:
    return (_rate(frame, Quantity.RESPIRATION_RATE, data, HIGHEST_BREATHING),)


def _heart(frame: Frame, data: bytes) -> tuple[Observation, ...]:
    return (_rate(frame, Quantity.HEART_RATE, data, HIGHEST_HEART),)


def _rate(frame: Frame, quantity: Quantity, data: bytes, highest: float) -> Reading:
    (per_minute,) = struct.unpack("<f", data)
    return sense.measured(frame, quantity, _tidy(per_minute, 2), lowest=1, highest=highest)


def _distance(frame: Frame, data: bytes) -> tuple[Observation, ...]:
    valid, centimetres = struct.unpack("<If", data)
    metres = _tidy(centimetres / 100, 3) if sense.flag(valid) else 0.0
    return (sense.measured(frame, Quantity.DISTANCE, metres, lowest=0, highest=FARTHEST_M),)


def _tidy(number: float, digits: int) -> float:
    """Drop what only the 24 bits of the radar's own format added."""
    return round(number, digits) if math.isfinite(number) else number


def _targets(frame: Frame, data: bytes) -> tuple[Observation, ...]:
    """How many are in view; where each of them is stays here."""
    count = int.from_bytes(data[:4], "little")
    if len(data) - 4 not in {count * size for size in _TARGET_SIZES}:
        raise UnknownFormat(f"{count} targets in {len(data)} bytes")
    reading = Reading(frame.device, Quantity.TARGETS, float(count), frame.received_at)
    return (reading,)


def _zones(frame: Frame, data: bytes) -> tuple[Observation, ...]:
    """Somebody in a zone is somebody; nobody in any says nothing of the room outside the zones."""
    occupied = [sense.flag(number) for number in struct.unpack(f"<{ZONE_COUNT}I", data)]
    return (sense.state(frame, Quantity.PRESENCE, True),) if any(occupied) else ()


def _waveform(_frame: Frame, _data: bytes) -> tuple[Observation, ...]:
    """A waveform is nobody's business outside the radar."""
    return ()


_TARGET_SIZES: Final = (16, 20)
"""Bytes per target: plane (Seeed's library) or with a height (Hi-Link V1.2)."""
_COUNTED: Final = frozenset(4 + n * size for size in _TARGET_SIZES for n in range((MAX_DATA - 4) // size + 1))

_FALL_REPORT: Final = _Report(_fall, frozenset({1}))
_PRESENCE_REPORT: Final = _Report(_presence, frozenset({1, 2}))
_TARGETS_REPORT: Final = _Report(_targets, _COUNTED)
_VITALS: Final[Mapping[int, _Report]] = {
    PHASES: _Report(_waveform, frozenset({12})),
    BREATHING_RATE: _Report(_breathing, frozenset({4})),
    HEART_RATE: _Report(_heart, frozenset({4})),
    DISTANCE: _Report(_distance, frozenset({8})),
}

_MR60FDA2: Final[Mapping[int, _Report]] = {FALL: _FALL_REPORT, PRESENCE: _PRESENCE_REPORT}
_MR60BHA2: Final[Mapping[int, _Report]] = {
    **_VITALS,
    PRESENCE: _PRESENCE_REPORT,
    TARGETS: _TARGETS_REPORT,
}
_LD6002: Final[Mapping[int, _Report]] = _VITALS
_LD6002C: Final[Mapping[int, _Report]] = {
    FALL: _FALL_REPORT,
    PRESENCE: _PRESENCE_REPORT,
    TARGETS: _TARGETS_REPORT,
    ZONES: _Report(_zones, frozenset({4 * ZONE_COUNT})),
}
