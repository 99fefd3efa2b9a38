"""How the shards of an installation are cut into ranges, and how many a worker should have. Pure.

A range is what one worker owns at a time, with the durable sessions that the broker keeps for it. The cut is
fixed while anybody works by it: a session belongs to its range, and a message in it must find its owner.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple


class Range(NamedTuple):
    """Shards from ``first`` to ``last``, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


def cut(whole: Range, parts: int) -> list[Range]:
    """``whole`` in ``parts`` ranges of nearly the same size; fewer if it has not so many shards."""
    size = whole.last - whole.first + 1
    parts = min(parts, size)
    edges = [whole.first + size * part // parts for part in range(parts + 1)]
    return [Range(low, high - 1) for low, high in pairwise(edges)]


def fair_share(ranges: int, workers: int) -> int:
    """How many ranges one of ``workers`` should have at most, so that all are taken and none has two more
    than another.
    """
    return -(-ranges // max(1, workers))
