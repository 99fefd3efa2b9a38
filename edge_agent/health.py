"""What the gateway says of itself: the heartbeat's content, and what about it is worth an extra one."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final

from edge_agent.clock import Clock
from edge_agent.drivers import Driver
from edge_agent.outbox import Outbox
from edge_agent.pipeline import Pipeline
from edge_agent.rules.disarmed import unarmed
from edge_agent.version import version
from firmware_protocols.wire.control import State, Update

_MIB: Final = 1024 * 1024
_STATM: Final = Path("/proc/self/statm")
_IO: Final = Path("/proc/self/io")
_DAY_S: Final = 86_400.0
_SETTLED_S: Final = 60.0
_CARD_BEARS: Final = 1_000
"""[D] How often a memory card may be written from end to end: what cheap cards are sold for."""


def resident_mib() -> float:
    """Memory of this process, MiB."""
    try:
        pages = int(_STATM.read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return round(pages * resource.getpagesize() / _MIB, 1)


def written_bytes() -> int:
    """Bytes that this process has sent to a block device (``write_bytes`` of proc(5)); 0 where unknown."""
    try:
        lines = _IO.read_text(encoding="ascii").splitlines()
        return int(dict(line.split(": ", 1) for line in lines)["write_bytes"])
    except (OSError, ValueError, KeyError):
        return 0


def free_mib(folder: Path) -> float:
    """Free space where the outbox lives, MiB; -1 when the folder is gone."""
    try:
        return round(shutil.disk_usage(folder).free / _MIB, 1)
    except OSError:
        return -1.0


def disk_bytes(folder: Path) -> int:
    """Size of the file system where the outbox lives; 0 when the folder is gone."""
    try:
        return shutil.disk_usage(folder).total
    except OSError:
        return 0


def wear(written: int, within_s: float, disk: int) -> dict[str, float]:
    """What the memory card bears at this rate: MB a day, and years until a card of ``disk`` bytes is worn.

    Nothing in the first minute, when starting up counts for more than running.
    """
    if within_s < _SETTLED_S or written <= 0:
        return {}
    a_day = written / within_s * _DAY_S
    years = disk * _CARD_BEARS / a_day / 365
    return {"written_mb_per_day": round(a_day / 1e6, 1), "card_years": round(years, 1)}


@dataclass(slots=True)
class Today:
    """What this process has written since the day (UTC) began, or since it began itself."""

    day: date | None = None
    before: int = 0

    def figures(self, written: int, now: datetime) -> dict[str, float]:
        """``written``: bytes since the process began."""
        if now.date() != self.day:
            self.before = 0 if self.day is None else written
            self.day = now.date()
        return {"written_mb_today": round((written - self.before) / 1e6, 1)}


@dataclass(frozen=True, slots=True)
class Health:
    """Collects the heartbeat."""

    outbox: Outbox
    pipeline: Pipeline
    clock: Clock
    drivers: Sequence[Driver]
    folder: Path
    extra: Callable[[], Mapping[str, float]] = dict
    update: Callable[[], Update] = Update
    """How far the newest update is."""
    since_s: float = 0.0
    """When this process began, in the clock's elapsed time."""
    today: Today = field(default_factory=Today)

    def state(self) -> State:
        """The heartbeat as of now."""
        now = self.clock.now()
        return State(
            online=True,
            at=round(now.timestamp(), 3),
            epoch=self.outbox.epoch,
            boot=self.clock.boot,
            clock=self.clock.state(),
            version=version(),
            lanes=self.outbox.lanes(now),
            devices=self.pipeline.silent_s(),
            health=self._figures(),
            plan=self.pipeline.in_force.plan.version,
            update=self.update(),
        )

    def _figures(self) -> dict[str, float]:
        written = written_bytes()
        figures = {
            "resident_mib": resident_mib(),
            "free_mib": free_mib(self.folder),
            **self.today.figures(written, self.clock.now()),
            **wear(written, self.clock.elapsed_s() - self.since_s, disk_bytes(self.folder)),
            "outbox_in_memory": float(bool(self.outbox.fault)),
            "outbox_replaced": float(bool(self.outbox.replaced)),
            "thinned": float(self.pipeline.thinning.thinned),
        }
        off = unarmed(self.pipeline.in_force.plan)
        if off:
            figures |= {"withheld": float(self.pipeline.withheld)} | {f"unarmed/{rule}": 1.0 for rule in off}
        figures |= {f"refused/{device}": float(count) for device, count in self.pipeline.refused.items()}
        for driver in self.drivers:
            figures |= {f"{driver.name}/{name}": value for name, value in driver.health().items()}
        return figures | dict(self.extra())


def salient(state: State) -> tuple[object, ...]:
    """The part whose change is told at once and not with the next heartbeat."""
    flags = ("outbox_in_memory", "outbox_replaced", "sms/usable")
    figures = tuple(state.health.get(flag) for flag in flags)
    return state.epoch, state.clock, state.plan, state.update, frozenset(state.devices), figures
