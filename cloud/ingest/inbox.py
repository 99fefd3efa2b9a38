"""What a connection hands to the lanes: a line with a bell. Lives on one event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from math import inf

from cloud.ingest.model import Delivery


class Inbox:
    """Deliveries in the order they came."""

    def __init__(self) -> None:
        """An empty one."""
        self._filled = asyncio.Event()
        self._waiting: deque[Delivery] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, delivery: Delivery) -> None:
        """Add one and ring."""
        self._waiting.append(delivery)
        self._filled.set()

    async def wait(self) -> None:
        """Until there is something."""
        await self._filled.wait()

    def take(self, most: int, most_bytes: float = inf) -> Iterator[Delivery]:
        """Up to ``most`` of what is there, oldest first, or until they have ``most_bytes``."""
        for _ in range(min(most, len(self._waiting))):
            if most_bytes <= 0:
                break
            delivery = self._waiting.popleft()
            most_bytes -= len(delivery.payload)
            yield delivery
        if not self._waiting:
            self._filled.clear()


class Fork:
    """Several lines that are worked on side by side. What has one topic is always in the same line, so what a
    gateway sends is stored in order and never by two transactions at once.
    """

    def __init__(self, lines: int = 1) -> None:
        """``lines`` empty ones."""
        self.lines = tuple(Inbox() for _ in range(lines))

    def put(self, delivery: Delivery) -> None:
        """Add one to its line."""
        self.lines[hash(delivery.topic) % len(self.lines)].put(delivery)
