"""One alarm's journey down the road: which stage saw it when.

What this is: marks from four witnesses (the simulated device, the agent's trace, the public API and the
webhook) put in order. What it is not: a judge; nothing here says how fast is fast enough. The one idea: no
witness is asked for what it did not see itself, and all read one machine's clock.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from simulators.console import Console, LiveEvent
from simulators.inbox import Letter
from simulators.motion import RATE_HZ, Sample
from simulators.system import System
from simulators.world import Home

WINDOW_AFTER: Final = 150
"""Samples that the fall model looks at after the peak, 3 s (``edge_agent.falls.around.AFTER``)."""
PATIENCE_S: Final = 30.0
LOOK_EVERY_S: Final = 0.02

STAGES: Final[Mapping[str, str]] = {
    "sample": "last sample of the impact window taken",
    "pressed": "button pressed",
    "sent": "packet with it sent by the wearable",
    "frame": "frame received by the gateway",
    "decided": "alarm decided by the gateway's rule",
    "stored": "committed to the gateway's outbox",
    "published": "published to the broker",
    "opened": "taken by the cloud, incident opened",
    "screen": "change seen by a console",
    "painted": "on the screen of a browser",
    "acked": "cloud's commit-ack back at the gateway",
    "raised": "raised: nobody cancelled in the confirmation window",
    "queued": "first message to the care circle queued",
    "delivered": "first message arrived",
}
"""Stage → what it is, in order."""


@dataclass(slots=True)
class Journey:
    """When each stage saw one alarm (epoch, s). A stage that did not is absent."""

    home: str
    marks: dict[str, float] = field(default_factory=dict)
    incident: int = 0
    """The incident it became; 0 until a console has seen it."""
    told: Callable[[str, float], None] = lambda stage, at: None
    """Called with each stage as it becomes known."""

    def mark(self, **stages: float) -> None:
        """Note when stages saw the alarm; the first word of each counts."""
        for stage, at in stages.items():
            if stage not in self.marks:
                self.marks[stage] = at
                self.told(stage, at)

    def between(self, first: str, last: str) -> float | None:
        """Seconds from one stage to another, if both saw it."""
        if first in self.marks and last in self.marks:
            return self.marks[last] - self.marks[first]
        return None

    def in_order(self) -> list[tuple[str, float]]:
        """The marks by time."""
        return sorted(self.marks.items(), key=lambda mark: mark[1])


class Witnesses:
    """Who is asked: the console's stream and the letters, as they come; traces, when needed."""

    def __init__(self, system: System, letters: Sequence[Letter], console: Console) -> None:
        self.system = system
        self._letters = letters
        self._console = console
        self._events: list[LiveEvent] = []
        self._news = asyncio.Event()
        self._homes: dict[str, int] = {}

    async def follow(self, after: int, homes: Sequence[Mapping[str, Any]]) -> None:
        """Collect what the stream says, until cancelled."""
        by_address = {home.address: home.key for home in self.system.world.homes}
        self._homes = {
            by_address[each["address"]]: each["id"] for each in homes if each["address"] in by_address
        }
        async for event in self._console.follow(after):
            if event.name == "inc":
                self._events.append(event)
                self._news.set()

    async def incident(
        self,
        home: Home,
        since: float,
        true: Callable[[Mapping[str, Any]], bool],
        within_s: float = PATIENCE_S,
    ) -> LiveEvent:
        """The first change of an incident of ``home`` after ``since`` for which ``true`` holds.

        Raises:
            TimeoutError: none came in time.
        """
        async with asyncio.timeout(within_s):
            while True:
                self._news.clear()
                for event in self._events:
                    wanted = event.at >= since and event.data["home_id"] == self._homes[home.key]
                    if wanted and true(event.data):
                        return event
                await self._news.wait()

    async def detail(self, incident_id: int) -> Mapping[str, Any]:
        """The incident's page."""
        return dict(await self._console.get(f"incidents/{incident_id}"))

    async def letter(self, home: Home, since: float, within_s: float) -> Letter:
        """The first message to the care circle of ``home`` after ``since``.

        Raises:
            TimeoutError: none came in time.
        """
        async with asyncio.timeout(within_s):
            while True:
                for letter in self._letters:
                    if letter.home == home.key and letter.at >= since:
                        return letter
                await asyncio.sleep(LOOK_EVERY_S)

    async def gateway(self, home: Home, since: float) -> dict[str, float]:
        """The stages that the agent of ``home`` went through with its first alarm after ``since``.

        Raises:
            TimeoutError: the alarm was not acknowledged within ``PATIENCE_S``.
        """
        async with asyncio.timeout(PATIENCE_S):
            while True:
                marks = _gateway_marks(_lines(self.system.trace_file(home)), since)
                if "acked" in marks:
                    return marks
                await asyncio.sleep(LOOK_EVERY_S)


