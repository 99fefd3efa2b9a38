"""Zigbee2MQTT: the state of one Zigbee device as a JSON object (https://www.zigbee2mqtt.io).

What it is not: the bridge's own topics for pairing and maps. The one idea: a message holds many properties
of many makers, so each is read for itself; one that cannot be read never costs the press beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.errors import UnknownFormat
from firmware_protocols.local.message import reachable, split
from firmware_protocols.model import Event, EventKind, JsonValue, Observation, Quantity, Reading
from firmware_protocols.ranges import measured

STATE: Final = "state"
AVAILABILITY: Final = "availability"
_SUBTOPICS: Final[Mapping[str, str]] = {"": STATE, "availability": AVAILABILITY, "state": AVAILABILITY}
"""``state`` is there for the bridge itself: ``zigbee2mqtt/bridge/state`` says whether all is lost."""


@dataclass(frozen=True, slots=True)
class State:
    """A property that is true or false: its quantity, and which of the two means that it is so."""

    quantity: Quantity
    means: bool = True


STATES: Final[Mapping[str, State]] = {
    "contact": State(Quantity.OPENING, means=False),  # the magnet's contact: false is open
    "occupancy": State(Quantity.MOTION),  # what infrared sensors report: nobody *moves* when it is false
    "presence": State(Quantity.PRESENCE),
    "smoke": State(Quantity.SMOKE),
    "gas": State(Quantity.GAS),
    "carbon_monoxide": State(Quantity.CARBON_MONOXIDE),
    "water_leak": State(Quantity.MOISTURE),
    "vibration": State(Quantity.VIBRATION),
    "tamper": State(Quantity.TAMPER),
    "battery_low": State(Quantity.BATTERY_LOW),
}
NUMBERS: Final[Mapping[str, Quantity]] = {
    "battery": Quantity.BATTERY,
    "voltage": Quantity.VOLTAGE,
    "temperature": Quantity.TEMPERATURE,
    "humidity": Quantity.HUMIDITY,
    "illuminance": Quantity.ILLUMINANCE,
    "illuminance_lux": Quantity.ILLUMINANCE,
    "power": Quantity.POWER,
    "co": Quantity.CO_CONCENTRATION,
}
_RUNS_ON_BATTERY: Final = frozenset({"battery", "battery_low"})
"""Beside one of these, ``voltage`` is the cell's, in mV; alone it is the mains', in V."""

SHUT_STATE: Final = "OFF"
_VALVE_STATES: Final[Mapping[object, bool]] = {"ON": True, SHUT_STATE: False}
"""A valve's ``state``: whether it is open. Of a lamp or a plug the same word says nothing that we keep."""

ACTION: Final = "action"
PRESSES: Final[Mapping[str, str]] = {
    "single": "press",
    "double": "double_press",
    "triple": "triple_press",
    "long": "long_press",
    "hold": "hold_press",
}
"""Zigbee2MQTT's word for a press to ours. Any other word is a press as well and keeps its name."""
_NO_PRESS: Final = re.compile(r"^$|^off$|release$")
"""Nothing, the end of an alarm state, or the end of a press that was told when it began."""
_WORD: Final = re.compile(r"[A-Za-z0-9_]{1,40}")
_PRESS: Final = "press"

LAST_SEEN: Final = "last_seen"
_FRESH: Final = timedelta(minutes=1)
"""What the bridge heard longer ago it repeats from memory, as it does for every device when it starts. D."""
_NEVER_SET: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""A bridge's clock that shows an earlier time has not been set since its power came back."""

_OBJECT: Final = msgspec.json.Decoder(dict[str, object])


def subjects(entities: Mapping[str, str]) -> Mapping[str, str]:
    """Return which subtopics of a device are read, each with its subject.

    Raises:
        ValueError: ``entities`` are configured, but the messages name their own content.
    """
    if entities:
        raise ValueError("takes no entities: its messages say themselves what they hold")
    return _SUBTOPICS


