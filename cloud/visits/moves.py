"""Moves of a search over a tour, each of which can be taken back. Pure, compiled.

What this is: small changes of who makes a part, and when among what they make. What it is not: a judge of
what they cost (``price``) or whether they are taken (``anneal``). The one idea: every move is parts that are
put somewhere else, one after the other (``changes``), and what is written down of each puts it back. ``True``
from a move: it was made; ``False``: nothing was changed that ``undo`` would not take back.
"""

from __future__ import annotations

from math import inf
from typing import Final

import numpy as np

from cloud.visits.changes import change, put
from cloud.visits.compiled import compiled, inlined
from cloud.visits.price import touch
from cloud.visits.tables import HIGH, LOGGED, Tables, Tour

_CHAIN: Final = 3
"""So many visits that one person makes in a row are moved together at most. D."""
_BESIDE, _CHAINED, _EXCHANGED, _TAILS, _OTHER_CREW = 0.45, 0.6, 0.72, 0.82, 0.9
"""Up to where in 0 to 1 the draw of a move means which; the rest shifts. D."""
_SPLIT: Final = 0.05
_OFTEN: Final = 0.5
"""How often a move begins with one of the visits that are tried more than the others. D."""
_NEAR: Final = 0.7
"""How often who or what else a move needs is looked for near by instead of anywhere. D."""
_EARLIER_MIN: Final = 60.0
"""So much before the first, or after the last, that somebody makes a key is drawn. D."""


