"""What is remembered of each device so that nothing is taken twice and nothing recorded is played back.

Four kinds of "again" are kept apart. A *repetition*: the same broadcast payload within seconds, because
radios repeat. A *repeated packet*: the same packet id. A *retelling*: the same named occurrence, out of a
cuff's memory or a pendant's minute of calling. A *replay*: an authenticated counter that does not grow, which
the codec refuses. The pipeline makes each memory durable no later than the observation.

What a broker or a bridge says of a device out of its own memory is no sign of life. Of a broker's, whose age
nobody knows, only states are taken that stand until they are changed, marked as estimated; never a moment.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from edge_agent.drivers import Incoming
from edge_agent.settings import Device
from firmware_protocols.codec import Decoded, Security
from firmware_protocols.model import DeviceId, Observation, Quality, Quantity, Reading

REPEATED_WITHIN: Final = timedelta(seconds=10)
"""Broadcasters repeat one payload at 0.1-10 Hz; one that was silent longer than this says something new."""
SAME_PACKET_WITHIN: Final = timedelta(seconds=30)
"""A packet id is 8 bits and starts anywhere after a battery change, so it is believed only for a while."""
REFRESH_AFTER: Final = timedelta(seconds=60)
"""A sensor without packet ids whose value does not change still gives a reading this often."""
NAMES_KEPT: Final = 512
"""D. Names of occurrences kept for each device; a cuff for two people holds 200 measurements of each."""
STANDING: Final = frozenset(
    {
        Quantity.SMOKE,
        Quantity.GAS,
        Quantity.CARBON_MONOXIDE,
        Quantity.MOISTURE,
        Quantity.OPENING,
        Quantity.FALL_STATE,
        Quantity.TAMPER,
        Quantity.BATTERY_LOW,
        Quantity.PROBLEM,
        Quantity.MAINS,
    }
)
"""States that hold until their device says otherwise: a detector whose last word was smoke still stands for
smoke. Motion, presence and numbers are of a moment; an old one must not pass for a sign of life.
"""


@dataclass(slots=True)
class Memory:
    """What one device said last. ``heard_at``: its last frame; ``taken_at``: the last that was taken.

    ``said_at``: its last frame that was not idle, a repetition too. ``names``: of the named occurrences that
    were taken, the newest last.
    """

    counter: int | None = None
    packet_id: int | None = None
    encrypted: bool = False
    names: dict[int, None] = field(default_factory=dict)
    payload: bytes = b""
    heard_at: datetime | None = None
    said_at: datetime | None = None
    taken_at: datetime | None = None

    def note(self) -> str:
        """What must survive a restart."""
        return json.dumps([self.counter, self.packet_id, self.encrypted, list(self.names)])

    def is_retold(self, name: int | None) -> bool:
        """Whether the occurrence ``name`` was taken before; if not, it counts as taken now."""
        if name is None:
            return False
        retold = name in self.names
        self.names.pop(name, None)
        self.names[name] = None
        if len(self.names) > NAMES_KEPT:
            del self.names[next(iter(self.names))]
        return retold


@dataclass(slots=True)
class Replay:
    """The memory of all devices."""

    devices: Mapping[DeviceId, Device]
    _memories: dict[DeviceId, Memory] = field(default_factory=dict)

    def restore(self, device: DeviceId, note: str, now: datetime) -> None:
        """Take back what ``note`` gave in an earlier run; the packet id counts as just heard.

        Raises:
            ValueError: not such a note.
        """
        counter, packet_id, encrypted, *rest = json.loads(note)
        names = {int(name): None for kept in rest for name in kept}
        self._memories[device] = Memory(counter, packet_id, bool(encrypted), names, heard_at=now, said_at=now)

    def security(self, device: DeviceId) -> Security:
        """What the codec needs to refuse a replay and a downgrade."""
        memory, known = self._of(device), self.devices[device]
        encrypted = memory.encrypted or known.key is not None
        return Security(known.key, memory.counter, encrypted, known.user)

    def is_repetition(self, incoming: Incoming, now: datetime) -> bool:
        """Whether this is a radio's repetition that brings nothing at all; it counts as heard."""
        memory = self._of(incoming.frame.device)
        again = self._same_payload(memory, incoming, now)
        if again:
            memory.heard_at = memory.said_at = now
        stale = memory.taken_at is None or abs(now - memory.taken_at) > REFRESH_AFTER
        return again and (memory.counter is not None or memory.packet_id is not None or not stale)

    def accept(self, incoming: Incoming, decoded: Decoded, now: datetime) -> tuple[Observation, ...]:
        """Remember the frame; return those of its observations that are new."""
        if incoming.retained:
            return _standing(decoded.observations)
        if not decoded.heard:
            return tuple(_told_about(decoded.observations))
        memory = self._of(incoming.frame.device)
        refresh = self._same_payload(memory, incoming, now)
        again = (
            decoded.counter is None
            and decoded.packet_id is not None
            and decoded.packet_id == memory.packet_id
            and memory.said_at is not None
            and abs(now - memory.said_at) <= SAME_PACKET_WITHIN
        )
        memory.heard_at = now
        if decoded.idle:
            return ()
        memory.said_at = now
        if again:
            return ()
        memory.payload, memory.taken_at, memory.packet_id = incoming.frame.payload, now, decoded.packet_id
        if decoded.counter is not None:
            memory.counter, memory.encrypted = decoded.counter, True
        fresh = () if memory.is_retold(decoded.once) else decoded.observations
        return tuple(item for item in fresh if isinstance(item, Reading)) if refresh else fresh

    def note(self, device: DeviceId) -> str | None:
        """What to keep of ``device``; nothing of one that was never heard."""
        memory = self._of(device)
        return None if memory.heard_at is None else memory.note()

    def silent_s(self, now: datetime) -> dict[str, float]:
        """Seconds since each device was heard in this run or, after a restart, since the start."""
        return {
            device: max(0.0, round((now - memory.heard_at).total_seconds(), 1))
            for device, memory in self._memories.items()
            if memory.heard_at is not None
        }

    def _of(self, device: DeviceId) -> Memory:
        return self._memories.setdefault(device, Memory())

    @staticmethod
    def _same_payload(memory: Memory, incoming: Incoming, now: datetime) -> bool:
        return (
            incoming.broadcast
            and incoming.frame.payload == memory.payload
            and memory.said_at is not None
            and abs(now - memory.said_at) <= REPEATED_WITHIN
        )


def _standing(observations: tuple[Observation, ...]) -> tuple[Observation, ...]:
    """Those that hold until they are changed, as far as anybody knows."""
    return tuple(item for item in _told_about(observations) if item.quantity in STANDING)


def _told_about(observations: tuple[Observation, ...]) -> Iterator[Reading]:
    """The readings among them as somebody else's word about the device; one without a value says nothing."""
    for item in observations:
        if isinstance(item, Reading) and item.value is not None:
            yield replace(item, quality=Quality.ESTIMATED)
