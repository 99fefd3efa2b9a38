"""What a tour costs after a move, by walking only whom the move touches. Pure, compiled.

What this is: the walk of ``walk`` over arrays; a property test holds the two against each other. What it is
not: a choice of moves. The one idea: what a worker does after a move is worked out until they are again where
they would have been, at the same time, and no further; whoever is with them at a visit of two is drawn in. So
a move takes as long in a county as in a village.
"""

from __future__ import annotations

from math import inf
from typing import Final

from cloud.visits.compiled import compiled, inlined
from cloud.visits.place import step
from cloud.visits.tables import (
    ACTIVE,
    ALL,
    AT,
    CARRIED,
    FREE,
    HIGH,
    HOME,
    HOME_TRIED,
    IDLE,
    LATE,
    LOW,
    MADE,
    MOVE,
    RESTED,
    SEEN,
    SPENT,
    START,
    SUM,
    TRIED,
    TRIED_WORST,
    WORST,
    Tables,
    Tour,
)

_FIRST: Final = 1


@compiled
def begin(tables: Tables, tour: Tour) -> None:
    """Walk the whole tour, which is new (``tables.tour``), and keep it."""
    tour.bounds[LOW], tour.bounds[HIGH] = -inf, inf
    for who in range(len(tables.worker)):
        touch(tour, who)
    price(tables, tour, inf)
    keep(tables, tour)


@inlined
def touch(tour: Tour, who: int) -> None:
    """Have somebody walked again."""
    if tour.turn[who] == IDLE:
        tour.turn[who] = 0
        tour.active[tour.counts[ACTIVE]] = who
        tour.counts[ACTIVE] += 1


@compiled
def price(  # noqa: C901 - the one hot loop: what is called from it costs more than it does
    tables: Tables, tour: Tour, most: float
) -> float:
    """What the tour costs now that the touched workers changed from ``bounds`` on.

    Infinity: it cannot be walked, or would cost more than ``most`` even if whom the move touches were late
    nowhere any more.
    """
    tour.counts[MOVE] += 1
    tour.counts[SEEN] = 0
    for number in range(tour.counts[ACTIVE]):
        who = tour.active[number]
        at = 0
        while at < tour.size[who] and tour.key[tour.route[who, at]] < tour.bounds[LOW]:
            at += 1
        _take_up(tables, tour, who, at)
    if _at_best(tables, tour) > most:
        return inf
    total, worst = tour.cost[SUM], 0.0
    worst_again = False
    code = _next(tour)
    while code >= 0:
        visit = code // 2
        alone = 1 + code % 2 if tour.split[visit] else 0
        first, after = max(alone - 1, 0), alone or tables.visit[visit]["parts"]
        for part in range(first, after):
            _draw_in(tables, tour, 2 * visit + part)
        if not step(tables, tour, visit, alone):
            return inf
        for part in range(first, after):
            walked = 2 * visit + part
            tour.mark[walked] = tour.counts[MOVE]
            tour.seen[tour.counts[SEEN]] = walked
            tour.counts[SEEN] += 1
            total += tour.tried[walked, SPENT] - tour.kept[walked, SPENT]
            worst = max(worst, tour.tried[walked, LATE])
            worst_again = worst_again or 0 < tour.kept[walked, LATE] >= tour.cost[WORST]
            if tour.key[walked] > tour.bounds[HIGH]:
                _let_go(tour, walked)
        if alone == _FIRST and _changed(tour, 2 * visit):
            _await(tables, tour, 2 * visit + 1)
        code = _next(tour)
    for number in range(tour.counts[ACTIVE]):
        total += _home(tables, tour, tour.active[number])
    if worst_again and worst < tour.cost[WORST]:
        worst = max(worst, _worst_of_others(tables, tour))
    elif not worst_again:
        worst = max(worst, tour.cost[WORST])
    tour.cost[TRIED], tour.cost[TRIED_WORST] = total, worst
    return float(total + tables.worst_late * worst)


