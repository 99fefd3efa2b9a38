"""The Hi-Link LD2450, a 24 GHz radar that follows up to three people.

``AA FF 03 00 | 3 x (x, y, speed, resolution) | 55 CC``, u16 little-endian each; ``docs/protocols/ld2450.md``.
The one idea: it could draw everybody's walk through the room ten times a second. How many are there, whether
one moves and how near the nearest is leaves this module; where they are does not.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.errors import Truncated, UnknownFormat
from firmware_protocols.model import Quantity, Reading
from firmware_protocols.serial import sense
from firmware_protocols.serial.framing import Layout, ResyncFramer

BAUD: Final = 256_000
"""8 data bits, no parity, 1 stop bit."""
FARTHEST_M: Final = 8.0
"""The data sheet gives 6 m; echoes reach further. [D]"""
MAX_TRACKS: Final = 3

START: Final = b"\xaa\xff\x03\x00"
TAIL: Final = b"\x55\xcc"
_TRACK: Final = struct.Struct("<4H")
_EMPTY: Final = bytes(_TRACK.size)
_SIZE: Final = len(START) + MAX_TRACKS * _TRACK.size + len(TAIL)
_POSITIVE: Final = 0x8000
"""The sign bit is set for positive numbers, and the rest is the magnitude: not two's complement."""


@dataclass(frozen=True, slots=True)
class Track:
    """One person in view: ``x_mm`` to the side, ``y_mm`` ahead, ``speed_cm_s`` to or from the radar."""

    x_mm: int
    y_mm: int
    speed_cm_s: int
    resolution_mm: int

    @property
    def distance_m(self) -> float:
        """Distance from the radar."""
        return round(math.hypot(self.x_mm, self.y_mm) / 1000, 3)


def encode(tracks: Sequence[Track]) -> bytes:
    """Return the frame with ``tracks``.

    Raises:
        ValueError: more than three, or a number that does not fit its field.
    """
    if len(tracks) > MAX_TRACKS:
        raise ValueError(f"{len(tracks)} tracks, at most {MAX_TRACKS} fit")
    slots = b"".join(map(_slot, tracks))
    return START + slots.ljust(MAX_TRACKS * _TRACK.size, b"\x00") + TAIL


def parse(payload: bytes) -> tuple[Track, ...]:
    """Return the tracks in one whole frame; an empty slot is all zeros.

    Raises:
        Truncated: the frame is cut.
        UnknownFormat: not such a frame.
    """
    if len(payload) < _SIZE:
        raise Truncated(needed=_SIZE, got=len(payload))
    if not (payload.startswith(START) and len(payload) == _SIZE and payload.endswith(TAIL)):
        raise UnknownFormat("not one frame from AA FF 03 00 to 55 CC")
    inner = payload[len(START) : -len(TAIL)]
    slots = (inner[at : at + _TRACK.size] for at in range(0, len(inner), _TRACK.size))
    return tuple(_track(slot) for slot in slots if slot != _EMPTY)


def decode(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return presence, motion, the number of people and the distance of the nearest; raises as ``parse``."""
    tracks = parse(frame.payload)
    nearest_m = min((track.distance_m for track in tracks), default=0.0)
    return Decoded(
        (
            sense.state(frame, Quantity.PRESENCE, bool(tracks)),
            sense.state(frame, Quantity.MOTION, any(track.speed_cm_s for track in tracks)),
            Reading(frame.device, Quantity.TARGETS, float(len(tracks)), frame.received_at),
            sense.measured(frame, Quantity.DISTANCE, nearest_m, lowest=0, highest=FARTHEST_M),
        )
    )


def framer() -> ResyncFramer:
    """Return a framer for one port with such a radar."""
    return ResyncFramer(_LAYOUT)


def _slot(track: Track) -> bytes:
    try:
        return _TRACK.pack(
            *map(_raw, (track.x_mm, track.y_mm, track.speed_cm_s)),
            track.resolution_mm,
        )
    except struct.error as error:
        raise ValueError(f"{track} does not fit its fields") from error


def _track(slot: bytes) -> Track:
    x, y, speed, resolution = _TRACK.unpack(slot)
    return Track(_signed(x), _signed(y), _signed(speed), resolution)


def _raw(number: int) -> int:
    """Sign and magnitude; -1 (which does not fit) for a magnitude beyond 15 bits."""
    if abs(number) >= _POSITIVE:
        return -1
    return number | _POSITIVE if number >= 0 else -number


def _signed(raw: int) -> int:
    magnitude = raw & ~_POSITIVE
    return magnitude if raw & _POSITIVE else -magnitude


def _frame_size(_header: bytes) -> int:
    return _SIZE


def _is_valid(frame: bytes) -> bool:
    return frame.endswith(TAIL)


_LAYOUT: Final = Layout(start=START, header=len(START), size=_frame_size, largest=_SIZE, valid=_is_valid)
