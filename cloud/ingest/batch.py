"""Collects messages until they are worth a transaction: enough rows, or long enough. Pure.

Time is seconds of any monotonic clock, passed in.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cloud.ingest.model import BatchMessage, Message, PlainMessage


@dataclass(frozen=True, slots=True)
class Limits:
    """``rows``: flush when so many are waiting. ``wait_s``: flush when the oldest waited so long."""

    rows: int
    wait_s: float


@dataclass(slots=True)
class Collector:
    """What waits for the next transaction."""

    limits: Limits
    _waiting: list[Message] = field(default_factory=list)
    _rows: int = 0
    _due_s: float | None = None

    def add(self, message: Message, elapsed_s: float) -> None:
        """Take ``message`` in."""
        self._waiting.append(message)
        self._rows += rows_in(message)
        if self.full:
            self._due_s = elapsed_s
        elif self._due_s is None:
            self._due_s = elapsed_s + self.limits.wait_s

    @property
    def full(self) -> bool:
        """Whether enough rows wait for a transaction."""
        return self._rows >= self.limits.rows

    def remaining_s(self, elapsed_s: float) -> float | None:
        """Seconds until the flush, 0 when it is due; ``None``: nothing waits."""
        return None if self._due_s is None else max(0.0, self._due_s - elapsed_s)

    def take(self) -> list[Message]:
        """Hand over what waits, oldest first, and start afresh."""
        taken, self._waiting, self._rows, self._due_s = self._waiting, [], 0, None
        return taken


def rows_in(message: Message) -> int:
    """How many rows it will take, roughly."""
    if isinstance(message, PlainMessage):
        return len(message.batch.rows)
    return len(message.batch.records) if isinstance(message, BatchMessage) else 1
