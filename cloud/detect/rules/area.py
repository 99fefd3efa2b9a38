"""Situation 30: many homes of one place fall silent together. One trouble of the place, not many of its
homes. Pure.

The one idea: homes that were heard until lately and fell silent within minutes of each other are counted
against all that were heard lately, up the tree of places, and the smallest place that holds them all is
told once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

SILENT: Final = timedelta(minutes=3)
"""Three heartbeats, as ``cloud.ingest.silence``: before a single home is told of."""
TOGETHER: Final = timedelta(minutes=10)
SHARE: Final = 0.3
"""Of a village in ten minutes (care domain, 30)."""
FEWEST: Final = 3
"""Two neighbours are no village. D."""
BACK: Final = 0.5
"""Once so many of them are heard again it is over, and the others are told of one by one. D."""


@dataclass(frozen=True, slots=True)
class Home:
    """``heard_at``: the newest heartbeat of any of its gateways."""

    id: int
    division: str
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class Outage:
    """``homes``: those that fell silent, by number; ``of``: all that had been heard shortly before."""

    division: str
    since: datetime
    homes: tuple[int, ...]
    of: int


@dataclass(slots=True)
class _Count:
    silent: list[Home]
    of: int = 0

    @property
    def is_out(self) -> bool:
        return len(self.silent) >= FEWEST and len(self.silent) >= SHARE * self.of


def outages(homes: Iterable[Home], parents: Mapping[str, str | None], now: datetime) -> list[Outage]:
    """The places that are out at ``now``. ``parents``: the place around each place."""
    counts: dict[str, _Count] = {}
    for home in homes:
        silent_s = now - home.heard_at
        if silent_s >= SILENT + TOGETHER:
            continue  # it was silent before, and is told of on its own
        for place in _around(home.division, parents):
            count = counts.setdefault(place, _Count([]))
            count.of += 1
            if silent_s >= SILENT:
                count.silent.append(home)
    return [_outage(place, counts[place]) for place in _highest(counts, parents)]


def is_over(homes: Iterable[Home], outage: Iterable[int], now: datetime) -> bool:
    """Whether enough of those that fell silent in an ``outage`` are heard again."""
    listed = set(outage)
    silent = sum(home.id in listed and now - home.heard_at >= SILENT for home in homes)
    return silent <= BACK * len(listed)


def _around(place: str | None, parents: Mapping[str, str | None]) -> Iterable[str]:
    while place is not None:
        yield place
        place = parents.get(place)


def _highest(counts: Mapping[str, _Count], parents: Mapping[str, str | None]) -> list[str]:
    """The places that are out, each of them the smallest that holds the same silent homes, none within
    another.
    """
    out = {place for place, count in counts.items() if count.is_out}
    smallest = {
        place
        for place in out
        if not any(
            parents.get(child) == place and len(counts[child].silent) == len(counts[place].silent)
            for child in out
        )
    }
    return sorted(
        place
        for place in smallest
        if not any(above in smallest for above in list(_around(parents.get(place), parents)))
    )


def _outage(place: str, count: _Count) -> Outage:
    silent = sorted(count.silent, key=lambda home: home.id)
    return Outage(place, min(home.heard_at for home in silent), tuple(home.id for home in silent), count.of)
