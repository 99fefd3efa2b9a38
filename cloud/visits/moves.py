"""Moves of a search over a tour, each of which can be taken back. Pure, compiled.

What this is: small changes of the order of items and of who makes a visit. What it is not: a judge of what
they cost (``price``) or whether they are taken (``anneal``). The one idea: a move is written down while it is
made, so that taking it back needs no copy of the tour. ``True`` from a move: it was made; ``False``: nothing
was changed that ``undo`` would not take back.
"""

from __future__ import annotations

from math import inf
from typing import Final

import numpy as np

from cloud.visits.compiled import compiled, inlined
from cloud.visits.tables import CREWED, LOGGED, NOBODY, SIZE, TOUCHED, Tables, Tour

MOVED, REPLACED, INSERTED, REMOVED = range(4)
_SHIFT: Final = 8
_CHAIN: Final = 3
"""So many visits that one person makes in a row are moved together at most. D."""
_BESIDE, _CHAINED, _EXCHANGED, _TAILS, _OTHER_CREW = 0.45, 0.6, 0.72, 0.82, 0.9
"""Up to where in 0 to 1 the draw of a move means which; the rest shifts. D."""
_TWO_ITEMS: Final = 0.05
_NEAR: Final = 0.7
"""How often who or what else a move needs is looked for near by instead of anywhere. D."""


@compiled
def make(tables: Tables, tour: Tour, apart: bool, rng: np.random.Generator) -> bool:
    """One move drawn from ``rng``. ``apart``: there are visits whose parts may be items of their own."""
    forget(tour)
    chance, item = rng.random(), tour.order[below(rng, tour.counts[SIZE])]
    if apart and chance < _TWO_ITEMS:
        made = _parted_or_joined(tables, tour, item % len(tables.visit), rng)
    elif chance < _BESIDE:
        made = _beside(tables, tour, item, 1, rng)
    elif chance < _CHAINED:
        made = _beside(tables, tour, item, 2 + below(rng, _CHAIN - 1), rng)
    elif chance < _EXCHANGED:
        made = _exchanged(tables, tour, item, rng)
    elif chance < _TAILS:
        made = _tails(tables, tour, item, rng)
    elif chance < _OTHER_CREW:
        made = _other_crew(tables, tour, item, rng)
    else:
        made = _shifted(tables, tour, item, rng)
    return made


@compiled
def forget(tour: Tour) -> None:
    """Begin a move."""
    tour.counts[LOGGED] = 0
    tour.counts[CREWED] = 0
    for who in range(len(tour.hand)):
        tour.hand[who, TOUCHED] = 0.0


@compiled
def undo(tour: Tour) -> None:
    """Take the last move back."""
    for number in range(tour.counts[LOGGED] - 1, -1, -1):
        kind, one, two = tour.log[number, 0], tour.log[number, 1], tour.log[number, 2]
        if kind == MOVED:
            _shift(tour, two, one)
        elif kind == REPLACED:
            _write(tour, one, two)
        elif kind == INSERTED:
            _take_out(tour, one)
        else:
            _put_in(tour, one, two)
    for number in range(tour.counts[CREWED] - 1, -1, -1):
        tour.crew[tour.crews[number, 0], tour.crews[number, 1]] = tour.crews[number, 2]


@compiled
def span(tables: Tables, tour: Tour) -> tuple[int, int]:
    """The first and the last place that the move changed."""
    low, high = tour.counts[SIZE], 0
    for number in range(tour.counts[LOGGED]):
        kind, one, two = tour.log[number, 0], tour.log[number, 1], tour.log[number, 2]
        if kind == MOVED:
            low, high = min(low, one, two), max(high, one, two)
        elif kind == REPLACED:
            low, high = min(low, one), max(high, one)
        else:
            low, high = min(low, one), tour.counts[SIZE]
    visits = len(tables.visit)
    for number in range(tour.counts[CREWED]):
        visit = tour.crews[number, 0]
        for item in (visit, visits + visit, 2 * visits + visit):
            if tour.where[item] >= 0:
                low, high = min(low, tour.where[item]), max(high, tour.where[item])
    return low, high


@inlined
def below(rng: np.random.Generator, most: int) -> int:
    """A whole number from 0 to below ``most``."""
    return int(rng.random() * most)


@compiled
def _shift(tour: Tour, start: int, end: int) -> None:
    item = tour.order[start]
    way = 1 if end > start else -1
    for place in range(start, end, way):
        tour.order[place] = tour.order[place + way]
        tour.where[tour.order[place]] = place
    tour.order[end] = item
    tour.where[item] = end


