"""Plans of a day without rests and visits of two: strings of visits taken out and put back. Pure, compiled.

What this is: Christiaens and Vanden Berghe, Slack Induction by String Removals (Transportation Science 54,
2020) over our own visits and workers: near each other, from a few people, some visits in a row are taken
out, and each is put back where it costs least. What it is not: the search of every day (``anneal``), which
also knows rests, visits of two and soft windows; this one is stronger where none of them is asked for, as
on a round of meals or welfare calls. The one idea: with the earliest and the latest start of each visit at
hand, a place for one more is judged by three ways.
"""

from __future__ import annotations

from math import exp, inf, log
from typing import Final, NamedTuple

import numpy as np

from cloud.visits.compiled import compiled, entry, inlined
from cloud.visits.cost import Weights
from cloud.visits.model import Day, Plan, Route, Stop
from cloud.visits.pace import slices
from cloud.visits.tables import Floats, Ints, Tables, near_min, tables

WORTH: Final = 16
"""Moves of ``anneal`` that take as long as one string taken out and put back."""
_TAKEN: Final = 10.0
_LONGEST: Final = 10
"""Visits taken out at a time, about; and the longest string (the authors' values, as the next four are)."""
_SPARED: Final = 0.5
"""How often a string keeps some visits in its middle."""
_SPARE_MORE: Final = 0.01
"""How often it keeps one more of them."""
_BLINK: Final = 0.01
"""How often a place is not looked at."""
_HOT, _COLD = 3.0, 0.003
"""First and last temperature, in mean ways between near visits. D."""
_BETTER_MIN: Final = 1e-9
_ANY, _HEAVY, _FAR, _CLOSE, _NARROW, _EARLY, _ALL = 4, 8, 10, 11, 13, 15, 17
"""Up to where in 0 to 17 the draw of an order in which visits are put back means which; the rest is by
due time, the last first (the authors' weights).
"""
SIZE, TOUCHED, EMPTY, CLASS = range(4)
"""Columns of ``who``: visits made; is kept in ``before``; number of the last search in which a worker of
this class stood empty; the class, which workers share who are alike.
"""
COST, LOAD, COST_BEFORE, LOAD_BEFORE = range(4)
"""Columns of ``sums``."""
MAKER, AT = range(2)
"""Columns of ``made``: by whom, or -1; as their how-manieth."""
EARLY, LATE = range(2)
"""Columns of ``start``."""
NOW, LEAST, LEFT = range(3)
"""Columns of ``costs``."""
SLICE: Final = 512
"""Strings between two looks at the clock. D."""
OUT, SEARCHES, SKIP, CHANGED, WAS_OUT = range(5)
"""Columns of ``counts``: visits that are out; searches so far; places until the next blink; workers
changed; visits that were out before.
"""


class Rounds(NamedTuple):
    """Who makes what in which order. ``route``, ``start``: by worker; ``before``: as ``route`` was before
    the changes that are being judged, with its sizes in ``sizes``; ``best``: the cheapest so far, with its
    sizes last in each row. ``out``, ``key``: visits that nobody makes, and by what they are put back;
    ``changed``: workers.
    """

    route: Ints
    start: Floats
    before: Ints
    sizes: Ints
    best: Ints
    who: Ints
    sums: Floats
    made: Ints
    out: Ints
    was_out: Ints
    key: Floats
    changed: Ints
    near: Ints
    counts: Ints


def fits(day: Day) -> bool:
    """Whether the day asks for nothing that this search does not know."""
    alone = all(len(one.parts) == 1 and len(one.windows) == 1 and not one.soft for one in day.visits)
    return alone and all(one.lunch is None for one in day.workers)


def plan(day: Day, weights: Weights, *, rounds: int, seed: int = 0, cpu_s: float = inf) -> Plan:
    """The best plan of ``rounds`` strings taken out and put back, or of ``cpu_s`` of this process, of a day
    that ``fits``.
    """
    day_tables = tables(day, weights)
    going = _begin(day, day_tables)
    way_min = near_min(day_tables)
    rng, costs = np.random.default_rng(seed), np.zeros(3)
    _start(day_tables, going, rng, costs)
    for some, begun, ended in slices(rounds, SLICE, cpu_s):
        hot_min, cold_min = (_HOT * way_min * (_COLD / _HOT) ** share for share in (begun, ended))
        _search(day_tables, going, rng, np.array([some, hot_min, cold_min]), costs)
    return _read(day, day_tables, going)


