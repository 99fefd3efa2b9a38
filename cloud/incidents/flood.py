"""Many alarms of one cause and place are one row of the queue. Pure.

What this is: the order of the queue, and which incidents stand together in it. What it is not: a change of
any incident; each keeps its clock, its ladder and its owner. The one idea: a row gathers only what one
decision can answer: the same cause, one township, all of them taken or none. ``core/flood.ts`` is the same
rule for the screen that follows changes; ``tests/web/flood.json`` holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from cloud.incidents.kinds import KINDS, TECHNICAL
from cloud.incidents.model import IncidentState, IncidentView
from firmware_protocols.model import AlarmKind

APART: Final = timedelta(minutes=10)
"""A pause longer than this ends a flood: EEMUA 191 counts alarms per ten minutes."""
FEWEST_EQUIPMENT: Final = 3
"""Homes that make a group where equipment speaks: two neighbours are no outage (``detect.rules.area``). D."""
FEWEST_PEOPLE: Final = 11
"""Homes that make a group of anything else: more than ten alarms in ten minutes are a flood (EEMUA 191);
fewer calls for help stand each on its own.
"""

OUTAGE: Final = "outage"
CAUSES: Final[Mapping[str, str]] = {
    AlarmKind.MAINS_LOST.value: OUTAGE,
    AlarmKind.GATEWAY_SILENT.value: OUTAGE,
    AlarmKind.AREA_OUTAGE.value: OUTAGE,
}
"""Kinds that one cause brings: without power a gateway says so, or falls silent. Any other is its own."""
_EQUIPMENT: Final = frozenset(kind.value for kind, spec in KINDS.items() if spec.family in TECHNICAL)


class Band(IntEnum):
    """Where an incident stands in the queue; the smaller, the higher."""

    UNACKNOWLEDGED = 0
    CONFIRMING = 1
    OVERDUE = 2
    IN_PROGRESS = 3


_DONE: Final = frozenset({
    IncidentState.CANCELLED_LOCAL, IncidentState.RESOLVED, IncidentState.AUTO_RESOLVED,
    IncidentState.FOLLOW_UP, IncidentState.CLOSED,
})  # fmt: skip
"""States that only wait for paper; they are never overdue."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: one incident, or several in the order of the queue. ``homes``: how many are concerned; an
    outage names homes that have no incident of their own.
    """

    cause: str
    incidents: tuple[IncidentView, ...]
    homes: int

    @property
    def is_group(self) -> bool:
        """Whether it stands for more than one home."""
        return self.homes > 1

    @property
    def first(self) -> IncidentView:
        """The most urgent one, which gives the row its place."""
        return self.incidents[0]


def band(incident: IncidentView, now: datetime) -> Band:
    """Where ``incident`` stands at ``now``."""
    if incident.state is IncidentState.DETECTED:
        return Band.CONFIRMING
    if incident.state is IncidentState.RAISED:
        return Band.UNACKNOWLEDGED
    late = incident.due_at is not None and incident.due_at < now and incident.state not in _DONE
    return Band.OVERDUE if late else Band.IN_PROGRESS


def order(incidents: Iterable[IncidentView], now: datetime) -> list[IncidentView]:
    """The queue: band, then priority, then the oldest first."""
    return sorted(incidents, key=lambda one: (band(one, now), one.priority, one.opened_at, one.id))


def rows(incidents: Iterable[IncidentView], now: datetime) -> list[Row]:
    """The queue at ``now`` with floods as one row each, where the most urgent of each stands."""
    queue = order(incidents, now)
    gathered: dict[int, Row] = {}
    for flood in _floods(queue):
        row = _row(flood)
        if row.homes >= _fewest(row):
            gathered |= dict.fromkeys((one.id for one in flood), row)
    shown: list[Row] = []
    for one in queue:
        row = gathered.get(one.id) or _row((one,))
        if row.first is one:
            shown.append(row)
    return shown


def cause(incident: IncidentView) -> str:
    """What brought ``incident`` about, as far as its kind tells."""
    return CAUSES.get(incident.kind, incident.kind)


def _floods(queue: Sequence[IncidentView]) -> Iterator[tuple[IncidentView, ...]]:
    """Incidents of one cause and place, cut where it paused; each flood in the order of ``queue``."""
    alike: dict[tuple[str, str, bool], list[IncidentView]] = {}
    for one in queue:
        if one.area and one.state is not IncidentState.DETECTED:
            alike.setdefault((cause(one), one.area, one.state is IncidentState.RAISED), []).append(one)
    for same in alike.values():
        starts = _starts(same)
        for begin, end in zip(starts, [*starts[1:], None], strict=True):
            yield tuple(
                one for one in same if begin <= one.opened_at and (end is None or one.opened_at < end)
            )


def _starts(same: Iterable[IncidentView]) -> list[datetime]:
    """When each flood among ``same`` began."""
    starts: list[datetime] = []
    before: datetime | None = None
    for at in sorted(one.opened_at for one in same):
        if before is None or at - before > APART:
            starts.append(at)
        before = at
    return starts


def _row(incidents: tuple[IncidentView, ...]) -> Row:
    homes = {one.home_id for one in incidents}
    for one in incidents:
        if one.kind == AlarmKind.AREA_OUTAGE.value:
            homes.update(one.evidence.get("homes", ()))
    return Row(cause(incidents[0]), incidents, len(homes))


def _fewest(row: Row) -> int:
    return FEWEST_EQUIPMENT if row.first.kind in _EQUIPMENT else FEWEST_PEOPLE
