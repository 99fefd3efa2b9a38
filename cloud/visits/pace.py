"""How long a search goes on: so many moves, or so many seconds of the processor.

What this is: a search cut into slices, between which the clock of the processor is looked at, each with where
in the whole it begins and ends. What it is not: a reckoning of speed from a trial; how fast moves are shows
while they are made. The one idea: a search cools by how much of its time is gone, whichever way that is
counted; with moves alone it is the same each time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import inf


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