@compiled
def _write(tour: Tour, place: int, item: int) -> None:
    tour.where[tour.order[place]] = -1
    tour.order[place] = item
    tour.where[item] = place


@compiled
def _put_in(tour: Tour, place: int, item: int) -> None:
    size = tour.counts[SIZE]
    tour.order[size] = item
    tour.where[item] = size
    tour.counts[SIZE] = size + 1
    _shift(tour, size, place)


@compiled
def _take_out(tour: Tour, place: int) -> None:
    size = tour.counts[SIZE] - 1
    _shift(tour, place, size)
    tour.where[tour.order[size]] = -1
    tour.counts[SIZE] = size


@inlined
def _log(tour: Tour, kind: int, one: int, two: int) -> None:
    number = tour.counts[LOGGED]
    tour.log[number, 0], tour.log[number, 1], tour.log[number, 2] = kind, one, two
    tour.counts[LOGGED] = number + 1


@compiled
def _move(tour: Tour, start: int, end: int) -> None:
    if start != end:
        _shift(tour, start, end)
        _log(tour, MOVED, start, end)


@inlined
def _touch(tour: Tour, visit: int) -> None:
    tour.hand[tour.crew[visit, 0], TOUCHED] = 1.0
    if tour.crew[visit, 1] != NOBODY:
        tour.hand[tour.crew[visit, 1], TOUCHED] = 1.0


@compiled
def _give(tables: Tables, tour: Tour, visit: int, part: int, who: int) -> bool:
    """Let ``who`` make a part, unless they are not able to, or would be there twice."""
    was = tour.crew[visit, part]
    if was == who:
        return True
    if tables.price[visit, part, who] == inf or tour.crew[visit, 1 - part] == who:
        return False
    _touch(tour, visit)
    number = tour.counts[CREWED]
    tour.crews[number, 0], tour.crews[number, 1], tour.crews[number, 2] = visit, part, was
    tour.counts[CREWED] = number + 1
    tour.crew[visit, part] = who
    tour.hand[who, TOUCHED] = 1.0
    return True


@inlined
def _part(tables: Tables, item: int, rng: np.random.Generator) -> int:
    """A part that the item is."""
    visits = len(tables.visit)
    if item >= visits:
        return 0 if item < 2 * visits else 1
    return below(rng, 2) if tables.visit[item]["parts"] > 1 else 0


@compiled
def _an_item(tables: Tables, tour: Tour, visit: int, rng: np.random.Generator) -> int:
    visits = len(tables.visit)
    if tour.where[visit] >= 0:
        return visit
    return visits * (1 + below(rng, 2)) + visit


@compiled
def _a_near_item(tables: Tables, tour: Tour, visit: int, rng: np.random.Generator) -> int:
    """An item of a near visit, nearer ones more often; -1: there is none."""
    nears = tables.visit[visit]["nears"]
    if nears == 0:
        return -1
    draw = rng.random()
    return _an_item(tables, tour, tables.near[visit, int(draw * draw * nears)], rng)


@compiled
def _beside(tables: Tables, tour: Tour, item: int, chain: int, rng: np.random.Generator) -> bool:
    """Beside a near visit, by somebody who is there; ``chain`` visits that were made in a row."""
    visits = len(tables.visit)
    visit = item % visits
    other = _a_near_item(tables, tour, visit, rng)
    if other < 0:
        return False
    there = other % visits
    who, part = tour.crew[there, _part(tables, other, rng)], _part(tables, item, rng)
    was, place = tour.crew[visit, part], tour.where[item]
    if chain > 1 and was == who:
        return False
    if not _give(tables, tour, visit, part, who):
        return False
    _touch(tour, visit)
    after = below(rng, 2)
    _move(tour, place, _beside_place(tour, place, tour.where[other], after))
    last = item
    # what follows stood behind the item; if the item went ahead of it, the places stay as they were
    search = place if tour.where[item] > place else place + 1
    moved = 1
    while moved < chain and search < tour.counts[SIZE]:
        following = tour.order[search]
        late = following % visits
        if following in (other, last) or tour.crew[late, 0] != was or tables.visit[late]["parts"] > 1:
            search += 1
            continue
        if not _give(tables, tour, late, 0, who):
            return False
        end = _beside_place(tour, search, tour.where[last], 1)
        ahead = end > search
        _move(tour, search, end)
        last, moved = following, moved + 1
        search = search if ahead else search + 1
    return moved == chain


