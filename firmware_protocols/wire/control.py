"""What travels beside the batches: commit-ack, state (heartbeat and Last Will), command and its result."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from firmware_protocols.errors import BadMessage
from firmware_protocols.model import ClockState
from firmware_protocols.wire.topics import Lane

HEARTBEAT_S: Final = 60.0
"""A gateway publishes its state this often (`wire.md`)."""


class Ack(msgspec.Struct, frozen=True, omit_defaults=True):
    """These batches (by first sequence number) are committed; only this lets the gateway delete them.

    ``slow`` asks for at most one bulk batch per that many seconds.
    """

    e: str
    st: Lane
    b: tuple[int, ...]
    slow: float = 0.0


class LaneState(msgspec.Struct, frozen=True):
    """One lane of the outbox: ``next`` sequence number to be given, records waiting, age of the oldest, s."""

    next: int
    depth: int
    oldest_s: float = 0.0


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """A gateway's heartbeat, retained. The Last Will is ``State(online=False)``.

    ``devices``: seconds since each device was last heard (absent: never). ``health``: counters and figures
    by name (discarded serial bytes, refused frames, free disk MiB, resident MiB).
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


class Command(msgspec.Struct, frozen=True, omit_defaults=True):
    """A command, done at most once per ``id``, ignored after ``until`` (epoch seconds). ``name``: see downlink."""

    id: str
    name: str
    until: float
    args: dict[str, Any] = {}


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a command."""

    id: str
    ok: bool
    detail: str = ""


_encoder: Final = msgspec.json.Encoder()
_Message = TypeVar("_Message", Ack, State, Command, Result)


def encode(message: Ack | State | Command | Result) -> bytes:
    """Return the JSON bytes of a control message."""
    return _encoder.encode(message)


def parse(kind: type[_Message], payload: bytes) -> _Message:
    """Parse a control message of the given kind.

    Raises:
        BadMessage: not such a message.
    """
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage(str(error)) from error
