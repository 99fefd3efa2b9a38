"""``python -m benchmarks.edge_peer``: our gateway and its direct peer behind one source, the same faults.

What this is: thingsboard-gateway (installed by pip into a virtual environment of its own below the cache
folder) and our agent, each between two mosquitto brokers, measured and killed in the same way: 2,000 messages
at 100 a second, a burst of 20,000, a frozen broker and then a kill, an uplink that is down and then a kill.
What it is not: a claim about a Raspberry Pi; everything is on this machine. The one idea: only a number that
never arrives is lost, and only one that arrives twice is doubled.

Ours is run twice: once with every message an event (alarm lane, committed alone and at once), once with every
message three readings (bulk lane, committed in groups of 100 or after ``group_s``), because the two lanes
promise different things. Its source is a driver that only the benchmark has (``bench_agent``). Both gateways
subscribe to the source with a lasting session.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from benchmarks.gateways import (
    PEER,
    Count,
    Gateway,
    Mosquitto,
    OurSink,
    PeerSink,
    Publisher,
    our_gateway,
    peer_gateway,
    wait_for,
)
from edge_agent.outbox import GROUP_MOST

PACED: Final = 2_000
PACED_RATE: Final = 100.0
BURST: Final = 20_000
FROZEN: Final = 400
FROZEN_RATE: Final = 20.0
DOWN_RATE: Final = 200.0
DOWN_S: Final = 5.0
WARM: Final = 20
"""Messages before each test, numbered below 0, so that every connection stands."""
SETTLE_S: Final = 120.0
QUIET_S: Final = 15.0
"""Nothing new for so long: whatever has not arrived is not under way any more."""
UP_S: Final = 90.0
_KILLED: Final = ("frozen", "down")
_OPEN_GROUP: Final = -(-GROUP_MOST // 3)
"""What a kill may cost of messages of three readings: one group that was not full yet."""
TARGETS: Final = {"burst_per_s": 2_400.0, "event_p99_s": 0.25, "resident_mib": 60.0}
_CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "anban"


@dataclass
class Side:
    """One gateway with its brokers and its sink, in a folder of its own."""

    name: str
    folder: Path
    events: bool
    make: Callable[[Path, Mosquitto, Mosquitto], Gateway]
    sink_of: Callable[[int, Path], OurSink | PeerSink]
    source: Mosquitto = field(init=False)
    uplink: Mosquitto = field(init=False)
    gateway: Gateway = field(init=False)
    sink: OurSink | PeerSink = field(init=False)
    devices: Publisher = field(init=False)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        self.source, self.uplink = Mosquitto(self.folder / "source"), Mosquitto(self.folder / "uplink")
        self.sink = self.sink_of(self.uplink.port, self.folder)
        self.devices = Publisher(self.source.port, events=self.events)
        self.gateway = self.make(self.folder / "gateway", self.source, self.uplink)
        self.gateway.start()
        self._warm_up()
        return self

    def __exit__(self, *_: object) -> None:
        self.devices.close()
        self.gateway.kill()
        self.sink.close()
        self.source.stop()
        self.uplink.stop()

    @property
    def count(self) -> Count:
        return self.sink.count

    def arrived(self, numbers: range) -> int:
        """How many of ``numbers`` have arrived."""
        return sum(number in self.count.first_at for number in numbers)

    def settle(self, numbers: range) -> None:
        """Wait until all are there, or nothing new has come for ``QUIET_S``."""
        deadline, changed, seen = time.monotonic() + SETTLE_S, time.monotonic(), -1
        while time.monotonic() < deadline and time.monotonic() - changed < QUIET_S + 20 * (seen <= 0):
            found = self.arrived(numbers)
            if found == len(numbers):
                return
            if found != seen:
                changed, seen = time.monotonic(), found
            time.sleep(0.2)

    def _warm_up(self) -> None:
        """Send until something arrives."""
        numbers = iter(range(-1_000_000, 0))

        def through() -> bool:
            self.devices.send(next(numbers))
            return bool(self.count.times)

        if not wait_for(through, UP_S, 0.5):
            raise RuntimeError(f"{self.name} forwards nothing within {UP_S:g} s, see {self.folder}")
        time.sleep(3)


def paced(side: Side) -> dict[str, Any]:
    """2,000 messages at 100 a second: latency, memory, processor."""
    numbers, before = range(PACED), side.gateway.figures()
    side.devices.paced(numbers, PACED_RATE)
    side.settle(numbers)
    after = side.gateway.figures()
    used = {"cpu_s": round(after["cpu_s"] - before["cpu_s"], 2)}
    return result(side, numbers) | {**after, **used}


def burst(side: Side) -> dict[str, Any]:
    """20,000 messages as fast as the source takes them: throughput."""
    numbers = range(10_000, 10_000 + BURST)
    before = side.gateway.figures()["cpu_s"]
    for number in numbers:
        side.devices.send(number)
    side.settle(numbers)
    found = result(side, numbers)
    times = [side.count.first_at[number] for number in numbers if number in side.count.first_at]
    took_s = max(times) - side.devices.sent_at[numbers[0]] if times else 0.0
    return found | {
        "per_s": round(len(times) / took_s) if took_s else 0,
        "took_s": round(took_s, 1),
        **_used(side, before),
    }


def _used(side: Side, before: float) -> dict[str, float]:
    return {"cpu_s": round(side.gateway.figures()["cpu_s"] - before, 2)}


def frozen(side: Side) -> dict[str, Any]:
    """The uplink's broker is frozen for 20 s while messages come, then the gateway is killed."""
    numbers = range(40_000, 40_000 + FROZEN)
    side.uplink.send(signal.SIGSTOP)
    side.devices.paced(numbers, FROZEN_RATE)
    side.gateway.kill()
    side.uplink.send(signal.SIGCONT)
    side.gateway.start()
    side.settle(numbers)
    return result(side, numbers)


