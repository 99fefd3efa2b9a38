"""BTHome v2: service data of UUID 0xFCD2, plain or encrypted (https://bthome.io/format).

What this is: the frame's header, its authentication, and the walk over its objects. What it is not: the
catalogue of objects with their sizes, signs and factors (``bthome_objects``). The one idea: a frame is
believed only if it is as well protected as the device has ever been, and is newer than all before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from firmware_protocols.ble import sealed
from firmware_protocols.ble.bthome_objects import OBJECTS, PRESSES, Form, Kind
from firmware_protocols.ble.sealed import KEY_SIZE
from firmware_protocols.ble.uuids import full
from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.errors import Truncated, Unauthentic, UnknownFormat
from firmware_protocols.model import Event, EventKind, Observation, Quantity, Reading
from firmware_protocols.ranges import measured

SERVICE_UUID: Final = full(0xFCD2)
MAX_FRAME: Final = 255
"""Bytes of one advertising report; nothing longer can come from the air."""

PACKET_ID: Final = 0x00
BUTTON: Final = 0x3A

_ENCRYPTED: Final = 0x01
_MAC_INCLUDED: Final = 0x02
_SLEEPY: Final = 0x04
_VERSION_2: Final = 2
_VERSION_SHIFT: Final = 5
_MAC_SIZE: Final = sealed.MAC_SIZE
_COUNTER_SIZE: Final = 4
_MIC_SIZE: Final = 4
_NONCE_UUID: Final = b"\xd2\xfc"
_DECIMALS: Final = 6
"""The finest factor of the catalogue is 1e-6; rounding there removes the dust of binary fractions."""
_COMMAND_LENGTH_MASK: Final = 0x1F


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one object id says: a quantity, and how its number (already scaled) becomes a value."""

    quantity: Quantity
    convert: Callable[[float], float | bool] = float


def _millimetres(value: float) -> float:
    return value / 1000


MEANINGS: Final[Mapping[int, Meaning]] = {
    0x01: Meaning(Quantity.BATTERY),
    0x02: Meaning(Quantity.TEMPERATURE),
    0x03: Meaning(Quantity.HUMIDITY),
    0x05: Meaning(Quantity.ILLUMINANCE),
    0x0B: Meaning(Quantity.POWER),
    0x0C: Meaning(Quantity.VOLTAGE),
    0x11: Meaning(Quantity.OPENING, bool),
    0x15: Meaning(Quantity.BATTERY_LOW, bool),
    0x17: Meaning(Quantity.CARBON_MONOXIDE, bool),
    0x1A: Meaning(Quantity.OPENING, bool),  # door
    0x1B: Meaning(Quantity.OPENING, bool),  # garage door
    0x1C: Meaning(Quantity.GAS, bool),
    0x20: Meaning(Quantity.MOISTURE, bool),
    0x21: Meaning(Quantity.MOTION, bool),
    0x22: Meaning(Quantity.MOTION, bool),  # moving
    0x23: Meaning(Quantity.PRESENCE, bool),  # occupancy
    0x24: Meaning(Quantity.MAINS, bool),  # plug
    0x25: Meaning(Quantity.PRESENCE, bool),
    0x26: Meaning(Quantity.PROBLEM, bool),
    0x29: Meaning(Quantity.SMOKE, bool),
    0x2B: Meaning(Quantity.TAMPER, bool),
    0x2C: Meaning(Quantity.VIBRATION, bool),
    0x2D: Meaning(Quantity.OPENING, bool),  # window
    0x2E: Meaning(Quantity.HUMIDITY),
    0x40: Meaning(Quantity.DISTANCE, _millimetres),
    0x41: Meaning(Quantity.DISTANCE),
    0x45: Meaning(Quantity.TEMPERATURE),
    0x4A: Meaning(Quantity.VOLTAGE),
    0x51: Meaning(Quantity.ACCELERATION),
    0x57: Meaning(Quantity.TEMPERATURE),
    0x58: Meaning(Quantity.TEMPERATURE),
    0x5C: Meaning(Quantity.POWER),
    0x63: Meaning(Quantity.ACCELERATION),
}
"""Object id to meaning; an object that is not here is measured for its length and skipped."""

