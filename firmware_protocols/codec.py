"""The contract of every codec and framer, on one page.

A *framer* cuts a byte stream into frames; a *codec* turns one frame into observations. Both are sans-I/O:
bytes and values in, values out. A codec holds no state: what must be remembered between frames (replay
counter, packet id) goes out in ``Decoded`` and comes back in ``Security``; the pipeline persists it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from firmware_protocols.model import DeviceId, Observation


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as a driver got it.

    ``payload``: for a BLE advertisement the service data after its UUID; for GATT the characteristic's
    value; for serial the whole frame from header to tail; for a message of the home's own broker its subject
    and payload (``local.message``). ``address`` is the radio's MAC (``AA:BB:CC:DD:EE:FF``), the sender's id
    on a serial line of many, or ``""``. ``received_at``: the gateway's clock, aware UTC. ``utc_offset``: how
    far local time at home is ahead of UTC, for devices whose clock knows of no time zone.
    """

    device: DeviceId
    payload: bytes
    received_at: datetime
    address: str = ""
    utc_offset: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Security:
    """What the pipeline knows of a device that a frame alone cannot say: whom and what to believe.

    ``key``: the device's bind key, if it has one. ``last_counter``: highest counter accepted so far.
    ``encrypted``: it has sent (or is configured to send) encrypted frames, so plain ones are refused.
    ``user``: which user of a device for several people is the resident, if that is known.
    """

    key: bytes | None = None
    last_counter: int | None = None
    encrypted: bool = False
    user: int | None = None


NO_SECURITY = Security()


@dataclass(frozen=True, slots=True)
class Decoded:
    """What one frame said.

    ``counter``: the authenticated replay counter to persist, if any. ``packet_id``: an id that repeats when
    a device sends the same packet again; the pipeline drops a repeat. ``once``: names one occurrence for good
    (a measurement out of a device's memory, one press of a pendant); the pipeline takes it once, however
    often and however late it is told again. ``heard``: the device itself has spoken just now; false for what
    a bridge says about it or repeats from memory, which is no sign of life. ``idle``: the frame has nothing
    to say, its device only shows that it is there; it does not come between two copies of one that says
    something.
    """

    observations: tuple[Observation, ...]
    counter: int | None = None
    packet_id: int | None = None
    once: int | None = None
    heard: bool = True
    idle: bool = False


class Codec(Protocol):
    """One byte format. Registered by one line in ``registry.CODECS``."""

    def decode(self, frame: Frame, security: Security = NO_SECURITY) -> Decoded:
        """Return what ``frame`` says. Unknown optional parts are skipped, never guessed.

        Raises:
            DecodeError: the only exception; for *any* bytes.
        """
        ...


@dataclass(frozen=True, slots=True)
class PureCodec:
    """A codec that is one pure function: the value that ``registry.CODECS`` holds for each format."""

    function: Callable[[Frame, Security], Decoded]

    def decode(self, frame: Frame, security: Security = NO_SECURITY) -> Decoded:
        """Return what ``frame`` says; see ``Codec.decode``."""
        return self.function(frame, security)


@dataclass(frozen=True, slots=True)
class Senders:
    """How the frames of a gateway of many devices tell who sent them.

    ``of``: the sender's address in one whole frame, ``None`` for a frame that no device sent; never raises
    for a frame that its framer handed over. ``address``: the regular expression that an address matches as a
    whole. ``example``: one, for whoever wrote another.
    """

    of: Callable[[bytes], str | None]
    address: str
    example: str


class Framer(Protocol):
    """Cuts a byte stream into frames; resynchronises after garbage by itself.

    One framer belongs to one port. Any cutting of the same bytes yields the same frames.
    """

    @property
    def discarded(self) -> int:
        """Bytes thrown away so far, a health metric."""
        ...

    def feed(self, data: bytes) -> list[bytes]:
        """Take ``data``; return the whole, checksum-valid frames it completed. Never raises."""
        ...
