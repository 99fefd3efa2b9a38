"""One MQTT message of one device as a frame: what it is about, a line feed, its payload.

What this is not: topics of a home, which are settings. The one idea: the driver compares whole topics and
writes down the *subject* that the codec gave the topic; the codec reads the subject and never a topic. So a
frame says the same in every home, whatever its devices are called.
"""

from __future__ import annotations

from typing import Final

from firmware_protocols.codec import Decoded, Frame
from firmware_protocols.errors import Truncated, UnknownFormat
from firmware_protocols.model import Quantity, Reading

LARGEST: Final = 16 * 1024
"""Bytes of one payload. D.: the fullest known state of a Zigbee device has about 1 KiB."""

_END: Final = b"\n"
_REACHABLE: Final = {"online": True, "offline": False}


def pack(subject: str, payload: bytes) -> bytes:
    """Return the frame of a message with ``payload`` about ``subject`` (ASCII, one line)."""
    return subject.encode("ascii") + _END + payload


def split(payload: bytes) -> tuple[str, bytes]:
    """Return subject and payload of a frame.

    Raises:
        Truncated: empty.
        UnknownFormat: no subject, or a payload of more than ``LARGEST`` bytes.
    """
    if not payload:
        raise Truncated(needed=len(_END), got=0)
    subject, end, body = payload.partition(_END)
    if not end or not subject.isascii():
        raise UnknownFormat("a message without a subject")
    if len(body) > LARGEST:
        raise UnknownFormat(f"a message of {len(body)} bytes, at most {LARGEST} are read")
    return subject.decode("ascii"), body


def reachable(frame: Frame, word: object) -> Decoded:
    """Return what "online" and "offline" say: the word of a bridge or broker *about* a device.

    The device itself has not spoken, so it does not count as heard.

    Raises:
        UnknownFormat: any other word.
    """
    online = _REACHABLE.get(word) if isinstance(word, str) else None
    if online is None:
        raise UnknownFormat("neither online nor offline")
    return Decoded((Reading(frame.device, Quantity.PROBLEM, not online, frame.received_at),), heard=False)