def down(side: Side) -> dict[str, Any]:
    """The uplink's broker is away, and the gateway is killed in full flow."""
    numbers = range(50_000, 50_000 + int(DOWN_RATE * DOWN_S))
    side.uplink.stop()
    side.devices.paced(numbers, DOWN_RATE)
    side.gateway.kill()
    side.uplink.start()
    side.gateway.start()
    side.settle(numbers)
    return result(side, numbers)


TESTS: Final[Mapping[str, Callable[[Side], dict[str, Any]]]] = {
    "paced": paced,
    "burst": burst,
    "frozen": frozen,
    "down": down,
}


def result(side: Side, numbers: range) -> dict[str, Any]:
    """What became of ``numbers``."""
    count = side.count
    waits = sorted(count.first_at[n] - side.devices.sent_at[n] for n in numbers if n in count.first_at)
    return {
        "sent": len(numbers),
        "delivered": len(waits),
        "lost": len(numbers) - len(waits),
        "doubled": sum(max(0, count.times[number] - 1) for number in numbers),
        "p50_s": _rank(waits, 0.50),
        "p99_s": _rank(waits, 0.99),
    }


def _rank(values: Sequence[float], part: float) -> float | None:
    return round(values[min(len(values) - 1, int(len(values) * part))], 3) if values else None


def peer_home() -> Path:
    """The peer's virtual environment, made on first use."""
    home = _CACHE / "peer"
    if not (home / "bin" / "thingsboard-gateway").exists():
        sys.stderr.write(f"installing {PEER} into {home}\n")
        venv.create(home, with_pip=True)
        subprocess.run([home / "bin" / "pip", "install", "--quiet", PEER], check=True)
    return home


def sides(folder: Path, options: argparse.Namespace) -> list[Side]:
    """Every gateway to measure."""

    def ours(at: Path, source: Mosquitto, uplink: Mosquitto) -> Gateway:
        return our_gateway(at, source, uplink, options.group_s)

    found = []
    for storage in options.storages:
        peer = functools.partial(peer_gateway, home=peer_home(), storage=storage)
        name = f"peer, {storage}"
        found.append(Side(name, folder / f"peer-{storage}", False, peer, lambda port, _: PeerSink(port)))
    if not options.peer_only:
        found.append(Side("ours, events", folder / "events", True, ours, OurSink))
        found.append(
            Side(f"ours, readings (group_s {options.group_s:g})", folder / "bulk", False, ours, OurSink)
        )
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and return 0 if ours lost no event and met its targets."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.edge_peer", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--storages", nargs="*", default=["sqlite"], choices=["memory", "file", "sqlite"])
    parser.add_argument("--tests", nargs="*", default=list(TESTS), choices=list(TESTS))
    parser.add_argument("--group-s", type=float, default=10.0, help="our `outbox.group_s`; 10 is the default")
    parser.add_argument("--peer-only", action="store_true")
    options = parser.parse_args(argv)
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="anban-peer-") as folder:
        for made in sides(Path(folder), options):
            with made as side:
                results[side.name] = {name: TESTS[name](side) for name in options.tests}
    missed = misses(results)
    document = {"peer": PEER, "results": results, "missed": missed}
    sys.stdout.write(json.dumps(document, indent=1) + "\n" if options.json else table(results, missed))
    return 1 if missed else 0


def misses(results: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[str]:
    """Which of our targets a run has missed, in words."""
    found = []
    for name, tests in results.items():
        if not name.startswith("ours"):
            continue
        events = name == "ours, events"
        for test, figures in tests.items():
            if figures["lost"] > (0 if events or test not in _KILLED else _OPEN_GROUP):
                found.append(f"{name}, {test}: {figures['lost']} lost")
        if not events and "burst" in tests and tests["burst"]["per_s"] < TARGETS["burst_per_s"]:
            found.append(f"{name}: {tests['burst']['per_s']} messages/s, target {TARGETS['burst_per_s']:g}")
        if events and "paced" in tests and (tests["paced"]["p99_s"] or 99) > TARGETS["event_p99_s"]:
            found.append(f"{name}: p99 {tests['paced']['p99_s']} s, target {TARGETS['event_p99_s']:g}")
        if "paced" in tests and tests["paced"]["resident_mib"] > TARGETS["resident_mib"]:
            found.append(f"{name}: {tests['paced']['resident_mib']} MiB, target {TARGETS['resident_mib']:g}")
    return found


def table(results: Mapping[str, Mapping[str, Mapping[str, Any]]], missed: Sequence[str]) -> str:
    """The results for people."""
    lines = []
    for test in TESTS:
        shown = {name: tests[test] for name, tests in results.items() if test in tests}
        if not shown:
            continue
        keys = list(next(iter(shown.values())))
        lines.append(f"{test}: {(TESTS[test].__doc__ or '').strip()}")
        lines.append(f"  {'':<32}" + "".join(f"{key:>13}" for key in keys))
        for name, figures in shown.items():
            lines.append(f"  {name:<32}" + "".join(f"{figures.get(key)!s:>13}" for key in keys))
        lines.append("")
    lines += [f"MISSED {what}" for what in missed] or ["every target met"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
