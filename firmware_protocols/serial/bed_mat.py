"""A bed mat with a load sensor on a microcontroller: Anban's own open serial frame.

``5A B7 | length | version | counter | state | load | movement | CRC16``; ``docs/protocols/bed_mat.md`` is
written for whoever builds one. The one idea: the mat decides whether somebody lies on it, with its own
hysteresis, because only it knows its springs; and a mat that cannot know says *fault*, never *empty*.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.errors import BadChecksum, Truncated, UnknownFormat
from firmware_protocols.model import Observation, Quality, Quantity, Reading
from firmware_protocols.serial.framing import Layout, ResyncFramer

BAUD: Final = 9_600
"""8N1; a frame takes 11 ms."""

START: Final = b"\x5a\xb7"
VERSION: Final = 1
NOT_MEASURED: Final = 0xFF
"""Load or movement of which the mat knows nothing."""
MAX_BODY: Final = 32
"""Bytes of version to movement and whatever a later mat appends."""

_HEADER: Final = 3
_BODY: Final = 5
_CRC: Final = 2
_FULL: Final = 100


class State(IntEnum):
    """What the mat makes of its sensor."""

    EMPTY = 0
    OCCUPIED = 1
    CABLE = 2
    """The sensor does not answer: cable cut or unplugged."""
    SATURATED = 3
    """The sensor stands at its end: shorted, wet, or overloaded."""
    STARTING = 4
    """Switched on and not settled yet."""


KNOWS: Final = frozenset({State.EMPTY, State.OCCUPIED})
FAULTS: Final = frozenset({State.CABLE, State.SATURATED})


@dataclass(frozen=True, slots=True)
class BedMat:
    """One report. ``counter``: 0-255, wraps. ``load``, ``movement``: per cent, ``None`` if not measured."""

    counter: int
    state: State
    load: int | None = None
    movement: int | None = None


def encode(report: BedMat) -> bytes:
    """Return the frame that says ``report``.

    Raises:
        ValueError: a number does not fit.
    """
    load, movement = _percent(report.load), _percent(report.movement)
    if report.counter not in range(256):
        raise ValueError(f"counter {report.counter} does not fit into a byte")
    body = bytes((VERSION, report.counter, report.state, load, movement))
    counted = bytes((len(body),)) + body
    return START + counted + _crc16(counted).to_bytes(_CRC, "big")


def _percent(value: int | None) -> int:
    if value is None:
        return NOT_MEASURED
    if not 0 <= value <= _FULL:
        raise ValueError(f"{value} % does not fit, 0 to 100 do")
    return value


def framer() -> ResyncFramer:
    """Return a framer for one port with such a mat."""
    return ResyncFramer(_LAYOUT)


def parse(payload: bytes) -> BedMat:
    """Return what one whole frame says.

    Raises:
        Truncated, BadChecksum: the frame is cut or damaged.
        UnknownFormat: not such a frame, another version, a state or per cent that the format does not have.
    """
    version, counter, state, load, movement = _open(payload)[:_BODY]
    if version != VERSION:
        raise UnknownFormat(f"version {version}")
    if state not in set(State):
        raise UnknownFormat(f"state {state}")
    for value in (load, movement):
        if value > _FULL and value != NOT_MEASURED:
            raise UnknownFormat(f"{value} %")
    return BedMat(counter, State(state), _known(load), _known(movement))


def decode(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return what one whole frame says of the bed.

    Raises:
        Truncated, BadChecksum, UnknownFormat: as ``parse``.
    """
    report = parse(frame.payload)
    knows = report.state in KNOWS
    in_bed = report.state is State.OCCUPIED if knows else None
    readings = [
        _reading(frame, Quantity.IN_BED, in_bed),
        _reading(frame, Quantity.BED_LOAD, report.load if knows else None),
        _reading(frame, Quantity.BODY_MOVEMENT, report.movement if knows else None),
    ]
    if report.state is not State.STARTING:
        readings.append(_reading(frame, Quantity.PROBLEM, report.state in FAULTS))
    observations: tuple[Observation, ...] = tuple(readings)
    return Decoded(observations)


def _open(payload: bytes) -> bytes:
    """Check a frame from start to CRC; return its body."""
    shortest = _HEADER + _BODY + _CRC
    if len(payload) < shortest:
        raise Truncated(needed=shortest, got=len(payload))
    size = _frame_size(payload)
    if payload.startswith(START) and len(payload) < size:
        raise Truncated(needed=size, got=len(payload))
    if not payload.startswith(START) or len(payload) != size or payload[2] < _BODY:
        raise UnknownFormat("not one frame from 5A B7")
    expected, actual = _crc16(payload[2:-_CRC]), int.from_bytes(payload[-_CRC:], "big")
    if expected != actual:
        raise BadChecksum(expected=expected, actual=actual)
    return payload[_HEADER:-_CRC]


def _known(percent: int) -> int | None:
    return None if percent == NOT_MEASURED else percent


def _reading(frame: Frame, quantity: Quantity, value: float | None) -> Reading:
    quality = Quality.NO_VALUE if value is None else Quality.GOOD
    number = value if value is None or isinstance(value, bool) else float(value)
    return Reading(frame.device, quantity, number, frame.received_at, quality)


def _crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF; of "123456789" it is 0x29B1."""
    return binascii.crc_hqx(data, 0xFFFF)


def _frame_size(header: bytes) -> int:
    return _HEADER + header[2] + _CRC


def _is_valid(frame: bytes) -> bool:
    return frame[2] >= _BODY and _crc16(frame[2:-_CRC]) == int.from_bytes(frame[-_CRC:], "big")


_LAYOUT: Final = Layout(
    start=START, header=_HEADER, size=_frame_size, largest=_HEADER + MAX_BODY + _CRC, valid=_is_valid
)
