"""The MicRadar family of 60 GHz radars (Seeed MR60FDA1/MR60BHA1, MicRadar R60A*, DFRobot C1001).

``53 59 | control | command | length u16 | data | sum | 54 43``, big-endian; ``docs/protocols/micradar.md``.
The one idea: a query's reply has bit 7 of the command set and otherwise says the same as a report, so one
table keyed by (control, bare command) reads both. What the table does not hold is skipped, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.errors import BadChecksum, Truncated, UnknownFormat
from firmware_protocols.model import Observation, Quality, Quantity, Reading
from firmware_protocols.serial import sense
from firmware_protocols.serial.framing import Layout, ResyncFramer

BAUD: Final = 115_200
"""8 data bits, no parity, 1 stop bit."""

START: Final = b"\x53\x59"
TAIL: Final = b"\x54\x43"
REPLY: Final = 0x80
"""Bit of the command that marks a query and its reply."""
MAX_DATA: Final = 64
"""Bytes; the longest known report is below 40. More would only let a false start hold back real frames."""

_HEADER: Final = 6
_TRAILER: Final = 1 + len(TAIL)
_QUERY_DATA: Final = b"\x0f"

Function: TypeAlias = tuple[int, int]
"""Control byte and bare command: what a frame is about."""

HEARTBEAT: Final[Function] = (0x01, 0x01)
RESET: Final[Function] = (0x01, 0x02)
PRESENCE: Final[Function] = (0x80, 0x01)
MOVEMENT: Final[Function] = (0x80, 0x02)
BODY_MOVEMENT: Final[Function] = (0x80, 0x03)
DISTANCE: Final[Function] = (0x80, 0x04)
BREATHING: Final[Function] = (0x81, 0x01)
BREATHING_RATE: Final[Function] = (0x81, 0x02)
FALL: Final[Function] = (0x83, 0x01)
STILL_RESIDENT: Final[Function] = (0x83, 0x05)
IN_BED: Final[Function] = (0x84, 0x01)
HEART_RATE: Final[Function] = (0x85, 0x02)


class Movement(IntEnum):
    """What ``80 02`` reports."""

    NONE = 0
    STILL = 1
    ACTIVE = 2


class Breathing(IntEnum):
    """What ``81 01`` reports: the radar's own opinion of the rate, ``NONE`` while it measures none."""

    NORMAL = 1
    FAST = 2
    SLOW = 3
    NONE = 4


class Bed(IntEnum):
    """What ``84 01`` reports; ``UNKNOWN`` while the radar measures no sleep."""

    OUT = 0
    IN = 1
    UNKNOWN = 2


# --- frames -------------------------------------------------------------------------------------------------


def encode(function: Function, data: bytes, *, reply: bool = False) -> bytes:
    """Return the frame in which a radar reports ``data`` (or replies with it to a query).

    Raises:
        ValueError: more than ``MAX_DATA`` bytes.
    """
    if len(data) > MAX_DATA:
        raise ValueError(f"{len(data)} bytes of data, at most {MAX_DATA} fit")
    control, command = function
    body = START + bytes((control, command | (REPLY if reply else 0))) + len(data).to_bytes(2, "big") + data
    return body + bytes((_checksum(body),)) + TAIL


def query(function: Function) -> bytes:
    """Return the frame with which a host asks for ``function``."""
    return encode(function, _QUERY_DATA, reply=True)


def encode_presence(present: bool, *, reply: bool = False) -> bytes:
    """Return "somebody is there" or "nobody"."""
    return encode(PRESENCE, bytes((present,)), reply=reply)


def encode_movement(movement: Movement, *, reply: bool = False) -> bytes:
    """Return how the person moves."""
    return encode(MOVEMENT, bytes((movement,)), reply=reply)


def encode_body_movement(percent: int, *, reply: bool = False) -> bytes:
    """Return the body movement parameter, 0-100."""
    return encode(BODY_MOVEMENT, bytes((percent,)), reply=reply)


def encode_distance(centimetres: int, *, reply: bool = False) -> bytes:
    """Return the distance to the person, 0-65535 cm; 0 where there is none."""
    return encode(DISTANCE, centimetres.to_bytes(2, "big"), reply=reply)


def encode_breathing(breathing: Breathing, *, reply: bool = False) -> bytes:
    """Return the radar's opinion of the breathing."""
    return encode(BREATHING, bytes((breathing,)), reply=reply)


def encode_breathing_rate(per_minute: int, *, reply: bool = False) -> bytes:
    """Return the breathing rate; 0 where there is none."""
    return encode(BREATHING_RATE, bytes((per_minute,)), reply=reply)


def encode_heart_rate(per_minute: int, *, reply: bool = False) -> bytes:
    """Return the heart rate; 0 where there is none."""
    return encode(HEART_RATE, bytes((per_minute,)), reply=reply)


def encode_fall(fallen: bool, *, reply: bool = False) -> bytes:
    """Return the fall state."""
    return encode(FALL, bytes((fallen,)), reply=reply)


def encode_still_resident(still: bool, *, reply: bool = False) -> bytes:
    """Return whether somebody has stayed motionless for the time set in the radar."""
    return encode(STILL_RESIDENT, bytes((still,)), reply=reply)


def encode_in_bed(bed: Bed, *, reply: bool = False) -> bytes:
    """Return whether somebody lies in bed."""
    return encode(IN_BED, bytes((bed,)), reply=reply)


def encode_heartbeat() -> bytes:
    """Return the radar's sign of life."""
    return encode(HEARTBEAT, _QUERY_DATA)


