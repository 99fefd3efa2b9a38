"""What a tour costs after a move, by walking only whom the move touches. Pure, compiled.

What this is: the walk of ``walk`` over arrays; a property test holds the two against each other. What it is
not: a choice of moves. The one idea: what a worker does after a move is worked out until they are again where
they would have been, at the same time, and no further; whoever is with them at a visit of two is drawn in.
"""

from __future__ import annotations

from math import inf
from typing import Final

from cloud.visits.compiled import compiled, inlined
from cloud.visits.tables import (
    ALL,
    AT,
    CARRIED,
    FREE,
    HOME,
    HOME_TRIED,
    LAST,
    LATE,
    MADE,
    NOBODY,
    REST,
    RESTED,
    SEEN,
    SIZE,
    SPENT,
    START,
    SUM,
    TOUCHED,
    Tables,
    Tour,
)

_ROUNDS: Final = 4
_ROUNDING_MIN: Final = 1e-9
_FIRST, _SECOND = 1, 2


@compiled
def begin(tables: Tables, tour: Tour) -> None:
    """Walk the whole tour, which is new (``tables.tour``), and keep it."""
    for who in range(len(tables.worker)):
        tour.hand[who, TOUCHED] = 1.0
    cost, worst = price(tables, tour, 0, tour.counts[SIZE])
    keep(tour, cost, worst)


@compiled
def price(  # noqa: C901, PLR0912 - the one hot loop: what is called from it costs more than it does
    tables: Tables, tour: Tour, low: int, high: int
) -> tuple[float, float]:
    """What the tour costs now that the places ``low`` to ``high`` and the ``touched`` workers changed, and
    how much of that is for the worst lateness.
    """
    visits, total, worst, seen = len(tables.visit), tour.cost[SUM], 0.0, 0
    for who in range(len(tables.worker)):
        tour.hand[who, LAST] = -1.0
    for at in range(tour.counts[SIZE]):
        item = tour.order[at]
        alone = 0 if item < visits else 1 if item < 2 * visits else 2
        visit = item - alone * visits
        one, two = tour.crew[visit, 0], tour.crew[visit, 1]
        if at == low:
            for who in range(len(tables.worker)):
                if tour.hand[who, TOUCHED] > 0:
                    _take_up(tables, tour, who)
        touched = tour.hand[one, TOUCHED] > 0 or tour.hand[two, TOUCHED] > 0
        if at < low or not (touched or (alone == _SECOND and _first_changed(tour, visit))):
            worst = max(worst, _as_before(tables, tour, visit, alone))
            continue
        _touch(tables, tour, one)
        if two != NOBODY:
            _touch(tables, tour, two)
        tour.seen[seen] = item
        seen += 1
        first, after = max(alone - 1, 0), alone or tables.visit[visit]["parts"]
        for part in range(first, after):
            total -= tour.kept[visit, part, SPENT]
        if not step(tables, tour, visit, alone):
            return inf, 0.0
        for part in range(first, after):
            total += tour.tried[visit, part, SPENT]
            worst = max(worst, tour.tried[visit, part, LATE])
            if at > high:
                _let_go(tour, visit, part)
    tour.counts[SEEN] = seen
    for who in range(len(tables.worker)):
        if tour.hand[who, TOUCHED] > 0:
            place = int(tour.hand[who, AT])
            home_min = tables.worker[who]["idle"]
            if place >= 0:
                home_min = tables.travel[tables.worker[who]["mode"], place, tables.worker[who]["end"]]
            tour.hand[who, HOME_TRIED] = home_min
            total += home_min - tour.hand[who, HOME]
    return total + tables.worst_late * worst, tables.worst_late * worst


@compiled
def keep(tour: Tour, cost: float, worst: float) -> None:
    """Make what was priced the tour that moves begin from."""
    visits = len(tour.kept)
    for number in range(tour.counts[SEEN]):
        item = tour.seen[number]
        alone = 0 if item < visits else 1 if item < 2 * visits else 2
        visit = item - alone * visits
        for part in range(max(alone - 1, 0), alone or 2):
            for column in range(8):
                tour.kept[visit, part, column] = tour.tried[visit, part, column]
    for who in range(len(tour.hand) - 1):
        if tour.hand[who, TOUCHED] > 0:
            tour.hand[who, HOME] = tour.hand[who, HOME_TRIED]
    tour.cost[ALL] = cost
    tour.cost[SUM] = cost - worst