def _begin(day: Day, day_tables: Tables) -> Rounds:
    visits, workers = len(day.visits), len(day.workers)
    who = np.zeros((workers, 4), dtype=np.int64)
    classes: dict[tuple[object, ...], int] = {}
    for number in range(workers):
        alike = (*day_tables.worker[number].tolist(), day_tables.price[:, 0, number].tobytes())
        who[number, CLASS] = classes.setdefault(alike, len(classes))
    place = day_tables.visit["place"]
    way = day_tables.travel[0][np.ix_(place, place)]
    near = np.argsort(way + way.T, axis=1, kind="stable")
    return Rounds(
        route=np.zeros((workers, visits), dtype=np.int64),
        start=np.zeros((workers, visits, 2)),
        before=np.zeros((workers, visits), dtype=np.int64),
        sizes=np.zeros(workers, dtype=np.int64),
        best=np.zeros((workers, visits + 1), dtype=np.int64),
        who=who,
        sums=np.zeros((workers, 4)),
        made=np.full((visits, 2), -1, dtype=np.int64),
        out=np.arange(visits, dtype=np.int64),
        was_out=np.zeros(visits, dtype=np.int64),
        key=np.zeros(visits),
        changed=np.zeros(workers, dtype=np.int64),
        near=np.ascontiguousarray(near),
        counts=np.array([visits, 0, 0, 0, 0], dtype=np.int64),
    )


def _read(day: Day, day_tables: Tables, going: Rounds) -> Plan:
    """The best that was found, with each visit at its earliest time."""
    routes, made = {}, set[str]()
    for number, worker in enumerate(day.workers):
        numbers = [int(one) for one in going.best[number, : going.best[number, -1]]]
        free_min, here, stops = worker.open_min, worker.begin, list[Stop]()
        for one in numbers:
            visit = day.visits[one]
            start_min = max(visit.windows[0].open_min, free_min + day.travel[worker.mode][here][visit.place])
            stops.append(Stop(visit.id, start_min))
            free_min, here = start_min + visit.parts[0].duration_min, visit.place
        if stops:
            routes[worker.id] = Route(tuple(stops))
            made |= {stop.visit for stop in stops}
    return Plan(routes, frozenset(one.id for one in day.visits if one.id not in made))


@entry
def _start(tables: Tables, going: Rounds, rng: np.random.Generator, costs: Floats) -> None:
    """Everything put where it costs least. ``costs``: of the plan, of the best, of what is left out."""
    going.counts[SKIP] = _blink(rng)
    _put_back(tables, going, rng)
    costs[NOW] = costs[LEAST] = _judge(tables, going, 0.0)
    _forget(going)
    _keep_best(going)
    costs[LEFT] = _left_out(tables, going)


@entry
def _search(tables: Tables, going: Rounds, rng: np.random.Generator, cooling: Floats, costs: Floats) -> None:
    """Fills ``best``. ``cooling``: rounds, first and last temperature."""
    rounds, hot_min = int(cooling[0]), cooling[1]
    slope = log(cooling[2] / hot_min) / max(rounds, 1)
    for number in range(rounds):
        _take_out(tables, going, rng)
        _put_back(tables, going, rng)
        tried = _judge(tables, going, costs[NOW] - costs[LEFT])
        if tried > costs[NOW] - hot_min * exp(slope * number) * log(1.0 - rng.random()):
            _undo(tables, going)
        else:
            costs[NOW], costs[LEFT] = tried, _left_out(tables, going)
            if tried < costs[LEAST] - _BETTER_MIN:
                costs[LEAST] = tried
                _keep_best(going)
        _forget(going)


@compiled
def _judge(tables: Tables, going: Rounds, made_cost: float) -> float:
    """What everything costs, where what is made cost ``made_cost`` before the changes."""
    for number in range(going.counts[CHANGED]):
        who = going.changed[number]
        made_cost += going.sums[who, COST] - going.sums[who, COST_BEFORE]
    return made_cost + _left_out(tables, going)


@compiled
def _left_out(tables: Tables, going: Rounds) -> float:
    cost = 0.0
    for number in range(going.counts[OUT]):
        cost += tables.visit[going.out[number]]["weight"]
    return cost


@compiled
def _keep_best(going: Rounds) -> None:
    last = going.best.shape[1] - 1
    for who in range(len(going.who)):
        size = going.who[who, SIZE]
        going.best[who, last] = size
        for at in range(size):
            going.best[who, at] = going.route[who, at]


