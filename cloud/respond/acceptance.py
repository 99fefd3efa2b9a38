"""How often somebody says yes, and when they have had enough: who is spared an alert.

What this is: a count per person, by day and by night, and what follows from it. What it is not: a ranking;
who is soonest there is asked first, however often they have said no (ADR 0062 has the figures). The one
idea: what is known of one person begins with what is known of their kind, and moves with each answer, so
nobody is dropped for one bad week.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cloud.respond.model import Kind


@dataclass(frozen=True, slots=True)
class Tally:
    """Of one person, by day or by night: how often they were asked, and how often they said yes."""

    asked: int = 0
    accepted: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.accepted <= self.asked:
            raise ValueError(f"{self.accepted} of {self.asked} cannot be")


PRIOR: Final[Mapping[Kind, Tally]] = {
    Kind.WORKER: Tally(10, 9),
    Kind.NEIGHBOUR: Tally(10, 5),
    Kind.VOLUNTEER: Tally(10, 3),
    Kind.FAMILY: Tally(10, 6),
}
"""D. What a kind is taken for before anybody was asked, worth ten answers; volunteers say yes to 17-47 % of
alerts (JMIR mHealth 2023).
"""
SPARED_BELOW: Final = 0.10
"""D. Who says yes less often is asked no longer. Staff on duty always are; a supervisor is told instead."""
RESTS: Final = timedelta(hours=12)
"""D. A volunteer is left alone for so long after a mission (KATRETTER, Berlin, pauses volunteers, too)."""
MOST_IN_A_DAY: Final = 2
"""D. So often a volunteer is alerted within 24 hours."""
_DAY: Final = timedelta(days=1)


def rate(kind: Kind, tally: Tally) -> float:
    """How likely their next answer is a yes, 0 to 1: the mean of the beta distribution after ``tally``."""
    prior = PRIOR[kind]
    return (prior.accepted + tally.accepted) / (prior.asked + tally.asked)


def is_spared(
    kind: Kind,
    tally: Tally,
    *,
    alerts: Sequence[datetime],
    last_mission: datetime | None,
    now: datetime,
) -> bool:
    """Whether this person is not asked now. ``alerts``: when they were; ``last_mission``: when their last
    one was over.
    """
    if kind is Kind.WORKER:
        return False
    return rate(kind, tally) < SPARED_BELOW or (
        kind is Kind.VOLUNTEER and _is_tired(alerts, last_mission, now)
    )


def _is_tired(alerts: Sequence[datetime], last_mission: datetime | None, now: datetime) -> bool:
    resting = last_mission is not None and now < last_mission + RESTS
    return resting or sum(now - at < _DAY for at in alerts) >= MOST_IN_A_DAY
