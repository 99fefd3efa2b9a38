"""EnOcean: sensors and switches without batteries, heard by a USB stick that speaks ESP3.

``55 | data length u16 | optional length | type | CRC8 | data | optional | CRC8``, big-endian;
``docs/protocols/enocean.md``. The one idea: the stick is one serial line, but every telegram names its
sender, so ``sender`` tells whose frame it is and ``decode`` what it says. EnOcean telegrams do not tell their
profile; what two profiles would read differently is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.errors import BadChecksum, Truncated, UnknownFormat
from firmware_protocols.model import Event, EventKind, Observation, Quantity, Reading
from firmware_protocols.serial.framing import Layout, ResyncFramer

BAUD: Final = 57_600
"""8N1 (ESP3 1.50, section 1.4)."""

START: Final = b"\x55"
ADDRESS: Final = r"[0-9A-F]{8}"
"""A sender's id as it is printed on the device."""
MAX_DATA: Final = 40
MAX_OPTIONAL: Final = 24
"""Bytes. D. A radio telegram has at most 21 and 7, a stick's longest answer 34; more would only let a false
start hold back real frames."""

_HEADER: Final = 6
_RADIO_ERP1: Final = 0x01
_CONTACT: Final = 0xD5
_ROCKER: Final = 0xF6
_TRAILER: Final = 5
"""Sender and status, the last bytes of every telegram."""
_SHORTEST: Final = 1 + _TRAILER
_ONE_BYTE: Final = 2 + _TRAILER
"""Telegrams of D5 and F6: kind, one byte, sender, status."""

_CLOSED: Final = 0x01
_NOT_TEACH_IN: Final = 0x08
_T21: Final = 0x20
_NORMAL: Final = 0x10
_PRESSED: Final = 0x10
"""F6, the energy bow: 1 while the button is down."""


class Handle(IntEnum):
    """Where a window handle points after it was turned (F6-10-00), by the high four bits."""

    LEVEL_FROM_UP = 0xC
    UP = 0xD
    LEVEL_FROM_DOWN = 0xE
    DOWN = 0xF


@dataclass(frozen=True, slots=True)
class Telegram:
    """One radio telegram. ``kind`` is EnOcean's RORG, ``sender`` eight hexadecimal digits."""

    kind: int
    data: bytes
    sender: str
    status: int = 0


# --- frames -------------------------------------------------------------------------------------------------


def encode(kind: int, data: bytes, optional: bytes = b"") -> bytes:
    """Return the ESP3 packet of type ``kind``.

    Raises:
        ValueError: more data than ``MAX_DATA`` or ``MAX_OPTIONAL``.
    """
    if len(data) > MAX_DATA or len(optional) > MAX_OPTIONAL:
        raise ValueError(f"at most {MAX_DATA} and {MAX_OPTIONAL} bytes fit")
    header = len(data).to_bytes(2, "big") + bytes((len(optional), kind))
    body = data + optional
    return START + header + bytes((_crc8(header),)) + body + bytes((_crc8(body),))


def encode_telegram(telegram: Telegram, *, dbm: int = -60) -> bytes:
    """Return the packet in which a stick hands ``telegram`` to its host, heard at ``dbm``."""
    data = bytes((telegram.kind,)) + telegram.data + bytes.fromhex(telegram.sender)
    optional = b"\x01" + b"\xff" * 4 + bytes((-dbm, 0))
    return encode(_RADIO_ERP1, data + bytes((telegram.status,)), optional)


def encode_contact(sender: str, closed: bool, *, teach_in: bool = False) -> bytes:
    """Return what a contact (D5-00-01) sends when its magnet comes or goes, and as a sign of life."""
    data = (_CLOSED if closed else 0) | (0 if teach_in else _NOT_TEACH_IN)
    return encode_telegram(Telegram(_CONTACT, bytes((data,)), sender))


def encode_rocker(sender: str, pressed: bool, button: int = 0) -> bytes:
    """Return what a rocker (F6-02-01) sends when button 0-3 goes down, or when it is let go."""
    if pressed:
        return encode_telegram(Telegram(_ROCKER, bytes((button << 5 | _PRESSED,)), sender, _T21 | _NORMAL))
    return encode_telegram(Telegram(_ROCKER, b"\x00", sender, _T21))


def encode_handle(sender: str, handle: Handle) -> bytes:
    """Return what a window handle (F6-10-00) sends when it has been turned."""
    return encode_telegram(Telegram(_ROCKER, bytes((handle << 4,)), sender, _T21))


def framer() -> ResyncFramer:
    """Return a framer for one port with such a stick."""
    return ResyncFramer(_LAYOUT)


