"""The two packets of MQTT 3.1.1 of which every message needs one: PUBLISH in, PUBACK out. Pure.

What this is: section 3.3 read from a buffer and section 3.4 written, many at a time, for a quarter of what
paho takes for one (ADR 0071). What it is not: a judge; whatever else stands at the head of the buffer, or is
not whole, or contradicts itself, is left there, and paho says what it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct as Layout
from typing import Final, NamedTuple

from msgspec import Struct

NO_TEXT: Final = "\ufffd"
"""The topic of a message whose topic is no text."""
_RETAIN, _QOS_1 = 0x01, 0x02
_OURS: Final = frozenset({0x30, 0x31, 0x32, 0x33, 0x3A, 0x3B})
"""The first byte of a PUBLISH at QoS 0 or 1, retained or not; at QoS 1 also one sent again (3.3.1)."""
_LENGTH_BYTES, _MORE = 4, 0x80
"""A length has so many bytes at most, each with a mark while another follows (2.2.3)."""
_PUBACK: Final = Layout("!HH")
_PUBACK_HEAD: Final = 0x4002


class Published(Struct, frozen=True, gc=False):
    """A message. ``mid``: what to acknowledge it by, 0 at QoS 0."""

    topic: str
    payload: bytes
    mid: int
    retained: bool


class Frame(NamedTuple):
    """Where the body of a packet is."""

    begin: int
    end: int


def frame(data: bytearray, at: int) -> Frame | None:
    """The packet at ``at``; ``None``: not all of it has come. One whose length has no end counts as there."""
    length = 0
    for index in range(_LENGTH_BYTES):
        begin = at + 2 + index
        if begin > len(data):
            return None
        byte = data[begin - 1]
        length |= (byte & ~_MORE) << 7 * index
        if not byte & _MORE:
            return Frame(begin, begin + length) if begin + length <= len(data) else None
    return Frame(begin, begin)


def published(data: bytearray, most: int, most_bytes: int) -> tuple[list[Published], int]:
    """The messages at the head of ``data``, up to ``most``, or until their payloads have ``most_bytes``; and
    how much of ``data`` they are.
    """
    found: list[Published] = []
    at = 0
    while len(found) < most and most_bytes > 0 and at < len(data) and data[at] in _OURS:
        place = frame(data, at)
        message = _message(data, data[at], place) if place else None
        if place is None or message is None:
            break
        found.append(message)
        at = place.end
        most_bytes -= len(message.payload)
    return found, at


def pubacks(mids: Iterable[int]) -> bytes:
    """An acknowledgement of each."""
    return b"".join([_PUBACK.pack(_PUBACK_HEAD, mid) for mid in mids])


def _message(data: bytearray, first: int, place: Frame) -> Published | None:
    """What is in the body at ``place``; ``None``: it is shorter than it says itself."""
    begin, end = place
    number = begin + 2 + int.from_bytes(data[begin : begin + 2])
    payload = number + 2 if first & _QOS_1 else number
    if payload > end:
        return None
    mid = int.from_bytes(data[number:payload])
    return Published(_text(data[begin + 2 : number]), bytes(data[payload:end]), mid, bool(first & _RETAIN))


def _text(topic: bytearray) -> str:
    try:
        return topic.decode()
    except UnicodeDecodeError:
        return NO_TEXT
