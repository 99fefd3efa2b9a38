"""What goes wrong on the whole road in ``benchmarks.chaos``: each fault, how often it is drawn, and its deed.

What this is: processes killed and frozen, a network cut, a clock set back, a disk filled. What it is not: the
account of what that cost (``chaos``). The one idea: a fault puts right what it broke by its own hand, and
leaves to the product what the product must mend.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.bench_agent import BOOT
from benchmarks.gateways import Gateway, wait_for
from benchmarks.proxy import Proxy
from tests.harness import Part, System
from tests.scenario.disks import Disk

FORTNIGHT_S: Final = 14 * 86_400
_NO_DISK: Final = "outbox cannot write"
_DISK_AGAIN: Final = "outbox on disk again"


@dataclass
class Road:
    """Everything that can be hurt."""

    system: System
    gateway: Gateway
    proxy: Proxy
    skew: Path
    disk: Disk | None
    rng: random.Random
    taken: Path
    """Where the agent notes what it has taken, and when."""
    killed_at: list[float] = field(default_factory=list)
    boot: int = 0

    @property
    def outbox(self) -> Path:
        return self.gateway.folder / "data" / "outbox.sqlite"

    def said(self) -> str:
        """The agent's log."""
        return (self.gateway.folder / "gateway.log").read_text()

    def pause(self, least_s: float = 0.2, most_s: float = 1.5) -> None:
        """Let things flow for a while."""
        time.sleep(self.rng.uniform(least_s, most_s))


def kill_agent(road: Road) -> None:
    """SIGKILL; started again after a moment."""
    road.gateway.kill()
    road.killed_at.append(time.monotonic())
    road.pause(0.0, 0.5)
    road.gateway.start()


def freeze_agent(road: Road) -> None:
    """SIGSTOP for some seconds."""
    process = road.gateway.process
    if process is not None:
        with stopped(process.pid):
            road.pause(0.5, 3.0)


def _kill(part: Part) -> Callable[[Road], None]:
    def kill(road: Road) -> None:
        with suppress(AssertionError, ProcessLookupError):  # it is just being started again
            road.system.kill9(part)

    return kill


def kill_cloud(road: Road) -> None:
    """SIGKILL of ingest, worker and supervisor at once; broker and database are orphans until the start."""
    road.system.kill9("cloud")
    road.pause(0.0, 1.0)
    road.system.start()


def _freeze(part: Part) -> Callable[[Road], None]:
    def freeze(road: Road) -> None:
        with suppress(AssertionError, ProcessLookupError), stopped(road.system.pid(part)):
            road.pause(0.5, 3.0)

    return freeze


def freeze_network(road: Road) -> None:
    """Nothing passes, and nobody is told."""
    road.proxy.freeze()
    road.pause(0.5, 4.0)
    road.proxy.thaw()


def cut_network(road: Road) -> None:
    """Every connection ends."""
    road.proxy.cut()
    road.pause(0.5, 3.0)
    road.proxy.mend()


def cut_network_and_kill_agent(road: Road) -> None:
    """A power cut: the router is gone, then the gateway."""
    road.proxy.cut()
    road.pause(0.2, 1.5)
    kill_agent(road)
    road.proxy.mend()


def freeze_broker_and_kill_agent(road: Road) -> None:
    """The test that nobody runs: the link stands, nothing is confirmed, the gateway dies."""
    with suppress(AssertionError, ProcessLookupError), stopped(road.system.pid("nats")):
        road.pause(0.5, 2.0)
        kill_agent(road)


def clock_back(road: Road) -> None:
    """The wall clock goes back two weeks while it runs, and comes back."""
    set_clock(road, -FORTNIGHT_S)
    road.pause(1.2, 2.5)
    set_clock(road, 0)


def reboot_in_the_past(road: Road) -> None:
    """A power cut without a battery-backed clock: a new boot, two weeks late, in step only after a while."""
    road.gateway.kill()
    road.killed_at.append(time.monotonic())
    set_clock(road, -FORTNIGHT_S)
    road.boot += 1
    road.gateway.environment[BOOT] = f"boot-{road.boot}"
    road.gateway.start()
    road.pause(2.0, 4.0)
    set_clock(road, 0)


def disk_full(road: Road) -> None:
    """The agent's disk takes nothing for some seconds. Until it does again the agent is not killed: what is
    only in memory is not promised.
    """
    if road.disk is None:
        return
    road.disk.fill()
    road.pause(1.5, 3.0)
    road.disk.make_room()
    wait_for(lambda: road.said().count(_NO_DISK) == road.said().count(_DISK_AGAIN), 20, 0.2)


def set_clock(road: Road, offset_s: float) -> None:
    """Move the agent's wall clock."""
    aside = road.skew.with_suffix(".new")
    aside.write_text(str(offset_s))
    aside.rename(road.skew)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """SIGSTOP for the length of a block."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


FAULT_TABLE: Final[Mapping[str, tuple[int, Callable[[Road], None]]]] = {
    "agent: kill": (6, kill_agent),
    "agent: freeze": (3, freeze_agent),
    "broker: kill": (4, _kill("nats")),
    "broker: freeze": (3, _freeze("nats")),
    "broker: freeze, agent: kill": (3, freeze_broker_and_kill_agent),
    "database: kill": (4, _kill("postgres")),
    "database: freeze": (2, _freeze("postgres")),
    "cloud: kill": (2, kill_cloud),
    "cloud: freeze": (2, _freeze("cloud")),
    "network: freeze": (3, freeze_network),
    "network: cut": (4, cut_network),
    "network: cut, agent: kill": (3, cut_network_and_kill_agent),
    "clock: two weeks back": (2, clock_back),
    "agent: reboot in the past": (2, reboot_in_the_past),
    "disk: full": (3, disk_full),
}
"""Weight and deed of each fault."""


def hurt(road: Road, faults: int, until_s: float) -> Counter[str]:
    """Do ``faults`` faults, each as soon as the last has been done; what was broken may still be broken."""
    names = [name for name in FAULT_TABLE if road.disk is not None or not name.startswith("disk")]
    weights = [FAULT_TABLE[name][0] for name in names]
    done: Counter[str] = Counter()
    while sum(done.values()) < faults and time.monotonic() < until_s:
        name = road.rng.choices(names, weights)[0]
        FAULT_TABLE[name][1](road)
        done[name] += 1
        road.pause()
    return done