def _lines(path: Path) -> list[Mapping[str, Any]]:
    """The whole lines of a trace; the last may be half written."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def _gateway_marks(lines: Sequence[Mapping[str, Any]], since: float) -> dict[str, float]:
    """Follow the first alarm decided after ``since`` by its id, and then by its batch's number."""
    decided = next((each for each in lines if each["stage"] == "decided" and each["at"] >= since), None)
    if decided is None:
        return {}
    frames = [each for each in lines if each["stage"] == "frame" and since <= each["at"] <= decided["at"]]
    mine = [each for each in lines if each.get("id") == decided["id"] and each["at"] >= decided["at"]]
    marks = {"frame": frames[-1]["at"]} if frames else {}
    for each in mine:
        marks.setdefault(each["stage"], each["at"])
    batch = next((each for each in mine if each["stage"] == "published"), None)
    if batch is not None:
        key = (batch["epoch"], batch["first"])
        acks = [each for each in lines if each["stage"] == "acked" and each["lane"] == "a"]
        acked = next((each["at"] for each in acks if (each["epoch"], each["first"]) == key), None)
        marks |= {"acked": acked} if acked is not None else {}
    return marks


@asynccontextmanager
async def witnesses(system: System, letters: Sequence[Letter]) -> AsyncIterator[Witnesses]:
    """Begin to watch; the stream is open when this is entered.

    Raises:
        httpx.HTTPError: the console does not answer.
    """
    async with system.console() as console:
        watching = Witnesses(system, letters, console)
        snapshot = await console.get("snapshot")
        following = asyncio.ensure_future(watching.follow(snapshot["seq"], snapshot["homes"]))
        try:
            yield watching
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


def strongest(samples: Sequence[Sample]) -> int:
    """Index of the sample with the largest magnitude: the impact."""
    return max(range(len(samples)), key=lambda at: sum(axis * axis for axis in samples[at]))


async def fall(watching: Witnesses, journey: Journey, samples: Sequence[Sample], range_g: float) -> LiveEvent:
    """Let the wearable feel a fall; follow it to a console, and return what the console was told.

    Raises:
        TimeoutError: no alarm came out of it.
    """
    home = watching.system.world.home(journey.home)
    due = min(strongest(samples) + WINDOW_AFTER, len(samples) - 1)
    began = asyncio.get_running_loop().create_future()

    async def play() -> None:
        async for packet in watching.system.happen(home, "play", samples=list(samples), range_g=range_g):
            taken = packet["at"] - (packet["last"] - due) / RATE_HZ
            if not began.done():
                began.set_result(taken - due / RATE_HZ)
            if packet["first"] <= due <= packet["last"]:
                journey.mark(sample=taken, sent=packet["at"])

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(play())
            since = await began
            seen = await watching.incident(
                home, since, lambda each: each["kind"] == "fall", len(samples) / RATE_HZ + PATIENCE_S
            )
            await _rest(watching, journey, home, since, seen)
    except* TimeoutError as group:
        raise TimeoutError("no alarm came of the fall") from group
    return seen


async def press(watching: Witnesses, journey: Journey) -> LiveEvent:
    """Press the pendant; follow the call to a console, and return what the console was told.

    Raises:
        TimeoutError: no alarm came out of it.
    """
    home = watching.system.world.home(journey.home)
    async for report in watching.system.happen(home, "press"):
        journey.mark(pressed=report["at"])
    since = journey.marks["pressed"]
    seen = await watching.incident(home, since, lambda each: each["kind"] == "sos")
    await _rest(watching, journey, home, since, seen)
    return seen


async def _rest(watching: Witnesses, journey: Journey, home: Home, since: float, seen: LiveEvent) -> None:
    """Add what the gateway and the cloud saw of it."""
    gateway = await watching.gateway(home, since)
    acked = gateway.pop("acked")
    journey.mark(**gateway)
    if (opened := datetime.fromisoformat(seen.data["opened_at"]).timestamp()) >= since:
        journey.mark(opened=opened)
    journey.incident = seen.data["id"]
    journey.mark(screen=seen.at, acked=acked)