@inlined
def _as_before(tables: Tables, tour: Tour, visit: int, alone: int) -> float:
    """Pass over an item that nobody touched; how late it is."""
    late = 0.0
    for part in range(max(alone - 1, 0), alone or tables.visit[visit]["parts"]):
        if tour.kept[visit, part, MADE] > 0:
            tour.hand[tour.crew[visit, part], LAST] = 2 * visit + part
            late = max(late, tour.kept[visit, part, LATE])
    if alone == _FIRST:  # the second part may be touched, and asks
        tour.tried[visit, 0, MADE], tour.tried[visit, 0, START] = (
            tour.kept[visit, 0, MADE],
            tour.kept[visit, 0, START],
        )
    return late


@inlined
def _first_changed(tour: Tour, visit: int) -> bool:
    """Whether a first part begins at another time than before: the second one waits for it."""
    was, now = tour.kept, tour.tried
    return bool(was[visit, 0, START] != now[visit, 0, START] or was[visit, 0, MADE] != now[visit, 0, MADE])


@inlined
def _take_up(tables: Tables, tour: Tour, who: int) -> None:
    """Put a worker where they were after what they made last."""
    hand, last = tour.hand, int(tour.hand[who, LAST])
    if last < 0:
        hand[who, AT] = -1.0
        hand[who, FREE] = tables.worker[who]["leaves"]
        hand[who, RESTED] = 1.0 if tables.worker[who]["rest"] < 0 else 0.0
        hand[who, CARRIED] = 0.0
    else:
        visit, part = last // 2, last % 2
        hand[who, AT] = tables.visit[visit]["place"]
        hand[who, FREE] = tour.kept[visit, part, FREE]
        hand[who, RESTED] = tour.kept[visit, part, RESTED]
        hand[who, CARRIED] = tour.kept[visit, part, CARRIED]


@inlined
def _touch(tables: Tables, tour: Tour, who: int) -> None:
    if tour.hand[who, TOUCHED] == 0:
        tour.hand[who, TOUCHED] = 1.0
        _take_up(tables, tour, who)


@inlined
def _let_go(tour: Tour, visit: int, part: int) -> None:
    """Whoever is where they were before the move, with all changes behind them, does the rest as before."""
    was, now, who = tour.kept, tour.tried, tour.crew[visit, part]
    made = was[visit, part, MADE] > 0 and now[visit, part, MADE] > 0
    in_time = was[visit, part, FREE] == now[visit, part, FREE]
    rested = was[visit, part, RESTED] == now[visit, part, RESTED]
    if made and in_time and rested and was[visit, part, CARRIED] == now[visit, part, CARRIED]:
        tour.hand[who, TOUCHED] = 0.0
        tour.hand[who, LAST] = 2 * visit + part


@inlined
def step(  # noqa: C901, PLR0912 - in the hot loop: everything in one place compiles to half the code
    tables: Tables, tour: Tour, visit: int, alone: int
) -> bool:
    """Place one item, or leave its visit out; whether the order can be walked at all."""
    least_min, most_min = tables.visit[visit]["least"], tables.visit[visit]["most"]
    one, two = tour.crew[visit, 0], tour.crew[visit, 1]
    both = alone == 0 and two != NOBODY
    part, not_before_min, first_min, first_rest_min = 0, 0.0, inf, -1.0
    start_min, rest_min = inf, -1.0
    if alone == _SECOND:
        visits = len(tables.visit)
        if tour.where[visits + visit] > tour.where[2 * visits + visit]:
            return False
        if tour.tried[visit, 0, MADE] == 0:
            _leave(tables, tour, visit, 1)
            return True
        part, not_before_min = 1, tour.tried[visit, 0, START] + least_min
    together = not both
    for _ in range(2 * _ROUNDS if one != two else 0):
        who = one if part == 0 else two
        start_min, rest_min = ready(tables, tour, visit, part, who, not_before_min)
        if not both or start_min == inf:
            break
        if part == 0:
            first_min, first_rest_min = start_min, rest_min
            part, not_before_min = 1, start_min + least_min
        elif first_min >= start_min - most_min:
            together = True
            break
        else:
            part, not_before_min = 0, start_min - most_min
    if alone == _SECOND and start_min > tour.tried[visit, 0, START] + most_min + _ROUNDING_MIN:
        return False
    made = together and start_min < inf
    for placed in range(0 if both else part, part + 1 if made or not both else 2):
        if not made:
            _leave(tables, tour, visit, placed)
        elif both and placed == 0:
            _put(tables, tour, visit, 0, one, first_min, first_rest_min)
        else:
            _put(tables, tour, visit, placed, one if placed == 0 else two, start_min, rest_min)
    return True