_PRESSED: Final[Mapping[int, str]] = {code: name for name, code in PRESSES.items()}
"""Code on the air to the detail of a ``BUTTON`` event; code 0 ("none") is no event."""


def decode(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return what one advertisement says.

    ``Decoded.counter`` is the authenticated replay counter of an encrypted frame. A frame with a counter
    that is not above ``security.last_counter`` is refused, also when it repeats the last frame: whoever
    persists counters drops byte-equal repeats first.

    Raises:
        Truncated: the header or an object is cut.
        UnknownFormat: another BTHome version, or only objects that nobody knows.
        Unauthentic: no key, wrong key, or plain from a device that encrypts.
        Replayed: an authentic frame whose counter is not above the last one.
    """
    payload = frame.payload
    if not payload:
        raise Truncated(needed=1, got=0)
    info = payload[0]
    if info >> _VERSION_SHIFT != _VERSION_2 or len(payload) > MAX_FRAME:
        raise UnknownFormat(f"BTHome version {info >> _VERSION_SHIFT}, {len(payload)} bytes")
    if info & _ENCRYPTED:
        counter, body = _open(frame, security)
        return _read(frame, body, counter)
    if security.encrypted or security.key is not None:
        raise Unauthentic("plain frame from a device that encrypts")
    return _read(frame, payload[_body_at(info) :], None)


def encode(
    objects: Sequence[tuple[int, float | str]], *, packet_id: int | None = None, sleepy: bool = False
) -> bytes:
    """Return plain service data with ``objects``: (object id, value in the object's unit).

    A button's value is its press (``"long_press"``) or 0 for "none". Objects are put in ascending order of
    their ids, as the format asks.

    Raises:
        ValueError: an object id that is not a number or button, or a value that does not fit.
    """
    numbered = list(objects) if packet_id is None else [(PACKET_ID, packet_id), *objects]
    parts = [_object(object_id, value) for object_id, value in sorted(numbered, key=lambda item: item[0])]
    info = _VERSION_2 << _VERSION_SHIFT | (_SLEEPY if sleepy else 0)
    return bytes((info,)) + b"".join(parts)


def encrypt(plain: bytes, *, key: bytes, address: str, counter: int) -> bytes:
    """Return the encrypted form of ``plain`` service data, as the device at ``address`` would send it.

    Raises:
        ValueError: a key that is not 16 bytes, a bad address, or a counter outside 32 bits.
    """
    if len(key) != KEY_SIZE or not 0 <= counter < 1 << 8 * _COUNTER_SIZE:
        raise ValueError(f"key of {len(key)} bytes or counter {counter} does not fit")
    info = plain[0] | _ENCRYPTED
    tail = counter.to_bytes(_COUNTER_SIZE, "little")
    body = sealed.seal(key, _nonce(sealed.mac_of(address), info, tail), plain[1:], tag=_MIC_SIZE)
    return bytes((info,)) + body[:-_MIC_SIZE] + tail + body[-_MIC_SIZE:]


def _body_at(info: int) -> int:
    return 1 + (_MAC_SIZE if info & _MAC_INCLUDED else 0)


def _open(frame: Frame, security: Security) -> tuple[int, bytes]:
    """Authenticate an encrypted frame; return its counter and the plain objects."""
    info, start = frame.payload[0], _body_at(frame.payload[0])
    needed = start + _COUNTER_SIZE + _MIC_SIZE
    if len(frame.payload) < needed:
        raise Truncated(needed=needed, got=len(frame.payload))
    tail, mic = frame.payload[-_COUNTER_SIZE - _MIC_SIZE : -_MIC_SIZE], frame.payload[-_MIC_SIZE:]
    text = frame.payload[start : -_COUNTER_SIZE - _MIC_SIZE]
    body = sealed.unseal(security, _nonce(_sender(frame), info, tail), text + mic, tag=_MIC_SIZE)
    counter = int.from_bytes(tail, "little")
    sealed.check_newer(counter, security)
    return counter, body


def _sender(frame: Frame) -> bytes:
    """The sender's MAC: out of the frame where it carries one, else the radio's."""
    if frame.payload[0] & _MAC_INCLUDED:
        return frame.payload[1 : 1 + _MAC_SIZE][::-1]
    return sealed.sender_of(frame)


def _nonce(mac: bytes, info: int, counter: bytes) -> bytes:
    return mac + _NONCE_UUID + bytes((info,)) + counter


def _read(frame: Frame, body: bytes, counter: int | None) -> Decoded:
    observations: list[Observation] = []
    packet_id: int | None = None
    for object_id, data in _objects(body):
        if object_id == PACKET_ID:
            packet_id = data[0]
        elif object_id == BUTTON:
            observations.extend(_press(frame, data[0]))
        elif object_id in MEANINGS:
            observations.append(_reading(frame, object_id, data))
    return Decoded(tuple(observations), counter, packet_id)


def _objects(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Cut ``body`` into (id, data). An unknown id ends it: its length, so all behind it, is unknown too."""
    at = 0
    while at < len(body):
        object_id = body[at]
        form = OBJECTS.get(object_id)
        if form is None and at == 0:
            raise UnknownFormat(f"BTHome object {object_id:#04x}")
        if form is None:
            return
        start, size = _extent(body, at, form)
        if start + size > len(body):
            raise Truncated(needed=start + size, got=len(body))
        yield object_id, body[start : start + size]
        at = start + size


def _extent(body: bytes, at: int, form: Form) -> tuple[int, int]:
    """Return where the data of the object at ``at`` starts and how long it is."""
    if form.kind not in {Kind.PREFIXED, Kind.COMMAND}:
        return at + 1, form.size
    if at + 1 >= len(body):
        raise Truncated(needed=at + 2, got=len(body))
    length = body[at + 1]
    if form.kind is Kind.COMMAND:  # opcode, then as many arguments as the low bits say
        length = 1 + (length & _COMMAND_LENGTH_MASK)
    return at + 2, length


def _press(frame: Frame, code: int) -> list[Event]:
    detail = _PRESSED.get(code)
    return [Event(frame.device, EventKind.BUTTON, detail, frame.received_at)] if detail else []


def _reading(frame: Frame, object_id: int, data: bytes) -> Reading:
    form, meaning = OBJECTS[object_id], MEANINGS[object_id]
    number = int.from_bytes(data, "little", signed=form.kind is Kind.SIGNED)
    value = meaning.convert(round(number * form.factor, _DECIMALS))
    if isinstance(value, bool):
        return Reading(frame.device, meaning.quantity, value, frame.received_at)
    return measured(frame.device, meaning.quantity, value, frame.received_at)


def _object(object_id: int, value: float | str) -> bytes:
    form = OBJECTS.get(object_id)
    if form is None or not form.is_number:
        raise ValueError(f"object {object_id:#04x} is not a number")
    if isinstance(value, str):
        if object_id != BUTTON or value not in PRESSES:
            raise ValueError(f"object {object_id:#04x} cannot say {value!r}")
        value = PRESSES[value]
    signed = form.kind is Kind.SIGNED
    number = round(value / form.factor)
    bits = 8 * form.size
    low = -(1 << bits - 1) if signed else 0
    if not low <= number < low + (1 << bits):
        raise ValueError(f"{value} does not fit object {object_id:#04x}")
    return bytes((object_id,)) + number.to_bytes(form.size, "little", signed=signed)
