"""ESPHome nodes over MQTT: one topic for each entity, plain text (https://esphome.io/components/mqtt).

What it is not: ESPHome's own API, and no unit conversion. The one idea: a node's entities have whatever names
its owner gave them, so the settings say what each one means, and that meaning is the frame's subject.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Final

from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.errors import UnknownFormat
from firmware_protocols.local.message import reachable, split
from firmware_protocols.model import Event, EventKind, Quantity, Reading
from firmware_protocols.ranges import measured

STATUS: Final = "status"
BUTTON: Final = "button"
"""What an entity can mean that is no quantity: it is pressed while it is on."""
_STATES: Final = {quantity.value: quantity for quantity in Quantity if quantity.unit == ""}
_NUMBERS: Final = {quantity.value: quantity for quantity in Quantity if quantity.unit != ""}
MEANINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "binary_sensor": (BUTTON, *_STATES),
    "sensor": tuple(_NUMBERS),
}
"""Component to what its entities can mean."""

_ENTITY: Final = re.compile(r"(binary_sensor|sensor)/[A-Za-z0-9_-]{1,120}")
_NUMBER: Final = re.compile(rb"-?[0-9]{1,18}(\.[0-9]{1,18})?")
_NO_NUMBER: Final = frozenset({b"nan", b"none"})
_ENDLESS: Final = frozenset({b"inf", b"-inf"})
_ON_OFF: Final = {b"ON": True, b"OFF": False}


def subjects(entities: Mapping[str, str]) -> Mapping[str, str]:
    """Return which subtopics of a node are read: ``status`` and those of ``entities``, with their meaning.

    ``entities``: ``binary_sensor/<name>`` or ``sensor/<name>`` to a quantity or ``button``.

    Raises:
        ValueError: none, a wrong name, or a meaning that such an entity cannot have.
    """
    if not entities:
        raise ValueError('needs entities, e.g. { "binary_sensor/front_door" = "opening" }')
    for entity, meaning in entities.items():
        _check(entity, meaning)
    return {STATUS: STATUS} | {f"{entity}/state": meaning for entity, meaning in entities.items()}


def _check(entity: str, meaning: str) -> None:
    if not _ENTITY.fullmatch(entity):
        raise ValueError(f"entity {entity!r} must be binary_sensor/<name> or sensor/<name>")
    known = MEANINGS[entity.partition("/")[0]]
    if meaning not in known:
        near = difflib.get_close_matches(meaning, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it can be: {', '.join(known)}"
        raise ValueError(f"entity {entity!r} cannot be {meaning!r}; {hint}")


def decode(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return what one message of a node says.

    Raises:
        Truncated: the frame is empty.
        UnknownFormat: no such subject, or neither ON nor OFF, or not a number.
    """
    subject, payload = split(frame.payload)
    if subject == STATUS:
        return reachable(frame, payload.decode("latin-1"))
    if subject == BUTTON:
        return _press(frame, payload)
    if subject in _STATES:
        return _state(frame, _STATES[subject], payload)
    if subject in _NUMBERS:
        value = _number(payload)
        return Decoded((measured(frame.device, _NUMBERS[subject], value, frame.received_at),))
    raise UnknownFormat(f"subject {subject[:20]!r}")


def encode_state(on: bool) -> bytes:
    """Return the payload of a binary sensor's state."""
    return b"ON" if on else b"OFF"


def encode_number(value: float, decimals: int = 1) -> bytes:
    """Return the payload of a sensor's value, with as many decimals as the node is set to."""
    return f"{value:.{decimals}f}".encode("ascii")


def encode_status(online: bool) -> bytes:
    """Return the payload of a node's birth or last will."""
    return b"online" if online else b"offline"


def _on(payload: bytes) -> bool:
    on = _ON_OFF.get(payload)
    if on is None:
        raise UnknownFormat("neither ON nor OFF")
    return on


def _press(frame: Frame, payload: bytes) -> Decoded:
    if not _on(payload):
        return Decoded(())
    return Decoded((Event(frame.device, EventKind.BUTTON, "press", frame.received_at),))


def _state(frame: Frame, quantity: Quantity, payload: bytes) -> Decoded:
    on = _on(payload)
    reading = Reading(frame.device, quantity, on, frame.received_at)
    if quantity is not Quantity.FALL_STATE or not on:
        return Decoded((reading,))
    return Decoded((reading, Event(frame.device, EventKind.FALL_SUSPECTED, "radar", frame.received_at)))


def _number(payload: bytes) -> float | None:
    """The number; none for what a node publishes when it has no measurement."""
    if _NUMBER.fullmatch(payload):
        return float(payload)
    word = payload.lower()
    if word in _NO_NUMBER:
        return None
    if word in _ENDLESS:
        return float(word)
    raise UnknownFormat("not a number")