@inlined
def _leave(tables: Tables, tour: Tour, visit: int, part: int) -> None:
    for column in range(8):
        tour.tried[visit, part, column] = 0.0
    if part == 0:
        tour.tried[visit, 0, SPENT] = tables.visit[visit]["weight"]


@inlined
def _put(  # noqa: PLR0917 - a compiled function takes no keywords
    tables: Tables, tour: Tour, visit: int, part: int, who: int, start_min: float, rest_min: float
) -> None:
    hand, put, place = tour.hand, tour.tried, tables.visit[visit]["place"]
    here = int(hand[who, AT])
    here = tables.worker[who]["begin"] if here < 0 else here
    late_min = max(0.0, start_min - tables.window[tables.visit[visit]["windows_end"] - 1]["due_min"])
    hand[who, AT] = place
    hand[who, FREE] = start_min + lasts(tables, visit, part)
    if rest_min >= 0:
        hand[who, RESTED] = 1.0
    if part == 0:
        hand[who, CARRIED] += tables.visit[visit]["load"]
    put[visit, part, START], put[visit, part, REST], put[visit, part, LATE], put[visit, part, MADE] = (
        start_min,
        rest_min,
        late_min,
        1.0,
    )
    put[visit, part, FREE], put[visit, part, RESTED], put[visit, part, CARRIED] = (
        hand[who, FREE],
        hand[who, RESTED],
        hand[who, CARRIED],
    )
    way_min = tables.travel[tables.worker[who]["mode"], here, place]
    put[visit, part, SPENT] = way_min + tables.price[visit, part, who] + tables.late * late_min


@inlined
def ready(  # noqa: PLR0917 - a compiled function takes no keywords
    tables: Tables, tour: Tour, visit: int, part: int, who: int, not_before_min: float
) -> tuple[float, float]:
    """When a worker can begin at the earliest, and the rest they take before (-1: none); infinity: cannot."""
    hand, travel, place = tour.hand, tables.travel, tables.visit[visit]["place"]
    mode = tables.worker[who]["mode"]
    if part == 0 and hand[who, CARRIED] + tables.visit[visit]["load"] > tables.worker[who]["carries"]:
        return inf, -1.0
    here = int(hand[who, AT])
    free_min, way_min = (
        hand[who, FREE],
        travel[mode, tables.worker[who]["begin"] if here < 0 else here, place],
    )
    start_min = _opened(tables, visit, max(free_min + way_min, not_before_min))
    over_min = lasts(tables, visit, part) + travel[mode, place, tables.worker[who]["end"]]
    if hand[who, RESTED] > 0:
        return (start_min, -1.0) if start_min + over_min <= tables.worker[who]["close"] else (inf, -1.0)
    if start_min == inf:
        return inf, -1.0
    long_min, from_min, due_min = (
        tables.worker[who]["rest"],
        tables.worker[who]["rest_open"],
        tables.worker[who]["rest_due"],
    )
    home_min = travel[mode, place, tables.worker[who]["end"]]
    after_min = max(start_min + lasts(tables, visit, part), from_min)
    rest_min = max(free_min, from_min)
    hidden = rest_min <= due_min and rest_min + long_min + way_min <= start_min
    if not hidden and after_min <= due_min and after_min + long_min + home_min <= tables.worker[who]["close"]:
        return start_min, -1.0
    if rest_min > due_min:
        return inf, -1.0
    start_min = _opened(tables, visit, max(rest_min + long_min + way_min, not_before_min))
    return (start_min, rest_min) if start_min + over_min <= tables.worker[who]["close"] else (inf, -1.0)


@inlined
def _opened(tables: Tables, visit: int, at_min: float) -> float:
    """The first moment from ``at_min`` on at which the visit may begin; infinity: none."""
    for window in range(tables.visit[visit]["windows"], tables.visit[visit]["windows_end"]):
        if at_min <= tables.window[window]["due_min"]:
            return max(at_min, float(tables.window[window]["open_min"]))
    return at_min if tables.visit[visit]["soft"] > 0 else inf


@inlined
def lasts(tables: Tables, visit: int, part: int) -> float:
    """Minutes of a part."""
    row = tables.visit[visit]
    return float(row["lasts_second"] if part else row["lasts"])