def framer() -> ResyncFramer:
    """Return a framer for one port with such a radar."""
    return ResyncFramer(_LAYOUT)


def _checksum(body: bytes) -> int:
    """Low byte of the sum from the start mark through the data."""
    return sum(body) & 0xFF


def _frame_size(header: bytes) -> int:
    return _HEADER + int.from_bytes(header[4:_HEADER], "big") + _TRAILER


def _is_valid(frame: bytes) -> bool:
    return frame.endswith(TAIL) and frame[-_TRAILER] == _checksum(frame[:-_TRAILER])


_LAYOUT: Final = Layout(
    start=START,
    header=_HEADER,
    size=_frame_size,
    largest=_HEADER + MAX_DATA + _TRAILER,
    valid=_is_valid,
)


# --- meaning ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Report:
    """How one function's data (always ``size`` bytes, one big-endian number) becomes observations."""

    read: Callable[[Frame, int], tuple[Observation, ...]]
    size: int = 1


def decode(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return what one whole frame says; nothing for a function that tells nothing of a person.

    Raises:
        Truncated, BadChecksum: the frame is cut or damaged.
        UnknownFormat: not such a frame, or a state that the format does not have.
    """
    control, command, data = _open(frame.payload)
    report = _REPORTS.get((control, command & ~REPLY))
    if report is None:
        return Decoded(())
    if len(data) < report.size:
        raise Truncated(needed=report.size, got=len(data))
    if len(data) > report.size:
        raise UnknownFormat(f"{len(data)} bytes of data for {control:02x}/{command:02x}")
    return Decoded(report.read(frame, int.from_bytes(data, "big")))


def _open(payload: bytes) -> tuple[int, int, bytes]:
    """Check a frame from start to tail; return control, command and data."""
    if len(payload) < _HEADER + _TRAILER:
        raise Truncated(needed=_HEADER + _TRAILER, got=len(payload))
    size = _frame_size(payload)
    if payload.startswith(START) and len(payload) < size:
        raise Truncated(needed=size, got=len(payload))
    if not (payload.startswith(START) and payload.endswith(TAIL) and len(payload) == size):
        raise UnknownFormat("not one frame from 53 59 to 54 43")
    expected, actual = _checksum(payload[:-_TRAILER]), payload[-_TRAILER]
    if expected != actual:
        raise BadChecksum(expected=expected, actual=actual)
    return payload[2], payload[3], payload[_HEADER:-_TRAILER]


def _value(
    quantity: Quantity, *, highest: float, per_unit: int = 1, zero_is_none: bool = True
) -> Callable[[Frame, int], tuple[Observation, ...]]:
    """Return a reader of a number counted in ``1 / per_unit``; 0 is "none measured" if ``zero_is_none``."""

    def read(frame: Frame, number: int) -> tuple[Observation, ...]:
        value = number / per_unit
        quality = Quality.GOOD if value <= highest else Quality.OUT_OF_RANGE
        if number == 0 and zero_is_none:
            quality = Quality.NO_VALUE
        usable = value if quality is Quality.GOOD else None
        return (Reading(frame.device, quantity, usable, frame.received_at, quality),)

    return read


def _presence(frame: Frame, number: int) -> tuple[Observation, ...]:
    return (sense.state(frame, Quantity.PRESENCE, sense.flag(number)),)


def _movement(frame: Frame, number: int) -> tuple[Observation, ...]:
    if number not in set(Movement):
        raise UnknownFormat(f"movement state {number}")
    return (sense.state(frame, Quantity.MOTION, number == Movement.ACTIVE),)


def _breathing(frame: Frame, number: int) -> tuple[Observation, ...]:
    """The rate itself comes in a report of its own; here only its absence is news."""
    if number not in set(Breathing):
        raise UnknownFormat(f"breathing state {number}")
    if number != Breathing.NONE:
        return ()
    return (Reading(frame.device, Quantity.RESPIRATION_RATE, None, frame.received_at, Quality.NO_VALUE),)


def _fall(frame: Frame, number: int) -> tuple[Observation, ...]:
    return sense.fall(frame, sense.flag(number))


def _still_resident(frame: Frame, number: int) -> tuple[Observation, ...]:
    if not sense.flag(
        number
    ):  # "nobody stays motionless" says neither that somebody is there nor that he moves
        return ()
    return (
        sense.state(frame, Quantity.PRESENCE, True),
        sense.state(frame, Quantity.MOTION, False),
    )


def _in_bed(frame: Frame, number: int) -> tuple[Observation, ...]:
    if number not in set(Bed):
        raise UnknownFormat(f"bed state {number}")
    if number == Bed.UNKNOWN:
        return (Reading(frame.device, Quantity.IN_BED, None, frame.received_at, Quality.NO_VALUE),)
    return (sense.state(frame, Quantity.IN_BED, number == Bed.IN),)


_REPORTS: Final[Mapping[Function, _Report]] = {
    PRESENCE: _Report(_presence),
    MOVEMENT: _Report(_movement),
    BODY_MOVEMENT: _Report(_value(Quantity.BODY_MOVEMENT, highest=100, zero_is_none=False)),
    DISTANCE: _Report(_value(Quantity.DISTANCE, highest=20, per_unit=100), size=2),
    BREATHING: _Report(_breathing),
    BREATHING_RATE: _Report(_value(Quantity.RESPIRATION_RATE, highest=60)),
    HEART_RATE: _Report(_value(Quantity.HEART_RATE, highest=250)),
    FALL: _Report(_fall),
    STILL_RESIDENT: _Report(_still_resident),
    IN_BED: _Report(_in_bed),
}
