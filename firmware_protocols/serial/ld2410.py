"""The Hi-Link LD2410, a 24 GHz presence radar: somebody there, moving or still, and how near.

``F4 F3 F2 F1 | length u16 | type | AA | report | 55 00 | F8 F7 F6 F5``, little-endian;
``docs/protocols/ld2410.md``. The one idea: there is no checksum, so a frame is believed when its marks stand
where its length says; a bit that flips inside the report passes, and a single report is never proof.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.errors import Truncated, UnknownFormat
from firmware_protocols.model import Quantity
from firmware_protocols.serial import sense
from firmware_protocols.serial.framing import Layout, ResyncFramer

BAUD: Final = 256_000
"""8 data bits, no parity, 1 stop bit."""
FARTHEST_M: Final = 8.0
"""Nine gates of 0.75 m and what echoes add. [D]"""

START: Final = b"\xf4\xf3\xf2\xf1"
TAIL: Final = b"\xf8\xf7\xf6\xf5"
MAX_DATA: Final = 64
"""Bytes between length and tail; the longest known report has 35."""

_HEADER: Final = len(START) + 2
_HEAD: Final = 0xAA
_END: Final = b"\x55\x00"
_REPORT: Final = struct.Struct("<BHBHBH")
_SHELL: Final = 2 + len(_END)
"""Bytes of data around a report: type, head and end."""


class Type(IntEnum):
    """Which report; engineering adds the energy of each gate."""

    ENGINEERING = 1
    BASIC = 2


class Target(IntFlag):
    """What is in view; both bits: somebody moves and somebody is still."""

    NOBODY = 0
    MOVING = 1
    STILL = 2


@dataclass(frozen=True, slots=True)
class Report:
    """One report. Distances in cm, energies in % of the radar's scale; a field without its target is idle."""

    target: Target
    moving_cm: int = 0
    moving_energy: int = 0
    still_cm: int = 0
    still_energy: int = 0
    detection_cm: int = 0

    @property
    def nearest_cm(self) -> int:
        """The nearer of the targets in view; 0 where no distance is told."""
        told = [
            self.moving_cm if Target.MOVING in self.target else 0,
            self.still_cm if Target.STILL in self.target else 0,
        ]
        return min(filter(None, told), default=0)


def encode(report: Report, *, gates: bytes = b"") -> bytes:
    """Return the frame of ``report``: an engineering one if it has ``gates``, the bytes after the report.

    Raises:
        ValueError: a number that does not fit its field, or more than ``MAX_DATA`` bytes.
    """
    kind = Type.ENGINEERING if gates else Type.BASIC
    try:
        body = _REPORT.pack(
            report.target,
            report.moving_cm,
            report.moving_energy,
            report.still_cm,
            report.still_energy,
            report.detection_cm,
        )
    except struct.error as error:
        raise ValueError(f"{report} does not fit its fields") from error
    data = bytes((kind, _HEAD)) + body + gates + _END
    if len(data) > MAX_DATA:
        raise ValueError(f"{len(data)} bytes of data, at most {MAX_DATA} fit")
    return START + len(data).to_bytes(2, "little") + data + TAIL


def parse(payload: bytes) -> Report:
    """Return the report in one whole frame, of either type.

    Raises:
        Truncated: the frame is cut.
        UnknownFormat: not such a frame, or a state that the format does not have.
    """
    kind, body = _open(payload)
    if len(body) < _REPORT.size:
        raise Truncated(needed=_REPORT.size, got=len(body))
    gates = body[_REPORT.size :]
    if kind is Type.BASIC and gates:
        raise UnknownFormat(f"{len(gates)} bytes after a basic report")
    if kind is Type.ENGINEERING:
        _check_gates(gates)
    target, *numbers = _REPORT.unpack_from(body)
    if target > Target.MOVING | Target.STILL:
        raise UnknownFormat(f"target state {target}")
    return Report(Target(target), *numbers)


def decode(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return presence, motion and the distance of the nearest; raises as ``parse``."""
    report = parse(frame.payload)
    metres = report.nearest_cm / 100
    return Decoded(
        (
            sense.state(frame, Quantity.PRESENCE, bool(report.target)),
            sense.state(frame, Quantity.MOTION, Target.MOVING in report.target),
            sense.measured(frame, Quantity.DISTANCE, metres, lowest=0, highest=FARTHEST_M),
        )
    )


def framer() -> ResyncFramer:
    """Return a framer for one port with such a radar."""
    return ResyncFramer(_LAYOUT)


def _open(payload: bytes) -> tuple[Type, bytes]:
    """Check a frame from start to tail; return its type and what stands between head and end."""
    if len(payload) < _HEADER + _SHELL + len(TAIL):
        raise Truncated(needed=_HEADER + _SHELL + len(TAIL), got=len(payload))
    size = _frame_size(payload)
    if payload.startswith(START) and len(payload) < size:
        raise Truncated(needed=size, got=len(payload))
    if not (payload.startswith(START) and len(payload) == size and _is_valid(payload)):
        raise UnknownFormat("not one frame from F4 F3 F2 F1 to F8 F7 F6 F5")
    kind = payload[_HEADER]
    if kind not in set(Type):
        raise UnknownFormat(f"report type {kind}")
    return Type(kind), payload[_HEADER + 2 : -len(_END) - len(TAIL)]


def _check_gates(gates: bytes) -> None:
    """Highest moving and still gate, an energy per gate from 0; newer firmware adds bytes behind."""
    needed = 2 + sum(highest + 1 for highest in gates[:2])
    if len(gates) < max(4, needed):
        raise Truncated(needed=max(4, needed), got=len(gates))


def _frame_size(header: bytes) -> int:
    return _HEADER + int.from_bytes(header[len(START) : _HEADER], "little") + len(TAIL)


def _is_valid(frame: bytes) -> bool:
    """Whether head, end and tail stand where they must."""
    whole = len(frame) >= _HEADER + _SHELL + len(TAIL)
    return whole and frame[_HEADER + 1] == _HEAD and frame.endswith(_END + TAIL)


_LAYOUT: Final = Layout(
    start=START,
    header=_HEADER,
    size=_frame_size,
    largest=_HEADER + MAX_DATA + len(TAIL),
    valid=_is_valid,
)
