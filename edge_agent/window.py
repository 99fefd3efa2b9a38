"""The sending window: which waiting batches go out now. Pure: it is given what waits and the elapsed time.

The one idea: a batch is in flight from its sending until the cloud says that it is committed; the broker's
acknowledgement means nothing here. Alarms have room of their own, so a long backlog of readings never stands
before them; readings go out newest and oldest in turn, so that screens are live while the past fills in.
After an outage every home comes back at once, so a connection begins with a few batches of readings and opens
up as the cloud commits them; ``slow_s`` is what the cloud itself asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain, zip_longest
from typing import Final

from edge_agent.frozen import Frozen, Key
from firmware_protocols.wire.topics import Lane

ROOM: Final[Mapping[Lane, int]] = {Lane.ALARM: 16, Lane.BULK: 32}
"""Batches in flight, per lane. A month's backlog is of small batches; a round trip takes so many of them."""
FIRST_ROOM: Final = 4
"""[D] Batches of readings in flight on a new connection; each that is committed adds one, up to ``ROOM``.
Three thousand homes then ask for 12,000 batches and not for 96,000, which the cloud commits before any is
resent.
"""
BULK_BYTES: Final = 48 * 1024
"""[D] Readings in flight: what an alarm may find before it on the wire; 10 s of a link of 40 kbit/s."""
RESEND_S: Final = 15.0
"""Unsettled this long after sending: send again (`docs/protocols/wire.md`)."""
RESEND_MOST_S: Final[Mapping[Lane, float]] = {Lane.ALARM: 15.0, Lane.BULK: 120.0}
"""The wait doubles for each resend of a batch, up to this."""


@dataclass(slots=True)
class _Flight:
    due_s: float
    wait_s: float
    size: int


@dataclass(slots=True)
class Window:
    """What is in flight. ``slow_s`` > 0: the cloud asks for at most one bulk batch per so many seconds.
    ``bulk_room``: batches of readings that may be in flight now.
    """

    slow_s: float = 0.0
    bulk_room: int = FIRST_ROOM
    _flights: dict[Key, _Flight] = field(default_factory=dict)
    _bulk_from_s: float = 0.0

    def reconnected(self) -> None:
        """A new connection: what was in flight may be lost, so all of it is due, though not all at once."""
        self._flights.clear()
        self.bulk_room = FIRST_ROOM

    def settled(self, keys: Iterable[Key]) -> None:
        """These are committed."""
        for key in keys:
            if self._flights.pop(key, None) and key.lane is Lane.BULK:
                self.bulk_room = min(self.bulk_room + 1, ROOM[Lane.BULK])

    def choose(
        self, alarms: Sequence[Frozen], oldest: Sequence[Frozen], newest: Sequence[Frozen], elapsed_s: float
    ) -> list[Frozen]:
        """The batches to send now, in order; they count as sent. Alarms first."""
        bulk = self._pick(Lane.BULK, _interleaved(newest, oldest), elapsed_s)
        if self.slow_s > 0:
            bulk = bulk[:1] if elapsed_s >= self._bulk_from_s else []
        if bulk:
            self._bulk_from_s = elapsed_s + self.slow_s
        chosen = self._pick(Lane.ALARM, alarms, elapsed_s) + bulk
        for frozen in chosen:
            self._sent(frozen, elapsed_s)
        return chosen

    def next_due_s(self) -> float | None:
        """When the next resend is due, in elapsed time."""
        return min((flight.due_s for flight in self._flights.values()), default=None)

    def _pick(self, lane: Lane, waiting: Sequence[Frozen], elapsed_s: float) -> list[Frozen]:
        known = {frozen.key for frozen in waiting}
        for key, flight in list(self._flights.items()):
            if key.lane is lane and key not in known and flight.due_s <= elapsed_s:
                del self._flights[key]  # dropped by the quota, or its turn comes again later
        room = self.bulk_room if lane is Lane.BULK else ROOM[lane]
        free = room - sum(key.lane is lane for key in self._flights)
        due = [f for f in waiting if f.key in self._flights and self._flights[f.key].due_s <= elapsed_s]
        new = [f for f in waiting if f.key not in self._flights][: max(0, free)]
        return due + (self._fitting(new) if lane is Lane.BULK else new)

    def _fitting(self, new: Sequence[Frozen]) -> list[Frozen]:
        """What of ``new`` the wire still has room for; one batch always, however large."""
        used = sum(flight.size for key, flight in self._flights.items() if key.lane is Lane.BULK)
        sizes = accumulate((len(frozen.payload) for frozen in new), initial=used)
        fitting = [frozen for frozen, size in zip(new, list(sizes)[1:], strict=True) if size <= BULK_BYTES]
        return fitting if fitting or used else list(new[:1])

    def _sent(self, frozen: Frozen, elapsed_s: float) -> None:
        before = self._flights.get(frozen.key)
        wait_s = min(before.wait_s * 2, RESEND_MOST_S[frozen.key.lane]) if before else RESEND_S
        self._flights[frozen.key] = _Flight(elapsed_s + wait_s, wait_s, len(frozen.payload))


def _interleaved(newest: Sequence[Frozen], oldest: Sequence[Frozen]) -> list[Frozen]:
    """Newest and oldest in turn, each batch once."""
    turns = chain.from_iterable(zip_longest(newest, oldest))
    return list({frozen.key: frozen for frozen in turns if frozen is not None}.values())