@compiled
def _forget(going: Rounds) -> None:
    """Whatever was changed stays."""
    for number in range(going.counts[CHANGED]):
        going.who[going.changed[number], TOUCHED] = 0
    going.counts[CHANGED] = 0
    going.counts[WAS_OUT] = going.counts[OUT]
    for number in range(going.counts[OUT]):
        going.was_out[number] = going.out[number]


@compiled
def _undo(tables: Tables, going: Rounds) -> None:
    """Everybody does what they did before the changes."""
    for number in range(going.counts[CHANGED]):
        who = going.changed[number]
        for at in range(going.who[who, SIZE]):
            going.made[going.route[who, at], MAKER] = -1
    for number in range(going.counts[CHANGED]):
        who = going.changed[number]
        going.who[who, SIZE] = going.sizes[who]
        for at in range(going.sizes[who]):
            going.route[who, at] = going.before[who, at]
        _walk(tables, going, who)
    going.counts[OUT] = going.counts[WAS_OUT]
    for number in range(going.counts[WAS_OUT]):
        going.out[number] = going.was_out[number]


@inlined
def _hold(going: Rounds, who: int) -> None:
    """Before somebody is changed."""
    if going.who[who, TOUCHED] > 0:
        return
    going.who[who, TOUCHED] = 1
    going.changed[going.counts[CHANGED]] = who
    going.counts[CHANGED] += 1
    size = going.who[who, SIZE]
    going.sizes[who] = size
    for at in range(size):
        going.before[who, at] = going.route[who, at]
    going.sums[who, COST_BEFORE], going.sums[who, LOAD_BEFORE] = going.sums[who, COST], going.sums[who, LOAD]


@compiled
def _walk(tables: Tables, going: Rounds, who: int) -> None:
    """Work out when somebody begins what, at the earliest and at the latest, and what it costs."""
    worker, size = tables.worker[who], going.who[who, SIZE]
    mode, here, free_min = worker["mode"], worker["begin"], worker["leaves"]
    cost, load = 0.0, 0.0
    for at in range(size):
        visit = going.route[who, at]
        row = tables.visit[visit]
        way_min = tables.travel[mode, here, row["place"]]
        start_min = max(tables.window[row["windows"]]["open_min"], free_min + way_min)
        going.start[who, at, EARLY] = start_min
        going.made[visit, MAKER], going.made[visit, AT] = who, at
        cost += way_min + tables.price[visit, 0, who]
        load += row["load"]
        here, free_min = row["place"], start_min + row["lasts"]
    if size > 0:
        cost += tables.travel[mode, here, worker["end"]]
    there, latest_min = worker["end"], worker["close"]
    for at in range(size - 1, -1, -1):
        row = tables.visit[going.route[who, at]]
        over_min = row["lasts"] + tables.travel[mode, row["place"], there]
        latest_min = min(tables.window[row["windows"]]["due_min"], latest_min - over_min)
        going.start[who, at, LATE] = latest_min
        there = row["place"]
    going.sums[who, COST], going.sums[who, LOAD] = cost, load


