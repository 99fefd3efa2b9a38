"""A console without a screen: it does with the stream what a browser does, and nothing more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from dataclasses import dataclass, field
from typing import Any

from cloud.incidents.model import HomeView, IncidentView, Snapshot


async def until(holds: Callable[[], bool]) -> None:
    """Return when ``holds()``; after a minute it will never."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


@dataclass(frozen=True)
class ServerEvent:
    """One server-sent event."""

    name: str
    id: str
    data: dict[str, Any]


async def events(frames: AsyncIterable[bytes]) -> AsyncGenerator[ServerEvent, None]:
    """Cut a byte stream into events, as the HTML standard (section 9.2.6) says."""
    rest = ""
    async for frame in frames:
        *blocks, rest = (rest + frame.decode()).split("\n\n")
        for block in blocks:
            fields = dict(line.split(":", 1) for line in block.splitlines())
            if "data" in fields:
                name, number = fields["event"].strip(), fields.get("id", "").strip()
                yield ServerEvent(name, number, json.loads(fields["data"]))


@dataclass
class Console:
    """What a screen holds: the queue, the homes, and how far it has followed."""

    seq: int = 0
    incidents: dict[int, IncidentView] = field(default_factory=dict)
    homes: dict[int, HomeView] = field(default_factory=dict)
    stale: bool = True

    def start(self, snapshot: Snapshot) -> None:
        """Show ``snapshot``."""
        self.seq = snapshot.seq
        self.incidents = {view.id: view for view in snapshot.incidents}
        self.homes = {view.id: view for view in snapshot.homes}
        self.stale = False

    def apply(self, event: ServerEvent) -> None:
        """Take one event: an upsert, and a closed incident leaves the queue."""
        match event.name:
            case "inc":
                view = IncidentView.model_validate(event.data)
                self.incidents[view.id] = view
                if view.closed_at is not None:
                    del self.incidents[view.id]
            case "home":
                home = HomeView.model_validate(event.data)
                self.homes[home.id] = home
            case "reset":
                self.stale = True
                return
        self.seq = int(event.id)
