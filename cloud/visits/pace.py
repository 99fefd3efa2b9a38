"""How long a search goes on: so many moves, or so many seconds of the processor.

What this is: a search cut into slices, between which the clock of the processor is looked at, each with where
in the whole it begins and ends; and a search divided among several beginnings. What it is not: a reckoning of
speed from a trial; how fast moves are shows while they are made. The one idea: a search cools by how much of
its time is gone, whichever way that is counted; with moves alone it is the same each time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import inf
from typing import Final, NamedTuple

STARTS: Final = 8
"""Beginnings at most; 16 were no better on Mankowska 75_1, 100_2, 100_5 and 200_1 (25 million moves). D."""
ENOUGH: Final = 4_000
"""Moves for each visit by which a beginning shows what it may become. D."""
_MOVE_S: Final = 1e-6
"""About how long a move takes where it is compiled; only how many beginnings there are hangs on it."""
_FIRST: Final = 0.3
"""Share of a search that goes into its beginnings, where there are several. D."""


class Round(NamedTuple):
    """So many tours go on, each with a share of the whole search."""

    tours: int
    share: float


def rounds(visits: int, steps: int, cpu_s: float = inf) -> list[Round]:
    """Several beginnings, the better half of which goes on until one is left; a single one where the search
    has too few moves for its visits to be divided.

    On a small tight day a search ends in one of several valleys, by luck; which one is worse shows early
    (ADR 0085).
    """
    worth = min(steps, cpu_s / _MOVE_S) * _FIRST / (ENOUGH * max(1, visits))
    tours = [STARTS >> halved for halved in range(STARTS.bit_length()) if STARTS >> halved <= max(1, worth)]
    first = _FIRST if len(tours) > 1 else 1.0
    later = (1 - first) / max(1, len(tours) - 1)
    return [Round(some, (later if number else first) / some) for number, some in enumerate(tours)]


def slices(steps: int, most: int, cpu_s: float = inf) -> Iterator[tuple[int, float, float]]:
    """Moves, and which share of the search is over before and after them. At ``most`` so many in a slice.

    ``cpu_s``: of this process, its threads included, from now on; infinity: no clock is looked at.
    """
    begun_s = time.process_time() if cpu_s < inf else 0.0
    done, share = 0, 0.0
    while done < steps and share < 1:
        moves = min(most, steps - done)
        done += moves
        over = done / steps
        yield moves, share, max(share, over)
        share = over if cpu_s == inf else max(over, (time.process_time() - begun_s) / cpu_s)
