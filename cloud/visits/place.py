"""When one visit of a tour begins, and what it costs there. Pure, compiled.

What this is: ``walk`` over arrays, one step of it: where people stand (``Tour.hand``) and the next visit to
when it begins (``Tour.tried``), with the rest that is taken on the way there. What it is not: whose steps are
walked after a move (``price``). The one idea: the earliest time at which everybody can be there.
"""

from __future__ import annotations

from math import inf
from typing import Final

from cloud.visits.compiled import inlined
from cloud.visits.tables import (
    AT,
    CARRIED,
    FREE,
    LATE,
    MADE,
    MOVE,
    NOBODY,
    REST,
    RESTED,
    SPENT,
    START,
    Tables,
    Tour,
)

_ROUNDS: Final = 4
"""How often two people are asked to wait for each other; a gap and two rests need no more."""
_ROUNDING_MIN: Final = 1e-9
_SECOND: Final = 2


@inlined
def step(  # noqa: C901, PLR0912 - in the hot loop: everything in one place compiles to half the code
    tables: Tables, tour: Tour, visit: int, alone: int
) -> bool:
    """Place one item, or leave its visit out; whether the order can be walked at all."""
    least_min, most_min = tables.visit[visit]["least"], tables.visit[visit]["most"]
    one, two = tour.crew[visit, 0], tour.crew[visit, 1]
    both = alone == 0 and two != NOBODY
    part, not_before_min, first_min, first_rest_min = 0, 0.0, inf, -1.0
    start_min, rest_min, begun_min = inf, -1.0, 0.0
    code = 2 * visit
    if alone > 0 and tour.key[code] > tour.key[code + 1]:
        return False
    if alone == _SECOND:
        again = tour.mark[code] == tour.counts[MOVE]
        if (tour.tried[code, MADE] if again else tour.kept[code, MADE]) == 0:
            _leave(tables, tour, visit, 1)
            return True
        begun_min = tour.tried[code, START] if again else tour.kept[code, START]
        part, not_before_min = 1, begun_min + least_min
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
    if alone == _SECOND and start_min > begun_min + most_min + _ROUNDING_MIN:
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
        tour.tried[2 * visit + part, column] = 0.0
    if part == 0:
        tour.tried[2 * visit, SPENT] = tables.visit[visit]["weight"]


@inlined
def _put(  # noqa: PLR0917 - a compiled function takes no keywords
    tables: Tables, tour: Tour, visit: int, part: int, who: int, start_min: float, rest_min: float
) -> None:
    hand, put, place, code = tour.hand, tour.tried, tables.visit[visit]["place"], 2 * visit + part
    here = int(hand[who, AT])
    here = tables.worker[who]["begin"] if here < 0 else here
    late_min = max(0.0, start_min - tables.window[tables.visit[visit]["windows_end"] - 1]["due_min"])
    hand[who, AT] = place
    hand[who, FREE] = start_min + lasts(tables, visit, part)
    if rest_min >= 0:
        hand[who, RESTED] = 1.0
    if part == 0:
        hand[who, CARRIED] += tables.visit[visit]["load"]
    put[code, START], put[code, REST], put[code, LATE], put[code, MADE] = start_min, rest_min, late_min, 1.0
    put[code, FREE], put[code, RESTED], put[code, CARRIED] = (
        hand[who, FREE],
        hand[who, RESTED],
        hand[who, CARRIED],
    )
    way_min = tables.travel[tables.worker[who]["mode"], here, place]
    put[code, SPENT] = way_min + tables.price[visit, part, who] + tables.late * late_min


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
