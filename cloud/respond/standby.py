"""Where free units wait so that the next alarm is near one of them.

What this is: the maximum expected covering location model (Daskin, Transportation Science 1983), solved by
adding the best post and then exchanging posts, and who drives to which. What it is not: part of the decision
who goes; a unit is never kept back for an alarm that has not happened (that gained nothing, ADR 0062). The
one idea: a place that two units reach in time is served unless both are away, so a second unit counts, and
counts less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

WITHIN: Final = timedelta(minutes=15)
"""On site in town (the service standard of ``docs/incidents.md``)."""


@dataclass(frozen=True, slots=True)
class Demand:
    """One place where alarms come from. ``weight``: how many; ``posts``: those from which it is reached in
    time, by their index.
    """

    weight: float
    posts: frozenset[int]


def cover(demands: Sequence[Demand], held: Sequence[int], away: float) -> float:
    """Share of the demand, 0 to 1, that units at the posts ``held`` (one may be held twice) reach in time.

    ``away``: the share of time that a unit is not at its post, 0 to below 1.
    """
    units: dict[int, int] = {}
    for post in held:
        units[post] = units.get(post, 0) + 1
    served = sum(one.weight * (1 - _all_away(one, units, away)) for one in demands)
    return served / (sum(one.weight for one in demands) or 1.0)


def _all_away(demand: Demand, units: Mapping[int, int], away: float) -> float:
    """How likely nobody near ``demand`` is there; also right where 0 units are."""
    return float(away ** sum(number for post, number in units.items() if post in demand.posts))


def choose(demands: Sequence[Demand], posts: int, units: int, away: float) -> tuple[int, ...]:
    """The posts for ``units``, in rising order, one of them more than once where that covers more.

    Raises:
        ValueError: there are no posts, or ``away`` is not a share below 1.
    """
    if posts < 1 or not 0 <= away < 1:
        raise ValueError(f"{posts} posts, {away} of the time away")
    held: list[int] = []
    for _ in range(units):
        held.append(_best(demands, held, posts, away))
    while (better := _exchanged(demands, held, posts, away)) is not None:
        held = better
    return tuple(sorted(held))


def _best(demands: Sequence[Demand], held: Sequence[int], posts: int, away: float) -> int:
    return max(range(posts), key=lambda post: (cover(demands, [*held, post], away), -post))


def _exchanged(demands: Sequence[Demand], held: Sequence[int], posts: int, away: float) -> list[int] | None:
    """``held`` with one unit elsewhere, where that covers more; ``None``: no single move does."""
    stands = cover(demands, held, away)
    for place in range(len(held)):
        others = [*held[:place], *held[place + 1 :]]
        post = _best(demands, others, posts, away)
        if cover(demands, [*others, post], away) > stands + 1e-9:
            return [*others, post]
    return None


def moves(
    units: Sequence[int], held: Sequence[int], travel: Mapping[tuple[int, int], timedelta]
) -> dict[int, int]:
    """Which unit drives to which of the posts ``held``: the shortest way first, so that whoever is at a post
    stays. ``travel``: by unit and post.
    """
    left, goes = list(held), dict[int, int]()
    for _, unit, post in sorted((travel[unit, post], unit, post) for unit in units for post in set(held)):
        if unit not in goes and post in left:
            goes[unit] = post
            left.remove(post)
    return goes