def decode(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return what one message says; properties that nobody needs (``linkquality``) are skipped.

    Raises:
        Truncated: the frame is empty.
        UnknownFormat: no such subject, not a JSON object, or nothing in it can be read.
    """
    subject, payload = split(frame.payload)
    if subject == STATE:
        return _state(frame, _object(payload))
    if subject == AVAILABILITY:
        word = _object(payload).get("state") if payload.startswith(b"{") else payload.decode("latin-1")
        return reachable(frame, word)
    raise UnknownFormat(f"subject {subject[:20]!r}")


def decode_valve(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """As ``decode``, and whether the valve is open.

    Raises:
        Truncated, UnknownFormat: as ``decode``.
    """
    decoded = decode(frame, security)
    subject, payload = split(frame.payload)
    if subject != STATE:
        return decoded
    known = _object(payload)
    is_open = _VALVE_STATES.get(str(known.get("state")))
    if is_open is None:
        return decoded
    at = _last_seen(frame, known.get(LAST_SEEN))
    valve = Reading(frame.device, Quantity.VALVE, is_open, at)
    return replace(decoded, observations=(*decoded.observations, valve))


def encode_shut() -> bytes:
    """Return the payload that shuts a valve, for the subtopic ``set``."""
    return encode_state({"state": SHUT_STATE})


def encode_state(properties: Mapping[str, JsonValue]) -> bytes:
    """Return the payload with which the bridge publishes ``properties`` of a device."""
    return msgspec.json.encode(properties)


def encode_availability(online: bool) -> bytes:
    """Return the payload with which the bridge says whether a device can be reached."""
    return msgspec.json.encode({"state": "online" if online else "offline"})


def _object(payload: bytes) -> dict[str, object]:
    try:
        return _OBJECT.decode(payload)
    except UnicodeDecodeError as error:
        raise UnknownFormat(f"not UTF-8: {error.reason}") from error
    except RecursionError as error:
        raise UnknownFormat("nested too deeply") from error
    except msgspec.DecodeError as error:
        raise UnknownFormat(str(error)) from error


def _state(frame: Frame, properties: Mapping[str, object]) -> Decoded:
    known = {name: value for name, value in properties.items() if value is not None}
    if "illuminance_lux" in known:  # the older bridge's ``illuminance`` beside it is a raw value
        known.pop("illuminance", None)
    at = _last_seen(frame, known.get(LAST_SEEN))
    pressed = list(_press(frame, known.get(ACTION)))
    told: list[Observation] = [*pressed, *_states(frame, known, at), *_numbers(frame, known, at)]
    unread = [name for name in (*STATES, *NUMBERS) if name in known]
    if unread and not told:
        raise UnknownFormat(f"no readable value in {', '.join(unread)}")
    # A press is never repeated from memory: whoever pressed is there now, whatever the bridge's clock says.
    return Decoded(tuple(told), heard=bool(pressed) or frame.received_at - at <= _FRESH)


def _states(frame: Frame, known: Mapping[str, object], at: datetime) -> Iterator[Observation]:
    for name, state in STATES.items():
        value = known.get(name)
        if isinstance(value, bool):
            yield Reading(frame.device, state.quantity, value is state.means, at)


def _numbers(frame: Frame, known: Mapping[str, object], at: datetime) -> Iterator[Observation]:
    for name, quantity in NUMBERS.items():
        value = known.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield measured(frame.device, quantity, _scaled(name, value, known), at)


def _scaled(name: str, value: float, known: Mapping[str, object]) -> float:
    try:
        number = float(value)
    except OverflowError:  # JSON sets no bound to an integer
        return float("inf")
    return number / 1000 if name == "voltage" and not _RUNS_ON_BATTERY.isdisjoint(known) else number


def _press(frame: Frame, action: object) -> Iterator[Event]:
    """A press; a word that is no word is one too, because somebody may be calling for help."""
    if action is None or (isinstance(action, str) and _NO_PRESS.search(action)):
        return
    word = action if isinstance(action, str) and _WORD.fullmatch(action) else _PRESS
    yield Event(frame.device, EventKind.BUTTON, PRESSES.get(word, word), frame.received_at)


def _last_seen(frame: Frame, value: object) -> datetime:
    """When the bridge heard the device; now, if it does not say or its clock was never set."""
    try:
        at = _moment(value)
        if at is None or at.tzinfo is None or not _NEVER_SET <= at < frame.received_at:
            return frame.received_at
    except (ValueError, OverflowError, OSError):  # OSError: beyond what the system's own calendar holds
        return frame.received_at
    return at.astimezone(UTC)


def _moment(value: object) -> datetime | None:
    """ISO 8601, or milliseconds since 1970: the bridge's settings choose."""
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return datetime.fromtimestamp(value / 1000, UTC)
    return None
