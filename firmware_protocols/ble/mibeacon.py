"""MiBeacon v2 to v5: service data of UUID 0xFE95, plain or encrypted, by which Xiaomi's sensors speak.

What this is: header, authentication (v4, v5) and the objects that care needs. What it is not: the older
cipher of v2 and v3, which has no authentication, and no locks, kettles or scales. The one idea is that of
``bthome``: a frame is believed only if it is as well protected as the device has ever been, and is newer than
all before it. Sources: Xiaomi, "MiBeacon protocol" and "Object definition" (MiEcosystem/miio_open); objects
from 0x4800 on as devices send them.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from firmware_protocols.ble import sealed
from firmware_protocols.ble.layout import Fields, uint_bytes
from firmware_protocols.ble.uuids import full
from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.errors import Truncated, Unauthentic, UnknownFormat
from firmware_protocols.model import Event, EventKind, Observation, Quantity, Reading
from firmware_protocols.ranges import measured

SERVICE_UUID: Final = full(0xFE95)
MAX_FRAME: Final = 255
"""Bytes of one advertising report; nothing longer can come from the air."""

MOTION_AND_LIGHT: Final = 0x000F
BUTTON: Final = 0x1001
BATTERY: Final = 0x100A
WATER: Final = 0x1014
SMOKE: Final = 0x1015
IDLE_TIME: Final = 0x1017
DOOR: Final = 0x1019
OPEN, CLOSED, LEFT_OPEN, RESET = range(4)
"""What ``DOOR`` says."""

_ENCRYPTED: Final = 1 << 3
_MAC: Final = 1 << 4
_CAPABILITY: Final = 1 << 5
_OBJECT: Final = 1 << 6
_MESH: Final = 1 << 7
_VERSION_SHIFT: Final = 12
_IO_CAPABILITY: Final = 1 << 5
_IO_SIZE: Final = 2

_OLDEST: Final = 2
_AUTHENTICATED: Final = 4
"""From this version on encrypted frames carry a tag."""
_EXTENSION_SIZE: Final = 3
_TAG_SIZE: Final = 4
_AAD: Final = b"\x11"
_STILL_MOVING_S: Final = 30
"""Up to so many seconds "without motion" the maker's own program shows motion."""


@dataclass(frozen=True, slots=True)
class Beacon:
    """One frame, opened as far as it can be without a key.

    ``counter``: 0-255, one more for each new thing to say. ``sender``: the MAC it names, if it names one.
    ``body``: the objects, or their sealed form; ``None`` if it has none and only shows that it is there.
    """

    version: int
    product: int
    counter: int
    sender: bytes | None = None
    encrypted: bool = False
    body: bytes | None = None


def parse(payload: bytes) -> Beacon:
    """Read a frame's header.

    Raises:
        Truncated: the header is cut.
        UnknownFormat: too long, a mesh frame, or a version before 2.
    """
    if len(payload) > MAX_FRAME:
        raise UnknownFormat(f"{len(payload)} bytes of MiBeacon")
    fields = Fields(payload)
    control, product, counter = fields.uint(2), fields.uint(2), fields.uint(1)
    version = control >> _VERSION_SHIFT
    if version < _OLDEST or control & _MESH:
        raise UnknownFormat(f"MiBeacon version {version}, frame control {control:#06x}")
    sender = fields.take(sealed.MAC_SIZE)[::-1] if control & _MAC else None
    if control & _CAPABILITY and fields.uint(1) & _IO_CAPABILITY:
        fields.take(_IO_SIZE)
    body = fields.take(fields.left) if control & _OBJECT else None
    return Beacon(version, product, counter, sender, bool(control & _ENCRYPTED), body)


def encode(beacon: Beacon) -> bytes:
    """Return the frame of ``beacon``; ``parse`` reads it back unchanged.

    Raises:
        ValueError: a number does not fit its field.
    """
    control = (
        beacon.version << _VERSION_SHIFT
        | (_ENCRYPTED if beacon.encrypted else 0)
        | (0 if beacon.sender is None else _MAC)
        | (0 if beacon.body is None else _OBJECT)
    )
    head = uint_bytes(control, 2) + uint_bytes(beacon.product, 2) + uint_bytes(beacon.counter, 1)
    return head + (beacon.sender or b"")[::-1] + (beacon.body or b"")


def encode_object(object_id: int, data: bytes) -> bytes:
    """Return one object, as it stands in ``Beacon.body``.

    Raises:
        ValueError: the id or the length does not fit its field.
    """
    return uint_bytes(object_id, 2) + uint_bytes(len(data), 1) + data