@compiled
def _at_best(tables: Tables, tour: Tour) -> float:
    """What the tour would cost if all that is touched were made, and in time: ways and prices alone.

    Whoever would only be drawn in is not asked; a move that gains nothing but their lateness is passed over.
    """
    total, late_again = tour.cost[SUM], False
    for number in range(tour.counts[ACTIVE]):
        who = tour.active[number]
        mode, here = tables.worker[who]["mode"], int(tour.hand[who, AT])
        here = tables.worker[who]["begin"] if here < 0 else here
        at = tour.turn[who]
        for place in range(at, tour.size[who]):
            code = tour.route[who, place]
            if tour.kept[code, MADE] == 0:
                return -inf
            there = tables.visit[code // 2]["place"]
            total += tables.travel[mode, here, there] + tables.price[code // 2, code % 2, who]
            total -= tour.kept[code, SPENT]
            late_again = late_again or tour.kept[code, LATE] > 0
            here = there
        if tour.size[who] > 0:
            total += tables.travel[mode, here, tables.worker[who]["end"]] - tour.hand[who, HOME]
        else:
            total += tables.worker[who]["idle"] - tour.hand[who, HOME]
    return float(total + (0.0 if late_again else tables.worst_late * tour.cost[WORST]))


@compiled
def keep(tables: Tables, tour: Tour) -> None:
    """Make what was priced the tour that moves begin from."""
    for number in range(tour.counts[SEEN]):
        code = tour.seen[number]
        for column in range(8):
            tour.kept[code, column] = tour.tried[code, column]
    for number in range(tour.counts[ACTIVE]):
        who = tour.active[number]
        tour.hand[who, HOME] = tour.hand[who, HOME_TRIED]
    tour.cost[SUM], tour.cost[WORST] = tour.cost[TRIED], tour.cost[TRIED_WORST]
    tour.cost[ALL] = tour.cost[SUM] + tables.worst_late * tour.cost[WORST]


@inlined
def _next(tour: Tour) -> int:
    """The part with the least key that somebody touched has to make; -1: there is none."""
    least, found = inf, -1
    for number in range(tour.counts[ACTIVE]):
        who = tour.active[number]
        at = tour.turn[who]
        while at < tour.size[who] and tour.mark[tour.route[who, at]] == tour.counts[MOVE]:
            at += 1
        tour.turn[who] = at
        if at < tour.size[who] and tour.key[tour.route[who, at]] < least:
            found = tour.route[who, at]
            least = tour.key[found]
    return found


@inlined
def _draw_in(tables: Tables, tour: Tour, code: int) -> None:
    """Walk whoever makes a part as well, from that part on."""
    who = tour.crew[code // 2, code % 2]
    if tour.turn[who] == IDLE:
        touch(tour, who)
        _take_up(tables, tour, who, tour.place[code])


@inlined
def _await(tables: Tables, tour: Tour, code: int) -> None:
    """Walk whoever makes the second part of a visit whose first one changed, from now until then."""
    who, at = tour.crew[code // 2, 1], 0
    tour.bounds[HIGH] = max(tour.bounds[HIGH], tour.key[code])
    if tour.turn[who] == IDLE:
        touch(tour, who)
        while at < tour.size[who] and tour.key[tour.route[who, at]] <= tour.key[code - 1]:
            at += 1
        _take_up(tables, tour, who, at)


@inlined
def _take_up(tables: Tables, tour: Tour, who: int, at: int) -> None:
    """Put a worker where they were before what they make as ``at``-th."""
    hand, tour.turn[who] = tour.hand, at
    before = at - 1
    while before >= 0 and tour.kept[tour.route[who, before], MADE] == 0:
        before -= 1
    if before < 0:
        hand[who, AT] = -1.0
        hand[who, FREE] = tables.worker[who]["leaves"]
        hand[who, RESTED] = 1.0 if tables.worker[who]["rest"] < 0 else 0.0
        hand[who, CARRIED] = 0.0
    else:
        code = tour.route[who, before]
        hand[who, AT] = tables.visit[code // 2]["place"]
        hand[who, FREE] = tour.kept[code, FREE]
        hand[who, RESTED] = tour.kept[code, RESTED]
        hand[who, CARRIED] = tour.kept[code, CARRIED]


@inlined
def _let_go(tour: Tour, code: int) -> None:
    """Whoever is where they were before the move, with all changes behind them, does the rest as before."""
    was, now, who = tour.kept, tour.tried, tour.crew[code // 2, code % 2]
    made = was[code, MADE] > 0 and now[code, MADE] > 0
    in_time = was[code, FREE] == now[code, FREE]
    rested = was[code, RESTED] == now[code, RESTED]
    if made and in_time and rested and was[code, CARRIED] == now[code, CARRIED]:
        number = 0
        while tour.active[number] != who:
            number += 1
        tour.counts[ACTIVE] -= 1
        tour.active[number] = tour.active[tour.counts[ACTIVE]]
        tour.turn[who] = IDLE


@inlined
def _changed(tour: Tour, code: int) -> bool:
    """Whether a part begins at another time than before: the second part waits for the first one."""
    was, now = tour.kept, tour.tried
    return bool(was[code, START] != now[code, START] or was[code, MADE] != now[code, MADE])


@inlined
def _home(tables: Tables, tour: Tour, who: int) -> float:
    """What the way home costs more than before."""
    place = int(tour.hand[who, AT])
    home_min = tables.worker[who]["idle"]
    if place >= 0:
        home_min = tables.travel[tables.worker[who]["mode"], place, tables.worker[who]["end"]]
    tour.hand[who, HOME_TRIED] = home_min
    return float(home_min - tour.hand[who, HOME])


@compiled
def _worst_of_others(tables: Tables, tour: Tour) -> float:
    """The worst lateness of what the move does not touch."""
    worst = 0.0
    for code in range(len(tour.kept)):
        if tour.mark[code] != tour.counts[MOVE]:
            worst = max(worst, tour.kept[code, LATE])
    return worst
