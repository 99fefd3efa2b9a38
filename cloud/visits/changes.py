"""Changes of a tour, written down so that they can be taken back. Pure, compiled.

What this is: one part given to somebody at a key, and back. What it is not: a choice of which (``moves``).
The one idea: everybody's parts stand in the order of their keys, so a part is put somewhere by its key alone,
and taking it back needs no copy of the tour.
"""

from __future__ import annotations

from math import inf
from typing import Final

from cloud.visits.compiled import compiled
from cloud.visits.price import touch
from cloud.visits.tables import ACTIVE, HIGH, IDLE, LOGGED, LOW, NOBODY, START, Tables, Tour

_APART_MIN: Final = 1e-6
"""The least between two keys of one person where they are drawn anew."""


@compiled
def forget(tour: Tour) -> None:
    """Begin a move."""
    for number in range(tour.counts[ACTIVE]):
        tour.turn[tour.active[number]] = IDLE
    tour.counts[ACTIVE] = 0
    tour.counts[LOGGED] = 0
    tour.bounds[LOW], tour.bounds[HIGH] = inf, -inf


@compiled
def undo(tour: Tour) -> None:
    """Take the last move back."""
    for number in range(tour.counts[LOGGED] - 1, -1, -1):
        code, who, split = tour.log[number, 0], tour.log[number, 1], tour.log[number, 2]
        _take_out(tour, code)
        _put_in(tour, code, who, tour.log_key[number])
        tour.split[code // 2] = split


@compiled
def put(tables: Tables, tour: Tour, code: int, who: int, key: float) -> bool:
    """Let ``who`` make a part at ``key``, and whoever is with them at the same, unless they are not able to,
    or would be there twice.
    """
    visit, part = code // 2, code % 2
    if key == inf or tables.price[visit, part, who] == inf or tour.crew[visit, 1 - part] == who:
        return False
    with_somebody = tour.crew[visit, 1 - part] != NOBODY and tour.split[visit] == 0
    if with_somebody and tour.key[code] != key:
        other = code + 1 - 2 * part
        change(tour, other, tour.crew[visit, 1 - part], key)
    elif with_somebody:
        touch(tour, tour.crew[visit, 1 - part])
    change(tour, code, who, key)
    return True


@compiled
def change(tour: Tour, code: int, who: int, key: float) -> None:
    number, was = tour.counts[LOGGED], tour.crew[code // 2, code % 2]
    tour.log[number, 0], tour.log[number, 1], tour.log[number, 2] = code, was, tour.split[code // 2]
    tour.log_key[number] = tour.key[code]
    tour.counts[LOGGED] = number + 1
    touch(tour, was)
    touch(tour, who)
    tour.bounds[LOW] = min(tour.bounds[LOW], key, tour.key[code])
    tour.bounds[HIGH] = max(tour.bounds[HIGH], key, tour.key[code])
    _take_out(tour, code)
    _put_in(tour, code, who, key)


@compiled
def spread(tables: Tables, tour: Tour) -> None:
    """Draw the keys anew without changing anybody's order: when a part begins, where that is in order.

    Keys between keys come ever closer to each other; those that are times, moreover, say where somebody
    else's part belongs.
    """
    order, key = tour.order, tour.key
    for number in range(1, len(order)):
        code, at = order[number], number
        while at > 0 and key[order[at - 1]] > key[code]:
            order[at] = order[at - 1]
            at -= 1
        order[at] = code
    for who in range(len(tour.size)):
        tour.hand[who, START] = -inf
    for number in range(len(order)):
        code = order[number]
        visit, part = code // 2, code % 2
        one, two = tour.crew[visit, part], tour.crew[visit, 1 - part]
        alone = tour.split[visit] > 0 or two == NOBODY
        if not alone and part == 1:
            continue
        after = tour.hand[one, START]
        if not alone:
            after = max(after, tour.hand[two, START])
        if tour.split[visit] > 0 and part == 1:
            after = max(after, key[code - 1])
        key[code] = max(tour.kept[code, START], after + _APART_MIN)
        tour.hand[one, START] = key[code]
        if not alone:
            key[code + 1] = key[code]
            tour.hand[two, START] = key[code]


@compiled
def _take_out(tour: Tour, code: int) -> None:
    who = tour.crew[code // 2, code % 2]
    tour.size[who] -= 1
    for at in range(tour.place[code], tour.size[who]):
        later = tour.route[who, at + 1]
        tour.route[who, at] = later
        tour.place[later] = at


@compiled
def _put_in(tour: Tour, code: int, who: int, key: float) -> None:
    at = tour.size[who]
    while at > 0 and tour.key[tour.route[who, at - 1]] > key:
        later = tour.route[who, at - 1]
        tour.route[who, at] = later
        tour.place[later] = at
        at -= 1
    tour.route[who, at] = code
    tour.place[code] = at
    tour.size[who] += 1
    tour.crew[code // 2, code % 2] = who
    tour.key[code] = key
