"""What travels beside the batches: commit-ack, state (heartbeat and Last Will), command and its result.

Unlike a batch, these may carry fields that this end does not know: a newer peer's heartbeat is still one.
"""

from __future__ import annotations

from math import isfinite
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from firmware_protocols.model import ClockState
from firmware_protocols.wire.strict import MAX_INTEGER, check_json, decode
from firmware_protocols.wire.topics import Lane

HEARTBEAT_S: Final = 60.0
"""A gateway publishes its state this often (`wire.md`)."""
MAX_CONTROL: Final = 64 * 1024
"""Bytes; a larger control message is refused unread."""
MAX_SLOW_S: Final = 600.0
"""The longest pause that the cloud may ask for between bulk batches."""

_Sequence = Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
_Version = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
_Id = Annotated[str, Meta(min_length=1, max_length=64)]
_Seconds = Annotated[float, Meta(ge=0.0, le=MAX_SLOW_S)]


class Ack(msgspec.Struct, frozen=True, omit_defaults=True):
    """These batches (by first sequence number) are committed; only this lets the gateway delete them.

    ``slow`` (0-600) asks for at most one bulk batch per that many seconds.
    """

    e: str
    st: Lane
    b: tuple[_Sequence, ...]
    slow: _Seconds = 0.0


class LaneState(msgspec.Struct, frozen=True):
    """One lane of the outbox: ``next`` sequence number to be given, records waiting, age of the oldest, s."""

    next: int
    depth: int
    oldest_s: float = 0.0


class Update(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far the newest update of a gateway's program is. ``version``: the one offered.

    ``state``: ``fetching``, ``installing``, ``waiting`` (``reason`` says for what), ``trial``, then ``kept``,
    ``back`` (taken back, ``reason`` says why) or ``failed`` (never switched to).
    """

    version: str = ""
    state: str = ""
    reason: str = ""


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """A gateway's heartbeat, retained. The Last Will is ``State(online=False)``.

    ``devices``: seconds since each device was last heard (absent: never). ``health``: counters and figures
    by name (discarded serial bytes, refused frames, free disk MiB, resident MiB). ``plan``: version of the
    home's plan in force, 0 for the built-in defaults (and from a gateway that knows no plans).
    ``version``: of the program that runs; ``update``: what became of the newest one offered.
    """

    online: bool
    at: float = 0.0
    epoch: str = ""
    boot: str = ""
    clock: ClockState = ClockState.UNSYNCED
    version: str = ""
    lanes: dict[Lane, LaneState] = {}
    devices: dict[str, float] = {}
    health: dict[str, float] = {}
    plan: _Version = 0
    update: Update = Update()


class Command(msgspec.Struct, frozen=True, omit_defaults=True):
    """A command, done at most once per ``id``, ignored after ``until`` (epoch seconds).

    ``name`` says what to do (``edge_agent.downlink``), ``args`` with what.
    """

    id: _Id
    name: _Id
    until: float
    args: dict[str, Any] = {}


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a command."""

    id: _Id
    ok: bool
    detail: str = ""


_encoder: Final = msgspec.json.Encoder()
_Message = TypeVar("_Message", Ack, State, Command, Result)


def encode(message: Ack | State | Command | Result) -> bytes:
    """Return the JSON bytes of a control message; a figure of a state that is not finite is left out."""
    if isinstance(message, State):
        devices, health = _finite(message.devices), _finite(message.health)
        message = msgspec.structs.replace(message, devices=devices, health=health)
    return _encoder.encode(message)


def parse(kind: type[_Message], payload: bytes) -> _Message:
    """Parse a control message of the given kind.

    Raises:
        BadMessage: for any bytes that are not such a message.
    """
    message = decode(msgspec.json.Decoder(kind), payload, MAX_CONTROL)
    if isinstance(message, Command):
        check_json(message.args)
    return message


def _finite(figures: dict[str, float]) -> dict[str, float]:
    return {name: figure for name, figure in figures.items() if isfinite(figure)}
