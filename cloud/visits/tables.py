"""A day of visits as arrays, and a tour over it as arrays. Pure.

What this is: the form in which ``price`` and ``moves`` read a day; everything by number. What it is not: a
rule; what the columns mean is said by ``model``. The one idea: what a plan charges for somebody at a part of
a visit is one table, ``price``: the usual carer, who went before, and, as infinity, who is not able.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cloud.visits.cost import Weights
from cloud.visits.model import Day, Lunch, VisitId, Worker, WorkerId

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.void]
Charges = Mapping[tuple[VisitId, int], Mapping[WorkerId, float]]
"""Minutes that somebody costs beyond the way, by visit and part; whoever is not named costs nothing."""

NEIGHBOURS: Final = 20
"""How many near visits a visit is tried beside."""
NOBODY: Final = -1
START, FREE, REST, RESTED, CARRIED, SPENT, LATE, MADE = range(8)
"""Columns of a part that was placed: begins, over at, rest taken on the way (or -1), has rested by then, load
so far, minutes charged, minutes late, was it made at all.
"""
AT, _, _, _, _, HOME, HOME_TRIED = range(7)
"""Columns of ``hand``, beside FREE, RESTED, CARRIED: at which place, or -1 before any; the way home as kept
and as tried.
"""
IDLE: Final = -1
"""In ``turn``: somebody whom the move does not touch."""
ACTIVE, SEEN, LOGGED, MOVE = range(4)
"""Columns of ``counts``: workers that are walked; parts that were; parts moved; the number of the move."""
SUM, ALL, WORST, TRIED, TRIED_WORST = range(5)
"""Columns of ``cost``: without and with what the worst lateness costs; the worst lateness in minutes; the
first and the third of these for the move that is being priced.
"""
LOW, HIGH = range(2)
"""Columns of ``bounds``."""


VISIT: Final = np.dtype(
    [
        *(
            (name, np.int64)
            for name in ("place", "parts", "windows", "windows_end", "ables", "ables_second", "nears")
        ),
        *(
            (name, np.float64)
            for name in ("lasts", "lasts_second", "least", "most", "soft", "weight", "load")
        ),
    ]
)
WORKER: Final = np.dtype(
    [
        *((name, np.int64) for name in ("mode", "begin", "end")),
        *(
            (name, np.float64)
            for name in ("leaves", "close", "carries", "rest", "rest_open", "rest_due", "idle")
        ),
    ]
)
WINDOW: Final = np.dtype([("open_min", np.float64), ("due_min", np.float64)])


class Tables(NamedTuple):
    """A day. ``visit``, ``worker``, ``window``: a row each. ``price``, ``able``: by visit and part, and the
    worker, or the first so many numbers of workers; ``near``: by visit; ``travel``: by mode. ``often``:
    visits with which half of the moves begin, where there are any.
    """

    visit: Rows
    worker: Rows
    window: Rows
    price: Floats
    able: Ints
    near: Ints
    travel: Floats
    often: Ints
    late: float
    worst_late: float


class Tour(NamedTuple):
    """Who makes what, and what came of it. A part is known by twice its visit and its number, its code.

    ``key``: by code; everybody makes their parts in the order of the keys, and parts that are made together
    have one. ``split``: by visit; its parts have keys of their own. ``crew``: by visit and part. ``route``:
    by worker, the codes in order, ``size`` of them; ``place``: by code, where in a route.
    ``kept``: parts as they are placed; ``tried``: the same for the move that is being priced, where ``mark``
    is the number of that move. ``hand``: workers during a walk, and nobody; ``active``: whom the move
    touches; ``turn``: by worker, where in their route the walk is. ``bounds``: the first and last key that
    the move changed; ``seen``: codes walked. ``log``, ``log_key``: how to take a move back.
    """

    key: Floats
    split: Ints
    crew: Ints
    route: Ints
    size: Ints
    place: Ints
    kept: Floats
    tried: Floats
    mark: Ints
    hand: Floats
    active: Ints
    turn: Ints
    bounds: Floats
    seen: Ints
    log: Ints
    log_key: Floats
    order: Ints
    counts: Ints
    cost: Floats


def tables(
    day: Day,
    weights: Weights,
    charges: Charges | None = None,
    out: frozenset[WorkerId] = frozenset(),
    often: frozenset[VisitId] = frozenset(),
) -> Tables:
    """``day`` as arrays. ``charges``: beyond those for strangers. ``out``: who has the way home before them
    also where nothing is left for them to do. ``often``: visits that are tried more than the others.
    """
    price = _price(day, weights, charges or {})
    modes = sorted(day.travel)
    travel = np.array([day.travel[mode] for mode in modes], dtype=np.float64)
    near, nears = _near(day, travel, price)
    visits, windows = _visits(day), [window for visit in day.visits for window in visit.windows]
    can = np.isfinite(price)
    visits["nears"], visits["ables"], visits["ables_second"] = nears, can[:, 0].sum(1), can[:, 1].sum(1)
    return Tables(
        visit=visits,
        worker=np.array([_worker(day, one, modes, out) for one in day.workers], dtype=WORKER),
        window=np.array([(one.open_min, one.due_min) for one in windows], dtype=WINDOW),
        price=price,
        able=np.argsort(~can, axis=2, kind="stable"),
        near=near,
        travel=travel,
        often=_ints([number for number, one in enumerate(day.visits) if one.id in often]),
        late=weights.late,
        worst_late=weights.worst_late,
    )


def _visits(day: Day) -> Rows:
    rows = np.zeros(len(day.visits), dtype=VISIT)
    windows = 0
    for row, one in zip(rows, day.visits, strict=True):
        row["place"], row["parts"], row["soft"] = one.place, len(one.parts), one.soft
        row["lasts"], row["lasts_second"] = one.parts[0].duration_min, one.parts[-1].duration_min
        row["least"], row["most"] = one.gap.least_min, one.gap.most_min
        row["weight"], row["load"] = one.weight, one.load
        row["windows"] = windows
        windows += len(one.windows)
        row["windows_end"] = windows
    return rows


def _worker(day: Day, one: Worker, modes: Sequence[str], out: frozenset[WorkerId]) -> tuple[float, ...]:
    lunch = one.lunch or Lunch(-1.0)
    rest = (lunch.duration_min, lunch.open_min, lunch.due_min)
    idle_min = day.travel[one.mode][one.begin][one.end] if one.id in out else 0.0
    places = (modes.index(one.mode), one.begin, one.end)
    return (*places, one.open_min, one.close_min, one.carries, *rest, idle_min)


def near_min(day: Tables) -> float:
    """The mean way to a near visit; a minute where there is none."""
    ways = [
        day.travel[0, day.visit["place"][one], day.visit["place"][two]]
        for one, (near, nears) in enumerate(zip(day.near, day.visit["nears"], strict=True))
        for two in near[:nears]
    ]
    return max(1.0, float(np.mean(ways))) if ways else 1.0


def tour(day_tables: Tables, order: Sequence[int], crews: Sequence[Sequence[int]]) -> Tour:
    """Where a search begins; nothing is placed yet (``price.begin``)."""
    visits, workers = len(day_tables.visit), len(day_tables.worker)
    key, split = np.zeros(2 * visits), np.zeros(visits, dtype=np.int64)
    for place, item in enumerate(order):
        alone, visit = divmod(item, visits)
        split[visit] = alone > 0
        key[2 * visit + (alone > 1)] = place
        key[2 * visit + (alone != 1)] = place
    crew = np.full((visits, 2), NOBODY, dtype=np.int64)
    route, size = np.zeros((workers, 2 * visits), dtype=np.int64), np.zeros(workers, dtype=np.int64)
    spot = np.zeros(2 * visits, dtype=np.int64)
    codes = [2 * visit + part for visit, who in enumerate(crews) for part in range(len(who))]
    for code in sorted(codes, key=lambda one: key[one]):
        who = crews[code // 2][code % 2]
        crew[code // 2, code % 2] = who
        spot[code] = size[who]
        route[who, size[who]] = code
        size[who] += 1
    return Tour(
        key=key,
        split=split,
        crew=crew,
        route=route,
        size=size,
        place=spot,
        kept=np.zeros((2 * visits, 8)),
        tried=np.zeros((2 * visits, 8)),
        mark=np.zeros(2 * visits, dtype=np.int64),
        hand=np.zeros((workers + 1, 8)),
        active=np.zeros(workers + 1, dtype=np.int64),
        turn=np.full(workers + 1, IDLE, dtype=np.int64),
        bounds=np.zeros(2),
        seen=np.zeros(4 * visits, dtype=np.int64),
        log=np.zeros((4 * visits + 16, 3), dtype=np.int64),
        log_key=np.zeros(4 * visits + 16),
        order=_ints(sorted(codes, key=lambda one: key[one])),
        counts=_ints([0, 0, 0, 0]),
        cost=np.zeros(5),
    )


def items(best_key: Floats, split: Ints, parts: Ints) -> list[int]:
    """The order of items (``walk``) that the keys are."""
    visits = len(parts)
    keyed = [
        (float(best_key[2 * visit + part]), visits * ((part + 1) * int(split[visit])) + visit)
        for visit in range(visits)
        for part in range(int(parts[visit]) if split[visit] else 1)
    ]
    return [item for _, item in sorted(keyed)]


def _price(day: Day, weights: Weights, charges: Charges) -> Floats:
    price = np.full((len(day.visits), 2, len(day.workers)), inf)
    for number, visit in enumerate(day.visits):
        for part, needs in enumerate(visit.parts):
            extra = charges.get((visit.id, part), {})
            for who, worker in enumerate(day.workers):
                if worker.able(needs):
                    strange = bool(visit.usual) and worker.id not in visit.usual
                    price[number, part, who] = weights.stranger_min * strange + extra.get(worker.id, 0.0)
    return price


def _near(day: Day, travel: Floats, price: Floats) -> tuple[Ints, Ints]:
    """The visits beside which one is best made: near, and not too early or late for each other."""
    place = [one.place for one in day.visits]
    way = travel[0][np.ix_(place, place)]
    opens = _floats([one.windows[0].open_min for one in day.visits])
    dues = _floats([one.windows[-1].due_min for one in day.visits])
    lasts = _floats([[one.parts[0].duration_min] for one in day.visits])
    over = opens[:, None] + lasts + way
    last = dues[:, None] + lasts + way
    apart = way + np.maximum(0.0, over - dues[None]) + np.maximum(0.0, opens[None] - last)
    apart = np.minimum(apart, apart.T)
    can = np.isfinite(price).any(axis=1)
    apart[~(can.astype(float) @ can.T.astype(float) > 0)] = inf
    np.fill_diagonal(apart, inf)
    near = np.argsort(apart, axis=1, kind="stable")[:, :NEIGHBOURS]
    nears = np.isfinite(np.take_along_axis(apart, near, axis=1)).sum(axis=1)
    return _ints(near), _ints(nears)


def _ints(values: object) -> Ints:
    return np.ascontiguousarray(values, dtype=np.int64)


def _floats(values: object) -> Floats:
    return np.ascontiguousarray(values, dtype=np.float64)
