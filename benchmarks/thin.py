"""``python -m benchmarks.thin``: what thinning keeps of radars that report ten times a second.

What this is: one simulated hour of a room (somebody sits, walks about, is away) seen by each radar that
reports at least once a second, through the agent's own codec, pipeline and outbox, with thinning and without.
What it is not: a recording; how far a real radar's numbers wander is assumed (``simulators.radars``). The
one idea: the rules see every frame in both runs; only what is stored differs.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from edge_agent.clock import Clock
from edge_agent.drivers import Incoming
from edge_agent.outbox import Outbox
from edge_agent.pipeline import Pipeline
from edge_agent.prompt import Announcer
from edge_agent.rules import RULES, Home
from edge_agent.settings import Device, DeviceKind
from edge_agent.thin import Thinning
from edge_agent.ulid import Ulids
from firmware_protocols.codec import Frame
from firmware_protocols.model import DeviceId, Event, GatewayId, Reading
from firmware_protocols.registry import FRAMERS
from firmware_protocols.wire.topics import Lane
from simulators.radars import MODELS, Scene

BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
RADAR: Final = DeviceId("radar")
HOUR_S: Final = 3600
SITS_S: Final = 2400
WALKS_S: Final = 300


@dataclass(slots=True)
class Hands:
    """A clock's hands, which the benchmark moves."""

    at: datetime = BEGIN

    def seconds(self) -> float:
        """``at`` as the system would tell it."""
        return self.at.timestamp()


class Everything(Thinning):
    """Keeps every report."""

    def keeps(self, report: Reading | Event) -> bool:
        """Whether to store ``report``: always."""
        return True


@dataclass(frozen=True, slots=True)
class Result:
    """One radar's hour: readings, and MB of their batches as stored and sent, without and with thinning."""

    codec: str
    frames: int
    readings: int
    kept: int
    mb_before: float
    mb_after: float
    us_per_frame: float

    @property
    def share(self) -> float:
        """Readings kept, of all."""
        return self.kept / self.readings


def hour(rate_hz: float, rng: random.Random) -> Iterator[Scene]:
    """Forty minutes in a chair, five about the room, fifteen away; ``rate_hz`` scenes a second."""
    distance_m = 2.4
    for n in range(int(HOUR_S * rate_hz)):
        second = n / rate_hz
        if second < SITS_S:
            yield Scene(distance_m=2.4)
        elif second < SITS_S + WALKS_S:
            distance_m = min(5.0, max(0.7, distance_m + rng.uniform(-1, 1) / rate_hz))
            yield Scene(moving=True, distance_m=distance_m)
        else:
            yield Scene(present=False)


def measure(codec: str, folder: Path, seed: int) -> Result:
    """Send one hour through the gateway twice."""
    before, mb_before, frames, _ = _stored(codec, folder / f"{codec}-all", seed, Everything())
    after, mb_after, _, seconds = _stored(codec, folder / f"{codec}-thin", seed, Thinning())
    return Result(codec, frames, before, after, mb_before, mb_after, seconds / frames * 1e6)


def _stored(codec: str, folder: Path, seed: int, thinning: Thinning) -> tuple[int, float, int, float]:
    """Readings stored, MB of their batches, frames, and seconds that the pipeline took."""
    folder.mkdir()
    hands = Hands()
    clock = Clock(hands.seconds, hands.seconds, lambda: True, "boot")
    box = Outbox(folder / "outbox.sqlite", GatewayId("gw-bench"))
    home = Home({RADAR: str(DeviceKind.RADAR)}, Ulids(clock.now))
    rules = {name: make(home) for name, make in RULES.items()}
    device = Device(RADAR, DeviceKind.RADAR, "living_room")
    pipeline = Pipeline({RADAR: device}, box, rules, Announcer(), clock, thinning=thinning)
    model, framer, frames = MODELS[codec], FRAMERS[codec](), 0
    rng = random.Random(f"{codec}/{seed}")
    began = time.perf_counter()
    for scene in hour(model.rate_hz, rng):
        hands.at += timedelta(seconds=1 / model.rate_hz)
        for payload in framer.feed(model.speak(scene, rng)):
            frames += 1
            pipeline.take(Incoming(codec, Frame(RADAR, payload, hands.at)))
        box.tick(hands.at)
    box.flush(hands.at)
    seconds = time.perf_counter() - began
    batches = box.take(Lane.BULK, 1_000_000)
    box.close(hands.at)
    return sum(each.n for each in batches), sum(len(each.payload) for each in batches) / 1e6, frames, seconds


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.thin", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("codecs", nargs="*", help="which radars (all that report once a second or more)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    options = parser.parse_args(argv)
    codecs = options.codecs or [name for name, model in MODELS.items() if model.rate_hz >= 1]
    with tempfile.TemporaryDirectory(prefix="anban-thin-") as folder:
        results = [measure(codec, Path(folder), options.seed) for codec in codecs]
    sys.stdout.write(_document(results) if options.json else _table(results))
    return 0


def _document(results: Sequence[Result]) -> str:
    rows: list[Mapping[str, object]] = [asdict(each) | {"share": round(each.share, 5)} for each in results]
    return json.dumps({"hour": rows}, indent=1) + "\n"


def _table(results: Sequence[Result]) -> str:
    lines = [
        "One hour: 40 min in a chair, 5 min about the room, 15 min away.",
        f"{'radar':<10} {'frames':>8} {'readings':>9} {'kept':>7} {'share':>7} {'MB/day':>8} {'kept':>7}"
        f" {'µs/frame':>9}",
    ]
    lines += [
        f"{each.codec:<10} {each.frames:>8,} {each.readings:>9,} {each.kept:>7,} {each.share:>7.2%}"
        f" {24 * each.mb_before:>8.2f} {24 * each.mb_after:>7.2f} {each.us_per_frame:>9.1f}"
        for each in results
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