def seal(plain: Beacon, *, key: bytes, address: str, extension: int) -> Beacon:
    """Return ``plain`` encrypted by the device at ``address``; ``extension``: the counter's upper 24 bits.

    Raises:
        ValueError: a key that is not 16 bytes, a bad address, or an extension outside 24 bits.
    """
    upper = uint_bytes(extension, _EXTENSION_SIZE)
    nonce = _nonce(sealed.mac_of(address), plain, upper)
    body = sealed.seal(key, nonce, plain.body or b"", tag=_TAG_SIZE, aad=_AAD)
    whole = body[:-_TAG_SIZE] + upper + body[-_TAG_SIZE:]
    return Beacon(plain.version, plain.product, plain.counter, plain.sender, True, whole)


def decode(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return what one advertisement says; one without objects says nothing.

    Raises:
        Truncated: the header or an object is cut.
        UnknownFormat: a version, cipher or object that is not as the format says.
        Unauthentic: no key, wrong key, another sender's MAC, or plain from a device that encrypts.
        Replayed: an authentic frame whose counter is not above the last one.
    """
    beacon = parse(frame.payload)
    if beacon.body is None:
        return Decoded((), idle=True)
    if beacon.encrypted:
        counter, body = _open(frame, beacon, security)
        return Decoded(tuple(_observe(frame, body)), counter)
    if security.encrypted or security.key is not None:
        raise Unauthentic("plain frame from a device that encrypts")
    return Decoded(tuple(_observe(frame, beacon.body)), packet_id=beacon.counter)


def _open(frame: Frame, beacon: Beacon, security: Security) -> tuple[int, bytes]:
    """Authenticate an encrypted frame; return its 32-bit counter and the plain objects."""
    body = beacon.body or b""
    if beacon.version < _AUTHENTICATED:
        raise UnknownFormat(f"MiBeacon version {beacon.version} encrypts without authentication")
    if len(body) < _EXTENSION_SIZE + _TAG_SIZE:
        raise Truncated(needed=_EXTENSION_SIZE + _TAG_SIZE, got=len(body))
    text, tail = body[: -_EXTENSION_SIZE - _TAG_SIZE], body[-_EXTENSION_SIZE - _TAG_SIZE :]
    upper, tag = tail[:_EXTENSION_SIZE], tail[_EXTENSION_SIZE:]
    sender = sealed.sender_of(frame)
    if beacon.sender not in {None, sender}:
        raise Unauthentic("the frame names another sender")
    plain = sealed.unseal(security, _nonce(sender, beacon, upper), text + tag, tag=_TAG_SIZE, aad=_AAD)
    counter = int.from_bytes(upper, "little") << 8 | beacon.counter
    sealed.check_newer(counter, security)
    return counter, plain


def _nonce(mac: bytes, beacon: Beacon, upper: bytes) -> bytes:
    return mac[::-1] + uint_bytes(beacon.product, 2) + uint_bytes(beacon.counter, 1) + upper


def _observe(frame: Frame, body: bytes) -> Iterator[Observation]:
    fields = Fields(body)
    if not fields.left:
        raise Truncated(needed=3, got=0)
    while fields.left:
        object_id, size = fields.uint(2), fields.uint(1)
        data = fields.take(size)
        if object_id in _MEANINGS:
            meaning = _MEANINGS[object_id]
            if meaning.size not in {None, size}:
                raise UnknownFormat(f"MiBeacon object {object_id:#06x} with {size} bytes")
            yield from meaning.say(frame, data)


_Say = Callable[[Frame, bytes], Iterator[Observation]]


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What an object says, and how long it is; ``None``: that it is there is all it says."""

    size: int | None
    say: _Say


def _number(quantity: Quantity, scale: float = 1.0, *, signed: bool = False) -> _Say:
    def say(frame: Frame, data: bytes) -> Iterator[Observation]:
        value = int.from_bytes(data, "little", signed=signed) / scale
        yield measured(frame.device, quantity, value, frame.received_at)

    return say


def _float(quantity: Quantity) -> _Say:
    def say(frame: Frame, data: bytes) -> Iterator[Observation]:
        (value,) = struct.unpack("<f", data)
        number = round(value, 2) if math.isfinite(value) else None
        yield measured(frame.device, quantity, number, frame.received_at)

    return say


def _state(quantity: Quantity) -> _Say:
    def say(frame: Frame, data: bytes) -> Iterator[Observation]:
        yield Reading(frame.device, quantity, any(data), frame.received_at)

    return say


def _event(detail: str) -> _Say:
    def say(frame: Frame, data: bytes) -> Iterator[Observation]:
        yield Event(frame.device, EventKind.BUTTON, detail, frame.received_at)

    return say


def _both(*parts: tuple[int, _Say]) -> _Say:
    """Several fields in one object: each with its size."""

    def say(frame: Frame, data: bytes) -> Iterator[Observation]:
        fields = Fields(data)
        for size, part in parts:
            yield from part(frame, fields.take(size))

    return say


def _moves(frame: Frame, data: bytes) -> Iterator[Observation]:
    yield Reading(frame.device, Quantity.MOTION, True, frame.received_at)


def _rests(frame: Frame, data: bytes) -> Iterator[Observation]:
    yield Reading(frame.device, Quantity.MOTION, False, frame.received_at)


def _idle(frame: Frame, data: bytes) -> Iterator[Observation]:
    """Seconds without motion."""
    moves = int.from_bytes(data, "little") <= _STILL_MOVING_S
    yield Reading(frame.device, Quantity.MOTION, moves, frame.received_at)


def _opening(*, opened: int, closed: int, left_open: int | None = None, silent: int | None = None) -> _Say:
    """The state of a door by number; ``silent``: a number that says nothing of the door."""

    def say(frame: Frame, data: bytes) -> Iterator[Observation]:
        state, at = data[0], frame.received_at
        if state in {opened, closed, left_open}:
            yield Reading(frame.device, Quantity.OPENING, state != closed, at)
        elif state != silent:
            raise UnknownFormat(f"MiBeacon door state {state}")
        if state == left_open:
            yield Event(frame.device, EventKind.LEFT_OPEN, "door", at)

    return say


def _left_open(frame: Frame, data: bytes) -> Iterator[Observation]:
    if data[0] == 1:
        yield Reading(frame.device, Quantity.OPENING, True, frame.received_at)
        yield Event(frame.device, EventKind.LEFT_OPEN, "door", frame.received_at)


def _press(frame: Frame, data: bytes) -> Iterator[Observation]:
    """Which button (16 bits, not told apart), and how it was pressed; dimmers turn, which is no press."""
    if data[2] in _PRESSES:
        yield Event(frame.device, EventKind.BUTTON, _PRESSES[data[2]], frame.received_at)


_PRESSES: Final[Mapping[int, str]] = {0: "press", 1: "double_press", 2: "long_press"}
_TENTHS: Final = 10.0

_MEANINGS: Final[Mapping[int, _Meaning]] = {
    0x0003: _Meaning(1, _moves),
    MOTION_AND_LIGHT: _Meaning(3, _moves),
    BUTTON: _Meaning(3, _press),
    0x1004: _Meaning(2, _number(Quantity.TEMPERATURE, _TENTHS, signed=True)),
    0x1006: _Meaning(2, _number(Quantity.HUMIDITY, _TENTHS)),
    0x1007: _Meaning(3, _number(Quantity.ILLUMINANCE)),
    BATTERY: _Meaning(1, _number(Quantity.BATTERY)),
    0x100D: _Meaning(
        4,
        _both(
            (2, _number(Quantity.TEMPERATURE, _TENTHS, signed=True)),
            (2, _number(Quantity.HUMIDITY, _TENTHS)),
        ),
    ),
    WATER: _Meaning(1, _state(Quantity.MOISTURE)),
    SMOKE: _Meaning(1, _state(Quantity.SMOKE)),
    IDLE_TIME: _Meaning(4, _idle),
    DOOR: _Meaning(1, _opening(opened=OPEN, closed=CLOSED, left_open=LEFT_OPEN, silent=RESET)),
    0x101B: _Meaning(4, _rests),
    0x4803: _Meaning(1, _number(Quantity.BATTERY)),
    0x4804: _Meaning(1, _opening(opened=1, closed=2)),
    0x4806: _Meaning(1, _state(Quantity.MOISTURE)),
    0x4818: _Meaning(2, _idle),
    0x487B: _Meaning(1, _state(Quantity.MOISTURE)),  # drops from above; 0x4806 is standing water
    0x4A01: _Meaning(1, _state(Quantity.BATTERY_LOW)),
    0x4A08: _Meaning(4, _both((0, _moves), (4, _float(Quantity.ILLUMINANCE)))),
    0x4A0C: _Meaning(None, _event("press")),
    0x4A0D: _Meaning(None, _event("double_press")),
    0x4A0E: _Meaning(None, _event("long_press")),
    0x4A12: _Meaning(1, _opening(opened=1, closed=2)),
    0x4A13: _Meaning(None, _event("press")),
    0x4A1A: _Meaning(1, _left_open),
    0x4C01: _Meaning(4, _float(Quantity.TEMPERATURE)),
    0x4C02: _Meaning(1, _number(Quantity.HUMIDITY)),
    0x4C03: _Meaning(1, _number(Quantity.BATTERY)),
    0x4C08: _Meaning(4, _float(Quantity.HUMIDITY)),
}
"""Object id to meaning; an object that is not here is skipped by its length."""
