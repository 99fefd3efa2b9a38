"""The pendant frame: Anban's own advertisement for a help button on the body (``docs/protocols/pendant.md``).

Service data of a 128-bit UUID, 13 bytes, so that it fits the oldest advertisement. The one idea: a call for
help must be heard by anybody who listens and be made by nobody else. So every frame is authenticated and
counted, none is accepted twice, and a press is named by the frame it began with, so that it may be
repeated for a minute and stays one press.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from firmware_protocols.ble import sealed
from firmware_protocols.ble.layout import Fields, uint_bytes
from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.errors import Truncated, UnknownFormat
from firmware_protocols.model import Event, EventKind, Observation, Quality, Quantity, Reading

SERVICE_UUID: Final = "6c5b0003-61b5-4f0c-9d1a-2e7f3a9be1c4"
VERSION: Final = 1
FRAME_SIZE: Final = 13
MAX_COUNTER: Final = (1 << 24) - 1
BATTERY_UNKNOWN: Final = 0xFF

_COUNTER_SIZE: Final = 3
_TAG_SIZE: Final = 6
_NONCE_PADDING: Final = bytes(3)
_FULL: Final = 100
_ONCE_BYTES: Final = 6


class Call(IntEnum):
    """What the pendant has to say."""

    HEARTBEAT = 0
    PRESS = 1
    LONG_PRESS = 2
    FALL = 3
    ALL_WELL = 4


_EVENTS: Final[Mapping[Call, tuple[EventKind, str]]] = {
    Call.PRESS: (EventKind.BUTTON, "press"),
    Call.LONG_PRESS: (EventKind.BUTTON, "long_press"),
    Call.FALL: (EventKind.FALL_SUSPECTED, "pendant"),
    Call.ALL_WELL: (EventKind.ALL_WELL, "pendant"),
}
"""Call to event and detail; a heartbeat is no event."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sealed into one frame.

    ``battery``: per cent, 255 unknown. ``repeat``: how many frames ago this same occurrence was told first
    (0-255), so counter less ``repeat`` names it.
    """

    call: Call
    battery: int = BATTERY_UNKNOWN
    repeat: int = 0


def parse(plain: bytes) -> Message:
    """Read the three bytes inside a frame.

    Raises:
        Truncated: there are fewer.
        UnknownFormat: a call that this version does not have, or bytes behind.
    """
    fields = Fields(plain)
    call, battery, repeat = fields.take(3)
    if fields.left or call not in set(Call):
        raise UnknownFormat(f"pendant call {call} with {fields.left} bytes behind it")
    return Message(Call(call), battery, repeat)


def encode(message: Message) -> bytes:
    """Return the three bytes to be sealed; the exact inverse of ``parse``.

    Raises:
        ValueError: battery or repeat does not fit a byte.
    """
    return bytes((message.call, message.battery, message.repeat))


def seal(message: Message, *, key: bytes, address: str, counter: int) -> bytes:
    """Return the service data that the pendant at ``address`` advertises.

    Raises:
        ValueError: a key that is not 16 bytes, a bad address, or a counter outside 24 bits.
    """
    head = bytes((VERSION,)) + uint_bytes(counter, _COUNTER_SIZE)
    body = sealed.seal(key, _nonce(sealed.mac_of(address), head), encode(message), tag=_TAG_SIZE)
    return head + body


def decode(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return the call and the battery. There is no plain form: without its key nothing is believed.

    Raises:
        Truncated: too short.
        UnknownFormat: another version, another length, or a call that this version does not have.
        Unauthentic: no key, wrong key, or changed on the way.
        Replayed: an authentic frame whose counter is not above the last one.
    """
    payload = frame.payload
    if len(payload) < FRAME_SIZE:
        raise Truncated(needed=FRAME_SIZE, got=len(payload))
    if payload[0] != VERSION or len(payload) > FRAME_SIZE:
        raise UnknownFormat(f"pendant frame version {payload[0]}, {len(payload)} bytes")
    head, body = payload[: 1 + _COUNTER_SIZE], payload[1 + _COUNTER_SIZE :]
    plain = sealed.unseal(security, _nonce(sealed.sender_of(frame), head), body, tag=_TAG_SIZE)
    counter = int.from_bytes(head[1:], "little")
    sealed.check_newer(counter, security)
    return _read(frame, parse(plain), counter, security)


def _read(frame: Frame, message: Message, counter: int, security: Security) -> Decoded:
    if message.repeat > counter:
        raise UnknownFormat(f"pendant frame {counter} repeats one {message.repeat} before it")
    seen = [_battery(frame, message.battery)] if message.battery != BATTERY_UNKNOWN else []
    if message.call not in _EVENTS:
        return Decoded(tuple(seen), counter)
    kind, detail = _EVENTS[message.call]
    event = Event(frame.device, kind, detail, frame.received_at)
    return Decoded((event, *seen), counter, once=_name(counter - message.repeat, security))


def _battery(frame: Frame, percent: int) -> Observation:
    if percent > _FULL:
        return Reading(frame.device, Quantity.BATTERY, None, frame.received_at, Quality.OUT_OF_RANGE)
    return Reading(frame.device, Quantity.BATTERY, float(percent), frame.received_at)


def _name(first: int, security: Security) -> int:
    """Name an occurrence by its first frame and the key: a new pendant with a new key counts from 1 again."""
    content = (security.key or b"") + uint_bytes(first, _COUNTER_SIZE)
    return int.from_bytes(hashlib.blake2b(content, digest_size=_ONCE_BYTES).digest(), "little")


def _nonce(mac: bytes, head: bytes) -> bytes:
    return mac + head + _NONCE_PADDING
