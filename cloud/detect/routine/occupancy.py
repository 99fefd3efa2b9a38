"""When a home was heard, empty or shared: pure interval functions over activations.

What this is: arithmetic on half-open intervals of seconds, and three questions asked of a home's activations.
What it is not: judgement of a person. The one idea: a stretch without activations means nothing until it is
known that the equipment was listening and that somebody was in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from cloud.detect.routine.grid import DOORS, SLOT_S, Bools, Floats, Place

PATIENCE_S: Final = 2 * 3600
"""Battery sensors check in at least this often (domain table, 26): longer without any word is silence."""
_ROOMS: Final = tuple(place for place in Place if place not in {*DOORS, Place.HALL})


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """From ``start`` up to, without, ``end``; seconds of one clock."""

    start: float
    end: float

    @property
    def length_s(self) -> float:
        return max(self.end - self.start, 0.0)


def merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same time as ``intervals``, in order, without overlap or touching; empty ones fall away."""
    out: list[Interval] = []
    for one in sorted(each for each in intervals if each.length_s > 0):
        if out and one.start <= out[-1].end:
            out[-1] = Interval(out[-1].start, max(out[-1].end, one.end))
        else:
            out.append(one)
    return tuple(out)


def without(whole: Interval, parts: Iterable[Interval]) -> tuple[Interval, ...]:
    """What of ``whole`` lies in none of ``parts``."""
    out, at = [], whole.start
    for part in merged(parts):
        out.append(Interval(at, min(part.start, whole.end)))
        at = max(at, part.end)
    return merged([*out, Interval(at, whole.end)])


def silences(
    words_s: Sequence[float], until_s: float, patience_s: float = PATIENCE_S
) -> tuple[Interval, ...]:
    """Stretches longer than ``patience_s`` without any word (check-in or activation) of the equipment.

    ``words_s`` ascend; the stretch that still lasts ends at ``until_s``.
    """
    edges = zip(words_s, [*words_s[1:], until_s], strict=True)
    return tuple(Interval(a, b) for a, b in edges if b - a > patience_s)


def covered(slots: int, slot_s: int, gaps: Iterable[Interval]) -> Bools:
    """Which of ``slots`` slots from second 0 on touch none of ``gaps``."""
    mask = np.ones(slots, dtype=np.bool_)
    for gap in gaps:
        mask[max(int(gap.start // slot_s), 0) : max(int(-(-gap.end // slot_s)), 0)] = False
    return mask


def outings(counts: Floats, at_least_s: float) -> tuple[Interval, ...]:
    """Stretches after an outer door with nothing inside, up to the next activation of any kind.

    ``counts`` (days, 96, 8). The two-stage rule, by quarters of an hour: the door moved in the last quarter
    with any sign (or in the one before, when the last one holds nothing but the hall), then nothing for
    ``at_least_s``.
    """
    flat = counts.reshape(-1, counts.shape[2])
    active = np.flatnonzero(flat.any(axis=1))
    door: Bools = np.asarray(flat[:, DOORS].any(axis=1))
    passing: Bools = np.asarray(~flat[:, _ROOMS].any(axis=1))
    left = door | (passing & np.roll(door, 1))
    quiet = np.diff(active) - 1
    ends = active[:-1][quiet * SLOT_S >= at_least_s]
    nexts = active[1:][quiet * SLOT_S >= at_least_s]
    return tuple(
        Interval(float((end + 1) * SLOT_S), float(start * SLOT_S))
        for end, start in zip(ends.tolist(), nexts.tolist(), strict=True)
        if left[end]
    )


def company(counts: Floats) -> Floats:
    """Places active in the same quarter of an hour, mean over a day's active slots; (days,) of (days, 96, 8).

    One person is in few places at once; visitors and carers raise it.
    """
    active = counts > 0
    slots = np.maximum(active.any(axis=2).sum(axis=1), 1)
    mean: Floats = active.sum(axis=(1, 2)) / slots
    return mean