def _table() -> tuple[int, ...]:
    """CRC8 of each byte, polynomial 0x07 (ESP3 1.50, section 2.3)."""
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc << 1 ^ (0x07 if crc & 0x80 else 0)) & 0xFF
        table.append(crc)
    return tuple(table)


_CRC8: Final = _table()


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc = _CRC8[crc ^ byte]
    return crc


def _frame_size(header: bytes) -> int:
    """0 where the header's own checksum says that it is none."""
    data, optional = int.from_bytes(header[1:3], "big"), header[3]
    if _crc8(header[1:5]) != header[5] or data > MAX_DATA or optional > MAX_OPTIONAL:
        return 0
    return _HEADER + data + optional + 1


def _is_valid(frame: bytes) -> bool:
    return _crc8(frame[_HEADER:-1]) == frame[-1]


_LAYOUT: Final = Layout(
    start=START,
    header=_HEADER,
    size=_frame_size,
    largest=_HEADER + MAX_DATA + MAX_OPTIONAL + 1,
    valid=_is_valid,
)


# --- meaning ------------------------------------------------------------------------------------------------


def sender(payload: bytes) -> str | None:
    """Return who sent the telegram in one whole frame; ``None`` for what is the stick's own."""
    if len(payload) <= _HEADER or payload[4] != _RADIO_ERP1:
        return None
    data = _data(payload)
    return _telegram(data).sender if len(data) >= _SHORTEST else None


def decode(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return what one whole frame says; nothing for a telegram whose profile cannot be told.

    Raises:
        Truncated, BadChecksum: the frame is cut or damaged.
        UnknownFormat: not such a frame.
    """
    kind, data = _open(frame.payload)
    if kind != _RADIO_ERP1:
        return Decoded(())
    if len(data) < _SHORTEST:
        raise Truncated(needed=_SHORTEST, got=len(data))
    telegram = _telegram(data)
    read = _READERS.get(telegram.kind)
    if read is None:
        return Decoded(())
    if len(data) != _ONE_BYTE:
        raise UnknownFormat(f"{len(data)} bytes in a telegram {telegram.kind:02X}")
    return Decoded(read(frame, telegram))


def _open(payload: bytes) -> tuple[int, bytes]:
    """Check a frame from start to end; return the packet's type and data."""
    if len(payload) < _HEADER + 1:
        raise Truncated(needed=_HEADER + 1, got=len(payload))
    if not payload.startswith(START):
        raise UnknownFormat("not one packet from 55")
    expected = _crc8(payload[1:5])
    if expected != payload[5]:
        raise BadChecksum(expected=expected, actual=payload[5])
    size = _HEADER + int.from_bytes(payload[1:3], "big") + payload[3] + 1
    if len(payload) < size:
        raise Truncated(needed=size, got=len(payload))
    if len(payload) > size:
        raise UnknownFormat(f"{len(payload) - size} bytes behind the packet")
    expected = _crc8(payload[_HEADER:-1])
    if expected != payload[-1]:
        raise BadChecksum(expected=expected, actual=payload[-1])
    return payload[4], _data(payload)


def _data(payload: bytes) -> bytes:
    return payload[_HEADER : _HEADER + int.from_bytes(payload[1:3], "big")]


def _telegram(data: bytes) -> Telegram:
    return Telegram(data[0], data[1:-_TRAILER], data[-_TRAILER:-1].hex().upper(), data[-1])


def _contact(frame: Frame, telegram: Telegram) -> tuple[Observation, ...]:
    (data,) = telegram.data
    if not data & _NOT_TEACH_IN:  # the learn button, pressed by an installer
        return ()
    return (Reading(frame.device, Quantity.OPENING, not data & _CLOSED, frame.received_at),)


def _rocker(frame: Frame, telegram: Telegram) -> tuple[Observation, ...]:
    """A rocker's press or a handle's new place, told apart by the status; a release says nothing."""
    (data,) = telegram.data
    if not telegram.status & _T21:
        return ()
    if telegram.status & _NORMAL:
        pressed = Event(frame.device, EventKind.BUTTON, "press", frame.received_at)
        return (pressed,) if data & _PRESSED else ()
    is_open = _HANDLES.get(data >> 4)
    if is_open is None:
        return ()
    return (Reading(frame.device, Quantity.OPENING, is_open, frame.received_at),)


_READERS: Final[Mapping[int, Callable[[Frame, Telegram], tuple[Observation, ...]]]] = {
    _CONTACT: _contact,
    _ROCKER: _rocker,
}
_HANDLES: Final[Mapping[int, bool]] = {
    Handle.LEVEL_FROM_DOWN: True,
    Handle.UP: True,
    Handle.LEVEL_FROM_UP: True,
    Handle.DOWN: False,
}
"""Where the handle points → whether the window may be open."""
