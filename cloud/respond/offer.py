"""Who could go to a door: from people and where they are to the candidates that the policy chooses from.

What this is: the join of ``travel`` and ``acceptance``. What it is not: a choice; ``policy`` makes it. The
one idea: who is spared, whose place is not known or is too old to be true, is not offered, so the policy
never has to ask whether it may.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cloud.respond import travel
from cloud.respond.acceptance import Tally, is_spared
from cloud.respond.model import Candidate, Kind
from cloud.respond.travel import Mode, Point

SETS_OUT: Final[Mapping[tuple[Kind, bool], timedelta]] = {
    (Kind.WORKER, False): timedelta(seconds=45),
    (Kind.WORKER, True): timedelta(seconds=45),
    **{(kind, False): timedelta(seconds=105) for kind in Kind if kind is not Kind.WORKER},
    **{(kind, True): timedelta(seconds=142) for kind in Kind if kind is not Kind.WORKER},
}
"""From a yes to the first step, by kind and whether it is night. Local people: the medians that Region der
Lebensretter published (Resuscitation 2025); workers: D.
"""
LEAVES_VISIT: Final = timedelta(seconds=90)
"""D. A worker in a visit takes leave first."""
PLACE_HOLDS_FOR: Final = timedelta(hours=2)
"""D. A worker's place is where they last checked in or out; older than this, nobody knows where they are."""


@dataclass(frozen=True, slots=True)
class Responder:
    """Somebody who may be called. ``seen_at``: when they were at ``place``, ``None``: it is where they live.

    ``has_key``: to this door. ``in_visit``: they are in one; ``interruptible``: and may leave it. ``by_day``
    and ``by_night``: their answers; ``alerts`` and ``last_mission``: as ``acceptance.is_spared`` has them.
    """

    id: int
    kind: Kind
    place: Point
    mode: Mode
    seen_at: datetime | None = None
    has_key: bool = False
    in_visit: bool = False
    interruptible: bool = True
    by_day: Tally = field(default_factory=Tally)
    by_night: Tally = field(default_factory=Tally)
    alerts: tuple[datetime, ...] = ()
    last_mission: datetime | None = None


def candidates(
    door: Point, people: Iterable[Responder], now: datetime, *, night: bool, factor: float = 1.0
) -> tuple[Candidate, ...]:
    """Those of ``people`` who can be asked to go to ``door``, in their order. ``factor``: what was learned of
    the roads there (``travel.factor``).
    """
    return tuple(_offered(door, people, now, night=night, factor=factor))


def _offered(
    door: Point, people: Iterable[Responder], now: datetime, *, night: bool, factor: float
) -> Iterator[Candidate]:
    for one in people:
        if _can_be_asked(one, now, night=night):
            way = travel.expected(one.place, door, one.mode) * factor
            starts = LEAVES_VISIT if one.in_visit else SETS_OUT[one.kind, night]
            away_m = travel.distance_m(one.place, door)
            yield Candidate(
                one.id, one.kind, starts + way, away_m, in_visit=one.in_visit, has_key=one.has_key
            )


def _can_be_asked(one: Responder, now: datetime, *, night: bool) -> bool:
    tally = one.by_night if night else one.by_day
    lost = one.seen_at is not None and now - one.seen_at > PLACE_HOLDS_FOR
    bound = one.in_visit and not one.interruptible
    spared = is_spared(one.kind, tally, alerts=one.alerts, last_mission=one.last_mission, now=now)
    return not (lost or bound or spared)
