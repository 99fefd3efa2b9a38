"""Device Information, GATT service 0x180A: who made a device, and which firmware it runs (DIS 1.1, 3).

The one idea: four characteristics hold one line of text each. It becomes an ``inventory`` event, so the
cloud knows what is in the homes when a maker recalls a model. The text comes from a stranger's device: only
what can be printed is kept, and not much of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from firmware_protocols.ble.layout import MAX_VALUE
from firmware_protocols.ble.uuids import full
from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.errors import Truncated, UnknownFormat
from firmware_protocols.model import Event, EventKind

SERVICE_UUID: Final = full(0x180A)
MODEL_UUID: Final = full(0x2A24)
SERIAL_UUID: Final = full(0x2A25)
FIRMWARE_UUID: Final = full(0x2A26)
MAKER_UUID: Final = full(0x2A29)

MOST_CHARACTERS: Final = 64
"""D. Of a longer text the beginning is kept."""


class Fact(StrEnum):
    """What one characteristic tells."""

    MAKER = "maker"
    MODEL = "model"
    SERIAL = "serial"
    FIRMWARE = "firmware"


@dataclass(frozen=True, slots=True)
class Line:
    """One fact about a device, ready to be shown."""

    fact: Fact
    text: str


def parse(fact: Fact, payload: bytes) -> Line:
    """Read the value of the characteristic for ``fact``: UTF-8; padding with zeros or spaces is dropped.

    Raises:
        Truncated: nothing is left.
        UnknownFormat: it is not text, or longer than any attribute.
    """
    if len(payload) > MAX_VALUE:
        raise UnknownFormat(f"{len(payload)} bytes, an attribute has at most {MAX_VALUE}")
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        raise UnknownFormat(f"{fact} is not UTF-8 text") from error
    shown = (
        "".join(character for character in text if character.isprintable()).strip()[:MOST_CHARACTERS].strip()
    )
    if not shown:
        raise Truncated(needed=1, got=0)
    return Line(fact, shown)


def encode(line: Line) -> bytes:
    """Return the characteristic's value; ``parse`` reads it back unchanged.

    Raises:
        ValueError: the text would not be read back as it is.
    """
    payload = line.text.encode()
    if (
        not line.text.isprintable()
        or line.text.strip() != line.text
        or not 0 < len(line.text) <= MOST_CHARACTERS
    ):
        raise ValueError(f"{line.text!r} is not a line of 1 to {MOST_CHARACTERS} printable characters")
    return payload


def decode_maker(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return what 0x2A29 says; raises as ``parse``."""
    return _told(Fact.MAKER, frame)


def decode_model(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return what 0x2A24 says; raises as ``parse``."""
    return _told(Fact.MODEL, frame)


def decode_serial(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return what 0x2A25 says; raises as ``parse``."""
    return _told(Fact.SERIAL, frame)


def decode_firmware(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return what 0x2A26 says; raises as ``parse``."""
    return _told(Fact.FIRMWARE, frame)


def _told(fact: Fact, frame: Frame) -> Decoded:
    line = parse(fact, frame.payload)
    return Decoded((Event(frame.device, EventKind.INVENTORY, f"{line.fact} {line.text}", frame.received_at),))