@compiled
def _take_out(tables: Tables, going: Rounds, rng: np.random.Generator) -> None:
    """Strings near each other, each of another worker's round."""
    visits, busy = len(going.made), 0
    for who in range(len(going.who)):
        if going.who[who, SIZE] > 0:
            busy += 1
    if busy == 0:
        return
    longest = min(_LONGEST, max(1, (visits - going.counts[OUT]) // busy))
    strings = int(1 + rng.random() * (4 * _TAKEN / (1 + longest) - 1))
    seed = int(rng.random() * visits)
    for number in range(visits):
        if strings == 0:
            break
        visit = going.near[seed, number]
        who = going.made[visit, MAKER]
        if who >= 0 and going.who[who, TOUCHED] == 0:
            _hold(going, who)
            _take_string(going, who, going.made[visit, AT], min(longest, going.who[who, SIZE]), rng)
            _walk(tables, going, who)
            strings -= 1


@compiled
def _take_string(going: Rounds, who: int, place: int, longest: int, rng: np.random.Generator) -> None:
    """Some in a row, or around one that stays, of which the one at ``place`` is among."""
    size, length, spared = going.who[who, SIZE], 1 + int(rng.random() * longest), 0
    if 1 < length < size and rng.random() < _SPARED:
        spared = 1
        while length + spared < size and rng.random() < _SPARE_MORE:
            spared += 1
    span = length + spared
    low, high = max(0, place - span + 1), min(place, size - span)
    begin = low + int(rng.random() * (high - low + 1))
    stays = begin + 1 + int(rng.random() * max(1, length - 1))
    kept = begin
    for at in range(begin, size):
        visit = going.route[who, at]
        if at >= begin + span or (stays <= at < stays + spared):
            going.route[who, kept] = visit
            kept += 1
        else:
            going.made[visit, MAKER] = -1
            going.out[going.counts[OUT]] = visit
            going.counts[OUT] += 1
    going.who[who, SIZE] = kept


@compiled
def _put_back(tables: Tables, going: Rounds, rng: np.random.Generator) -> None:
    """Each where it costs least, in an order that is drawn; who finds no place stays out."""
    _sort(tables, going, rng)
    stays = 0
    for number in range(going.counts[OUT]):
        visit = going.out[number]
        who, at = _cheapest(tables, going, visit, rng)
        if who < 0:
            going.out[stays] = visit
            stays += 1
            continue
        _hold(going, who)
        for place in range(going.who[who, SIZE], at, -1):
            going.route[who, place] = going.route[who, place - 1]
        going.route[who, at] = visit
        going.who[who, SIZE] += 1
        _walk(tables, going, who)
    going.counts[OUT] = stays


@compiled
def _sort(tables: Tables, going: Rounds, rng: np.random.Generator) -> None:
    draw = int(rng.random() * _ALL)
    for number in range(going.counts[OUT]):
        visit = going.out[number]
        key = _key(tables, visit, draw, rng)
        going.key[visit] = key
        at = number
        while at > 0 and going.key[going.out[at - 1]] > key:
            going.out[at] = going.out[at - 1]
            at -= 1
        going.out[at] = visit


@inlined
def _key(tables: Tables, visit: int, draw: int, rng: np.random.Generator) -> float:
    row = tables.visit[visit]
    window = tables.window[row["windows"]]
    away_min = tables.travel[0, tables.worker[0]["begin"], row["place"]]
    if draw < _ANY:
        key = rng.random()
    elif draw < _HEAVY:
        key = -row["load"]
    elif draw < _FAR:
        key = -away_min
    elif draw < _CLOSE:
        key = away_min
    elif draw < _NARROW:
        key = window["due_min"] - window["open_min"]
    elif draw < _EARLY:
        key = window["open_min"]
    else:
        key = -window["due_min"]
    return key


@compiled
def _cheapest(  # noqa: C901 - the one hot loop: what is called from it costs more than it does
    tables: Tables, going: Rounds, visit: int, rng: np.random.Generator
) -> tuple[int, int]:
    """By whom, and as their how-manieth, a visit costs least; -1: nobody can make it."""
    best, best_who, best_at = inf, -1, -1
    row = tables.visit[visit]
    place, lasts_min, window = row["place"], row["lasts"], tables.window[row["windows"]]
    open_min, due_min = window["open_min"], window["due_min"]
    going.counts[SEARCHES] += 1
    skip = going.counts[SKIP]
    for who in range(len(going.who)):
        price, size, worker = tables.price[visit, 0, who], going.who[who, SIZE], tables.worker[who]
        if price >= best or going.sums[who, LOAD] + row["load"] > worker["carries"]:
            continue
        if size == 0:
            alike = going.who[who, CLASS]
            if going.who[alike, EMPTY] == going.counts[SEARCHES]:
                continue
            going.who[alike, EMPTY] = going.counts[SEARCHES]
        mode, here, free_min = worker["mode"], worker["begin"], worker["leaves"]
        for at in range(size + 1):
            way_min = tables.travel[mode, here, place]
            start_min = free_min + way_min
            if start_min > due_min:
                break
            there, latest_min, lasts_next, now_min, before = worker["end"], worker["close"], 0.0, 0.0, here
            if at < size:
                there_visit = going.route[who, at]
                there, latest_min = tables.visit[there_visit]["place"], going.start[who, at, LATE]
                lasts_next = tables.visit[there_visit]["lasts"]
                now_min = going.start[who, at, EARLY]
                here, free_min = there, now_min + lasts_next
            skip -= 1
            if skip < 0:
                skip = _blink(rng)
                continue
            on_min = tables.travel[mode, place, there]
            if max(start_min, open_min) + lasts_min + on_min > latest_min:
                continue
            cost = price + way_min + on_min
            if size > 0:
                cost -= tables.travel[mode, before, there]
            if cost < best:
                best, best_who, best_at = cost, who, at
    going.counts[SKIP] = skip
    return best_who, best_at


@inlined
def _blink(rng: np.random.Generator) -> int:
    """Places until one is not looked at."""
    return int(log(1.0 - rng.random()) / log(1.0 - _BLINK))