@compiled
def make(tables: Tables, tour: Tour, apart: bool, rng: np.random.Generator) -> bool:
    """One move drawn from ``rng``. ``apart``: there are visits whose parts may have keys of their own."""
    chance, code = rng.random(), _a_part(tables, tour, _a_visit(tables, rng), rng)
    if apart and chance < _SPLIT:
        made = _split_or_joined(tables, tour, code // 2, rng)
    elif chance < _BESIDE:
        made = _beside(tables, tour, code, 1, rng)
    elif chance < _CHAINED:
        made = _beside(tables, tour, code, 2 + below(rng, _CHAIN - 1), rng)
    elif chance < _EXCHANGED:
        made = _exchanged(tables, tour, code, rng)
    elif chance < _TAILS:
        made = _tails(tables, tour, code, rng)
    elif chance < _OTHER_CREW:
        made = _other_crew(tables, tour, code, rng)
    else:
        made = _shifted(tables, tour, code, rng)
    return made


@inlined
def below(rng: np.random.Generator, most: int) -> int:
    """A whole number from 0 to below ``most``."""
    return int(rng.random() * most)


@inlined
def _between(tour: Tour, who: int, at: int, rng: np.random.Generator) -> float:
    """A key between what somebody makes as the one before the ``at``-th, and that one; infinity: no room."""
    size = tour.size[who]
    if size == 0:
        return rng.random()
    before = tour.key[tour.route[who, at - 1]] if at > 0 else tour.key[tour.route[who, 0]] - _EARLIER_MIN
    after = tour.key[tour.route[who, at]] if at < size else before + _EARLIER_MIN
    key = float(before + rng.random() * (after - before))
    return key if before < key < after else inf


@inlined
def _a_visit(tables: Tables, rng: np.random.Generator) -> int:
    often = len(tables.often)
    if often > 0 and rng.random() < _OFTEN:
        return int(tables.often[below(rng, often)])
    return below(rng, len(tables.visit))


@compiled
def _a_part(tables: Tables, tour: Tour, visit: int, rng: np.random.Generator) -> int:
    return 2 * visit + (below(rng, 2) if tables.visit[visit]["parts"] > 1 else 0)


@compiled
def _a_near_part(tables: Tables, tour: Tour, visit: int, rng: np.random.Generator) -> int:
    """A part of a near visit, nearer ones more often; -1: there is none."""
    nears = tables.visit[visit]["nears"]
    if nears == 0:
        return -1
    draw = rng.random()
    return _a_part(tables, tour, tables.near[visit, int(draw * draw * nears)], rng)


@compiled
def _beside(tables: Tables, tour: Tour, code: int, chain: int, rng: np.random.Generator) -> bool:
    """Beside a near visit, by who is there; ``chain`` parts that were made in a row."""
    other = _a_near_part(tables, tour, code // 2, rng)
    if other < 0:
        return False
    was, who = tour.crew[code // 2, code % 2], tour.crew[other // 2, other % 2]
    if chain > 1 and was == who:
        return False
    after = below(rng, 2)
    for moved in range(chain):
        from_at = tour.place[code]
        if not put(tables, tour, code, who, _between(tour, who, tour.place[other] + after, rng)):
            return False
        if moved + 1 < chain:
            if from_at >= tour.size[was]:
                return False
            other, after = code, 1
            code = tour.route[was, from_at]
    return True


@compiled
def _other_crew(tables: Tables, tour: Tour, code: int, rng: np.random.Generator) -> bool:
    """Somebody else makes it."""
    visit, part = code // 2, code % 2
    row = tables.visit[visit]
    who = tables.able[visit, part, below(rng, row["ables_second"] if part else row["ables"])]
    return tour.crew[visit, part] != who and put(tables, tour, code, who, tour.key[code])


@compiled
def _exchanged(tables: Tables, tour: Tour, code: int, rng: np.random.Generator) -> bool:
    """Two parts change places and people."""
    other = _a_near_part(tables, tour, code // 2, rng) if rng.random() < _NEAR else -1
    if other < 0:
        other = _a_part(tables, tour, below(rng, len(tables.visit)), rng)
    one, two = tour.crew[code // 2, code % 2], tour.crew[other // 2, other % 2]
    key, key_there = tour.key[code], tour.key[other]
    if other // 2 == code // 2:
        return False
    return put(tables, tour, code, two, key_there) and put(tables, tour, other, one, key)


@compiled
def _tails(tables: Tables, tour: Tour, code: int, rng: np.random.Generator) -> bool:
    """From here on two people change what they do, as far as each is able to."""
    one, two = tour.crew[code // 2, code % 2], below(rng, len(tables.worker))
    if rng.random() < _NEAR:
        other = _a_near_part(tables, tour, code // 2, rng)
        if other >= 0:
            two = tour.crew[other // 2, other % 2]
    if one == two:
        return False
    at, key = tour.place[code], tour.key[code]
    at_two = tour.size[two]
    while at_two > 0 and tour.key[tour.route[two, at_two - 1]] > key:
        at_two -= 1
    # what goes over from one stands in two's way, and the other way round: first count, then move
    most, most_two = tour.size[one] - at, tour.size[two] - at_two
    for number in range(most - 1, -1, -1):
        moved = tour.route[one, at + number]
        put(tables, tour, moved, two, tour.key[moved])
    seen, place = 0, at_two
    while seen < most_two and place < tour.size[two]:
        moved = tour.route[two, place]
        if _moved(tour, moved):
            place += 1
            continue
        seen += 1
        if not put(tables, tour, moved, one, tour.key[moved]):
            place += 1
    return bool(tour.counts[LOGGED] > 0)


@inlined
def _moved(tour: Tour, code: int) -> bool:
    found = False
    for number in range(tour.counts[LOGGED]):
        found = found or tour.log[number, 0] == code
    return found


@compiled
def _shifted(tables: Tables, tour: Tour, code: int, rng: np.random.Generator) -> bool:
    """Before or after the next few that who makes it makes."""
    who, way = tour.crew[code // 2, code % 2], 2 * below(rng, 2) - 1
    at = tour.place[code] + way * (1 + below(rng, 3))
    if at < 0 or at >= tour.size[who]:
        return False
    return put(tables, tour, code, who, _between(tour, who, at + (way + 1) // 2, rng))


@compiled
def _split_or_joined(tables: Tables, tour: Tour, visit: int, rng: np.random.Generator) -> bool:
    """The parts of a visit with keys of their own, or with one again."""
    if tables.visit[visit]["parts"] == 1 or tables.visit[visit]["most"] <= 0:
        return False
    code = 2 * visit
    one, two = tour.crew[visit, 0], tour.crew[visit, 1]
    if tour.split[visit] > 0:
        stays = code + below(rng, 2)
        goes, key = 2 * code + 1 - stays, tour.key[stays]
        change(tour, goes, one if goes == code else two, key)
        touch(tour, one)
        touch(tour, two)
        tour.bounds[HIGH] = max(tour.bounds[HIGH], key)
        tour.split[visit] = 0
        return True
    at = min(tour.place[code + 1] + 1 + below(rng, 4), tour.size[two])
    key = _between(tour, two, at, rng)
    if key == inf:
        return False
    change(tour, code + 1, two, key)
    touch(tour, one)
    tour.split[visit] = 1
    return True