@inlined
def _beside_place(tour: Tour, start: int, other: int, after: int) -> int:
    """Where an item from ``start`` ends that is put before or after the one at ``other``."""
    return other - 1 + after if start < other else other + after


@compiled
def _other_crew(tables: Tables, tour: Tour, item: int, rng: np.random.Generator) -> bool:
    visit, part = item % len(tables.visit), _part(tables, item, rng)
    row = tables.visit[visit]
    count = row["ables_second"] if part else row["ables"]
    who = tables.able[visit, part, below(rng, count)]
    return tour.crew[visit, part] != who and _give(tables, tour, visit, part, who)


@compiled
def _exchanged(tables: Tables, tour: Tour, item: int, rng: np.random.Generator) -> bool:
    """Two visits change places and people."""
    visits = len(tables.visit)
    visit = item % visits
    other = _a_near_item(tables, tour, visit, rng) if rng.random() < _NEAR else -1
    if other < 0:
        other = _an_item(tables, tour, below(rng, visits), rng)
    there = other % visits
    if there == visit:
        return False
    part, part_there = _part(tables, item, rng), _part(tables, other, rng)
    one, two = tour.crew[visit, part], tour.crew[there, part_there]
    if not (_give(tables, tour, visit, part, two) and _give(tables, tour, there, part_there, one)):
        return False
    _touch(tour, visit)
    _touch(tour, there)
    here, away = tour.where[item], tour.where[other]
    low, high = min(here, away), max(here, away)
    _move(tour, low, high)
    _move(tour, high - 1, low)
    return True


@compiled
def _tails(tables: Tables, tour: Tour, item: int, rng: np.random.Generator) -> bool:
    """From here on two people change what they do, as far as each is able to."""
    visits = len(tables.visit)
    one = tour.crew[item % visits, _part(tables, item, rng)]
    two = below(rng, len(tables.worker))
    if rng.random() < _NEAR:
        other = _a_near_item(tables, tour, item % visits, rng)
        if other >= 0:
            two = tour.crew[other % visits, _part(tables, other, rng)]
    if one == two:
        return False
    for place in range(tour.where[item], tour.counts[SIZE]):
        later = tour.order[place]
        visit = later % visits
        first = 1 if later >= 2 * visits else 0
        after = 1 if visits <= later < 2 * visits else tables.visit[visit]["parts"]
        for part in range(first, after):
            who = tour.crew[visit, part]
            if who in (one, two):
                _give(tables, tour, visit, part, two if who == one else one)
    return bool(tour.counts[CREWED] > 0)


@compiled
def _shifted(tables: Tables, tour: Tour, item: int, rng: np.random.Generator) -> bool:
    """Before or after the next that one of its people makes."""
    visits = len(tables.visit)
    visit = item % visits
    who, way = tour.crew[visit, _part(tables, item, rng)], 2 * below(rng, 2) - 1
    place = tour.where[item]
    end, skips = place + way, below(rng, 3)
    while 0 <= end < tour.counts[SIZE]:
        other = tour.order[end] % visits
        if tour.crew[other, 0] == who or tour.crew[other, 1] == who:
            if skips == 0:
                _touch(tour, visit)
                _touch(tour, other)
                _move(tour, place, end)
                return True
            skips -= 1
        end += way
    return False


@compiled
def _parted_or_joined(tables: Tables, tour: Tour, visit: int, rng: np.random.Generator) -> bool:
    """The parts of a visit as items of their own, or one item again."""
    if tables.visit[visit]["parts"] == 1 or tables.visit[visit]["most"] <= 0:
        return False
    visits = len(tables.visit)
    _touch(tour, visit)
    place = tour.where[visit]
    if place >= 0:
        _write(tour, place, visits + visit)
        _log(tour, REPLACED, place, visit)
        end = min(place + 1 + below(rng, _SHIFT), tour.counts[SIZE])
        _put_in(tour, end, 2 * visits + visit)
        _log(tour, INSERTED, end, 0)
    else:
        stays = visits * (1 + below(rng, 2)) + visit
        goes = 3 * visits + 2 * visit - stays
        place = tour.where[goes]
        _take_out(tour, place)
        _log(tour, REMOVED, place, goes)
        place = tour.where[stays]
        _write(tour, place, visit)
        _log(tour, REPLACED, place, stays)
    return True
